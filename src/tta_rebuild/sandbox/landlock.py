"""Landlock through its three system calls: which files a process may touch, from here on, for good.

``supervisor`` binds itself once (standard library to read, the run directories to write),
``confine`` adds a second layer per snippet. Layers only ever take away. Source: the kernel's
``Documentation/userspace-api/landlock.rst``.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable

from tta_rebuild.sandbox.kernel import syscall

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


def abi() -> int:
    """The kernel's Landlock version, 0 if it has none."""
    try:
        return syscall("landlock_create_ruleset", None, 0, 1)
    except OSError:
        return 0


def restrict(rules: Iterable[tuple[str, int]]) -> None:
    """Deny everything but these (path, rights) to this process and its children.

    From ABI 4 on TCP is denied too, from 6 on signals and abstract sockets outwards. A path that
    cannot be reached is passed over. ``no_new_privs`` must be set before. Raises OSError.
    """
    version = abi()
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
            _allow(ruleset, path, allowed & rights)
        syscall("landlock_restrict_self", ruleset, 0)
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: str, rights: int) -> None:
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
