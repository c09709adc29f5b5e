"""Whole texts: read sentence by sentence, with their own contradictions."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tta_rebuild.reading import WorldRules, compiled
from tta_rebuild.reading.story_reader import read_story

TALE = """Mara picked up the lamp. She lit it.

The old mill burned down in the storm. Bram died in the fire.

Mara sat in the old mill. Bram laughed."""


def test_a_text_is_read_with_its_contradictions_and_their_evidence() -> None:
    read = read_story(TALE)
    found = [(f.contradiction.kind, f.at, f.evidence) for f in read.contradictions]
    assert found == [("destroyed_used", 4, 2), ("dead_acts", 5, 3)]
    assert read.sentences[5] == "Bram laughed."


def test_a_fact_of_a_text_leads_back_to_its_sentence_and_is_unconfirmed() -> None:
    read = read_story(TALE)
    lamp = read.canon.bearer("holds", "lamp")
    assert lamp is not None
    assert (lamp.subject, lamp.certain, read.positions[lamp.since]) == ("mara", False, 0)


def test_a_pronoun_that_could_mean_two_people_of_a_text_is_nobody() -> None:
    read = read_story("Mara gave Bram the key. Bram died in the fire. “Bram laughed,” she said.")
    assert read.contradictions == ()


def test_rules_are_checked_over_a_whole_text() -> None:
    rules = WorldRules(compiled({"r": "no magic allowed"}).rules)
    (found,) = read_story("Mara slept. A wizard knocked.", rules=rules).contradictions
    assert (found.at, found.evidence, found.contradiction.kind) == (1, None, "rule_forbidden")


DATA = Path(os.environ.get("TTA_SHARED_DATA", "../shared/data"))


@pytest.mark.skipif(not DATA.is_dir(), reason="the shared data is not here (TTA_SHARED_DATA)")
def test_real_stories_are_read_with_few_false_contradictions() -> None:
    found = sentences = 0
    for path in sorted((DATA / "stories").glob("*.txt")):
        read = read_story(path.read_text("utf-8"))
        sentences += len(read.sentences)
        found += sum(f.contradiction.blocks for f in read.contradictions)
    assert found <= 0.005 * sentences
