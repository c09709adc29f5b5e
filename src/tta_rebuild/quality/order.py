"""Whether a scene's sentences stand in an order that tells something.

The order told is weighed against random orders of the same sentences, so that what the sentences
are does not count, only how they follow one another. What is weighed are signs that hold for prose
in general: names before pronouns, what is new before what is known, the move answered first, no
"but" at the start. The weights (``data/order.toml``) were fitted; ``docs/quality.md`` says on what.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import NormalDist, fmean, pstdev

from tta_rebuild.core.data_files import packaged_toml
from tta_rebuild.quality.prose import ReadSentence, small_words

SHUFFLES, WINDOW = 30, 24
"""Random orders that the one told is weighed against; sentences that are looked at together."""

FEWEST = 4
"""Sentences below which an order says nothing."""

Matrix = list[list[float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderContext:
    """Roots of words that draw a sentence to the beginning."""

    move: frozenset[str] = frozenset()
    before: frozenset[str] = frozenset()
    setting: frozenset[str] = frozenset()
    choices: frozenset[str] = frozenset()


NOWHERE = OrderContext()


def order_value(
    sentences: Sequence[ReadSentence], language: str, context: OrderContext = NOWHERE
) -> float | None:
    """How sure it is that the order is meant, in [0, 1]: the share of random orders that it beats.

    About 0.5 for sentences at random; None where there are too few of them.
    """
    if len(sentences) < FEWEST or not small_words(language).is_known:
        return None
    found = []
    for begin in range(0, max(1, len(sentences) - FEWEST + 1), WINDOW):
        found.append(_standing(sentences[begin : begin + WINDOW], language, context))
    whole = sum(found) / math.sqrt(len(found))
    return NormalDist().cdf(whole)


def _standing(sentences: Sequence[ReadSentence], language: str, context: OrderContext) -> float:
    """Standard deviations between the order told and the mean of random ones."""
    weigher = _Weigher(sentences, language, context)
    told, others = weigher.weight(range(len(sentences))), []
    # from one beginning for any order of the same sentences, so that two of them can be compared
    order = sorted(range(len(sentences)), key=lambda at: sentences[at].tokens)
    chance = random.Random(len(sentences))
    for _ in range(SHUFFLES):
        chance.shuffle(order)
        others.append(weigher.weight(order))
    spread = pstdev(others)
    return (told - fmean(others)) / spread if spread else 0.0


class _Weigher:
    """The weight of any order of some sentences, from tables made once."""

    def __init__(
        self, sentences: Sequence[ReadSentence], language: str, context: OrderContext
    ) -> None:
        weights: dict[str, float] = packaged_toml("tta_rebuild.quality", "order")["weights"]
        signs, end = signs_of(sentences, language, context), len(sentences) - 1
        self.places = [place_of(at, end) for at in range(end + 1)]
        self.place, self.first, self.last = (
            _weighed(columns, weights) for columns in (signs.place, signs.first, signs.last)
        )
        self.next, self.before = (
            [
                _weighed(dict(zip(tables, rows, strict=True)), weights)
                for rows in zip(*tables.values(), strict=True)
            ]
            for tables in (signs.next, signs.before)
        )

    def weight(self, order: Sequence[int]) -> float:
        """Higher is likelier to be meant."""
        total = self.first[order[0]] + self.last[order[-1]]
        total += sum(self.place[one] * at for one, at in zip(order, self.places, strict=True))
        total += sum(self.next[one][after] for one, after in pairwise(order))
        for at, one in enumerate(order):
            if any(row := self.before[one]):
                total += sum([row[later] for later in order[at + 1 :]])
        return total


def place_of(at: int, end: int) -> float:
    """1 at the first sentence, -1 at the last, made comparable between short and long texts."""
    return (1 - 2 * at / end) / math.sqrt(end + 1)


def _weighed(columns: dict[str, list[float]], weights: dict[str, float]) -> list[float]:
    """Sentence by sentence the sum of its signs, each with its weight."""
    by = [weights.get(name, 0.0) for name in columns]
    return [
        sum(weight * sign for weight, sign in zip(by, row, strict=True))
        for row in zip(*columns.values(), strict=True)
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Signs:
    """What is counted, by name; ``order.toml`` says in words what each sign is.

    Attributes:
        place, first, last: sentence by sentence; counted by how early it stands, where it is the
            first, where it is the last.
        next, before: for each sentence a row of all; counted where the one of the column follows at
            once, where it follows at all.
    """

    place: dict[str, list[float]]
    first: dict[str, list[float]]
    last: dict[str, list[float]]
    next: dict[str, Matrix]
    before: dict[str, Matrix]


def signs_of(sentences: Sequence[ReadSentence], language: str, context: OrderContext) -> Signs:
    """All signs of some sentences."""
    small = small_words(language)
    people = {"masculine", "feminine"}
    alone = [float(bool(one.groups & people) and not one.names) for one in sentences]
    speech = [float(one.is_speech) for one in sentences]
    named = [float(bool(one.names)) for one in sentences]
    length = [min(40, len(one.words)) / 20 for one in sentences]
    joins = [float(one.words[0] in small["begins_later"]) for one in sentences]
    return Signs(
        place={
            "early_move": [_share(one.content, context.move) for one in sentences],
            "early_before": [_share(one.content, context.before) for one in sentences],
            "early_setting": [_share(one.content, context.setting) for one in sentences],
            "early_choices": [_share(one.content, context.choices) for one in sentences],
            "early_past_perfect": [_count(one, small["past_perfect"]) for one in sentences],
            "early_late_word": [_count(one, small["late"]) for one in sentences],
            "early_speech": speech,
        },
        first={
            "first_pronoun": alone,
            "first_joins": joins,
            "first_name": named,
        },
        last={
            "last_length": length,
        },
        next=_pairs(sentences, _NEXT),
        before=_pairs(sentences, _BEFORE),
    )


Pair = Callable[[ReadSentence, ReadSentence], float]


def _needs_a_name(one: ReadSentence) -> bool:
    return bool(one.groups & {"masculine", "feminine"}) and not one.names


_NEXT: dict[str, Pair] = {
    "next_same_name": lambda a, b: float(bool(a.names & b.names)),
    "next_pronoun_of_none": lambda a, b: float(
        _needs_a_name(b) and not a.names and not a.groups & b.groups
    ),
    "next_same_pronoun": lambda a, b: float(bool(a.groups & b.groups)),
    "next_speech": lambda a, b: float(a.is_speech and b.is_speech),
}
_BEFORE: dict[str, Pair] = {
    "before_known": lambda a, b: float(len(a.introduced & (b.definite - b.introduced))),
}


def _pairs(sentences: Sequence[ReadSentence], signs: dict[str, Pair]) -> dict[str, Matrix]:
    return {
        name: [[0.0 if a is b else sign(a, b) for b in sentences] for a in sentences]
        for name, sign in signs.items()
    }


def _share(content: frozenset[str], of: frozenset[str]) -> float:
    """How much of a sentence's content is of a kind, long and short ones alike."""
    return len(content & of) / math.sqrt(len(content)) if content else 0.0


def _count(one: ReadSentence, kind: frozenset[str]) -> float:
    return float(min(2, sum(word in kind for word in one.words)))
