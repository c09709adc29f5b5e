"""What the jail asks of the kernel, through the C library."""

from __future__ import annotations

import ctypes
import platform
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

MACHINE = platform.machine()
_COLUMNS = {"x86_64": 0, "aarch64": 1}


@cache
def table(machine: str, section: str) -> dict[str, int]:
    """Name → number on that machine, of a section of ``syscalls.toml``. Raises KeyError."""
    column = _COLUMNS[machine]
    rows = tomllib.loads(Path(__file__).with_name("syscalls.toml").read_text("utf-8"))[section]
    return {name: numbers[column] for name, numbers in rows.items() if numbers[column] >= 0}


def call(function: str, *arguments: Any) -> int:
    """The result of a function of the C library. Raises OSError where the kernel refuses."""
    library = ctypes.CDLL(None, use_errno=True)
    result = int(getattr(library, function)(*arguments))
    if result < 0:
        raise OSError(ctypes.get_errno(), f"the kernel refuses {function}")
    return result


def syscall(name: str, *arguments: Any) -> int:
    """The same for a system call that the C library has no function for."""
    return call("syscall", table(MACHINE, "ours")[name], *arguments)
