"""What counts as given away: all but what the told story itself lets somebody say or believe."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.lab import tiny
from tta_rebuild.core.events import (
    CharacterChanged,
    Event,
    FactAsserted,
    LineKept,
    RecordedEvent,
    StoryOpened,
)
from tta_rebuild.core.story import CharacterSketch, Claim, LastingLine, Memory, Premise
from tta_rebuild.engine.state import StoryFold, StoryState
from tta_rebuild.lab.matter import Matter
from tta_rebuild.lab.measures import ToldCounts
from tta_rebuild.lab.prompt_memory import PromptMemory
from tta_rebuild.lab.told_file import ToldStory

SECRET = "The bell was cracked with a hammer on purpose."


def after(*events: Event) -> StoryState:
    """A story of Nela and Bram after these events."""
    people = (CharacterSketch(character_id=who, name=who.title()) for who in ("nela", "bram"))
    fold = StoryFold()
    opened = StoryOpened(premise=Premise(theme="a bell", characters=tuple(people)))
    for position, event in enumerate((opened, *events), start=1):
        at = datetime(2026, 1, 1, tzinfo=UTC)
        fold.apply(RecordedEvent(branch_id="b", position=position, turn=1, at=at, event=event))
    return fold.present()


def remembers(text: str) -> Event:
    return CharacterChanged(character_id="bram", remembers=(Memory(text=text),))


def leaked(remembered: str, *passages: dict[str, Any], happened: Sequence[Event] = ()) -> int:
    """Secrets given away, where Bram remembers this after a first turn of these passages."""
    told = tiny.story()
    told["turns"][0]["knows"] = [{"who": "nela", "fact": SECRET, "not": ["bram"]}]
    told["turns"][0]["reply"]["passages"] += passages
    story = ToldStory.model_validate(told)
    memory = PromptMemory(story, Matter({"Nela": "nela", "Bram": "bram"}))
    memory.after_turn([], after(*happened, remembers(remembered)))
    counts = ToldCounts()
    memory.count(counts)
    assert counts.secrets == 1
    assert counts.looks
    return counts.secrets_leaked


def test_a_secret_in_the_memory_of_who_must_not_know_it_is_given_away() -> None:
    assert leaked("Somebody cracked the bell with a hammer on purpose.") == 1


def test_a_line_or_a_belief_that_would_be_shown_as_theirs_gives_it_away() -> None:
    line = LastingLine(text=SECRET, known_by=("nela",), weight=3)
    assert leaked("Rain.", happened=[LineKept(line=line)]) == 0
    both = LastingLine(text=SECRET, known_by=("nela", "bram"), weight=3)
    assert leaked("Rain.", happened=[LineKept(line=both)]) == 1
    claim = Claim(subject="bell", relation="state", value=SECRET, speaker="bram")
    assert leaked("Rain.", happened=[FactAsserted(claim=claim)]) == 1


@pytest.mark.parametrize(
    ("remembered", "passage"),
    [
        (
            "A hammer cracked the bell, and on purpose.",
            tiny.passage("A hammer cracked the bell, and on purpose.", speaker="bram"),
        ),
        (
            "believes: a hammer cracked the bell on purpose",
            tiny.passage(
                "He thought so.",
                tiny.fact("Bram", "believes", "a hammer cracked the bell on purpose"),
            ),
        ),
    ],
    ids=["said it", "believes it"],
)
def test_what_the_told_story_has_somebody_say_or_believe_is_not(
    remembered: str, passage: dict[str, Any]
) -> None:
    assert leaked(remembered) == 1
    assert leaked(remembered, passage) == 0
