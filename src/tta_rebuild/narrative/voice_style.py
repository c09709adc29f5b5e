"""How somebody speaks, counted: what a line has in common with the lines of one person.

Topic is held apart: words that say what is spoken about are masked. Each measure gives the log-odds
that a line belongs to these lines rather than to those of everybody, smoothed towards everybody
(Dirichlet), as stylometry does for short texts (Stamatatos 2018, "Masking topic-related
information"). Weights and smoothing of manner and topic were fitted on the dialogue of 16 campaigns
of another game, not on the stories that the evaluation reads; see the guide on voices.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from tta_rebuild.core.data_files import packaged_toml
from tta_rebuild.core.english import sentences_of
from tta_rebuild.core.story import Voice

SMOOTHING = 30.0
"""How many items of everybody's each person's own are mixed with."""

LENGTH_LINES, LENGTH_SPREAD = 4.0, 0.1
"""The same for the length of a line, in lines; and the least variance of its logarithm."""

WEIGHTS: Mapping[str, float] = {
    "words": 0.17,
    "punctuation": 0.85,
    "openings": 0.43,
    "contractions": 0.77,
    "word length": 0.44,
    "length": 0.33,
}
"""Measure → its weight: with these the sum is about the log-odds against one other speaker."""

TOPIC_WEIGHT = 0.5
"""The weight of what is spoken about, which is no part of a voice."""

WORDS_LOSS = (0.146, 20)
"""What of "words" a line mostly lacks under any profile, own or not: the rate, and the items of a
profile at which half of it is reached (least squares on the same dialogue). Added, 0 is even."""

_LONG_WORD, _SHOWN_LETTERS = 4, 2
_LONGEST = 9
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*|\d+")
_MARK = re.compile(r"\.\.\.|…|[.,;:!?—–-]+|[()\"“”]")


@dataclass(frozen=True, slots=True)
class Manner:
    """What is counted of one line: measure → its items, the topic's words, and its length."""

    items: Mapping[str, tuple[str, ...]]
    topic: tuple[str, ...]
    word_count: int


@cache
def function_words(language: str) -> frozenset[str]:
    """The function words of a language (ISO 639-1); none for one that has no list here."""
    lists = packaged_toml("tta_rebuild.narrative", "function_words")
    return frozenset(lists.get(language.partition("-")[0].lower(), "").split())


def words_said(text: str) -> list[str]:
    """The words of a line in lower case, with a plain apostrophe."""
    return [word.replace("’", "'").lower() for word in _WORD.findall(text)]


@lru_cache(maxsize=4096)
def manner_of(line: str, language: str = "en") -> Manner:
    """What of a line is counted."""
    said = words_said(line)
    is_own = [_is_function_word(word, language) for word in said]
    masked = " ".join(
        word if own else word[-_SHOWN_LETTERS:] if len(word) > _LONG_WORD else "·"
        for word, own in zip(said, is_own, strict=True)
    )
    text = f" {masked} "
    firsts = [words_said(sentence)[:1] for sentence in sentences_of(line, language)]
    return Manner(
        items={
            "words": tuple(text[at : at + 3] for at in range(len(text) - 2)),
            "punctuation": tuple(_MARK.findall(line)),
            "openings": tuple(
                word if _is_function_word(word, language) else "·"
                for [word] in filter(None, firsts)
            ),
            "contractions": tuple(
                "contracted" if "'" in word else "whole"
                for word, own in zip(said, is_own, strict=True)
                if own
            ),
            "word length": tuple(str(min(len(word), _LONGEST)) for word in said),
        },
        topic=tuple(w for w, own in zip(said, is_own, strict=True) if not own and len(w) > 2),
        word_count=len(said),
    )


def _is_function_word(word: str, language: str) -> bool:
    known = function_words(language)
    return word in known if known else len(word) <= 3


class Everybody:
    """The lines of everybody in a story, against which one person's are held."""

    def __init__(self, lines: Sequence[str], language: str = "en") -> None:
        self._language = language
        self._all = [manner_of(line, language) for line in lines]
        self._counts = {name: Counter(_items(self._all, name)) for name in WEIGHTS}
        self._topics = Counter(word for one in self._all for word in one.topic)

    def parts(self, line: str, own: Sequence[str]) -> dict[str, float]:
        """Measure → weighted log-odds that the line is by whoever said ``own``; 0 says nothing."""
        given = manner_of(line, self._language)
        manners = [manner_of(one, self._language) for one in own]
        found = {
            name: WEIGHTS[name]
            * _log_odds(items, Counter(_items(manners, name)), self._counts[name])
            for name, items in given.items.items()
        }
        told = len(_items(manners, "words"))
        found["words"] += _usual_loss(len(given.items["words"]), told, *WORDS_LOSS)
        found["length"] = WEIGHTS["length"] * self._of_length(given, manners)
        return found

    def topic(self, line: str, texts: Sequence[str]) -> float:
        """Weighted log-odds that the line speaks of what these texts are about; never below 0.

        Only words that both have count: of what else somebody speaks, a few lines cannot say.
        """
        manners = [manner_of(one, self._language) for one in texts]
        own = Counter(word for one in manners for word in one.topic)
        given = manner_of(line, self._language).topic
        shared = [word for word in given if own[word]]
        odds = sum(max(0.0, one) for one in _each(shared, own, self._topics))
        return TOPIC_WEIGHT * odds / math.sqrt(max(1, len(given)))

    def _of_length(self, given: Manner, own: Sequence[Manner]) -> float:
        if not own or not self._all:
            return 0.0
        at = _log_length(given)
        lengths, mine = [_log_length(m) for m in self._all], [_log_length(m) for m in own]
        mean = sum(lengths) / len(lengths)
        spread = sum((x - mean) ** 2 for x in lengths) / len(lengths) + LENGTH_SPREAD
        there = len(mine) + LENGTH_LINES
        my_mean = (sum(mine) + LENGTH_LINES * mean) / there
        my_spread = (sum((x - my_mean) ** 2 for x in mine) + LENGTH_LINES * spread) / there
        gained = (at - mean) ** 2 / spread - (at - my_mean) ** 2 / my_spread
        return 0.5 * (gained - math.log(my_spread / spread))


def _items(manners: Sequence[Manner], name: str) -> list[str]:
    return [item for one in manners for item in one.items.get(name, ())]


def _log_odds(given: Sequence[str], own: Counter[str], everybody: Counter[str]) -> float:
    """Of the items together, over the root of their number: they do not vary independently."""
    return sum(_each(given, own, everybody)) / math.sqrt(max(1, len(given)))


def _each(given: Sequence[str], own: Counter[str], everybody: Counter[str]) -> Iterator[float]:
    """The log-odds of each item."""
    mine, all_ = sum(own.values()), sum(everybody.values()) + 1
    kinds = len(everybody) + 1
    for item in given:
        usual = (everybody[item] + 0.5) / (all_ + 0.5 * kinds)
        yield math.log((own[item] + SMOOTHING * usual) / ((mine + SMOOTHING) * usual))


def _usual_loss(given: int, own: int, rate: float, half: float) -> float:
    return rate * math.sqrt(given) * own / (own + half)


def _log_length(one: Manner) -> float:
    return math.log(max(1, one.word_count))


SAMPLES, LIKED, FROM_LINES = 2, 4, 3
"""Sample lines and favourite words that a prompt shows; lines from which on they are drawn."""


def _may_be_said(voice: Voice) -> Callable[[str], bool]:
    """Whether a line has nothing that its speaker never says: else it is no sample of theirs."""
    taboos = [re.compile(rf"\b{re.escape(phrase)}\b", re.IGNORECASE) for phrase in voice.never]
    return lambda line: not any(taboo.search(line) for taboo in taboos)


def voice_shown(
    voice: Voice, spoken: Sequence[str], others: Sequence[str] = (), language: str = "en"
) -> dict[str, Any]:
    """A voice for a prompt: what the author says of it, the rest drawn from the lines so far.

    Favourite words are drawn where ``others`` never use what somebody says in two lines or more.
    """
    shown: dict[str, Any] = {
        "register": voice.register,
        "sentences": voice.sentences,
        "says": list(voice.says),
        "never": list(voice.never),
        "samples": [*voice.samples, *filter(_may_be_said(voice), reversed(spoken))][:SAMPLES],
    }
    if len(spoken) >= FROM_LINES:
        manners = [manner_of(line, language) for line in spoken]
        openings = sum(len(one.items["openings"]) for one in manners)
        length = sum(one.word_count for one in manners) / max(1, openings)
        shown["sentences"] = voice.sentences or f"about {length:.0f} words"
        shown["says"] = shown["says"] or _liked(spoken, others, language)
    return {name: said for name, said in shown.items() if said}


def _liked(spoken: Sequence[str], others: Sequence[str], language: str) -> list[str]:
    theirs = {word for line in others for word in words_said(line)}
    in_lines = Counter(word for line in spoken for word in dict.fromkeys(words_said(line)))
    usual = function_words(language)
    own = (w for w, n in in_lines.most_common() if n > 1 and w not in theirs and w not in usual)
    return list(own)[:LIKED] if others else []
