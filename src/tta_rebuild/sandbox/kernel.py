"""What the jail asks of the kernel, through the C library: loaded by the supervisor, on Linux."""

from __future__ import annotations

import ctypes
import platform
from typing import Any

from tta_rebuild.sandbox.syscalls import table

MACHINE = platform.machine()
_LIBC = ctypes.CDLL(None, use_errno=True)
_NUMBERS = table(MACHINE, "ours")


def call(function: str, *arguments: Any) -> int:
    """The result of a function of the C library. Raises OSError where the kernel refuses."""
    result = int(getattr(_LIBC, function)(*arguments))
    if result < 0:
        raise OSError(ctypes.get_errno(), f"the kernel refuses {function}")
    return result


def syscall(name: str, *arguments: Any) -> int:
    """The same for a system call that the C library has no function for."""
    return call("syscall", _NUMBERS[name], *arguments)
