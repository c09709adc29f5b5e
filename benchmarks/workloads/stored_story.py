"""Stories of any length for measurements: turns as the engine stores them, made in bulk.

Everything goes through the public store.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime
from pathlib import Path

from tta_rebuild.core.events import (
    CharacterChanged,
    ChoicesOffered,
    Event,
    FactAsserted,
    PlayerActed,
    SceneTold,
    StoryOpened,
)
from tta_rebuild.core.story import Choice, Claim, Memory, Passage, Premise, Scene
from tta_rebuild.storage.story_store import StoryStore

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
EVENTS_A_TURN = 8
STORY = "measured"
BRANCH = f"{STORY}.1"

_BULK_TURNS = 1_250
_NOUNS = "lamp door stair keeper gull harbour rope letter storm boat key bell island map".split()
_VERBS = "opens waits burns falls answers turns sinks shines breaks returns listens".split()


def turn_of(number: int) -> list[Event]:
    """The events of one turn: an action, a scene of ~60 words, facts, characters, choices."""
    chance = random.Random(number)
    sentences = [
        f"The {chance.choice(_NOUNS)} {chance.choice(_VERBS)} where the {chance.choice(_NOUNS)} "
        f"{chance.choice(_VERBS)} beside the {chance.choice(_NOUNS)}."
        for _ in range(6)
    ]
    facts = [
        FactAsserted(
            claim=Claim(
                subject=f"person_{chance.randrange(200)}",
                relation="located_in",
                value=chance.choice(_NOUNS),
                sentence=sentences[n],
            )
        )
        for n in range(3)
    ]
    return [
        PlayerActed(text=f"I go to the {chance.choice(_NOUNS)} ({number})"),
        SceneTold(
            scene=Scene(
                scene_id=f"scene-{number}", passages=tuple(Passage(text=s) for s in sentences)
            )
        ),
        *facts,
        CharacterChanged(character_id="keeper", emotion="hopeful", relationships={"mara": 0.2}),
        CharacterChanged(
            character_id="mara", emotion="fearful", remembers=(Memory(text=sentences[0]),)
        ),
        ChoicesOffered(
            choices=(
                Choice(text="Follow the light down to the water"),
                Choice(text="Ask the keeper about the bell"),
            )
        ),
    ]


async def filled(home: Path, events: int) -> StoryStore:
    """A store with one story of at least ``events`` events: an opening, then whole turns.

    Turns are appended many at a time, and so under the number of the last of them: that is quick,
    and nothing measured over this part asks for single turns.
    """
    store = await StoryStore.open(home)
    await store.create_story(
        STORY, "Measured", [StoryOpened(premise=Premise(theme="a measured story"))], at=AT
    )
    length, turn = 1, 0
    while length < events:
        last = turn + min(_BULK_TURNS, -(-(events - length) // EVENTS_A_TURN))
        bulk = [event for number in range(turn + 1, last + 1) for event in turn_of(number)]
        length = await store.append(BRANCH, last, bulk, expected=length, at=AT)
        turn = last
    return store
