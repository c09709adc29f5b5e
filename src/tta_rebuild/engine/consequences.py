"""What a told scene leaves behind: how its characters are, and the lasting lines."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from tta_rebuild.canon.lines import cut_line
from tta_rebuild.canon.people import People
from tta_rebuild.core.events import CharacterChanged
from tta_rebuild.core.story import ArcStage, Claim, LastingLine, Memory, Passage
from tta_rebuild.engine.turn_input import TurnInput
from tta_rebuild.narrative.character_state import (
    CharacterInteraction,
    CharacterState,
    new_character,
    respond,
)

MOST_LINES = 9

_OF_TWO = ("holds", "wears", "owns", "met")

_WEIGHTS: Mapping[str, int] = {
    **dict.fromkeys(("alive", "promise", "kin", "knows", "believes"), 3),
    **dict.fromkeys(("located_in", "weather", "time_of_day"), 1),
    "feeling": 0,
}
"""How much a relation's sentence matters later; any other says something particular: 2."""


def characters_after(
    turn: TurnInput,
    passages: Sequence[Passage],
    stage: ArcStage,
    learnt: Mapping[str, tuple[Memory, ...]],
) -> list[CharacterChanged]:
    """How everybody is after a scene; ``learnt`` is new in their memories, by id."""
    text, at = " ".join(p.text for p in passages), turn.context.timestamp
    spoken = {p.speaker: p.emotion for p in passages if p.speaker}
    known = turn.state.characters
    present = [one for one, who in known.items() if one in spoken or who.name in text]
    present.extend(speaker for speaker in spoken if speaker not in known)
    changes = []
    for who in present:
        lived = CharacterInteraction(
            character_id=who,
            scene_context=text,
            emotional_trigger=spoken.get(who) or None,
            interacting_with=[other for other in present if other != who],
        )
        before = known.get(who)
        now = replace(before or new_character(who, at), arc_stage=stage)
        changes.append(_change(before, respond(now, lived, at)[0], learnt.get(who, ())))
    changes += [
        CharacterChanged(character_id=who, remembers=new)
        for who, new in learnt.items()
        if who in known and who not in present
    ]
    return [c for c in changes if c != CharacterChanged(character_id=c.character_id)]


def _change(
    before: CharacterState | None, after: CharacterState, learnt: tuple[Memory, ...]
) -> CharacterChanged:
    emotion, stage = after.emotional_state, after.arc_stage
    felt = before.relationships if before else {}
    return CharacterChanged(
        character_id=after.character_id,
        name="" if before else after.name,
        emotion="" if before and before.emotional_state == emotion else emotion,
        arc_stage="" if before and before.arc_stage == stage else stage,
        relationships={to: now for to, now in after.relationships.items() if felt.get(to) != now},
        remembers=learnt,
    )


def written(lines: Sequence[LastingLine], people: People) -> list[LastingLine]:
    """Lines that a storyteller or a reader wrote, with everybody under their own id."""
    return [
        replace(
            line,
            text=cut_line(line.text),
            about=tuple(dict.fromkeys(people.id_of(who) for who in line.about)),
            known_by=tuple(dict.fromkeys(people.id_of(who) for who in line.known_by)),
        )
        for line in lines
    ]


def of_the_scene(passages: Sequence[Passage], names: Mapping[str, str]) -> list[LastingLine]:
    """The weightiest sentences that bear out what a scene declared, each with a name, in order."""
    found: dict[str, LastingLine] = {}
    for passage in passages:
        by_sentence: dict[str, list[Claim]] = defaultdict(list)
        for claim in passage.facts:
            by_sentence[claim.sentence].append(claim)
        for sentence, claims in by_sentence.items():
            weight = max(_WEIGHTS.get(claim.relation, 2) for claim in claims)
            if sentence and weight:
                about: dict[str, None] = {}
                for claim in claims:
                    is_two = claim.value in names or claim.relation in _OF_TWO
                    about |= dict.fromkeys([claim.subject, claim.value][: 1 + is_two])
                text = cut_line(f"{_named(sentence, passage, claims, names)}{sentence}")
                line = LastingLine(text=text, about=tuple(about), weight=weight)
                found.setdefault(text, line)
    heaviest = sorted(found.values(), key=lambda line: -line.weight)[:MOST_LINES]
    return [line for line in found.values() if line in heaviest]


def outcome_of(lines: Sequence[LastingLine], said: str, passages: Sequence[Passage]) -> str:
    """One line of what happened: the storyteller's, else what weighs most, else the last words."""
    best = max(lines, key=lambda line: line.weight, default=None)
    if best is not None and not said:
        return best.text
    return cut_line(said or (passages[0].text if passages else ""))


def _named(
    sentence: str, passage: Passage, claims: Sequence[Claim], names: Mapping[str, str]
) -> str:
    if passage.speaker:
        return f"{names.get(passage.speaker, passage.speaker)}: "
    who = next((c.subject for c in claims if c.subject in names), "")
    if not who or any(part in sentence for part in names[who].split() if len(part) > 2):
        return ""
    return f"{names[who]}: "
