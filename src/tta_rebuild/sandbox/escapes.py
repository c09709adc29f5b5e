"""Real attempts to get out, made before the jail is trusted with anything (``escapes.toml``).

Each attempt is code for the jail; it gets the facts of this host (a file with a word in it, the
host's process id) and prints its own name if it got anywhere. ``jail.Jail`` refuses to be used if
any name comes back, or if the plain snippet does not run.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

from tta_rebuild.sandbox.kernel import table

PLAIN = "print(sum(range(10)))"
"""Must run, or the jail is of no use; prints 45."""

_PRELUDE = """
import os, sys
HOST, HOST_FILE = {host}, {host_file!r}
PTRACE, OPENAT, SOCKET, CLONE = {numbers}
def native(number, *arguments):
    for name in ("ctypes", "_ctypes"):
        sys.modules.pop(name, None)
    import ctypes
    result = ctypes.CDLL(None).syscall(number, *arguments)
    if result == -1:
        raise OSError("refused")
    return result
"""

_EACH = """
try:
    {attempt}
except (OSError, ImportError, AttributeError, ValueError, SystemError):
    pass
else:
    print({name!r})
"""


def load(section: str) -> dict[str, str]:
    """Name → code: ``attempts``, ``glances`` (they only look) or ``fatal`` (must not finish)."""
    return dict(tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))[section])


def attempts(machine: str, host: int, host_file: str, chosen: Mapping[str, str]) -> str:
    """The chosen attempts as one snippet; it prints the name of each that succeeded."""
    known = {name: n for s in ("plain", "checked", "ours") for name, n in table(machine, s).items()}
    numbers = tuple(known[name] for name in ("ptrace", "openat", "socket", "clone"))
    prelude = _PRELUDE.format(host=host, host_file=host_file, numbers=numbers)
    return prelude + "".join(_EACH.format(attempt=a, name=n) for n, a in chosen.items())
