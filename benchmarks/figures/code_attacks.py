"""Number 1: what the attack corpus can do to the host, on every engine, as root and as nobody."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.figures import Row
from benchmarks.ordinary_user import as_ordinary_user

ROOT = Path(__file__).parents[2]
_TIMEOUT_S = 600.0
_ENGINES = {"jail": "the jail alone", "monty": "monty alone", "whole": "the executor as offered"}


def measure(quick: bool) -> Iterator[Row]:
    """A row per user and engine."""
    argv = [sys.executable, "-m", "benchmarks.attack_run", "5" if quick else "1"]
    if os.geteuid() == 0:
        ran = subprocess.run(
            argv,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": "src"},
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_S,
            check=False,
        )
        yield from _rows("root", ran)
        yield from _rows("an ordinary user", as_ordinary_user(argv, cwd=ROOT, timeout_s=_TIMEOUT_S))
    else:
        ran = subprocess.run(
            argv,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": "src"},
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_S,
            check=False,
        )
        yield from _rows("an ordinary user (root only when run as root)", ran)


def _rows(user: str, ran: subprocess.CompletedProcess[str]) -> Iterator[Row]:
    try:
        found: dict[str, Any] = json.loads(ran.stdout)
    except ValueError:
        problem = (ran.stderr.strip().splitlines() or ["no answer"])[-1]
        yield Row(number="1", what=f"as {user}", measured=problem[:60], bound="0 harmed", ok=False)
        return
    for engine, words in _ENGINES.items():
        result = found.get(engine)
        if result is None:
            yield Row(
                number="1",
                what=f"as {user}, {words}",
                measured="not offered here",
                bound="0 harmed",
                ok=True,
            )
            continue
        harmed, faked = result["harmed"], result["faked"]
        count = result["attacks"]
        names = ", ".join([*harmed, *faked][:3])
        yield Row(
            number="1",
            what=f"as {user}, {words}",
            measured=f"{len(harmed)} harmed, {len(faked)} faked of {count} {names}".strip(),
            bound="0 harmed, 0 faked",
            ok=not harmed and not faked,
        )
    left = found["left_behind"]
    yield Row(
        number="1",
        what=f"as {user}, processes left behind",
        measured=f"{len(left)}",
        bound="0",
        ok=not left,
    )
