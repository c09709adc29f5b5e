"""Closing the doors, in the order that works: called in the forked child before the snippet runs.

Group and directory first (they need rights), then the user, limits, files (Landlock, see the
kernel's ``Documentation/userspace-api/landlock.rst``) and last the system calls, which ends all
others. ``supervisor`` binds itself once; each snippet's layer only takes away from that.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import struct
from collections.abc import Iterable

from tta_rebuild.sandbox import seccomp
from tta_rebuild.sandbox.kernel import call, syscall
from tta_rebuild.sandbox.snippet import Limits

JAIL_IDS = (64_577, 65_534)
"""User and group of a snippet when the host is root: an unused one, else ``nobody``'s."""

REPORT = 3
"""The descriptor on which the stage reports; 0, 1 and 2 are the usual ones."""

WRITE_FILE, READ_FILE, READ_DIR, REMOVE_DIR, REMOVE_FILE = 1 << 1, 1 << 2, 1 << 3, 1 << 4, 1 << 5
MAKE_DIR, MAKE_FILE = 1 << 7, 1 << 8
TRUNCATE = 1 << 14

READ = READ_FILE | READ_DIR
"""Rights on a tree that may be read."""

OWN = READ | WRITE_FILE | REMOVE_FILE | MAKE_FILE | TRUNCATE
"""Rights of a snippet in its own directory: plain files, no links, no directories."""

KEEP = OWN | REMOVE_DIR | MAKE_DIR
"""Rights of the supervisor where it makes and removes those directories."""

_FILE_ONLY = WRITE_FILE | READ_FILE | TRUNCATE | 1

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
    """Give up all but this, in the child. Raises OSError if any step fails."""
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
    restrict_files([*((path, READ) for path in readable), (".", OWN)])
    seccomp.install(program)


def landlock_version() -> int:
    """The kernel's Landlock version, 0 if it has none."""
    try:
        return syscall("landlock_create_ruleset", None, 0, 1)
    except OSError:
        return 0


def restrict_files(rules: Iterable[tuple[str, int]]) -> None:
    """Deny everything but these (path, rights) to this process and its children.

    From ABI 4 on TCP is denied too, from 6 on signals and abstract sockets outwards. A path that
    cannot be reached is passed over. ``no_new_privs`` must be set before. Raises OSError.
    """
    version = landlock_version()
    # All rights on files that this version can deny.
    rights = (1 << 13) - 1
    for since, bit in ((2, 13), (3, 14), (5, 15)):
        if version >= since:
            rights |= 1 << bit
    words = [rights]
    if version >= 4:
        words.append(0b11)  # TCP: bind, connect
    if version >= 6:
        words.append(0b11)  # outwards: abstract sockets, signals
    attributes = struct.pack(f"={len(words)}Q", *words)
    ruleset = syscall("landlock_create_ruleset", attributes, len(attributes), 0)
    try:
        for path, allowed in rules:
            _allow_file(ruleset, path, allowed & rights)
        syscall("landlock_restrict_self", ruleset, 0)
    finally:
        os.close(ruleset)


def _allow_file(ruleset: int, path: str, rights: int) -> None:
    try:
        beneath = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except (FileNotFoundError, PermissionError):
        return  # what cannot be reached needs no permission
    try:
        if not os.path.isdir(path):
            rights &= _FILE_ONLY
        rule, path_beneath = struct.pack("=Qi", rights, beneath), 1
        syscall("landlock_add_rule", ruleset, path_beneath, rule, 0)
    finally:
        os.close(beneath)


def _prctl(option: int, value: int) -> None:
    call("prctl", option, ctypes.c_ulong(value), 0, 0, 0)
