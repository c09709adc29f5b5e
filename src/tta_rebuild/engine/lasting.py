"""Which lasting lines a told scene leaves behind.

Called by ``engine.turn``. The storyteller's reply or the second reader writes them. Where neither
did, the sentences that bear out what the scene declared stand in: they are the story's own words.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from tta_rebuild.canon.lines import cut_line
from tta_rebuild.canon.people import People
from tta_rebuild.core.story import Claim, LastingLine, Passage

MOST_LINES = 9
"""Lines that a scene may leave."""

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
    """The sentences of a scene that bear out what it declared, the weightiest ones, in order.

    A sentence that does not name whom it is about gets the name (by ``names``, id → name) before
    it.
    """
    found: dict[str, tuple[int, LastingLine]] = {}
    for passage in passages:
        by_sentence: dict[str, list[Claim]] = {}
        for claim in passage.facts:
            if claim.sentence:
                by_sentence.setdefault(claim.sentence, []).append(claim)
        for sentence, claims in by_sentence.items():
            weight = max(_WEIGHTS.get(claim.relation, 2) for claim in claims)
            if weight:
                about = tuple(dict.fromkeys(_ids(claims, names)))
                text = cut_line(f"{_named(sentence, passage, claims, names)}{sentence}")
                line = LastingLine(text=text, about=about, weight=weight)
                found.setdefault(text, (len(found), line))
    heaviest = sorted(found.values(), key=lambda one: (-one[1].weight, one[0]))[:MOST_LINES]
    return [line for _, line in sorted(heaviest, key=lambda one: one[0])]


def outcome_of(lines: Sequence[LastingLine], said: str, passages: Sequence[Passage]) -> str:
    """One line of what happened: the storyteller's, else what weighs most, else the last words."""
    if said:
        return cut_line(said)
    best = max(lines, key=lambda line: line.weight, default=None)
    if best is not None:
        return best.text
    return cut_line(passages[0].text) if passages else ""


def _ids(claims: Iterable[Claim], names: Mapping[str, str]) -> Iterable[str]:
    for claim in claims:
        yield claim.subject
        if claim.value in names or claim.relation in ("holds", "wears", "owns", "met"):
            yield claim.value


def _named(
    sentence: str, passage: Passage, claims: Sequence[Claim], names: Mapping[str, str]
) -> str:
    if passage.speaker:
        return f"{names.get(passage.speaker, passage.speaker)}: "
    who = next((c.subject for c in claims if c.subject in names), "")
    if not who or any(part in sentence for part in names[who].split() if len(part) > 2):
        return ""
    return f"{names[who]}: "
