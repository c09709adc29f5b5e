"""Runs a command as a user without any rights, when this process is root.

Where the Python installation lies under a directory that only root may enter, the command gets a
mount namespace of its own in which that directory holds nothing but what it needs.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

ORDINARY_ID = 23_456
"""A user and group that owns nothing."""

_CLONE_NEWNS, _MS_BIND, _MS_REC, _MS_PRIVATE = 0x00020000, 4096, 16384, 1 << 18


def as_ordinary_user(
    argv: Sequence[str], *, cwd: Path, timeout_s: float
) -> subprocess.CompletedProcess[str]:
    """The command's result. Raises OSError where namespaces are refused, TimeoutExpired."""
    with tempfile.TemporaryDirectory() as home:
        os.chown(home, ORDINARY_ID, ORDINARY_ID)
        return subprocess.run(
            argv,
            cwd=cwd,
            env={
                "HOME": home,
                "TMPDIR": home,
                "PATH": os.environ.get("PATH", ""),
                "PYTHONPATH": "src",
            },
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
            preexec_fn=lambda: _become(cwd),
        )


def _become(cwd: Path) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWNS) or libc.mount(b"none", b"/", None, _MS_REC | _MS_PRIVATE, None):
        raise OSError(ctypes.get_errno(), "no mount namespace")
    needed = [Path(sys.base_prefix), Path(sys.prefix), cwd]
    for closed in {c for path in needed if (c := _closed_above(path)) is not None}:
        _show_only(libc, closed, [p for p in needed if p.is_relative_to(closed)])
    os.chdir(cwd)
    os.setgroups([])
    os.setgid(ORDINARY_ID)
    os.setuid(ORDINARY_ID)


def _closed_above(path: Path) -> Path | None:
    """The outermost directory on the way there that others may not enter."""
    for directory in reversed(path.resolve().parents):
        if not directory.stat().st_mode & 0o001:
            return directory
    return None


def _show_only(libc: ctypes.CDLL, closed: Path, wanted: Sequence[Path]) -> None:
    """Cover the directory with an empty one that shows these paths alone."""
    held = [os.open(path, os.O_PATH) for path in wanted]
    if libc.mount(b"tmpfs", str(closed).encode(), b"tmpfs", 0, b"mode=755"):
        raise OSError(ctypes.get_errno(), "no tmpfs")
    for path, descriptor in zip(wanted, held, strict=True):
        path.mkdir(parents=True, exist_ok=True)
        source = f"/proc/self/fd/{descriptor}".encode()
        if libc.mount(source, str(path).encode(), None, _MS_BIND | _MS_REC, None):
            raise OSError(ctypes.get_errno(), "no bind mount")
        os.close(descriptor)
