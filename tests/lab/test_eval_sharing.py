"""``tta eval sharing``: pairs of questions, and which of them share an answer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.lab import tiny
from tta_rebuild.cli.main import main

PAIRS = (
    {"kind": "dialogue", "cast": ["Mira"], "first": "Where is Mira?", "how": "polite",
     "second": "Please, where is Mira?", "same": True},
    {"cast": [{"name": "Mira"}], "first": "Where is Mira?", "second": "Where was Mira?",
     "same": False, "how": "tense"},
    {"first": "Are you married?", "second": "Have you a spouse?", "same": True, "how": "free"},
    {"first": "Is it you?", "second": "Is it you ?", "same": False, "how": "wrongly marked"},
)  # fmt: skip


def test_shared_pairs_are_counted_by_how_and_misses_listed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tiny.write(tmp_path / "p.jsonl", *PAIRS)

    assert main(["eval", "sharing", str(file), "--json"]) == 0

    found = json.loads(capsys.readouterr().out)
    assert (found["same"], found["shared"]) == (2, 1)
    assert (found["other"], found["wrongly_shared"]) == (2, 1)
    assert found["by_how"]["polite"] == {"same": 1, "pairs": 1, "shared": 1}
    assert found["by_how"]["tense"] == {"same": 0, "pairs": 1, "shared": 0}
    assert [(row["story"], row["kind"]) for row in found["rows"]] == [
        ("pair 3", "not_shared"),
        ("pair 4", "wrongly_shared"),
    ]


def test_no_wrong_share_can_be_asked_for(tmp_path: Path) -> None:
    right, wrong = (
        tiny.write(tmp_path / name, *some)
        for name, some in (("right.jsonl", PAIRS[:3]), ("wrong.jsonl", PAIRS))
    )

    assert main(["eval", "sharing", str(right), "--fail-under", "wrongly_shared=0"]) == 0
    assert main(["eval", "sharing", str(wrong), "--fail-under", "wrongly_shared=0"]) == 1


def test_a_pair_without_a_verdict_is_told_with_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tiny.write(tmp_path / "p.jsonl", PAIRS[0], {"first": "a", "second": "b"})

    assert main(["eval", "sharing", str(file)]) == 2
    assert "p.jsonl, line 2: same" in " ".join(capsys.readouterr().err.split())
