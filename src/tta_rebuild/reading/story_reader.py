"""A whole text that was told elsewhere: read by its grammar, with its own contradictions.

Sentences are taken in order, each held against what the ones before it say; all is unconfirmed.
"""

from __future__ import annotations

from dataclasses import dataclass

from tta_rebuild.canon.fact_check import Contradiction
from tta_rebuild.canon.view import Canon
from tta_rebuild.core.events import PlayerActed
from tta_rebuild.reading.parser_reader import ParserReader
from tta_rebuild.reading.world_rules import WorldRules


@dataclass(frozen=True, slots=True)
class FoundContradiction:
    """A contradiction within a text: the index, from 0, of the sentence ``at`` which it stands, and
    of the one that it contradicts (``evidence``), None if that is a rule.
    """

    at: int
    evidence: int | None
    contradiction: Contradiction


@dataclass(frozen=True, slots=True)
class StoryRead:
    """A text as read, in its order; ``canon`` is what it says at its end, none of it certain, and
    ``positions`` leads from the position of an event to the index of its sentence.
    """

    sentences: tuple[str, ...]
    canon: Canon
    contradictions: tuple[FoundContradiction, ...]
    positions: dict[int, int]


def read_story(text: str, *, rules: WorldRules | None = None) -> StoryRead:
    """Read a text from beginning to end, paragraphs apart by newlines.

    Raises ParserMissing: the extra ``parser`` is not installed; says how to install it.
    """
    canon, rules = Canon(), rules or WorldRules()
    reader, sentences, positions = ParserReader(canon), list[str](), dict[int, int]()
    contradictions: list[FoundContradiction] = []
    for paragraph in filter(str.strip, text.split("\n")):
        canon.apply(canon.position + 1, PlayerActed(text=""))  # time may pass
        began = canon.position
        for told, found in reader.take(paragraph):
            for one in (*found, *rules.contradictions(told.sentence)):
                evidence = positions.get(one.positions[0]) if one.positions else None
                contradictions.append(FoundContradiction(len(sentences), evidence, one))
            positions |= dict.fromkeys(range(began + 1, canon.position + 1), len(sentences))
            began = canon.position
            sentences.append(told.sentence)
    return StoryRead(tuple(sentences), canon, tuple(contradictions), positions)
