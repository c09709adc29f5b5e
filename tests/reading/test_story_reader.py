"""Whole texts: read into a canon, with their own contradictions; and the judge of branches."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tta_rebuild.canon import WorldRules, compiled, read_story
from tta_rebuild.canon.judge import score

TALE = """Mara was the smith of the village. She had green eyes.

The old mill burned down in the storm. Bram died in the fire.

Mara walked to the old mill. Bram laughed. Mara's eyes were brown."""


def test_a_text_is_read_with_its_contradictions_and_their_evidence() -> None:
    read = read_story(TALE)
    kinds = {f.contradiction.kind: f for f in read.contradictions}
    assert {"destroyed_used", "dead_acts", "trait_changed"} <= set(kinds)
    assert kinds["dead_acts"].evidence == 3
    assert read.sentences[kinds["trait_changed"].at] == "Mara's eyes were brown."
    assert kinds["trait_changed"].evidence == 1


def test_the_report_names_people_sentences_and_fixes() -> None:
    report = read_story(TALE).report()
    assert "mara" in report
    assert "fix:" in report
    assert "[4] Bram died in the fire." in report


def test_rules_are_checked_over_a_whole_text() -> None:
    rules = WorldRules(compiled({"r": "no magic allowed"}).rules)
    (found,) = read_story(["Mara slept.", "A wizard knocked."], rules=rules).contradictions
    assert (found.at, found.evidence, found.contradiction.kind) == (1, None, "rule_forbidden")


def test_a_judgement_names_its_evidence_and_reasons() -> None:
    told = ["Tom went to the kitchen.", "Tom threw the plate into the trash.", "Tom sat down."]
    bad = score(told, "Tom ate the cake from the plate.")
    good = score(told, "Tom watched a film.")
    assert bad.score > good.score
    assert bad.evidence == 1
    assert bad.reasons


def test_no_timeline_means_no_contradiction() -> None:
    assert score([], "Tom ate.").flag is False


DATA = Path(os.environ.get("TTA_SHARED_DATA", "../shared/data"))


@pytest.mark.skipif(not DATA.is_dir(), reason="the shared data is not here (TTA_SHARED_DATA)")
def test_real_stories_are_read_with_few_false_contradictions() -> None:
    found = sentences = 0
    for path in sorted((DATA / "stories").glob("*.txt")):
        read = read_story(path.read_text("utf-8"))
        sentences += len(read.sentences)
        found += sum(f.contradiction.blocks for f in read.contradictions)
        assert read.report()
    assert found <= 0.02 * sentences


@pytest.mark.skipif(not DATA.is_dir(), reason="the shared data is not here (TTA_SHARED_DATA)")
def test_contradicting_branches_score_above_their_consistent_twins() -> None:
    rows = [json.loads(r) for r in (DATA / "contradiction/trip.jsonl").read_text().splitlines()]
    pairs: dict[str, dict[str, float]] = {}
    for row in rows[:200]:
        judged = score(row["timeline"], row["branch"])
        pairs.setdefault(row["pair_id"], {})[row["label"]] = judged.score
    won = [p["contradiction"] > p["consistent"] for p in pairs.values() if len(p) == 2]
    assert sum(won) > 0.65 * len(won)
