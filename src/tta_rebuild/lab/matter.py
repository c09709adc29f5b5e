"""Whether a text holds the matter of a sentence: by its words, names and numbers.

Used for what prompts must and must not hold. A measure of words, not of meaning: its threshold was
set on pairs of sentence and prompt that were read by hand (see the guide on evaluation).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from tta_rebuild.canon.recall import telling_words
from tta_rebuild.core.english import number_in, sentences_of, stem

THRESHOLD = 0.5
"""Share of a sentence's content words from which on its matter counts as present."""

_PREFIX = 5
"""Letters by which forms of one word are recognised in languages that have no stemmer here."""

_WORD = re.compile(r"@\S+|\d+|[^\W\d_]+(?:['’][^\W\d_]+)*")


@dataclass(frozen=True)
class Content:
    """What a text is about: stems, people and things as ``@id``, numbers in digits."""

    words: frozenset[str]
    names: frozenset[str]
    numbers: frozenset[str]

    def __or__(self, other: Content) -> Content:
        return Content(
            self.words | other.words, self.names | other.names, self.numbers | other.numbers
        )


class Matter:
    """Compares texts of one story.

    Args:
        forms: surface form → id of whom or what it means.
        language: ISO 639-1 code.
    """

    def __init__(self, forms: Mapping[str, str], language: str = "en") -> None:
        self.language = language
        self._ids = {" ".join(form.casefold().split()): who for form, who in forms.items()}
        longest = sorted(self._ids, key=len, reverse=True)
        self._forms = re.compile(
            r"(?<!\w)(?:" + "|".join(map(re.escape, longest)) + r")(?!\w)", re.IGNORECASE
        )
        self.content = lru_cache(maxsize=50_000)(self._content)

    def named(self, text: str) -> frozenset[str]:
        """Ids of all who are named in a text."""
        return frozenset(name.removeprefix("@") for name in self.content(text).names)

    def share(self, sentence: str, text: str) -> float:
        """How much of a sentence's content stands together in a text, 0 to 1.

        "Together" is within two neighbouring sentences or lines. Numbers must all be there, and of
        the names at least half, else it is 0.
        """
        wanted = self.content(sentence)
        parts = [self.content(part) for part in sentences_of(text, self.language)]
        pairs = [one | other for one, other in pairwise(parts)] or parts
        return max((_covered(wanted, pair) for pair in pairs), default=0.0)

    def is_in(self, sentence: str, texts: Iterable[str]) -> bool:
        """Whether the matter of a sentence stands in any of the texts."""
        return any(self.share(sentence, text) >= THRESHOLD for text in texts)

    def _content(self, text: str) -> Content:
        text = " ".join(text.replace("_", " ").split())
        if self._ids:
            text = self._forms.sub(
                lambda m: f" @{self._ids[' '.join(m[0].casefold().split())]} ", text
            )
        words: set[str] = set()
        names: set[str] = set()
        numbers: set[str] = set()
        for word in _WORD.findall(text):
            if word.startswith("@"):
                names.add(word)
            elif number := word if word.isdigit() else self._number(word):
                numbers.add(number)
            else:
                words.update(self._stems(word))
        return Content(frozenset(words), frozenset(names), frozenset(numbers))

    def _number(self, word: str) -> str:
        if self.language != "en" or word.lower() in ("no", "a", "one", "second"):
            return ""
        return number_in(word)

    def _stems(self, word: str) -> Iterable[str]:
        if self.language == "en":
            return [stem(found) for found in telling_words(word)]
        return [word.casefold()[:_PREFIX]] if len(word) > 3 else []


def _covered(wanted: Content, found: Content) -> float:
    if not wanted.numbers <= found.numbers:
        return 0.0
    if 2 * len(wanted.names & found.names) < len(wanted.names):
        return 0.0
    if not wanted.words:
        return 1.0 if wanted.names or wanted.numbers else 0.0
    return len(wanted.words & found.words) / len(wanted.words)
