"""What counts as a word in a search.

Both stores index and ask through these functions, so that a search finds the same in memory, in
SQLite and in PostgreSQL; the databases only keep and rank words that were cut here.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

_WORD = re.compile(r"[^\W_]+")
_POSSESSIVE = re.compile(r"(?<=\w)['\u2019]s\b")


def words_in(text: str) -> list[str]:
    """The words of a text in order, folded: no case, no accents, no possessive, singular.

    Plurals are folded by the S-stemmer (D. Harman, "How effective is suffixing?", JASIS 42, 1991),
    which is wrong seldom enough to need no list of exceptions.
    """
    folded = unicodedata.normalize("NFKD", _POSSESSIVE.sub("", text)).casefold()
    plain = "".join(c for c in folded if not unicodedata.combining(c))
    return [_singular(word) for word in _WORD.findall(plain)]


def phrases_in(words: Sequence[str]) -> list[tuple[str, ...]]:
    """What a search asks for: each entry's words, in order; entries without a word are dropped."""
    phrases = dict.fromkeys(tuple(words_in(entry)) for entry in words)
    return [phrase for phrase in phrases if phrase]


def _singular(word: str) -> str:
    if len(word) < 4:
        return word
    if word.endswith("ies") and word[-4] not in "ae":
        return word[:-3] + "y"
    if word.endswith("es") and word[-3] not in "aeo":
        return word[:-1]
    if word.endswith("s") and word[-2] not in "us":
        return word[:-1]
    return word
