"""What the words around a word make of it: a name, or something that does not happen.

Asked by ``safety.gate``; its lists of words are in ``data/words.toml``.
"""

from __future__ import annotations

from functools import cache

from tta_rebuild.core.data_files import packaged_toml
from tta_rebuild.safety.tokens import TokenisedText

_REACH = 6
"""Words before a match in which a negation counts, within its clause."""


@cache
def word_list(name: str) -> frozenset[str]:
    """The words of one list."""
    return frozenset(packaged_toml("tta_rebuild.safety", "words")[name].split())


def is_name(reading: TokenisedText, at: int, names: frozenset[str]) -> bool:
    """True if the word at ``at`` is a name.

    Args:
        names: words that are common as names; others need a title before or a place after them.
    """
    if not reading.capital[at]:
        return False
    before = reading.words[at - 1][0] if at else ""
    if before in word_list("titles"):
        return True
    after = at + 1
    while after < len(reading.words) and reading.capital[after]:
        if reading.words[after][0] in word_list("places"):
            return True
        after += 1
    word = reading.words[at][0]
    if word not in names and word.removesuffix("s") not in names:
        return False
    if not reading.opens[at] or (at + 1 < len(reading.words) and reading.capital[at + 1]):
        return True
    following = reading.words[at + 1][0] if at + 1 < len(reading.words) else ""
    return following in word_list("of_one") or following.endswith("ed")


def is_negated(reading: TokenisedText, at: int) -> bool:
    """True if a negation governs the word at ``at``: what nobody does is one step lighter."""
    for place in range(at - 1, max(-1, at - 1 - _REACH), -1):
        if reading.clause[place] != reading.clause[at]:
            return False
        first, last = reading.words[place][0], reading.words[place][-1]
        if first in word_list("undoing") or first in word_list("parting"):
            return False
        contracted = first.endswith("n't") or ("'" in first and last.endswith("n't"))
        if contracted or first in word_list("negators"):
            return True
    return False
