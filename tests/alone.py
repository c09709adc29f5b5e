"""A quiet room for a program: no key, no network, a data directory of its own.

Used by the tests of the documentation, of the examples and of the command line.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]

OFFLINE = '''"""Loaded by the interpreter itself: only this machine can be reached."""
import socket

_connect, _connect_ex = socket.socket.connect, socket.socket.connect_ex


def _only_here(connect):
    def guarded(self, address):
        if self.family in (socket.AF_INET, socket.AF_INET6) and not (
            str(address[0]).startswith("127.") or address[0] in ("::1", "localhost")
        ):
            raise OSError(f"this program is to run offline, but it asked for {address[0]}")
        return connect(self, address)

    return guarded


socket.socket.connect = _only_here(_connect)
socket.socket.connect_ex = _only_here(_connect_ex)
'''


def quiet_environment(home: Path, **more: str) -> dict[str, str]:
    """The environment of a reader who has no key; network beyond this machine is refused."""
    guard = home.with_name(home.name + "-guard")
    guard.mkdir(exist_ok=True)
    (guard / "sitecustomize.py").write_text(OFFLINE)
    home.mkdir(exist_ok=True)
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "LANG") if name in os.environ}
    shared = os.environ.get("TTA_SHARED_DATA", str(ROOT.parent / "shared" / "data"))
    return {
        **kept,
        "HOME": str(home),
        "PYTHONPATH": os.pathsep.join([str(guard), str(ROOT / "src")]),
        "PYTHONIOENCODING": "utf-8",
        "TTA_DATA_DIR": str(home / "stories"),
        "TTA_SHARED_DATA": shared,
        **more,
    }


def run_alone(
    home: Path, *arguments: str, timeout_s: float = 60.0, **more: str
) -> subprocess.CompletedProcess[str]:
    """Run ``python *arguments`` in a process of its own; ``more`` is added to its environment."""
    return subprocess.run(
        [sys.executable, "-W", "error::RuntimeWarning", *arguments],
        env=quiet_environment(home, **more),
        cwd=home,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        timeout=timeout_s,
        check=False,
    )
