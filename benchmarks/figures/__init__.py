"""The promises, measured from outside: ``make figures SET=name [QUICK=1]``.

Each module ``<set>_<topic>.py`` in this package offers ``measure(quick: bool) -> Iterable[Row]``
(plain or async generator functions are both fine; ``measure`` may also be a coroutine function
that returns a list). The command runs all modules of a set in order of name, prints one line per
row, and exits 0 only if every row holds.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One promise as measured just now.

    Attributes:
        number: the promise's number in its issue, such as ``"2"`` or ``"5b"``.
        what: the promise in a few words.
        measured: the figure with its unit, as text.
        bound: what was promised, as text.
        ok: whether the promise holds.
    """

    number: str
    what: str
    measured: str
    bound: str
    ok: bool
