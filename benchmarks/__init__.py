"""Speeds and promises as a maintainer measures them, beside peers: ``make bench``.

A benchmark is a module ``<set>_<topic>.py`` in this folder with one function, found by its name::

    def measure(quick: bool) -> Iterator[Row]:  # or an async generator of rows

``README.md`` says how to add one. What several share lies in ``timing`` and ``workloads``; programs
that make the same calls with other libraries lie in ``peers``. Nothing here imports from ``tests``.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table.

    Attributes:
        what: what was measured, in a few words.
        measured: the figure with its unit, as text.
        bound: what it has to be, as text; empty if it is only reported.
        ok: whether it is; None if it is only reported or could not be measured here.
        peer: the same work done by something else, with its figure; empty if there is nothing
            to compare with.
    """

    what: str
    measured: str
    bound: str = ""
    ok: bool | None = None
    peer: str = ""
