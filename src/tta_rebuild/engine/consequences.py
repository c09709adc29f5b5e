"""What a told scene leaves behind in plain words: the lasting lines, and its outcome."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from tta_rebuild.canon.lines import cut_line
from tta_rebuild.canon.people import People
from tta_rebuild.core.story import Claim, LastingLine, Passage

MOST_LINES = 9

_OF_TWO = ("holds", "wears", "owns", "met")

_WEIGHTS: Mapping[str, int] = {
    **dict.fromkeys(("alive", "promise", "kin", "knows", "believes"), 3),
    **dict.fromkeys(("located_in", "weather", "time_of_day"), 1),
    "feeling": 0,
}
"""How much a relation's sentence matters later; any other says something particular: 2."""


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
