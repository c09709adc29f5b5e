"""What counts as given away: all but what the told story itself lets somebody say or believe."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tests.lab import tiny
from tta_rebuild.lab.matter import Matter
from tta_rebuild.lab.measures import ToldCounts
from tta_rebuild.lab.prompt_memory import PromptMemory
from tta_rebuild.lab.told_file import ToldStory

SECRET = "The bell was cracked with a hammer on purpose."


def leaked(remembered: str, *passages: dict[str, Any]) -> int:
    """Secrets given away, where Bram remembers this after a first turn of these passages."""
    told = tiny.story()
    told["turns"][0]["knows"] = [{"who": "nela", "fact": SECRET, "not": ["bram"]}]
    told["turns"][0]["reply"]["passages"] += passages
    story = ToldStory.model_validate(told)
    memory = PromptMemory(story, Matter({"Nela": "nela", "Bram": "bram"}))
    state: Any = SimpleNamespace(characters={"bram": SimpleNamespace(memory=(remembered,))})
    memory.after_turn([], state)
    counts = ToldCounts()
    memory.count(counts)
    assert counts.secrets == 1
    return counts.secrets_leaked


def test_a_secret_in_the_memory_of_who_must_not_know_it_is_given_away() -> None:
    assert leaked("Somebody cracked the bell with a hammer on purpose.") == 1


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
