"""The present of a story on one branch: a fold over its events, played or read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import Any

from tta_rebuild.canon.lines import SummaryLine, cut_line, with_line, with_turn
from tta_rebuild.canon.people import pronouns_of
from tta_rebuild.canon.view import Canon, Fact
from tta_rebuild.core import events as log
from tta_rebuild.core.errors import StoreDamaged
from tta_rebuild.core.events import RecordedEvent
from tta_rebuild.core.speech import lines_said
from tta_rebuild.core.story import NO_VOICE, Bond, Choice, LastingLine, Passage, Premise, Scene
from tta_rebuild.engine.messages import message
from tta_rebuild.narrative.character_state import (
    SPOKEN_LIMIT,
    CharacterState,
    new_character,
    remembering,
)
from tta_rebuild.narrative.feelings import NEUTRAL, USUAL

NOTES_KEPT = 8
"""Last notes of care that are remembered."""

RECENT_SCENES = 7
"""Last scenes kept at hand; as many as the prompt has room for are in it word for word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteShown:
    """A note of care: when, and the player's ``words`` next stored after it, None for none yet.

    They are ``""`` where a choice of the story was taken.
    """

    turn: int
    at: datetime
    words: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Present:
    """What is so now beside the canon: but for people's memories of bounded size.

    ``position`` counts the events along the path, ``turn`` the turns (0 before the opening scene).
    ``scenes`` are the last with their positions, ``summary`` is the story so far, oldest first;
    ``changes`` counts the facts since its last line. Beside a ``rejected`` choice stands why, and
    ``withheld`` is what was held back in the last turn. ``characters`` are by id in order of
    appearance, ``lines`` the lasting ones in force by number, oldest first.
    ``variant`` is the way of telling that an experiment gave to the story, if any; ``notes`` are
    the last notes of care.
    """

    premise: Premise
    position: int = 0
    turn: int = 0
    action: str = ""
    scenes: tuple[tuple[int, Scene], ...] = ()
    summary: tuple[SummaryLine, ...] = ()
    changes: int = 0
    choices: tuple[Choice, ...] = ()
    rejected: tuple[tuple[str, str], ...] = ()
    withheld: tuple[log.PassageWithheld, ...] = ()
    characters: Mapping[str, CharacterState] = field(default_factory=dict)
    lines: Mapping[int, LastingLine] = field(default_factory=dict)
    ended: bool = False
    variant: log.VariantAssigned | None = None
    notes: tuple[NoteShown, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryState(Present):
    """The present with its canon, to be asked and not changed."""

    canon: Canon = field(compare=False, repr=False)

    @property
    def scene(self) -> Scene | None:
        """The last scene told, None before the opening."""
        return self.scenes[-1][1] if self.scenes else None

    @property
    def facts(self) -> tuple[Fact, ...]:
        """Everything that holds at this position; costs time in proportion to its number."""
        return tuple(self.canon.all_now())

    @property
    def names(self) -> dict[str, str]:
        """The name of everybody in the story, by id."""
        given = {sketch.character_id: sketch.name for sketch in self.premise.characters}
        return given | {name: known.name for name, known in self.characters.items()}

    @property
    def player(self) -> str:
        """The id of the player's character, "" if nobody is it."""
        return next((c.character_id for c in self.premise.characters if c.is_player), "")


class StoryFold:
    """Takes a branch's events in order, from where an earlier fold came to, and gives its present.

    Up to ``snapshot_turn`` (0: none) a snapshot spares the reading; ``last`` is the last event.
    """

    def __init__(
        self,
        now: Present | None = None,
        canon: Canon | None = None,
        last: RecordedEvent | None = None,
    ) -> None:
        self._now = now
        self.canon = canon or Canon()
        self.last = last
        self.snapshot_turn = now.turn if now else 0

    @property
    def now(self) -> Present:
        """What is so after the last event applied. Raises StoreDamaged if none opened the story."""
        if self._now is None:
            raise StoreDamaged(message("no_opening"))
        return self._now

    def present(self) -> StoryState:
        """The same with the canon."""
        now = {one.name: getattr(self.now, one.name) for one in fields(self.now)}
        return StoryState(**now, canon=self.canon.fork())

    def apply(self, recorded: RecordedEvent) -> None:
        """Take the next event. Raises HistoryNotLoaded: it takes back what a snapshot left out."""
        self.canon.apply(recorded.position, recorded.event)
        self.last = recorded
        if isinstance(recorded.event, log.StoryOpened):
            self._now = Present(premise=recorded.event.premise)
        now = self._now
        if now is None:
            return
        if recorded.turn != now.turn:
            now = replace(now, turn=recorded.turn, withheld=(), action="")
        changed = _changed(now, recorded) | _noted(now, recorded)
        self._now = replace(now, position=recorded.position, **changed)


def _changed(now: Present, recorded: RecordedEvent) -> dict[str, Any]:
    match recorded.event:
        case log.PlayerActed(text=text):
            return {"action": text}
        case log.VariantAssigned() as variant:
            return {"variant": variant}
        case log.SceneTold(scene=scene):
            scenes = (*now.scenes, (recorded.position, scene))[-RECENT_SCENES:]
            return {"scenes": scenes, "characters": _heard(now, scene.passages, recorded)}
        case log.PersonAsked(character_id=who, answer=answer, told_by=by) if by[:8] != "offline:":
            said = Passage(text=answer, speaker=who)
            return {"characters": _heard(now, [said], recorded)}
        case log.PassageWithheld() as withheld:
            return {"withheld": (*now.withheld, withheld)}
        case log.ChoicesOffered(choices=choices, rejected=rejected):
            offer = {"choices": choices, "rejected": rejected}
            return offer | {"summary": _summary(now, recorded.turn), "changes": 0}
        case log.FactAsserted() | log.FactRetracted():
            return {"changes": now.changes + 1}
        case log.LineKept(line=line):
            return {"lines": with_line(now.lines, recorded.position, line)}
        case log.LineEnded(number=number):
            return {"lines": {n: line for n, line in now.lines.items() if n != number}}
        case log.CharacterChanged(character_id=who) as change:
            before = now.characters.get(who) or _newcomer(now, who, recorded)
            after = _after(before, change, recorded)
            return {"characters": {**now.characters, who: after}}
        case log.BoundariesTightened(boundaries=tighter):
            bounds = {**now.premise.boundaries, **tighter}
            return {"premise": replace(now.premise, boundaries=bounds)}
        case log.StoryEnded():
            return {"ended": True}
    return {}


def _noted(now: Present, recorded: RecordedEvent) -> dict[str, Any]:
    """The notes of care, where one is shown, or where the player goes on after one."""
    match recorded.event:
        case log.CareShown():
            shown = NoteShown(turn=recorded.turn, at=recorded.at)
            return {"notes": (*now.notes, shown)[-NOTES_KEPT:]}
        case (log.PlayerActed() | log.PersonAsked()) as went_on:
            if not now.notes or now.notes[-1].words is not None:
                return {}
            words = "" if getattr(went_on, "choice", None) else went_on.text
            return {"notes": (*now.notes[:-1], replace(now.notes[-1], words=words))}
    return {}


def _heard(
    now: Present, passages: Sequence[Passage], recorded: RecordedEvent
) -> dict[str, CharacterState]:
    """The characters once they have said this: their last lines make their voices."""
    characters = dict(now.characters)
    names = {who: known.name for who, known in characters.items()}
    forms = pronouns_of(now.premise.language)
    pronouns = {form for kind, all_ in forms.items() if kind != "some" for form in all_}
    for who, words in lines_said(passages, names, pronouns):
        before = characters.get(who) or _newcomer(now, who, recorded)
        spoken = [*before.spoken, cut_line(words)][-SPOKEN_LIMIT:]
        characters[who] = replace(before, spoken=spoken)
    return characters


def _newcomer(now: Present, who: str, recorded: RecordedEvent) -> CharacterState:
    voices = {sketch.character_id: sketch.voice for sketch in now.premise.characters}
    return replace(new_character(who, recorded.at), voice=voices.get(who, NO_VOICE))


def _summary(now: Present, turn: int) -> tuple[SummaryLine, ...]:
    scene = now.scenes[-1][1] if now.scenes else None
    first = scene.text.split(". ", 1)[0] if scene else ""
    happened = (scene.outcome if scene else "") or now.action or first
    return with_turn(now.summary, turn, happened, now.changes)


def _after(
    before: CharacterState, change: log.CharacterChanged, recorded: RecordedEvent
) -> CharacterState:
    learnt = [replace(one, turn=recorded.turn) for one in change.remembers]
    bonds = {to: Bond.of(number) for to, number in change.relationships.items()} | dict(
        change.bonds
    )
    ties = {to: bond.number for to, bond in bonds.items()} | dict(change.relationships)
    return replace(
        remembering(before, learnt),
        name=change.name or before.name,
        personality_traits={**before.personality_traits, **change.traits},
        development_goals={**before.development_goals, **change.goals},
        relationships={**before.relationships, **ties},
        bonds={**before.bonds, **bonds},
        reasons={**before.reasons, **change.reasons},
        arc_stage=change.arc_stage or before.arc_stage,
        arc_by_hand=before.arc_by_hand if change.arc_by_hand is None else change.arc_by_hand,
        last_updated=recorded.at,
        **_felt(change, before, recorded.turn),
    )


def _felt(change: log.CharacterChanged, before: CharacterState, turn: int) -> dict[str, Any]:
    """What a change makes of somebody's feelings; an earlier version named the emotion alone."""
    if not (change.emotion or change.intensity or change.shade):
        return {}
    emotion = change.emotion or before.emotional_state
    intensity = change.intensity or (0.0 if emotion == NEUTRAL else USUAL)
    return {
        "emotional_state": emotion,
        "shade": change.shade,
        "intensity": intensity,
        "felt_turn": turn,
    }
