"""The filter of system calls, assembled as classic BPF: what is not named here is refused.

``confine`` installs it as the last step before a snippet runs. Most refusals are ``EPERM``, so that
Python raises ``PermissionError`` and the verdict can say ``blocked``. Ending the process is fatal:
a snippet that calls ``os._exit`` must not look like one that reached its end.
"""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Mapping

from tta_rebuild.sandbox.syscalls import AUDIT_ARCH, table

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

_PLAIN_NAMES = """
read write close fstat newfstatat stat lstat statx lseek openat open munmap brk mremap madvise
rt_sigaction rt_sigprocmask rt_sigreturn rt_sigpending rt_sigtimedwait rt_sigsuspend sigaltstack
pread64 pwrite64 readv writev preadv pwritev access faccessat faccessat2 pipe pipe2 select
pselect6 poll ppoll epoll_create1 epoll_ctl epoll_wait epoll_pwait epoll_pwait2 eventfd2
sched_yield sched_getaffinity dup dup2 dup3 pause nanosleep clock_nanosleep clock_gettime
clock_getres gettimeofday time times getitimer setitimer alarm getpid getppid gettid getuid
getgid geteuid getegid getpgrp getrusage uname fsync fdatasync ftruncate getcwd getdents64
rename renameat renameat2 unlink unlinkat umask futex set_robust_list get_robust_list rseq
membarrier getrandom shutdown exit
"""

PLAIN = tuple(_PLAIN_NAMES.split())
"""Allowed whatever the arguments; files are Landlock's matter."""

_FCNTL = (0, 1, 2, 3, 4, 5, 6, 7, 1030)
"""F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL, the locks, F_DUPFD_CLOEXEC; not F_SETOWN, which
signals."""

_IOCTL = (0x5401, 0x5413, 0x5421, 0x5450, 0x5451)
"""TCGETS (isatty), TIOCGWINSZ, FIONBIO, FIONCLEX, FIOCLEX."""


def _instruction(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, value)


def _argument(index: int, *, high: bool = False) -> int:
    """Offset of one half of an argument in ``seccomp_data`` (both machines are little-endian)."""
    return 16 + 8 * index + (4 if high else 0)


def _zero(*arguments: int) -> bytes:
    """Allow if these 64-bit arguments are all zero."""
    halves = [_argument(a, high=h) for a in arguments for h in (False, True)]
    program = b""
    for offset in halves:
        program += _instruction(_LOAD, offset) + _instruction(_EQUAL, 0, 1, 0)
        program += _instruction(_RETURN, _EPERM)
    return program + _instruction(_RETURN, _ALLOW)


def _one_of(argument: int, values: tuple[int, ...]) -> bytes:
    """Allow if the argument's lower half is one of these (the kernel reads an int)."""
    program = _instruction(_LOAD, _argument(argument))
    for value in values:
        program += _instruction(_EQUAL, value, 0, 1) + _instruction(_RETURN, _ALLOW)
    return program + _instruction(_RETURN, _EPERM)


def _bits(argument: int, bits: int, *, wanted: bool) -> bytes:
    """Allow if any of the bits is set (``wanted``) or none is."""
    return (
        _instruction(_LOAD, _argument(argument))
        + _instruction(_ANY_BIT, bits, 0, 1)
        + _instruction(_RETURN, _ALLOW if wanted else _EPERM)
        + _instruction(_RETURN, _EPERM if wanted else _ALLOW)
    )


def _checked() -> Mapping[str, bytes]:
    """Calls whose arguments decide."""
    return {
        "mmap": _bits(2, _PROT_EXEC, wanted=False),
        "mprotect": _bits(2, _PROT_EXEC, wanted=False),
        "clone": _bits(0, _CLONE_THREAD, wanted=True),
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
    numbers = table(machine)
    program = (
        _instruction(_LOAD, _ARCH)
        + _instruction(_EQUAL, AUDIT_ARCH[machine], 1, 0)
        + _instruction(_RETURN, _KILL)
        + _instruction(_LOAD, _NR)
        + _instruction(_ABOVE, _X32_BIT, 0, 1)
        + _instruction(_RETURN, _KILL)
    )
    for name in PLAIN:
        if name in numbers:
            program += _instruction(_EQUAL, numbers[name], 0, 1) + _instruction(_RETURN, _ALLOW)
    for name, block in _checked().items():
        program += _instruction(_EQUAL, numbers[name], 0, len(block) // 8) + block
    return program + _instruction(_RETURN, _EPERM)


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_void_p))


def install(program: bytes, libc: ctypes.CDLL, seccomp_number: int) -> None:
    """Bind this process and all its threads to the program, for good.

    ``no_new_privs`` must be set before. Raises OSError if the kernel refuses.
    """
    buffer = ctypes.create_string_buffer(program, len(program))
    header = _Program(len(program) // 8, ctypes.cast(buffer, ctypes.c_void_p).value)
    set_mode_filter, thread_sync = 1, 1
    if libc.syscall(seccomp_number, set_mode_filter, thread_sync, ctypes.byref(header)) != 0:
        raise OSError(ctypes.get_errno(), "the kernel takes no seccomp filter")
