"""A file tree of its own for the jail, with nothing in it but what a snippet may read.

A mount namespace whose root is a small file system in memory with the standard library, read-only:
a snippet does not even see that a file of the host exists. An ordinary user needs a user namespace
for it, which some systems refuse; then Landlock alone stands in front of the host's files.
"""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Iterable
from contextlib import suppress

from tta_rebuild.sandbox.kernel import call, syscall

_NEW_MOUNTS, _NEW_UTS, _NEW_IPC = 0x00020000, 0x04000000, 0x08000000
_NEW_USER, _NEW_NETWORK = 0x10000000, 0x40000000

_READ_ONLY, _NO_SETUID, _NO_DEVICES, _NO_PROGRAMS = 1, 2, 4, 8
_REMOUNT, _BIND, _RECURSIVE, _PRIVATE = 32, 4096, 16384, 1 << 18
_NO_ACCESS_TIMES, _RELATIVE_TIMES = 1024 | 2048, 1 << 21
_STATVFS_RELATIVE_TIMES = 4096
_DETACH = 2

_CAPABILITY_VERSION_3 = 0x20080522

_TREE = b"size=16m,nr_inodes=4096,mode=755"
_RUNS = "/run"


def leave_the_network() -> None:
    """Move into an empty network (and host name, and IPC), where the kernel lets it."""
    with suppress(OSError):
        call("unshare", _NEW_NETWORK | _NEW_IPC | _NEW_UTS)


def can_leave_the_files(base: str, shown: Iterable[str]) -> bool:
    """Whether ``leave_the_files`` works here: tried in a process of its own, as a move that fails
    half-way cannot be taken back."""
    child = os.fork()
    if child == 0:
        try:
            leave_the_files(base, shown)
            os._exit(0)
        finally:
            os._exit(1)
    return os.waitpid(child, 0)[1] == 0


def leave_the_files(base: str, shown: Iterable[str]) -> str:
    """Move into a tree, built on ``base``, of only the ``shown`` directories; for good.

    Gives the directory in it where snippets get theirs. Raises OSError if the kernel refuses.
    """
    if os.geteuid() == 0:
        call("unshare", _NEW_MOUNTS)
    else:
        _become_root_of_nothing()
    _mount(None, "/", None, _RECURSIVE | _PRIVATE)
    _mount("tmpfs", base, "tmpfs", _NO_SETUID | _NO_DEVICES | _NO_PROGRAMS, _TREE)
    private = os.umask(0o022)
    for path in shown:
        if os.path.isdir(path):
            _show(path, base + path)
    os.makedirs(base + _RUNS, mode=0o711, exist_ok=True)
    os.umask(private)
    os.chdir(base)
    syscall("pivot_root", b".", b".")  # the old root lies on the new one …
    call("umount2", b".", _DETACH)  # … and is taken off
    os.chdir("/")
    return _RUNS


def drop_capabilities() -> None:
    """Keep none of the rights that come with a user namespace, or with being root."""
    header = struct.pack("=Ii", _CAPABILITY_VERSION_3, 0)
    syscall("capset", header, bytes(24))


def _become_root_of_nothing() -> None:
    """A user namespace in which this user keeps its ids, and has rights over new mounts."""
    user, group = (f"{one} {one} 1" for one in (os.geteuid(), os.getegid()))
    call("unshare", _NEW_USER | _NEW_MOUNTS)
    for name, text in (("setgroups", "deny"), ("uid_map", user), ("gid_map", group)):
        with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
            file.write(text)


def _show(path: str, target: str) -> None:
    """Bind a directory read-only, without what was installed into it."""
    os.makedirs(target, exist_ok=True)
    _mount(path, target, None, _BIND | _RECURSIVE)
    found = os.statvfs(target).f_flag
    kept = found & (_NO_PROGRAMS | _NO_ACCESS_TIMES)
    if found & _STATVFS_RELATIVE_TIMES:
        kept |= _RELATIVE_TIMES
    flags = _BIND | _REMOUNT | _READ_ONLY | _NO_SETUID | _NO_DEVICES | kept
    _mount(None, target, None, flags)
    for installed in ("site-packages", "dist-packages"):
        inside = os.path.join(target, installed)
        if os.path.isdir(inside):
            _mount("tmpfs", inside, "tmpfs", _READ_ONLY, b"size=4k,mode=755")


def _mount(
    source: str | None, target: str, kind: str | None, flags: int, options: bytes | None = None
) -> None:
    arguments = [None if a is None else os.fsencode(a) for a in (source, target, kind)]
    call("mount", *arguments, ctypes.c_ulong(flags), options)
