"""The filter of system calls, assembled as classic BPF: what is not named here is refused.

Most refusals are ``EPERM``, so that the verdict can say ``blocked``. Ending the process is fatal: a
snippet that calls ``os._exit`` must not look like one that reached its end.
"""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Mapping

from tta_rebuild.sandbox.kernel import syscall, table

_MACHINES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
"""What the kernel calls them in ``seccomp_data.arch``."""

_ALLOW = 0x7FFF0000
_KILL = 0x80000000
_EPERM = 0x00050000 | 1
_ENOSYS = 0x00050000 | 38

_LOAD, _EQUAL, _ABOVE, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NR, _ARCH = 0, 4
_X32_BIT = 0x40000000

_PROT_EXEC = 0x4
_CLONE_THREAD = 0x00010000
_AF_UNIX = 1

_FCNTL = (0, 1, 2, 3, 4, 5, 6, 7, 1030)
"""F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL, the locks, F_DUPFD_CLOEXEC; not F_SETOWN, which
signals."""

_IOCTL = (0x5401, 0x5413, 0x5421, 0x5450, 0x5451)
"""TCGETS (isatty), TIOCGWINSZ, FIONBIO, FIONCLEX, FIOCLEX."""


def _instruction(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, value)


def _argument(index: int) -> int:
    """Offset of an argument's lower half in ``seccomp_data`` (both machines: little-endian)."""
    return 16 + 8 * index


def _zero(*arguments: int) -> bytes:
    """Allow if these 64-bit arguments are all zero."""
    program = b""
    for offset in [_argument(a) + half for a in arguments for half in (0, 4)]:
        program += _instruction(_LOAD, offset) + _instruction(_EQUAL, 0, 1, 0)
        program += _instruction(_RETURN, _EPERM)
    return program + _instruction(_RETURN, _ALLOW)


def _one_of(argument: int, values: tuple[int, ...]) -> bytes:
    """Allow if the argument's lower half is one of these (the kernel reads an int)."""
    program = _instruction(_LOAD, _argument(argument))
    for value in values:
        program += _instruction(_EQUAL, value, 0, 1) + _instruction(_RETURN, _ALLOW)
    return program + _instruction(_RETURN, _EPERM)


def _bits(argument: int, bits: int, *, if_any: int, if_none: int) -> bytes:
    """What to return if any of the bits is set, and if none is."""
    program = _instruction(_LOAD, _argument(argument)) + _instruction(_ANY_BIT, bits, 0, 1)
    return program + _instruction(_RETURN, if_any) + _instruction(_RETURN, if_none)


def _checked() -> Mapping[str, bytes]:
    """Calls whose arguments decide."""
    return {
        "mmap": _bits(2, _PROT_EXEC, if_any=_EPERM, if_none=_ALLOW),
        "mprotect": _bits(2, _PROT_EXEC, if_any=_EPERM, if_none=_ALLOW),
        "clone": _bits(0, _CLONE_THREAD, if_any=_ALLOW, if_none=_EPERM),
        "clone3": _instruction(_RETURN, _ENOSYS),  # so that libc falls back to clone
        "fcntl": _one_of(1, _FCNTL),
        "ioctl": _one_of(1, _IOCTL),
        "socketpair": _one_of(0, (_AF_UNIX,)),  # asyncio wakes itself through one
        "sendto": _zero(4, 5),  # only to the other end, never to an address
        "recvfrom": _zero(4, 5),
        "prlimit64": _zero(0, 2),  # may ask for its own limits, never set any
        "exit_group": _instruction(_RETURN, _KILL),
    }


def assemble(machine: str) -> bytes:
    """The program for a machine (``x86_64``, ``aarch64``). Raises KeyError for others."""
    kill = _instruction(_RETURN, _KILL)
    program = _instruction(_LOAD, _ARCH) + _instruction(_EQUAL, _MACHINES[machine], 1, 0) + kill
    program += _instruction(_LOAD, _NR) + _instruction(_ABOVE, _X32_BIT, 0, 1) + kill
    for number in table(machine, "plain").values():
        program += _instruction(_EQUAL, number, 0, 1) + _instruction(_RETURN, _ALLOW)
    blocks = _checked()
    for name, number in table(machine, "checked").items():
        program += _instruction(_EQUAL, number, 0, len(blocks[name]) // 8) + blocks[name]
    return program + _instruction(_RETURN, _EPERM)


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_void_p))


def install(program: bytes) -> None:
    """Bind this process, after ``no_new_privs``, to the program, for good. Raises OSError."""
    buffer = ctypes.create_string_buffer(program, len(program))
    header = _Program(len(program) // 8, ctypes.cast(buffer, ctypes.c_void_p).value)
    set_mode_filter, thread_sync = 1, 1
    syscall("seccomp", set_mode_filter, thread_sync, ctypes.byref(header))
