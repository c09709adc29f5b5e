"""What our provider stack costs beside the raw SDK: CPU, time of a call, memory.

    python -m benchmarks.overhead [--rounds 12] [--calls 50000] [--peers]

All programs talk to one loopback server in a process of its own, whose CPU is not counted. They
run side by side and are asked in turns, a few dozen calls at a time, so that whatever else the
machine does falls on all of them alike; figures are medians over the rounds, of the ratio within
each round. ``--peers`` brings in litellm and pydantic-ai, each in an environment of its own under
``.venv-peers`` (made when missing), since their dependencies contradict ours.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import venv
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tests.wire import RunningWire

ROOT = Path(__file__).resolve().parents[1]
PROGRAMS = ROOT / "benchmarks" / "peers"
ENVIRONMENTS = ROOT / ".venv-peers"
PACKAGES = {"litellm_router": "litellm", "pydantic_ai_agent": "pydantic-ai-slim[google]"}
RAW, OURS = "raw_genai", "our_stack"


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


def _python(name: str) -> str:
    """The interpreter that has what a program needs; made if it is not there."""
    package = PACKAGES.get(name)
    if package is None:
        return sys.executable
    home = ENVIRONMENTS / name
    python = home / "bin" / "python"
    if not (home / "ready").exists():
        venv.create(home, with_pip=True, clear=True)
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, package], check=True, capture_output=True)
        (home / "ready").touch()
    return str(python)


def compare(names: list[str], *, url: str, width: int, rounds: int) -> None:
    """Print CPU per call and the median time of a call, of each program and beside the raw SDK."""
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
        cpu = _ratio(cpu_ms[name], cpu_ms[RAW])
        p50 = _ratio(p50_ms[name], p50_ms[RAW])
        print(
            f"{width:>3} callers  {name:<18} CPU {statistics.median(cpu_ms[name]):6.2f} ms a call "
            f"({cpu:.2f} x raw)  p50 {statistics.median(p50_ms[name]):7.1f} ms ({p50:.2f} x raw)",
            flush=True,
        )


def _ratio(ours: list[float], raw: list[float]) -> float:
    return statistics.median(mine / other for mine, other in zip(ours, raw, strict=True))


def memory(url: str, calls: int) -> None:
    """Print how much memory so many calls leave behind, the cache of answers being full before."""
    with Program(OURS, url) as program:
        before_mb = program.calls(2_000, 32)["rss_mb"]
        after_mb = program.calls(calls, 32)["rss_mb"]
    print(f" 32 callers  {OURS:<18} memory grew {after_mb - before_mb:.1f} MB in {calls:,} calls")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--calls", type=int, default=50_000, help="for memory; 0 leaves it out")
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--first-token-s", type=float, default=0.0)
    options = parser.parse_args()
    names = [RAW, OURS, *(PACKAGES if options.peers else ())]
    with RunningWire(first_token_s=options.first_token_s) as wire:
        wire.settings(keep_records=False)
        for width in (1, 32):
            compare(names, url=wire.url, width=width, rounds=options.rounds)
        if options.calls:
            memory(wire.url, options.calls)


if __name__ == "__main__":
    main()
