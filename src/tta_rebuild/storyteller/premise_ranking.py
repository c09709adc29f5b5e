"""Which of the things that a player may be after a premise is most likely about.

Called by ``premise``. The questions that its facts raise and the wishes that its situation allows
are ranked together by a logistic model: by the question's form, what the fact is and where it
stands, whether it is about somebody or you, and whether the wish reads like a clause that was
understood. Its weights, ``data/premise_wishes.txt``, are learned by
``tools/train_premise_wishes.py`` from readers' marks.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from tta_rebuild.core.english import stem, words_of
from tta_rebuild.storyteller.fact_wording import PLAYER, Mentioned, PremiseFact
from tta_rebuild.storyteller.motives import ABOUT, kind_of_deed
from tta_rebuild.storyteller.premise_questions import FactQuestion
from tta_rebuild.storyteller.premise_wishes import Wished
from tta_rebuild.storyteller.word_lists import learned_weights

MOST_OFFERED = 3
_AGAIN, _ALIKE = 0.7, 0.2
"""How much less a wish is worth beside one of the same fact, or of the same form."""
_OPEN = 3.0
"""How much more a decision is worth of which the premise says that the player has to take it."""
_HANGING = frozenset("that which who what whose it its them they he she him her so then".split())


@dataclass(frozen=True, slots=True)
class PossibleWish:
    """What the player may be after: ``question`` is that of a fact, None of a situation's wish."""

    wish: str
    question: FactQuestion | None
    features: tuple[str, ...]
    is_open: bool = False  # whether the premise says that the player has to decide it


@cache
def learned() -> Mapping[str, float]:
    """The weights as they are packaged."""
    return {one: row["good"] for one, row in learned_weights("premise_wishes").items()}


def most_likely(
    possible: Sequence[PossibleWish], weights: Mapping[str, float] | None = None
) -> tuple[str, ...]:
    """At most ``MOST_OFFERED``, the likeliest first, of as many facts and forms as there are.

    Args:
        weights: of features; None for those that are packaged.
    """
    known = learned() if weights is None else weights
    worth = {one.wish: _worth(one, known) + _OPEN * one.is_open for one in possible}
    left, chosen = list(possible), list[PossibleWish]()
    while left and len(chosen) < MOST_OFFERED:
        best = max(left, key=lambda one: worth[one.wish] - _beside(one, chosen))
        chosen.append(best)
        left = [one for one in left if one.wish != best.wish]
    return tuple(one.wish for one in chosen)


def likeliest_first(possible: Sequence[PossibleWish]) -> list[FactQuestion]:
    """The questions of facts, so that of what somebody does the likeliest to be meant comes first.

    What to do about somebody is asked of each of their deeds in the same words.
    """
    worth = dict[int, float]()
    for one in possible:
        if one.question and one.question.shape != ABOUT:
            start = one.question.fact.start
            worth[start] = max(_worth(one, learned()), worth.get(start, -math.inf))
    questions = [one.question for one in possible if one.question]
    return sorted(questions, key=lambda one: -worth.get(one.fact.start, -math.inf))


def _worth(one: PossibleWish, weights: Mapping[str, float]) -> float:
    return sum(weights.get(feature, 0.0) for feature in one.features)


def _beside(one: PossibleWish, chosen: Sequence[PossibleWish]) -> float:
    """How much less a wish is worth beside those that are offered already."""
    asked = one.question
    others = [other.question for other in chosen if other.question and asked]
    is_again = any(asked and asked.fact.start == other.fact.start for other in others)
    is_alike = any(asked and asked.shape == other.shape for other in others)
    return _AGAIN * is_again + _ALIKE * is_alike


def possible_wishes(
    wishes: Sequence[Wished],
    questions: Sequence[FactQuestion],
    facts: Sequence[PremiseFact],
    text: str,
    pronouns: Mapping[str, str],
    *,
    is_first_meant: bool,
) -> list[PossibleWish]:
    """All that the player may be after; one of two in the same words is of another fact.

    Args:
        wishes: of the premise's situation, the likeliest first.
        facts: of the premise, in its order; ``questions`` are theirs.
        text: of the premise.
        pronouns: of its people, by name.
        is_first_meant: the premise itself speaks of the first wish.
    """
    ends = [found.end() for found in re.finditer(r"[.!?]+(?:\s|$)", text)] or [len(text)]
    known = {one.wish for one in questions}
    found = [
        PossibleWish(
            one.wish,
            one,
            (
                *_of_question(one, facts, ends),
                *_of_words(one.wish),
                *_of_reading(one.fact, text),
                *_of_hearer(one, pronouns),
            ),
            is_open=one.shape == "whether" and one.fact.does == "decide",
        )
        for one in questions
    ]
    for place, one in enumerate(one for one in wishes if one.wish not in known):
        row = [*_of_situation(one, place, facts, text[ends[-2] if len(ends) > 1 else 0 :], text)]
        is_meant = is_first_meant and not place
        row += [f"meant {is_meant}", f"meant {is_meant} facts {min(len(questions), 4)}"]
        is_open = is_meant and one.wish.startswith("decide whether")
        found.append(PossibleWish(one.wish, None, (*row, *_of_words(one.wish)), is_open))
    return found


def _of_situation(
    one: Wished, place: int, facts: Sequence[PremiseFact], last: str, text: str
) -> Iterator[str]:
    """What speaks for the wish of a situation: ``last`` is the premise's last sentence."""
    odds = min(6, round(-math.log2(max(one.odds, 0.01))))
    yield from (f"situation {min(place, 5)}", f"conflict {one.conflict}", f"odds {odds}")
    yield from (f"{one.conflict} odds {odds}", f"kind {one.kind}", f"{one.conflict} {one.kind}")
    noun = one.matter.split()[-1].lower() if one.matter else ""
    often = min(3, len(re.findall(rf"\b{re.escape(noun)}\b", text.lower()))) if noun else 0
    yield from (f"named {often}", f"{one.conflict} named {often}")
    yield f"in the last {bool(noun) and noun in last.lower()}"
    done_to = {piece for fact in facts for piece in fact.object if isinstance(piece, str)}
    yield f"done to {bool(noun) and any(noun in piece for piece in done_to)}"
    yield f"does {one.matter in {fact.doer for fact in facts}} {one.kind}"


def _of_question(
    asked: FactQuestion, facts: Sequence[PremiseFact], ends: Sequence[int]
) -> Iterator[str]:
    """What speaks for the question of a fact."""
    fact, shape = asked.fact, asked.shape
    deed = kind_of_deed(fact)
    who = "you" if fact.doer == PLAYER else "name" if fact.doer[:1].isupper() else "role"
    who = who if fact.doer else "thing"
    yield from (f"shape {shape}", f"fact {fact.kind}", f"{shape} of {fact.kind}", f"by {who}")
    yield from (f"{shape} by {who}", f"deed {deed}", f"{shape} deed {deed}")
    yield from (f"does {stem(fact.does)}", f"{shape} does {stem(fact.does)}")
    sentence = sum(end <= fact.start for end in ends)
    last = len(ends) - 1
    yield f"sentence {min(sentence, 3)}"
    yield f"last {min(last - sentence, 2)}"
    yield f"{shape} last {min(last - sentence, 2)}"
    place = [one.start for one in facts].index(fact.start)
    yield f"place {min(place, 3)} of {min(len(facts), 5)}"
    yield f"only {shape}" if len(facts) < 3 else f"among many {shape}"
    said = [piece.who for piece in fact.pieces if isinstance(piece, Mentioned)]
    yield f"of you {PLAYER in said}"
    yield f"{shape} of you {PLAYER in said}"
    yield f"of others {bool({*said} - {PLAYER, fact.doer})}"
    yield f"often {min(3, sum(one.doer == fact.doer for one in facts))}"
    yield f"spoken of {any(fact.doer in _who(one) for one in facts if one is not fact)}"
    for name in ("is_not", "is_now", "is_passive", "is_beside"):
        if getattr(fact, name):
            yield from (name, f"{shape} {name}")
    for name in ("object", "asked", "claim", "base", "when"):
        yield f"{name} {bool(getattr(fact, name))}"
        yield f"{shape} {name} {bool(getattr(fact, name))}"
    first = fact.subject[0] if fact.subject else ""
    if isinstance(first, str) and first:
        yield f"subject {stem(first.split()[-1].lower())}"
        yield f"subject begins {first.split()[0].lower()}"
    if asked.to:
        yield f"to {'name' if asked.to[:1].isupper() else 'role'}"
        yield f"to doer {any(one.doer == asked.to for one in facts)}"
    yield f"weight {asked.weight}"


def _of_hearer(asked: FactQuestion, pronouns: Mapping[str, str]) -> Iterator[str]:
    """What speaks for or against who is to be told."""
    if asked.to:
        yield f"to {pronouns.get(asked.to, '')}"
        yield f"to noun {asked.to.split()[-1].lower() if asked.to[:1].islower() else 'name'}"
        yield f"to {asked.to.split()[0].lower() if asked.to[:1].islower() else 'name'}"
        yield f"to place {min(3, list(pronouns).index(asked.to))}"


def _of_reading(fact: PremiseFact, text: str) -> Iterator[str]:
    """What tells that a clause was read as it stands: its subject before its verb, all in order."""
    before = text[max(0, fact.start - 60) : fact.start].lower()
    said = "".join(one for one in fact.subject if isinstance(one, str))
    noun = ([*words_of(fact.doer or said)] or [""])[-1].lower()
    near = re.search(rf"\b{re.escape(noun)}\b\W*((?:\w+\W+)*)$", before) if noun else None
    gap = "none" if near is None else str(min(4, len(near[1].split())))
    who = "you" if fact.doer == PLAYER else "somebody" if fact.doer else "thing"
    yield from (f"gap {gap}", f"gap {gap} {who}")
    texts = [one for one in fact.pieces if isinstance(one, str)]
    low = text.lower()
    places = [low.find(word, fact.start) for piece in texts for word in words_of(piece.lower())]
    yield f"not there {min(3, sum(place < 0 for place in places))}"
    yield f"order {min(3, sum(b < a for a, b in pairwise(places)))}"
    yield f"ends {low[max(places, default=0) :][:30].strip(' ')[-1:] in '.!?'}"
    after = re.search(r"\W", low[max(places, default=0) :])
    yield f"then {after[0] if after else 'end'}"
    yield f"long {min(4, len(' '.join(texts)) // 20)}"


def _who(fact: PremiseFact) -> set[str]:
    return {piece.who for piece in fact.pieces if isinstance(piece, Mentioned)}


def _of_words(wish: str) -> Iterator[str]:
    """What tells how well a wish reads."""
    words = words_of(wish.lower())
    yield f"words {min(len(words) // 3, 7)}"
    yield from {f"says {stem(word)}" for word in words[1:]}
    yield f"hangs {words[-1] in _HANGING}"
    yield f"loose {min(2, sum(word in _HANGING for word in words[3:]))}"
    yield f"twice {len({*words}) < len(words) - 2}"
    yield from {f"pair {a} {b}" for a, b in pairwise(words[2:])}
