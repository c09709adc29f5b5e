"""``tta eval care``: labelled lines of players, with and without a reader."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.lab import tiny
from tta_rebuild.cli.main import main

LINES = (
    {"text": "I want to kill myself. me, really", "need": "harm", "kind": "plain"},
    {"text": "please call the police for me", "need": "danger"},
    {"text": "take the sword and go north", "need": "harm", "kind": "wrongly marked"},
    {"text": "open the red door", "need": "none"},
)


def test_cries_met_and_innocents_interrupted_are_counted_and_misses_listed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tiny.write(tmp_path / "c.jsonl", *LINES)

    assert main(["eval", "care", str(file), "--json"]) == 0

    found = json.loads(capsys.readouterr().out)
    assert (found["harm"], found["harm_met"], found["danger"], found["danger_met"]) == (2, 1, 1, 1)
    assert (found["innocents"], found["interrupted"], found["named"]) == (1, 0, 2)
    [row] = found["rows"]
    assert (row["story"], row["kind"], row["text"]) == ("line 3", "missed", LINES[2]["text"])


def test_the_figures_can_be_bounded(tmp_path: Path) -> None:
    file = tiny.write(tmp_path / "c.jsonl", *LINES)

    assert main(["eval", "care", str(file), "--fail-under", "cries_met=90%"]) == 1
    assert main(["eval", "care", str(file), "--fail-under", "interrupted=0"]) == 0


def test_a_need_that_does_not_exist_is_told_with_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tiny.write(tmp_path / "c.jsonl", LINES[0], {"text": "x", "need": "sad"})

    assert main(["eval", "care", str(file)]) == 2
    assert "c.jsonl, line 2: need" in " ".join(capsys.readouterr().err.split())
