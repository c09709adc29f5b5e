"""Closing the doors, in the order that works: called in the forked child before the snippet runs.

Group and directory first (they need rights), then the user, then limits, files, system calls. The
system call filter comes last because it forbids all the others.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
from collections.abc import Iterable

from tta_rebuild.sandbox import landlock, seccomp
from tta_rebuild.sandbox.kernel import call
from tta_rebuild.sandbox.snippet import Limits

JAIL_IDS = (64_577, 65_534)
"""User and group of a snippet when the host is root: an unused one, else ``nobody``'s."""

REPORT = 3
"""The descriptor on which the stage reports; 0, 1 and 2 are the usual ones."""

_NONE_OF = (resource.RLIMIT_CORE, resource.RLIMIT_MEMLOCK, resource.RLIMIT_MSGQUEUE)
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS = 1, 4, 38


def die_with_parent(parent: int) -> None:
    """Have the kernel kill this process when its parent ends."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def gain_nothing() -> None:
    """No program run from here on gains rights by a set-user-id bit."""
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)


def confine(
    program: bytes, readable: Iterable[str], bounds: Limits, directory: str, parent: int
) -> None:
    """Give up all but the bounds, the directory and what is readable; ``program`` is the filter's.

    Raises OSError if any step fails.
    """
    os.setsid()
    os.chdir(directory)
    os.umask(0o077)
    if os.geteuid() == 0:
        owner = os.stat(directory)
        os.setgroups([])
        os.setresgid(owner.st_gid, owner.st_gid, owner.st_gid)
        os.setresuid(owner.st_uid, owner.st_uid, owner.st_uid)
    die_with_parent(parent)  # after the change of user, which clears it
    _prctl(_PR_SET_DUMPABLE, 0)
    gain_nothing()
    for limit, value in (
        (resource.RLIMIT_CPU, bounds.cpu_s),
        (resource.RLIMIT_AS, bounds.memory_bytes),
        (resource.RLIMIT_FSIZE, bounds.file_bytes),
        (resource.RLIMIT_NOFILE, 64),
        *((none, 0) for none in _NONE_OF),
    ):
        _, hard = resource.getrlimit(limit)
        lowered = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(limit, (lowered, lowered))
    landlock.restrict([*((path, landlock.READ) for path in readable), (".", landlock.OWN)])
    seccomp.install(program)


def _prctl(option: int, value: int) -> None:
    call("prctl", option, ctypes.c_ulong(value), 0, 0, 0)
