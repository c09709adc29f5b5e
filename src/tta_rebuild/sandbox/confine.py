"""Closing the doors, in the order that works: called in the forked child before the snippet runs.

Group and directory first (they need rights), then the user, then limits, files, system calls. The
system call filter comes last because it forbids all the others.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
from dataclasses import dataclass

from tta_rebuild.sandbox import landlock, seccomp
from tta_rebuild.sandbox.snippet import Limits
from tta_rebuild.sandbox.syscalls import table

JAIL_IDS = (64_577, 65_534)
"""User and group of a snippet when the host is root: an unused one, else ``nobody``'s."""

REPORT = 3
"""The descriptor on which the stage reports; 0, 1 and 2 are the usual ones."""

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS = 1, 4, 38


@dataclass(frozen=True, slots=True, kw_only=True)
class Confinement:
    """What confinement needs to know of this machine; made once by the supervisor."""

    libc: ctypes.CDLL
    machine: str
    program: bytes
    readable: tuple[str, ...]

    @classmethod
    def of(cls, machine: str, readable: tuple[str, ...]) -> Confinement:
        """For a machine by name. Raises KeyError where the filter knows no such machine."""
        libc = ctypes.CDLL(None, use_errno=True)
        return cls(libc=libc, machine=machine, program=seccomp.assemble(machine), readable=readable)


def die_with_parent(libc: ctypes.CDLL, parent: int) -> None:
    """Have the kernel kill this process when its parent ends."""
    _prctl(libc, _PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def gain_nothing(libc: ctypes.CDLL) -> None:
    """No program run from here on gains rights by a set-user-id bit."""
    _prctl(libc, _PR_SET_NO_NEW_PRIVS, 1)


def confine(place: Confinement, bounds: Limits, directory: str, parent: int) -> None:
    """Give up everything but the bounds and the directory. Raises OSError if any step fails."""
    os.setsid()
    os.chdir(directory)
    os.umask(0o077)
    if os.geteuid() == 0:
        owner = os.stat(directory)
        os.setgroups([])
        os.setresgid(owner.st_gid, owner.st_gid, owner.st_gid)
        os.setresuid(owner.st_uid, owner.st_uid, owner.st_uid)
    die_with_parent(place.libc, parent)  # after the change of user, which clears it
    _prctl(place.libc, _PR_SET_DUMPABLE, 0)
    gain_nothing(place.libc)
    for limit, value in (
        (resource.RLIMIT_CPU, bounds.cpu_s),
        (resource.RLIMIT_AS, bounds.memory_bytes),
        (resource.RLIMIT_FSIZE, bounds.file_bytes),
        (resource.RLIMIT_NOFILE, 64),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_MEMLOCK, 0),
        (resource.RLIMIT_MSGQUEUE, 0),
    ):
        _, hard = resource.getrlimit(limit)
        lowered = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(limit, (lowered, lowered))
    landlock.restrict(
        place.libc,
        [(path, landlock.READ) for path in place.readable] + [(".", landlock.OWN)],
    )
    seccomp.install(place.program, place.libc, table(place.machine, "ours")["seccomp"])


def _prctl(libc: ctypes.CDLL, option: int, value: int) -> None:
    if libc.prctl(option, ctypes.c_ulong(value), 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), f"prctl({option}) is refused")
