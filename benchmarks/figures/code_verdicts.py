"""Numbers 2 and 3: verdicts on snippets such as stories hold, their speed and their traces."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
from tests.snippets import Example, examples

from benchmarks.figures import Row
from tta_rebuild.integrations.local_executor import LocalExecutor

_SMALL = "total = sum(n * n for n in range(10))\nprint('The lock reads', total)"
_SMALL_FOR_THE_JAIL = (
    "class Door:\n    pass\nclass Gate(Door):\n    pass\nprint(Gate.__mro__[1].__name__)"
)


async def measure(quick: bool) -> AsyncIterator[Row]:
    """The table of verdicts with and without the jail, then times and growth."""
    corpus = examples()
    kinds = len({e.kind for e in corpus})
    valid = [e for e in corpus if e.is_valid]
    invalid = [e for e in corpus if not e.is_valid]
    yield Row(
        number="2",
        what="the corpus",
        measured=f"{len(valid)}+{len(invalid)} of {kinds} kinds",
        bound=">= 100+40 of 5 kinds",
        ok=len(valid) >= 100 and len(invalid) >= 40 and kinds >= 5,
    )
    async with LocalExecutor() as local:
        jailed = "jail" in await local.engines()
        for row in await _table(local, "with the jail", valid, invalid, promised=True):
            yield row
    async with LocalExecutor(use_jail=False) as monty:
        for row in await _table(monty, "monty alone", valid, invalid, promised=False):
            yield row
    async with LocalExecutor() as local:
        times = 40 if quick else 300
        yield await _speed(local, "when monty suffices", _SMALL, 5.0, times)
        if jailed:
            yield await _speed(local, "through the jail", _SMALL_FOR_THE_JAIL, 100.0, times)
    yield await _growth(200 if quick else 1000)


async def _table(
    executor: LocalExecutor,
    where: str,
    valid: list[Example],
    invalid: list[Example],
    *,
    promised: bool,
) -> list[Row]:
    good = Counter([(await executor.run(e.code)).verdict for e in valid])
    bad = Counter([(await executor.run(e.code)).verdict for e in invalid])
    good_share, bad_share = good["valid"] / len(valid), bad["invalid"] / len(invalid)
    others = good["unverified"] + good["blocked"]
    return [
        Row(
            number="2",
            what=f"{where}: valid found valid / invalid / neither",
            measured=f"{good_share:.1%} / {good['invalid']} / {others}",
            bound=">= 95% / 0" if promised else "none invalid",
            ok=good["invalid"] == 0 and (good_share >= 0.95 or not promised),
        ),
        Row(
            number="2",
            what=f"{where}: invalid found invalid / valid / neither",
            measured=f"{bad_share:.1%} / {bad['valid']} / {bad['unverified'] + bad['blocked']}",
            bound=">= 95%" if promised else "(beside it)",
            ok=bad_share >= 0.95 or not promised,
        ),
    ]


async def _speed(
    executor: LocalExecutor, where: str, code: str, bound_ms: float, times: int
) -> Row:
    for _ in range(5):
        verdict = await executor.run(code)
    took = []
    for _ in range(times):
        began = time.perf_counter()
        verdict = await executor.run(code)
        took.append((time.perf_counter() - began) * 1000)
    took.sort()
    median, high = statistics.median(took), took[int(len(took) * 0.95)]
    return Row(
        number="3",
        what=f"warm verdict {where} ({verdict.engine}), median / 95th",
        measured=f"{median:.1f} / {high:.1f} ms",
        bound=f"< {bound_ms:.0f} ms",
        ok=median < bound_ms and verdict.verdict == "valid",
    )


async def _growth(snippets: int) -> Row:
    """What many snippets in a row leave behind, after the first tenth has warmed everything up."""
    me = psutil.Process()
    async with LocalExecutor() as executor:
        before = (0.0, 0, 0, 0)
        for number in range(snippets + snippets // 10):
            if number == snippets // 10:
                before = _held(me)
            await executor.run(_SMALL if number % 2 else _SMALL_FOR_THE_JAIL)
        after = _held(me)
    grown_mib, files, processes, entries = (b - a for a, b in zip(before, after, strict=True))
    return Row(
        number="3",
        what=f"{snippets} snippets: growth of memory, descriptors, processes, files",
        measured=f"{grown_mib:+.1f} MiB, {files:+}, {processes:+}, {entries:+}",
        bound="< 8 MiB, 0, 0, 0",
        ok=grown_mib < 8 and files <= 0 and processes <= 0 and entries <= 0,
    )


def _held(me: psutil.Process) -> tuple[float, int, int, int]:
    """MiB of this process and its children, descriptors, children, directories of snippets."""
    family = [me, *me.children(recursive=True)]
    memory = sum(p.memory_full_info().uss for p in family) / 2**20
    jails = list(Path(tempfile.gettempdir()).glob("tta-jail-*/*"))
    return memory, sum(p.num_fds() for p in family), len(family), len(jails)
