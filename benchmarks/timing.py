"""How the benchmarks measure: quantiles, best passes, interleaved runs."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence

from benchmarks import Row


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which that share of the values lies; they need not be sorted."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def cpu_ms(run: Callable[[int], object], rounds: int) -> list[float]:
    """Milliseconds of this thread's CPU per call: what other programs take is not counted."""
    found = []
    for number in range(rounds):
        began = time.thread_time()
        run(number)
        found.append((time.thread_time() - began) * 1000)
    return found


def least_cpu_ms(runs: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """The least CPU of each, run in turns: the machine's noise falls on all of them alike."""
    least = dict.fromkeys(runs, float("inf"))
    for _ in range(rounds):
        for name, run in runs.items():
            began = time.process_time()
            run()
            least[name] = min(least[name], (time.process_time() - began) * 1000)
    return least


async def seconds(work: Awaitable[object]) -> float:
    """How long it took by the clock."""
    began = time.perf_counter()
    await work
    return time.perf_counter() - began


def at_most(what: str, value: float, bound: float, unit: str, peer: str = "") -> Row:
    """A row whose figure must not exceed a bound."""
    return Row(
        what=what,
        measured=f"{_short(value)} {unit}",
        bound=f"<= {bound:g} {unit}",
        ok=value <= bound,
        peer=peer,
    )


def at_least(what: str, value: float, bound: float, unit: str, peer: str = "") -> Row:
    """A row whose figure must not fall short of a bound."""
    return Row(
        what=what,
        measured=f"{_short(value)} {unit}",
        bound=f">= {bound:g} {unit}",
        ok=value >= bound,
        peer=peer,
    )


def _short(value: float) -> str:
    return f"{value:.3f}" if value < 1 else f"{value:.2f}" if value < 100 else f"{value:,.0f}"
