"""System call numbers by machine (``syscalls.toml``), for the filter and for the jail's own calls.

Runs inside the supervisor, so it imports nothing but the standard library.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

_COLUMNS = {"x86_64": 0, "aarch64": 1}


@cache
def table(machine: str, section: str) -> dict[str, int]:
    """Name → number on that machine (``platform.machine()``'s word), of one section of the table.

    Raises KeyError where the filter knows no such machine.
    """
    column = _COLUMNS[machine]
    text = Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")
    rows = tomllib.loads(text)[section]
    return {name: numbers[column] for name, numbers in rows.items() if numbers[column] >= 0}
