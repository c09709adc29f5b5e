"""How a told scene changes its people: feelings, bonds, goals, and where in their arc they stand.

What changes somebody is what they said or did themselves, what was said to them, and what is told
of them together. The player's own character is left alone: what they feel is the player's to say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from tta_rebuild.canon.lines import cut_line
from tta_rebuild.core.english import sentences_of
from tta_rebuild.core.events import CharacterChanged
from tta_rebuild.core.speech import name_parts
from tta_rebuild.core.story import ArcStage, Bond, Memory, Passage
from tta_rebuild.engine.knowing import said_in_words
from tta_rebuild.engine.remembering import DECLARED, reached
from tta_rebuild.engine.turn_input import TurnInput
from tta_rebuild.narrative import feelings
from tta_rebuild.narrative.arcs import MOST_GOALS, ArcMoment, Happened, goals_raised, stage_after
from tta_rebuild.narrative.character_state import (
    GOAL_STEP,
    CharacterState,
    bond_to,
    feeling_at,
    new_character,
)
from tta_rebuild.narrative.feelings import Feeling

NOT_DONE_TO_THEM = ("fear", "debt")
"""Dimensions of a bond that are moved by what the other does alone."""


def characters_after(
    turn: TurnInput,
    passages: Sequence[Passage],
    stage: ArcStage,
    learnt: Mapping[str, tuple[Memory, ...]],
) -> list[CharacterChanged]:
    """How everybody is after a scene, as far as they changed; ``learnt`` is new in their memory."""
    told, known = _Told(turn, passages), turn.state.characters
    changes = [told.change_of(who, stage, learnt.get(who, ())) for who in told.present]
    changes += [
        CharacterChanged(character_id=who, remembers=new)
        for who, new in learnt.items()
        if who in known and who not in told.present
    ]
    return [c for c in changes if c != CharacterChanged(character_id=c.character_id)]


@dataclass(frozen=True)
class _Told:
    """A scene as it was told, and who is in it."""

    turn: TurnInput
    passages: Sequence[Passage]

    @cached_property
    def tones(self) -> dict[str, str]:
        """The last tone of everybody who speaks."""
        return {p.speaker: p.emotion for p in self.passages if p.speaker}

    @cached_property
    def present(self) -> list[str]:
        """Who speaks or is named."""
        known, text = self.turn.state.characters, " ".join(p.text for p in self.passages)
        named = [one for one, who in known.items() if one in self.tones or who.name in text]
        return [*named, *(one for one in self.tones if one not in known)]

    def change_of(self, who: str, stage: ArcStage, learnt: tuple[Memory, ...]) -> CharacterChanged:
        before = self.turn.state.characters.get(who)
        now = before or new_character(who, self.turn.context.timestamp)
        goals = self._goals(now)
        number = self.turn.number
        change = CharacterChanged(
            character_id=who,
            name="" if before else now.name,
            remembers=learnt,
            goals={goal: progress for goal, (progress, _) in goals.items()},
            reasons={goal: cut_line(f"turn {number}: {why}") for goal, (_, why) in goals.items()},
        )
        if who != self.turn.state.player:
            bonds, brought = self._bonds(now)
            change = replace(change, bonds=bonds)
            if felt := self._felt(now, brought):
                is_new = before is None or felt.emotion != now.emotional_state
                change = replace(
                    change,
                    emotion=felt.emotion if is_new else "",
                    shade=felt.shade,
                    intensity=felt.intensity,
                )
        reached = self._stage(now, change, stage)
        return replace(change, arc_stage=reached if reached != now.arc_stage or not before else "")

    def _stage(self, now: CharacterState, change: CharacterChanged, stage: ArcStage) -> str:
        """The stage of their arc by what the scene has changed."""
        if now.arc_by_hand:
            return now.arc_stage
        state, who = self.turn.state, now.character_id
        after = replace(
            now,
            development_goals={**now.development_goals, **change.goals},
            bonds={**now.bonds, **change.bonds},
        )
        asserted = {
            (c.relation, c.value) for p in self.passages for c in p.facts if c.subject == who
        }

        def is_so(relation: str, value: str) -> bool:
            said = (relation, value) in asserted
            return said or state.canon.holds_at(who, relation, value) is not None

        moment = ArcMoment(now=after, story_stage=stage, turn=self.turn.number, is_so=is_so)
        sketch = next((c for c in state.premise.characters if c.character_id == who), None)
        return stage_after(moment, sketch.arc if sketch else {})

    def _goals(self, now: CharacterState) -> dict[str, tuple[float, str]]:
        """Goals that this scene raised or made, and why; the player alone sets their own."""
        who, goals = now.character_id, now.development_goals
        found = {
            goal: (progress, why)
            for goal, progress, why in goals_raised(goals, self._happened(who))
        }
        unreached = sum(progress < 1.0 for progress in goals.values())
        for passage in self.passages if who != self.turn.state.player else ():
            for claim in passage.facts:
                is_promise = claim.relation == "promise" and claim.subject == who
                if is_promise and not claim.ends and claim.value not in goals:
                    if unreached < MOST_GOALS:
                        found.setdefault(claim.value, (GOAL_STEP, claim.sentence or passage.text))
                    unreached += 1
        return found

    def _happened(self, who: str) -> Iterator[Happened]:
        """What of the scene concerns somebody, in words, and what of it became true."""
        state = self.turn.state
        names = state.names
        if who == state.player and self.turn.moved:
            yield Happened(self.turn.moved)
        for passage in self.passages:
            for sentence in sentences_of(passage.text):
                if passage.speaker == who or _is_named(names.get(who, who), sentence):
                    yield Happened(sentence)
            for claim in passage.facts:
                is_outward = not claim.ends and claim.relation not in DECLARED
                if is_outward and not passage.speaker and who in (claim.subject, claim.value):
                    yield Happened(said_in_words(state, claim), is_fact=True)

    def _felt(self, now: CharacterState, brought: str) -> Feeling | None:
        """What they feel by their own tone, else by what was done to them; None: as before."""
        traits = now.personality_traits
        left = feeling_at(now, self.turn.number)
        if felt := feelings.feeling_of(self.tones.get(now.character_id, ""), traits):
            return felt if felt.emotion else replace(felt, emotion=left.emotion)
        if brought:
            return feelings.shaped(Feeling(brought, "", feelings.USUAL), traits)
        return left if left.emotion != now.emotional_state else None

    def _bonds(self, now: CharacterState) -> tuple[dict[str, Bond], str]:
        """What they feel about those whom they had to do with, and the emotion that this brings."""
        bonds: dict[str, Bond] = {}
        brought = ""
        for other in self.present:
            theirs, own = self._between(now.character_id, other)
            if other == now.character_id or not (theirs or own):
                continue
            done, meant = feelings.bond_change(theirs), feelings.bond_change(own)
            moves = dict(done.moves) if done else {}
            for name, by in meant.moves.items() if meant else ():
                if name not in (*moves, *NOT_DONE_TO_THEM):
                    moves[name] = by
            before = bond_to(now, other)
            bonds[other] = before.moved(moves or feelings.MEETING)
            brought = brought or (done.feels if done else "")
        return {to: bond for to, bond in bonds.items() if bond != now.bonds.get(to)}, brought

    def _between(self, who: str, other: str) -> tuple[str, str]:
        """What another says to somebody, or does to them; what they themselves say or do."""
        theirs: list[str] = []
        own: list[str] = []
        names, player = self.turn.state.names, self.turn.state.player
        if self.turn.moved and _is_named(names.get(who, who), self.turn.moved) and other == player:
            theirs.append(self.turn.moved)
        for passage, hearers in zip(self.passages, self._reached, strict=True):
            if passage.speaker:
                if {who, other} <= hearers and passage.speaker in (who, other):
                    is_own = passage.speaker == who
                    (own if is_own else theirs).append(passage.text)
                    own += [passage.emotion] * is_own
                continue
            for sentence in sentences_of(passage.text):
                places = [_place(names.get(one, one), sentence) for one in (who, other)]
                if min(places) >= 0:
                    (theirs if places[1] < places[0] else own).append(sentence)
        return " ".join(theirs), " ".join(filter(None, own))

    @cached_property
    def _reached(self) -> list[frozenset[str]]:
        return reached(self.passages, self.turn.state.names)


def _is_named(name: str, text: str) -> bool:
    return _place(name, text) >= 0


def _place(name: str, text: str) -> int:
    """Where a text first names somebody by any part of their name, -1 if it does not."""
    words = name_parts(text)
    found = [words.index(part) for part in name_parts(name) if part in words]
    return min(found, default=-1)
