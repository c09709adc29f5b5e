"""``tta eval characters``: lines of told stories in other mouths."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.lab import tiny
from tta_rebuild.cli.main import main

BRAM = ("Aye. Shut it.", "No. Don't ask.", "Aye! Get down.", "Go on. Don't talk.")
NELA_SAYS = (
    "I should be most obliged if you would consider what I have said before the evening is over.",
    "There is a great deal that we do not know, and I would rather that it were left so.",
    "It has been my custom to walk by the river, whatever the weather may have been.",
    "I cannot think that he would have wished for it, although he has never told me.",
)


def story(*, swapped: bool = False) -> dict[str, Any]:
    """Two clear voices in one room; ``swapped``: each says every second line of the other."""
    turns = []
    for number, lines in enumerate(zip(BRAM, NELA_SAYS, strict=True)):
        one, other = reversed(lines) if swapped and number % 2 else lines
        told = tiny.reply(
            tiny.passage("Bram and Olga sit in the square."),
            tiny.passage(one, speaker="bram"),
            tiny.passage(other, speaker="olga"),
        )
        move = {"kind": "free", "text": "I listen to both."} if number else {"kind": "begin"}
        turns.append({"move": move, "reply": told})
    return {
        "id": "two-voices",
        "premise": "Bram and Olga sit in the square of a small town and talk.",
        "protagonist": "nela",
        "cast": [
            {"id": "nela", "name": "Nela"},
            {"id": "bram", "name": "Bram"},
            {"id": "olga", "name": "Olga"},
        ],
        "turns": turns,
    }


def counted(tmp_path: Path, capsys: pytest.CaptureFixture[str], told: dict[str, Any]) -> Any:
    file = tiny.write(tmp_path / "stories.jsonl", told)
    assert main(["eval", "characters", str(file), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_lines_of_clear_voices_rank_lower_in_the_other_mouth(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = counted(tmp_path, capsys, story())

    assert (found["swaps"], found["lines"]) == (8, 8)
    assert found["swaps_lower"] == found["first_places"] == found["by_voice"] == 8
    assert (found["calls"], found["cost_usd"]) == (0, 0.0)
    assert all(row["reason"] for row in found["rows"])


def test_lines_that_everybody_says_alike_are_no_success(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert counted(tmp_path, capsys, story(swapped=True))["by_voice"] < 8


def test_the_table_prints_reasons_and_a_bound_decides(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tiny.write(tmp_path / "stories.jsonl", story())
    assert main(["eval", "characters", str(file), "--fail-under", "swaps_lower=80%"]) == 0
    out = capsys.readouterr().out
    assert "lines that rank lower in another's mouth" in out
    assert "mostly takes" in out
    file = tiny.write(tmp_path / "swapped.jsonl", story(swapped=True))
    assert main(["eval", "characters", str(file), "--fail-under", "swaps_lower=100%"]) == 1
