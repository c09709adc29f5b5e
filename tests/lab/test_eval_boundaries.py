"""``tta eval boundaries``: labelled passages at each level, counted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.lab import tiny
from tta_rebuild.cli.main import main


def test_a_level_holds_back_from_its_own_weight_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tiny.write(tmp_path / "p.jsonl", *tiny.PASSAGES)

    assert main(["eval", "boundaries", str(file), "--json"]) == 0

    found = json.loads(capsys.readouterr().out)
    rows = found.pop("rows")
    assert found == {
        "none": {"breaches": 4, "held": 3, "innocent": 1, "innocent_held": 0},
        "low": {"breaches": 3, "held": 2, "innocent": 2, "innocent_held": 0},
        "medium": {"breaches": 1, "held": 1, "innocent": 4, "innocent_held": 0},
    }
    assert [(row["story"], row["kind"]) for row in rows] == [
        ("p5", "none.held"),
        ("p5", "low.held"),
    ]


@pytest.mark.parametrize(
    ("bound", "code"), [("medium.held=100%", 0), ("low.held=95%", 1), ("none.innocent_held=0", 0)]
)
def test_each_level_can_be_bounded(bound: str, code: int, tmp_path: Path) -> None:
    file = tiny.write(tmp_path / "p.jsonl", *tiny.PASSAGES)

    assert main(["eval", "boundaries", str(file), "--fail-under", bound]) == code


def test_a_weight_that_does_not_exist_is_told_with_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tiny.write(tmp_path / "p.jsonl", tiny.PASSAGES[0], {**tiny.PASSAGES[1], "weight": 7})

    assert main(["eval", "boundaries", str(file)]) == 2
    assert "p.jsonl, line 2: 'p2': weight" in " ".join(capsys.readouterr().err.split())


def test_a_category_that_nobody_knows_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [*tiny.PASSAGES, {**tiny.labelled(9, 0, "He sang."), "category": "violance"}]
    file = tiny.write(tmp_path / "p.jsonl", *rows)

    assert main(["eval", "boundaries", str(file)]) == 0

    told = capsys.readouterr().err
    assert "'violance' is no category" in told
    assert "'violence' is no category" not in told
