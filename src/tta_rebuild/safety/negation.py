"""Is this said not to happen? Asked by ``safety.gate``: what nobody does is one step lighter."""

from __future__ import annotations

from tta_rebuild.safety.tokens import TokenisedText
from tta_rebuild.safety.word_lists import word_list

_REACH = 6
"""Words before a match in which a negation counts, within its clause."""


def is_negated(reading: TokenisedText, at: int) -> bool:
    """True if a negation governs the word at ``at``."""
    for place in range(at - 1, max(-1, at - 1 - _REACH), -1):
        if reading.clause[place] != reading.clause[at]:
            return False
        word = reading.words[place][-1] if "'" in reading.words[place][0] else ""
        first = reading.words[place][0]
        if first in word_list("undoing") or first in word_list("parting"):
            return False
        if first in word_list("negators") or first.endswith("n't") or word.endswith("n't"):
            return True
    return False
