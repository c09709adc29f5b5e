"""The log's vocabulary: events make the round trip, old ones are lifted, newer ones refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import pytest

from tta_rebuild.core.errors import StoreDamaged, StoreNewer
from tta_rebuild.core.events import (
    EVENT_TYPES,
    BoundariesTightened,
    CareShown,
    CharacterChanged,
    ChoicesOffered,
    CodeChecked,
    CodeVerdictNoted,
    Event,
    EventCodec,
    FactAsserted,
    FactRetconned,
    FactRetracted,
    LineEnded,
    LineKept,
    ModelReplied,
    PassageWithheld,
    PastRecalled,
    PersonAsked,
    PlayerActed,
    SceneTold,
    StoryEnded,
    StoryOpened,
    TimelineMarked,
    VariantAssigned,
)
from tta_rebuild.core.story import (
    CharacterSketch,
    Choice,
    Claim,
    LastingLine,
    Memory,
    Passage,
    Premise,
    Scene,
)
from tta_rebuild.core.usage import Usage

CODEC = EventCodec()


CLAIM = Claim(subject="mira", relation="holds", value="lamp", sentence="She has it.", ends=True)
CHOICE = Choice(text="Climb the stairs", consequence="the lamp", effects=(CLAIM,), affects=("m",))
SCENE = Scene(
    scene_id="s",
    passages=(Passage(text="One.", facts=(CLAIM,)), Passage(text="Two.", speaker="tom")),
    stage="climax",
    notes={"threads": ["cup", 1, None, {"a": [True]}]},
)
EVERY_EVENT: tuple[Event, ...] = (
    StoryOpened(
        premise=Premise(
            theme="Ein Märchen 😀",
            characters=(CharacterSketch(character_id="m", name="M", traits={"brave": 0.5}),),
            rules={"no_magic": "none"},
        )
    ),
    VariantAssigned(experiment="e", variant="v", prompts={"scene": "brief"}, temperature=0.9),
    PlayerActed(text="I wait.", choice=2),
    PastRecalled(positions=(2, 7)),
    ModelReplied(
        task="scene",
        request_key="k",
        text='{"a": "\\n"}',
        model="m",
        finish_reason="stop",
        usage=Usage(input_tokens=3, output_tokens=4),
    ),
    SceneTold(scene=SCENE),
    CodeChecked(verdicts=(CodeVerdictNoted(language="python", verdict="valid", reason="ran"),)),
    PassageWithheld(text="x", gate="canon", reason="no"),
    FactAsserted(claim=CLAIM),
    FactRetracted(claim=CLAIM, reason="r"),
    FactRetconned(claim=CLAIM, becomes=CLAIM),
    LineKept(line=LastingLine(text="Bo has the lamp.", about=("bo",), known_by=("ada",), weight=3)),
    LineEnded(number=4),
    CareShown(),
    BoundariesTightened(boundaries={"self_harm": "none"}),
    CharacterChanged(
        character_id="m", goals={"g": 0.1}, remembers=(Memory(text="a"), Memory(text="b"))
    ),
    PersonAsked(character_id="m", text="Why?", answer="Because.", told_by="a:b", degraded="d"),
    ChoicesOffered(choices=(CHOICE,), rejected=(("fly", "no wings"),)),
    TimelineMarked(),
    StoryEnded(how="well"),
)


def test_there_is_a_sample_of_every_kind_of_event() -> None:
    assert {event.KIND for event in EVERY_EVENT} == set(EVENT_TYPES)


@pytest.mark.parametrize("event", EVERY_EVENT, ids=lambda event: event.KIND)
def test_every_event_makes_the_round_trip(event: Event) -> None:
    assert CODEC.from_json(*CODEC.to_json(event)) == event


def test_a_scene_reads_as_paragraphs() -> None:
    assert SCENE.text == "One.\n\nTwo."


def test_a_claim_is_said_by_the_narrator_and_certain_unless_told_otherwise() -> None:
    claim = Claim(subject="mira", relation="holds", value="lamp")
    assert (claim.speaker, claim.certain, claim.ends) == ("narrator", True, False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ActedLater:
    """A later shape of ``PlayerActed``: its text was renamed."""

    KIND: ClassVar[str] = "player_acted"
    VERSION: ClassVar[int] = 2
    words: str


def test_an_old_event_is_lifted_while_it_is_read() -> None:
    later = EventCodec(
        upcasters={("player_acted", 1): lambda old: {"words": old["text"]}},
        types={"player_acted": ActedLater},
    )
    stored = CODEC.to_json(PlayerActed(text="I wait."))
    assert later.from_json(*stored) == ActedLater(words="I wait.")  # type: ignore[comparison-overlap]


def test_an_event_that_is_written_no_more_is_read_and_says_nothing() -> None:
    data = '{"event_id": "turn-1-scene", "event_type": "story_beat", "timestamp": 2}'
    assert CODEC.from_json("timeline_marked", 1, data) == TimelineMarked()


def test_what_an_older_program_remembered_as_bare_texts_is_a_memory() -> None:
    data = '{"character_id": "m", "relationships": {"tom": 0.2}, "remembers": ["It rained."]}'
    assert CODEC.from_json("character_changed", 1, data) == CharacterChanged(
        character_id="m", relationships={"tom": 0.2}, remembers=(Memory(text="It rained."),)
    )


def test_an_event_of_a_later_program_asks_for_an_upgrade() -> None:
    with pytest.raises(StoreNewer, match="upgrade"):
        CODEC.from_json("player_acted", 99, "{}")
    with pytest.raises(StoreNewer, match="upgrade"):
        CODEC.from_json("player_flew", 1, "{}")


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"text": 5}', "null"])
def test_data_of_another_shape_are_damage_and_the_message_says_what_to_do(text: str) -> None:
    with pytest.raises(StoreDamaged, match="restore the database"):
        CODEC.from_json("player_acted", 1, text)
