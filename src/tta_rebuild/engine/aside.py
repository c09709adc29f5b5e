"""One person aside: the player asks them something, or an author looks into their head.

No turn: nothing but the conversation happens. The answer goes the way of a scene (``telling``):
budget, stream, gate, second reader, one attempt to mend it. What was asked and answered becomes an
event, and both remember it; a thought is shown and kept nowhere.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any

from tta_rebuild.canon.fact_check import lies_in
from tta_rebuild.canon.lines import cut_line
from tta_rebuild.canon.people import PLAYER, People
from tta_rebuild.core import events as log
from tta_rebuild.core.english import sentences_of
from tta_rebuild.core.events import Event, PlayerActed
from tta_rebuild.core.speech import lines_said, name_parts
from tta_rebuild.core.story import LastingLine, Memory
from tta_rebuild.core.usage import Usage
from tta_rebuild.engine import turn_events as seen
from tta_rebuild.engine.action import MAX_ACTION_CHARS
from tta_rebuild.engine.gate import Gate
from tta_rebuild.engine.knowing import view_of
from tta_rebuild.engine.messages import message
from tta_rebuild.engine.reading_request import reader_for
from tta_rebuild.engine.recording import RecordingProvider
from tta_rebuild.engine.state import StoryState
from tta_rebuild.engine.telling import SceneTelling, is_embedded
from tta_rebuild.engine.turn_input import TurnInput, in_plain_words
from tta_rebuild.narrative.character_state import new_character, speaker_of
from tta_rebuild.narrative.line_fit import fit_of
from tta_rebuild.narrative.one_person import LineWanted, OnePerson
from tta_rebuild.narrative.voice_style import Everybody

NAME_WORDS = 5
"""Words of a name or role that stand before a question, at most."""

LASTING_WEIGHT = 2
_ENDS_A_NAME = " ,:;"
_BEFORE_A_NOUN = frozenset("the my our your der die das mein meine".split())
_YOU = frozenset("i me you myself yourself ich mich du dich".split())


@dataclass(frozen=True, slots=True)
class Aside:
    """What is wanted of whom: an answer to ``words``, or (None) what they are thinking."""

    who: str
    words: str | None = None


def people_here(state: StoryState) -> dict[str, str]:
    """Who can be asked aside as the story stands: id → name, those who spoke last first."""
    dead = {one for one in state.names if state.canon.holds_at(one, "alive", "false") is not None}
    others = [one for one in state.names if one not in (state.player, PLAYER) and one not in dead]
    spoke = [p.speaker for p in state.scene.passages if p.speaker] if state.scene else []
    ordered = dict.fromkeys([one for one in reversed(spoke) if one in others] + others)
    return {one: state.names[one] for one in ordered if state.turn and _is_near(state, one)}


def aside_of(state: StoryState, typed: str, *, is_thought: bool = False) -> Aside | str:
    """Whom a text begins with and what they are asked; or, as a text, why that cannot be."""
    if not state.turn:
        return message("not_begun")
    words = typed.split()
    who, size = _named(state, words)
    if not who:
        them = [name for one, name in state.names.items() if one != state.player]
        first = words[0].strip(" ,:;") if words else ""
        name = "nobody_meant" if first else "nobody_named"
        return message(name, name=first, names=", ".join(them) or message("nobody_yet"))
    name = state.names.get(who) or " ".join(words[:size]).strip(_ENDS_A_NAME)
    if who in (state.player, PLAYER):
        return message("own_thought" if is_thought else "own_answer")
    if state.canon.holds_at(who, "alive", "false") is not None:
        return message("is_dead", name=name)
    if is_thought:
        return Aside(who)
    if not _is_near(state, who):
        return message("is_elsewhere", name=name)
    asked = in_plain_words(" ".join(words[size:]))
    if not any(character.isalnum() for character in asked):
        return message("asks_nothing", name=name)
    if len(asked) > MAX_ACTION_CHARS:
        return message("long_move", chars=len(asked), most=MAX_ACTION_CHARS)
    return Aside(who, asked)


def _named(state: StoryState, words: Sequence[str]) -> tuple[str, int]:
    """Whom the first words name, and how many words that takes; "" for nobody.

    As few as will do, and those that go on with their name: "the captain", "Josk Verrin".
    """
    people = People(state.canon, state.premise.characters, state.premise.language)
    names = {name.casefold(): one for one, name in state.names.items()}
    for size in range(min(NAME_WORDS, len(words)), 0, -1):  # a whole name, however long
        if who := names.get(" ".join(words[:size]).strip(_ENDS_A_NAME).casefold(), ""):
            return who, size
    is_noun = bool(words) and words[0].casefold() in _BEFORE_A_NOUN
    for size in range(1 + is_noun, min(NAME_WORDS, len(words)) + 1):
        if who := _meant(state, people, " ".join(words[:size]).strip(_ENDS_A_NAME)):
            break
    else:
        return "", 0
    sketch = next((c for c in state.premise.characters if c.character_id == who), None)
    known_by = f"{state.names.get(who, who)} {sketch.description if sketch else ''}"
    parts = set(name_parts(known_by))
    while size < len(words) and words[size - 1][-1] not in _ENDS_A_NAME:
        more = name_parts(words[size])
        if not words[size][:1].isupper() or not more or not parts.issuperset(more):
            break
        size += 1
    return who, size


def _meant(state: StoryState, people: People, phrase: str) -> str:
    """The one whom a phrase means, "" for nobody or for two."""
    if phrase.casefold() in _YOU:
        return state.player or PLAYER
    who = people.id_of(phrase)
    if who in state.names or who == PLAYER:
        return who
    low = phrase.casefold()
    called = [one for one, name in state.names.items() if low in name.casefold().split()]
    if len(called) == 1:
        return called[0]
    return who if state.canon.is_person(who) else ""


def _is_near(state: StoryState, who: str) -> bool:
    """Whether somebody can be spoken to: who is in the last scene, or is not known elsewhere."""
    canon = state.canon
    there = canon.value(who, "located_in")
    here = canon.value(state.player or PLAYER, "located_in")
    if there is None or here is None or _is_in_scene(state, who, there):
        return True
    return here == there or lies_in(canon, here, there) or lies_in(canon, there, here)


def _is_in_scene(state: StoryState, who: str, place: str) -> bool:
    """Whether somebody speaks in the last scene, or does something in it.

    Who only does something is not there if that very turn says that they are at their place.
    """
    if state.scene is None:
        return False
    passages = state.scene.passages
    if who in {speaker for speaker, _ in lines_said(passages, state.names)}:
        return True
    placed = state.canon.holds_at(who, "located_in", place)
    if placed is not None and placed.since > state.scenes[-1][0]:  # the facts follow their scene
        return False
    parts = name_parts(state.names.get(who, who))
    sentences = (
        one
        for passage in passages
        if not passage.speaker
        for one in sentences_of(passage.text, state.premise.language)
    )
    return any(
        name_parts(" ".join(one.split()[:1])) == [part] for one in sentences for part in parts
    )


class AsideTelling:
    """One conversation aside while it goes on, and at its end what came of it."""

    def __init__(self, turn: TurnInput, aside: Aside) -> None:
        self._aside = aside
        self._turn = turn if aside.words is None else replace(turn, move=_asked(turn, aside))
        self._name = turn.state.names.get(aside.who, aside.who)
        self._provider = RecordingProvider(turn.dependencies.provider)
        self._told = SceneTelling(
            Gate(self._turn),
            reader_for(self._turn),
            cut_short=message("says_nothing", name=self._name),
            opens_unread=False,
        )

    async def items(self) -> AsyncGenerator[seen.TurnEvent, None]:
        """The answer as it comes through the gate. Raises ProviderError, BudgetExceededError."""
        turn = self._turn
        person = OnePerson(self._provider, turn.dependencies.catalog)
        async with aclosing(self._told.tell(person, self._wanted(), turn.context)) as items:
            async for item in items:
                yield item

    def answered(self) -> seen.AsideEnded:
        """What came of it, with the events that keep it; none for a thought."""
        told, turn, aside = self._told, self._turn, self._aside
        read = [reply for noted in told.found for reply in noted.replies]
        replies = [*self._provider.replies, *read]
        told_by = next((r.model for r in reversed(self._provider.replies) if r.model), "")
        notes = [r.degraded for r in replies if r.model] + [told.degraded]
        notes += [message("embedded_aside")] if is_embedded(told_by) else []
        warnings, turn.dependencies.notices[:] = [*turn.dependencies.notices], []
        degraded = "; ".join(dict.fromkeys(filter(None, notes)))
        answer = " ".join(passage.text for passage in told.passages)
        state, is_said = turn.state, any(passage.speaker for passage in told.passages)
        now = state.characters.get(aside.who) or new_character(aside.who, turn.context.timestamp)
        spoken = [line for one in state.characters.values() for line in one.spoken]
        everybody = Everybody(spoken, state.premise.language)
        fit = fit_of(answer, speaker_of(now), everybody, language=state.premise.language)
        return seen.AsideEnded(
            character_id=aside.who,
            answer=answer,
            consistency_score=fit.consistency_score if is_said else 0.0,
            personality_alignment=fit.personality_alignment if is_said else 0.0,
            reasons=fit.reasons if is_said else (),
            warnings=tuple(filter(None, (*warnings, degraded))),
            cost_usd=self._provider.cost_usd + sum(noted.cost_usd for noted in told.found),
            usage=sum((reply.usage for reply in replies), Usage()),
            calls=len(replies),
            events=self._events(answer, told_by, degraded, replies, is_said=is_said),
        )

    def _events(
        self,
        answer: str,
        told_by: str,
        degraded: str,
        replies: Sequence[log.ModelReplied],
        *,
        is_said: bool,
    ) -> tuple[Event, ...]:
        who, words = self._aside.who, self._aside.words
        if words is None:
            return ()
        asked = log.PersonAsked(
            character_id=who, text=words, answer=answer, told_by=told_by, degraded=degraded
        )
        kept: list[Event] = [asked, *replies, *self._told.withheld]
        if is_said:
            player = self._turn.state.player or PLAYER
            you = self._turn.state.names.get(player, "the player")
            said = cut_line(
                f"{self._name} told {you} aside, asked “{cut_line(words, 80)}”: {answer}"
            )
            both = (who, player)
            line = LastingLine(
                text=said, about=both, known_by=both, weight=LASTING_WEIGHT, origin="teller"
            )
            # what the embedded storyteller says aside only repeats what is known already
            kept += [] if is_embedded(told_by) else [log.LineKept(line=line)]
            text = cut_line(f"aside, {you} asked “{words}”, and you said “{answer}”")
            remembers = (Memory(text=text, weight=LASTING_WEIGHT, about=both),)
            kept.append(log.CharacterChanged(character_id=who, remembers=remembers))
        return tuple(kept)

    def _wanted(self) -> LineWanted:
        turn, who, asked = self._turn, self._aside.who, self._aside.words
        state, context = turn.state, turn.context
        variables: dict[str, Any] = {
            "seed": state.premise.seed + state.position,
            **view_of(state, who, asked or "").for_line(),
            "scene_context": state.scene.setting if state.scene else "",
            "language": state.premise.language if state.premise.language != "en" else "",
            "boundaries": dict(context.player_boundaries),
            "metaconcepts": context.metaconcept_names(),
        }
        if asked is not None:
            player = state.player or PLAYER
            variables |= {"asked_by": state.names.get(player, "the player"), "question": asked}
        return LineWanted(
            task="monologue" if asked is None else "dialogue",
            character_id=who,
            name=self._name,
            variables=variables,
            language=state.premise.language,
        )


def _asked(turn: TurnInput, aside: Aside) -> PlayerActed:
    """The move by which a second reader sees what was asked."""
    name = turn.state.names.get(aside.who, aside.who)
    return PlayerActed(text=message("asks_aside", name=name, words=aside.words))
