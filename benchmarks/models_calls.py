"""A call through our whole provider stack beside the raw SDK and two common stacks.

CPU per call, the median time of a call, and the memory that many calls leave behind. All programs
talk to one loopback server in a process of its own, whose CPU is not counted. Where it answers at
once, the time of one of 32 callers is the CPU of all of them, the server's included, and each turn
of the event loop that a call needs waits for the 31 others; where it answers after 200 ms, it is
what callers of a real model wait.

The programs run side by side and are asked in turns, so that whatever else the machine does falls
on all of them alike; figures are medians over the rounds, ratios are taken within each round. The
peers live in environments of their own under ``.venv-peers`` (made here when missing): their
dependencies contradict ours.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import venv
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tools.wire import RunningWire

from benchmarks import Row
from benchmarks.timing import at_most

ROOT = Path(__file__).resolve().parents[1]
PROGRAMS = ROOT / "benchmarks" / "peers"
ENVIRONMENTS = ROOT / ".venv-peers"
RAW, OURS = "raw_genai", "our_stack"
PACKAGES = {"litellm_router": "litellm", "pydantic_ai_agent": "pydantic-ai-slim[google]"}
CPU_OVER = {RAW: 0.9, "litellm_router": 1.0, "pydantic_ai_agent": 1.0}
TIME_OVER_RAW = 1.1
DELAY_S = 0.2


class Program:
    """One program that makes calls when it is told to."""

    def __init__(self, name: str, url: str) -> None:
        self._process = subprocess.Popen(
            [_python(name), str(PROGRAMS / f"{name}.py"), url],
            env=os.environ
            | {"PYTHONPATH": str(ROOT / "src"), "LITELLM_LOCAL_MODEL_COST_MAP": "True"},
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Program:
        return self

    def __exit__(self, *exc: object) -> None:
        self._process.communicate(timeout=30)

    def calls(self, count: int, width: int) -> dict[str, Any]:
        """So many calls by so many callers at once."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(count, width, file=self._process.stdin, flush=True)
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer


def measure(quick: bool) -> Iterator[Row]:
    names = [RAW, OURS, *(name for name in PACKAGES if not quick and _is_there(name))]
    with RunningWire() as wire:
        wire.settings(keep_records=False)
        rounds = 4 if quick else 12
        for width in (1, 32):
            yield from _beside(names, wire.url, width, rounds)
        wire.settings(first_token_s=DELAY_S)
        delayed = f", answers after {DELAY_S * 1000:.0f} ms"
        yield from _beside([RAW, OURS], wire.url, 32, rounds, delayed)
        wire.settings(first_token_s=0.0)
        count = 1_000 if quick else 50_000
        # Warm until the cache of replies in memory is full: its size is bounded, and no leak.
        with Program(OURS, wire.url) as program:
            before_mb = program.calls(2_000, 32)["rss_mb"]
            growth_mb = program.calls(count, 32)["rss_mb"] - before_mb
        yield at_most(f"memory growth over {count:,} calls", growth_mb, 5, "MB")


def _beside(
    names: list[str], url: str, width: int, rounds: int, delayed: str = ""
) -> Iterator[Row]:
    count = max(20, 4 * width)
    cpu_ms: dict[str, list[float]] = {name: [] for name in names}
    p50_ms: dict[str, list[float]] = {name: [] for name in names}
    with ExitStack() as stack:
        programs = {name: stack.enter_context(Program(name, url)) for name in names}
        for program in programs.values():
            program.calls(2 * count, width)  # warm
        for number in range(rounds):
            for name in names if number % 2 else reversed(names):
                answer = programs[name].calls(count, width)
                cpu_ms[name].append(answer["cpu_ms"])
                p50_ms[name].append(statistics.median(answer["took_ms"]))
    for name in names:
        if name != OURS:
            what = f"CPU per call, {width} at once{delayed}, over {name}"
            yield _ratio(what, cpu_ms[OURS], cpu_ms[name], CPU_OVER[name])
    what = f"median time of a call, {width} at once{delayed}, over {RAW}"
    yield _ratio(what, p50_ms[OURS], p50_ms[RAW], TIME_OVER_RAW)


def _ratio(what: str, ours: list[float], theirs: list[float], bound: float) -> Row:
    ratio = statistics.median(mine / other for mine, other in zip(ours, theirs, strict=True))
    return Row(
        what=what,
        measured=f"{ratio:.2f} x ({statistics.median(ours):.2f} ms)",
        bound=f"<= {bound} x",
        ok=ratio <= bound,
        peer=f"{statistics.median(theirs):.2f} ms",
    )


def _python(name: str) -> str:
    """The interpreter that has what a program needs; made if it is not there."""
    package = PACKAGES.get(name)
    if package is None:
        return sys.executable
    home = ENVIRONMENTS / name
    python = home / "bin" / "python"
    if not (home / "ready").exists():
        print(f"(installing {package}, once; this may take minutes)", file=sys.stderr)
        venv.create(home, with_pip=True, clear=True)
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([str(word) for word in (*pip, package)], check=True, capture_output=True)
        (home / "ready").touch()
    return str(python)


def _is_there(name: str) -> bool:
    try:
        _python(name)
    except subprocess.CalledProcessError:
        return False
    return True
