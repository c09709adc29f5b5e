"""Thirty broken replies, through the whole engine: what the player sees of each.

A story is begun well; its second turn gets the broken reply, and the same one again when the model
is asked once more (unless the case says otherwise). The embedded storyteller is next in the chain.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest

from tests.narrative.conftest import ScriptedProvider
from tta_rebuild.core.errors import ProviderError
from tta_rebuild.core.story import CharacterSketch, Premise
from tta_rebuild.engine.action import Action
from tta_rebuild.engine.dependencies import Dependencies
from tta_rebuild.engine.session import Session
from tta_rebuild.engine.stories import Stories
from tta_rebuild.engine.turn_events import (
    ChoicesReady,
    PassageReleased,
    SceneRestarted,
    TurnEvent,
    TurnWarning,
)
from tta_rebuild.integrations.wrappers.fallback import (
    ALSO_WITHOUT_BUDGET,
    FallbackLLMProvider,
    Link,
)
from tta_rebuild.prompts import PromptCatalog
from tta_rebuild.reading.world_rules import WorldRules, compiled
from tta_rebuild.safety import SafetyGate
from tta_rebuild.storage.memory_store import MemoryStoryStore
from tta_rebuild.storyteller import OfflineProvider

CATALOG = PromptCatalog.load()
CHOICES = ("Climb the stair to the lamp room", "Ask Mara about the lamp oil")
ONLY_GO_ON = ("Go on from here and see what happens next",)
RAIN = "Rain taps on the glass. Mara turns her head and listens."
STEP = "A step sounds on the stair below. Then it stops."
MOVE = "I listen at the stair"


def scene(*texts: str, choices: Sequence[str] = CHOICES, **more: Any) -> str:
    branches = [{"choice": c, "consequence": "It leads on.", "affects": []} for c in choices]
    told = [{"facts": [], "text": text} for text in texts]
    return json.dumps({"passages": told, "story_branches": branches, "notes": {}} | more)


OPENING = scene("Mara lights the lamp in the old tower.", notes={"plan": "a step on the stair"})
WHOLE = scene(RAIN, STEP)
CARRIED = f"“{MOVE}”: so it is tried, and for a breath nothing answers."


@dataclass(frozen=True, kw_only=True)
class Case:
    """What comes, and what the player sees of it.

    ``prose`` are the passages in order, ``note`` is in what the player is told beside the story
    ("" is nothing), ``carried`` that the embedded storyteller goes on, ``calls`` to the model.
    """

    name: str
    replies: tuple[str, ...]
    prose: tuple[str, ...] = (RAIN, STEP)
    choices: tuple[str, ...] = CHOICES
    note: str = ""
    finish: tuple[str, ...] = ("stop",)
    carried: bool = False
    calls: int = 1


def carried(name: str, *replies: str, note: str, calls: int = 2, **more: Any) -> Case:
    return Case(name=name, replies=replies, note=note, carried=True, calls=calls, **more)


def raw(text: str) -> str:
    """A reply whose second passage is this text, put between quotation marks as it is."""
    return f'{{"passages": [{{"text": "{RAIN}"}}, {{"text": "{text}"}}], "story_branches": [' + (
        ", ".join(f'{{"choice": "{c}", "consequence": "x"}}' for c in CHOICES) + "]}"
    )


LONG = "The rain goes on, and nobody in the tower says a word about it. "
CUT_IN_CHOICE = WHOLE[: WHOLE.index("about the lamp oil")]
CUT_IN_PASSAGE = WHOLE[: WHOLE.index("stops")]
REFUSAL = "I'm sorry, but I can't help with that request."
ANSI = "\\u001b[31mA step sounds\\u001b[0m on the stair below. \\u001b]0;title\\u0007Then it stops."

CASES = (
    Case(name="thoughts before it", replies=(f"<think>Rain, I think.</think>{WHOLE}",)),
    Case(name="thoughts with braces", replies=(f'<think>{{"passages": []}}?</think>\n{WHOLE}',)),
    Case(name="thoughts with a draft", replies=(f"<think>{scene('No.')}</think>{WHOLE}",)),
    Case(name="thoughts without a beginning", replies=(f"Let me see {{x}}.\n</think>\n{WHOLE}",)),
    carried("thoughts without an end", "<think>What if she", note="never came to the story"),
    Case(name="thoughts inside a passage", replies=(scene(RAIN, f"<think>Hm.</think>{STEP}"),)),
    Case(
        name="quotes that nobody escaped",
        replies=(raw('"Who is there?" asks Mara, "and why?" Nobody answers.'),),
        prose=(RAIN, '"Who is there?" asks Mara, "and why?" Nobody answers.'),
    ),
    Case(
        name="a single quote that nobody escaped",
        replies=(raw('The gap is 5" wide. Nobody passes.'),),
        prose=(RAIN, 'The gap is 5" wide. Nobody passes.'),
    ),
    Case(
        name="quotes in a choice",
        replies=(raw(STEP).replace(CHOICES[0], 'Call "Who is there" down the stair'),),
        choices=('Call "Who is there" down the stair', CHOICES[1]),
    ),
    Case(
        name="raw line breaks",
        replies=(raw("A step sounds on the stair below.\nThen it stops."),),
        prose=(RAIN, "A step sounds on the stair below.\nThen it stops."),
    ),
    Case(name="commas too many", replies=(WHOLE.replace('"}]', '"},]').replace("}]", "},]"),)),
    Case(
        name="backslashes that escape nothing",
        replies=(raw("A step sounds on the stair below\\. Then it stops."),),
        prose=(RAIN, "A step sounds on the stair below\\. Then it stops."),
    ),
    Case(name="a fence and chatter", replies=(f"Sure!\n```json\n{WHOLE}\n```\nEnjoy {{it}}!",)),
    Case(
        name="prose with numbered choices",
        replies=(f"{RAIN}\n\n{STEP} {LONG}\n\nWhat do you do?\n1. {CHOICES[0]}\n2) {CHOICES[1]}",),
        prose=(RAIN, f"{STEP} {LONG.strip()}"),
        note="its words are shown as they came",
        calls=2,
    ),
    Case(
        name="numbered prose",
        replies=(f"1. {RAIN}\n\n2. {STEP}\n\n3. {LONG}",),
        prose=(RAIN, STEP, LONG.strip()),
        choices=ONLY_GO_ON,
        note="its words are shown as they came",
        calls=2,
    ),
    carried("a line of chatter", "Sure! Here is the scene you asked for:", note="no JSON object"),
    carried("a refusal", REFUSAL, note="would not tell this scene"),
    carried("a refusal as a passage", scene(REFUSAL), note="would not tell this scene"),
    carried("a refusal as an error", '{"error": "I cannot assist."}', note="would not tell"),
    Case(name="a refusal, then the scene", replies=(scene(REFUSAL), WHOLE), calls=2),
    Case(
        name="half a reply that says it is whole",
        replies=(CUT_IN_PASSAGE, scene("Then it stops.")),
        prose=(RAIN, "A step sounds on the stair below.", "Then it stops."),
        calls=2,
        finish=("stop", "stop"),
    ),
    Case(
        name="cut in a choice",
        replies=(CUT_IN_CHOICE, "nothing"),
        choices=CHOICES[:1],
        finish=("length", "stop"),
        note="the reply broke off",
        calls=2,
    ),
    Case(
        name="cut in a word",
        replies=(CUT_IN_PASSAGE, "nothing"),
        prose=(RAIN, "A step sounds on the stair below."),
        choices=ONLY_GO_ON,
        finish=("length", "stop"),
        note="the reply broke off",
        calls=2,
    ),
    Case(
        name="a choice too long to offer",
        replies=(scene(RAIN, STEP, choices=(*CHOICES, "Go on and " * 40)),),
    ),
    Case(
        name="choices with numbers and stars",
        replies=(scene(RAIN, STEP, choices=(f"1. **{CHOICES[0]}**", f"b) {CHOICES[1]}")),),
    ),
    Case(
        name="twenty thousand words in one passage",
        replies=(scene(RAIN, LONG * 1_540),),
        prose=(RAIN, (LONG * 186).strip()),
        note="far too long",
    ),
    Case(
        name="twenty thousand words in many passages",
        replies=(scene(RAIN, *[LONG.strip()] * 1_400),),
        prose=(RAIN, *[LONG.strip()] * 59),
        choices=ONLY_GO_ON,
        note="far too long",
    ),
    carried("nothing", "", note="answered with what is no scene"),
    carried("blanks", " \n\t ", note="answered with what is no scene"),
    carried("an object without a story", '{"status": "ok"}', note="neither passages"),
    carried("empty passages", scene("", " "), note="tells nothing"),
    carried("JSON of another kind", '{"a": {"b": [1, 2', note="what is no scene"),
    Case(name="ANSI escapes", replies=(raw(ANSI),)),
    Case(
        name="HTML",
        replies=(scene(f"<p>{RAIN}</p>", f"<b>{STEP[:6]}</b>{STEP[6:]}<br/>&nbsp;<!-- x -->"),),
        prose=(f"{RAIN}\n", f"{STEP}\n "),
    ),
    Case(name="a scene inside a text", replies=(json.dumps({"narrative_text": WHOLE}),)),
    Case(name="a passage that is JSON", replies=(scene(RAIN, STEP, '{"facts": []}'),)),
)


@dataclass
class Seen:
    """What the player sees of one turn."""

    prose: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    choices: tuple[str, ...] = ()
    restarts: int = 0

    def take(self, event: TurnEvent) -> None:
        match event:
            case PassageReleased(passage):
                self.prose.append(passage.text)
            case SceneRestarted():
                self.prose.clear()
                self.restarts += 1
            case TurnWarning(text):
                self.notes.append(text)
            case ChoicesReady(choices):
                self.choices = tuple(choice.text for choice in choices)
            case _:
                pass


def stories(model: ScriptedProvider, *, has_next: bool = True) -> Stories:
    links = [Link(provider=model, name="the model")]
    if has_next:
        offline = OfflineProvider()
        links.append(
            Link(provider=offline, name="the embedded storyteller",
                 takes_over_for=ALSO_WITHOUT_BUDGET)
        )  # fmt: skip
    ids = count()
    dependencies = Dependencies(
        provider=FallbackLLMProvider(links),
        catalog=CATALOG,
        safety=SafetyGate,
        world_rules=lambda rules: WorldRules(compiled(rules).rules),
        clock=lambda: datetime(2026, 1, 1, tzinfo=UTC),
        new_id=lambda: f"id{next(ids)}",
    )
    return Stories(dependencies, MemoryStoryStore())


async def begun(model: ScriptedProvider, *, has_next: bool = True) -> Session:
    mara = CharacterSketch(character_id="mara", name="Mara")
    session = await stories(model, has_next=has_next).open(
        Premise(theme="A lamp in an old tower", characters=(mara,))
    )
    await seen(session.play(Action.begin()))
    return session


async def seen(events: AsyncIterator[TurnEvent]) -> Seen:
    found = Seen()
    async for event in events:
        found.take(event)
    return found


def model_of(case: Case, size: int = 40) -> ScriptedProvider:
    scripts = [
        [reply[at : at + size] for at in range(0, len(reply), size)]
        for reply in (OPENING, *case.replies)
    ]
    return ScriptedProvider(*scripts, finish_reason=["stop", *case.finish])  # type: ignore[arg-type]


@pytest.mark.parametrize("size", [7, 1_000_000], ids=["streamed", "at once"])
@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
async def test_a_broken_reply_shows_the_player_a_story_or_says_why_not(
    case: Case, size: int
) -> None:
    model = model_of(case, size if len(case.replies[0]) < 20_000 else 1_000)
    session = await begun(model)

    found = await seen(session.play(Action.say(MOVE)))

    assert len(model.requests) - 1 == case.calls
    if case.carried:
        assert found.prose[0] == CARRIED
        assert any("lights the lamp in the old tower" in text for text in found.prose)
        assert "the embedded storyteller has taken over" in " ".join(found.notes)
        assert len(found.choices) == 3
    else:
        assert tuple(found.prose) == case.prose
        assert found.choices == case.choices
    assert case.note in " ".join(found.notes)
    assert bool(found.notes) == bool(case.note)
    for text in (*found.prose, *found.notes, *found.choices):
        assert not re.search(r'\x1b|<\w+>|[{\[]"|"}|</', text)
    assert session.state.scene is not None
    assert [p.text for p in session.state.scene.passages] == found.prose


async def test_a_model_finds_its_own_notes_after_the_embedded_storyteller() -> None:
    model = ScriptedProvider([OPENING], [""], [""], [WHOLE])
    session = await begun(model)
    await seen(session.play(Action.say(MOVE)))

    await seen(session.play(Action.choose(1)))

    assert model.requests[-1].variables["notes"] == {"plan": "a step on the stair"}


async def test_the_embedded_storyteller_quotes_the_story_and_never_itself() -> None:
    model = ScriptedProvider([OPENING], [""])
    session = await begun(model)
    for _ in range(3):
        found = await seen(session.play(Action.say(MOVE)))
        assert "“Mara lights the lamp in the old tower.”" in " ".join(found.prose)


async def test_without_another_model_the_turn_stops_says_so_and_stores_nothing() -> None:
    model = ScriptedProvider([OPENING], ['{"a": {"b": [1, 2'])
    session = await begun(model, has_next=False)

    with pytest.raises(ProviderError, match="answered with what is no scene"):
        await seen(session.play(Action.say(MOVE)))

    assert session.state.turn == 1


async def test_a_story_told_again_from_its_replies_goes_the_same_way() -> None:
    model = ScriptedProvider([OPENING], [REFUSAL], [""], [WHOLE])
    told = stories(model)
    session = await told.open(Premise(theme="A lamp in an old tower"))
    for action in (Action.begin(), Action.say(MOVE), Action.say(MOVE)):
        await seen(session.play(action))

    report = await told.replay(session.story_id)

    assert report.agrees, report.difference
