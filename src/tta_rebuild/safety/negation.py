"""Is this said not to happen? Asked by ``safety.gate``: what nobody does is one step lighter."""

from __future__ import annotations

from tta_rebuild.safety.tokens import TokenisedText

_REACH = 6
"""Words before a match in which a negation counts, within its clause."""

_NEGATORS = frozenset(
    "no not never nobody none nor neither without nothing cannot refused refuses refuse declined "
    "declines hardly avoid avoided".split()
)
_UNDOING = frozenset(
    "only just merely simply stop stopped stops stopping help miss missed fail failed fails "
    "hesitate hesitated sooner until survive survived survives escape escaped spare spared doubt "
    "before mind regret forget forgot".split()
)
_PARTING = frozenset("but when while because until before after then so and if".split())


def is_negated(reading: TokenisedText, at: int) -> bool:
    """True if a negation governs the word at ``at``."""
    for place in range(at - 1, max(-1, at - 1 - _REACH), -1):
        if reading.clause[place] != reading.clause[at]:
            return False
        word = reading.words[place][-1] if "'" in reading.words[place][0] else ""
        first = reading.words[place][0]
        if first in _UNDOING or first in _PARTING:
            return False
        if first in _NEGATORS or first.endswith("n't") or word.endswith("n't"):
            return True
    return False
