"""System call numbers by machine: the names that the filter in ``seccomp`` speaks of.

Sources: ``arch/x86/entry/syscalls/syscall_64.tbl`` and ``include/uapi/asm-generic/unistd.h`` of
the Linux kernel. A name that a machine does not have (``open`` on arm64) is absent from its
table.
Runs inside the warden, so it imports nothing but the standard library.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

AUDIT_ARCH: Mapping[str, int] = MappingProxyType({"x86_64": 0xC000003E, "aarch64": 0xC00000B7})
"""What the kernel calls the machine in ``seccomp_data.arch``."""

LANDLOCK_CREATE_RULESET = 444
LANDLOCK_ADD_RULE = 445
LANDLOCK_RESTRICT_SELF = 446
"""The same on every machine, like all calls added since Linux 5.0."""

# name: (x86-64, arm64)
_NUMBERS: Mapping[str, tuple[int | None, int | None]] = MappingProxyType(
    {
        "read": (0, 63),
        "write": (1, 64),
        "open": (2, None),
        "close": (3, 57),
        "stat": (4, None),
        "fstat": (5, 80),
        "lstat": (6, None),
        "poll": (7, None),
        "lseek": (8, 62),
        "mmap": (9, 222),
        "mprotect": (10, 226),
        "munmap": (11, 215),
        "brk": (12, 214),
        "rt_sigaction": (13, 134),
        "rt_sigprocmask": (14, 135),
        "rt_sigreturn": (15, 139),
        "ioctl": (16, 29),
        "pread64": (17, 67),
        "pwrite64": (18, 68),
        "readv": (19, 65),
        "writev": (20, 66),
        "access": (21, None),
        "pipe": (22, None),
        "select": (23, None),
        "sched_yield": (24, 124),
        "mremap": (25, 216),
        "madvise": (28, 233),
        "dup": (32, 23),
        "dup2": (33, None),
        "pause": (34, None),
        "nanosleep": (35, 101),
        "getitimer": (36, 102),
        "alarm": (37, None),
        "setitimer": (38, 103),
        "getpid": (39, 172),
        "sendto": (44, 206),
        "recvfrom": (45, 207),
        "shutdown": (48, 210),
        "socketpair": (53, 199),
        "clone": (56, 220),
        "exit": (60, 93),
        "uname": (63, 160),
        "fcntl": (72, 25),
        "fsync": (74, 82),
        "fdatasync": (75, 83),
        "ftruncate": (77, 46),
        "getcwd": (79, 17),
        "rename": (82, None),
        "unlink": (87, None),
        "umask": (95, 166),
        "gettimeofday": (96, 169),
        "getrusage": (98, 165),
        "times": (100, 153),
        "getuid": (102, 174),
        "getgid": (104, 176),
        "geteuid": (107, 175),
        "getegid": (108, 177),
        "getppid": (110, 173),
        "getpgrp": (111, None),
        "rt_sigpending": (127, 136),
        "rt_sigtimedwait": (128, 137),
        "rt_sigsuspend": (130, 133),
        "sigaltstack": (131, 132),
        "gettid": (186, 178),
        "time": (201, None),
        "futex": (202, 98),
        "sched_getaffinity": (204, 123),
        "getdents64": (217, 61),
        "clock_gettime": (228, 113),
        "clock_getres": (229, 114),
        "clock_nanosleep": (230, 115),
        "exit_group": (231, 94),
        "epoll_wait": (232, None),
        "epoll_ctl": (233, 21),
        "openat": (257, 56),
        "newfstatat": (262, 79),
        "unlinkat": (263, 35),
        "renameat": (264, 38),
        "faccessat": (269, 48),
        "pselect6": (270, 72),
        "ppoll": (271, 73),
        "set_robust_list": (273, 99),
        "get_robust_list": (274, 100),
        "epoll_pwait": (281, 22),
        "eventfd2": (290, 19),
        "epoll_create1": (291, 20),
        "dup3": (292, 24),
        "pipe2": (293, 59),
        "preadv": (295, 69),
        "pwritev": (296, 70),
        "prlimit64": (302, 261),
        "renameat2": (316, 276),
        "seccomp": (317, 277),
        "getrandom": (318, 278),
        "membarrier": (324, 283),
        "statx": (332, 291),
        "rseq": (334, 293),
        "clone3": (435, 435),
        "faccessat2": (439, 439),
        "epoll_pwait2": (441, 441),
    }
)


def table(machine: str) -> dict[str, int]:
    """Name → number on that machine (``platform.machine()``'s word).

    Raises:
        KeyError: the filter knows no such machine.
    """
    column = {"x86_64": 0, "aarch64": 1}[machine]
    return {
        name: number
        for name, numbers in _NUMBERS.items()
        if (number := numbers[column]) is not None
    }
