"""Real attempts to get out, made before the jail is trusted with anything (``escapes.toml``).

``jail.Jail`` refuses to be used if any gets anywhere, which prints its name.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

from tta_rebuild.sandbox.kernel import MACHINE, table


def load(section: str) -> dict[str, str]:
    """Name → code: ``attempts``, ``glances`` (they only look), ``fatal`` (must not finish) …"""
    return dict(tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))[section])


def attempts(host: int, host_file: str, chosen: Mapping[str, str]) -> str:
    """The chosen attempts as one snippet; it prints the name of each that succeeded."""
    known = {name: n for s in ("plain", "checked", "ours") for name, n in table(MACHINE, s).items()}
    numbers = tuple(known[name] for name in ("ptrace", "openat", "socket", "clone"))
    frame = load("frame")
    each = (frame["each"].format(attempt=code, name=name) for name, code in chosen.items())
    before = frame["before"].format(host=host, host_file=host_file, numbers=numbers)
    return before + "".join(each)
