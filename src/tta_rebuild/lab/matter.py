"""Whether a text holds the matter of a sentence: by its words, names and numbers.

Used for what prompts must and must not hold. A measure of words, not of meaning: its threshold was
set on pairs of sentence and prompt that were read by hand (see the guide on evaluation).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple

from tta_rebuild.canon.recall import telling_words
from tta_rebuild.canon.relations import key_of
from tta_rebuild.core.english import number_in, sentences_of, stem

THRESHOLD = 0.5
"""Share of a sentence's content from which on its matter counts as present."""

TOGETHER = 3
"""Neighbouring sentences or lines in which it must stand."""

NAME_WEIGHT = 0.5
"""What a name counts beside a word: who it is about says less than what is said of them."""

_PREFIX = 5
"""Letters by which forms of one word are recognised in languages that have no stemmer here."""

_POSSESSIVE = re.compile(r"['’]s?\b")
_WORD = re.compile(r"\d+|[^\W\d_]+(?:['’-][^\W\d_]+)*")


class Content(NamedTuple):
    """What a text is about: stems, ids of people and things, numbers in digits."""

    words: frozenset[str]
    names: frozenset[str]
    numbers: frozenset[str]


class Matter:
    """Compares texts of one story.

    Args:
        forms: surface form → id of whom or what it means.
        language: ISO 639-1 code.
    """

    def __init__(self, forms: Mapping[str, str], language: str = "en") -> None:
        self.language = language
        said = {**forms, **{key_of(form): who for form, who in forms.items()}}
        said |= {who: who for who in forms.values()}
        self._ids = {
            " ".join(form.casefold().replace("_", " ").split()): said[form] for form in said
        }
        spoken = [word for form in forms for word in _WORD.findall(form) if word[:1].isupper()]
        self._proper = {_POSSESSIVE.sub("", word).casefold() for word in spoken}
        longest = sorted(self._ids, key=len, reverse=True)
        self._forms = re.compile(
            r"(?<!\w)(?:" + "|".join(map(re.escape, longest)) + r")(?!\w)", re.IGNORECASE
        )
        self.content = lru_cache(maxsize=50_000)(self._content)

    def named(self, text: str) -> frozenset[str]:
        """Ids of all who are named in a text."""
        return self.content(text).names

    def share(self, sentence: str, text: str, name_weight: float = NAME_WEIGHT) -> float:
        """How much of a sentence's content stands together in a text, 0 to 1.

        "Together" is within ``TOGETHER`` neighbouring sentences or lines. All numbers must be
        there, and half of the names, else it is 0.
        """
        wanted = self.content(sentence)
        parts = [self.content(part) for part in sentences_of(text, self.language)]
        last = max(1, len(parts) - TOGETHER + 1)
        together = (_joined(parts[i : i + TOGETHER]) for i in range(last if parts else 0))
        return max((_covered(wanted, found, name_weight) for found in together), default=0.0)

    def is_in(self, sentence: str, texts: Iterable[str]) -> bool:
        """Whether the matter of a sentence stands in any of the texts."""
        return any(self.share(sentence, text) >= THRESHOLD for text in texts)

    def gives_away(self, secret: str, text: str) -> bool:
        """Whether a text says what a secret says: the words count alone, for names are no secret.

        False for a secret that is nothing but names ("the Fox is Mr Grey").
        """
        return self.share(secret, text, name_weight=0.0) >= THRESHOLD

    def _content(self, text: str) -> Content:
        text = " ".join(text.replace("_", " ").split())
        found = self._forms.findall(text) if self._ids else []
        names = {self._ids[form.casefold()] for form in found}
        words: set[str] = set()
        numbers: set[str] = set()
        for word in _WORD.findall(text):
            if number := word if word.isdigit() else self._number(word):
                numbers.add(number)
                continue
            for part in _POSSESSIVE.sub("", word).split("-"):
                if part.casefold() not in self._proper:
                    words.update(self._stems(part))
        return Content(frozenset(words), frozenset(names), frozenset(numbers))

    def _number(self, word: str) -> str:
        if self.language != "en" or word.lower() in ("no", "a", "one", "second"):
            return ""
        return number_in(word)

    def _stems(self, word: str) -> Iterable[str]:
        if self.language == "en":
            return [stem(found) for found in telling_words(word)]
        return [word.casefold()[:_PREFIX]] if len(word) > 3 else []


def _joined(parts: Iterable[Content]) -> Content:
    return Content(*(frozenset().union(*kind) for kind in zip(*parts, strict=True)))


def _covered(wanted: Content, found: Content, name_weight: float) -> float:
    names = wanted.names & found.names
    if not wanted.numbers <= found.numbers or 2 * len(names) < len(wanted.names):
        return 0.0
    whole = len(wanted.words) + name_weight * len(wanted.names) + len(wanted.numbers)
    part = len(wanted.words & found.words) + name_weight * len(names) + len(wanted.numbers)
    return part / whole if whole else 0.0
