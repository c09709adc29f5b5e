"""Is this word somebody's or some place's name? Asked by ``safety.gate`` of single words."""

from __future__ import annotations

from tta_rebuild.safety.tokens import TokenisedText
from tta_rebuild.safety.word_lists import word_list


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
