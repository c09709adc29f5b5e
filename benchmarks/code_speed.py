"""Verdicts on a small snippet, beside a plain subprocess (which is no sandbox)."""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path

import psutil

from benchmarks import Row
from benchmarks.timing import quantile
from tta_rebuild.core.redaction import Redactor
from tta_rebuild.integrations.local_executor import LocalExecutor
from tta_rebuild.quality.story_code import find_code

SMALL = "total = sum(n * n for n in range(10))\nprint('The lock reads', total)"
SMALL_FOR_THE_JAIL = (
    "class Door:\n    pass\nclass Gate(Door):\n    pass\nprint(Gate.__mro__[1].__name__)"
)


async def measure(quick: bool) -> AsyncIterator[Row]:
    times = 40 if quick else 300
    bare_ms = await _subprocess_ms(times // 2)
    peer = f"python -I, no sandbox {bare_ms:.1f} ms"
    async with LocalExecutor() as local:
        jailed = "jail" in await local.engines()
        yield await _speed(local, "when monty suffices", SMALL, 5.0, times, peer)
        if jailed:
            yield await _speed(local, "through the jail", SMALL_FOR_THE_JAIL, 100.0, times, peer)
        else:
            yield Row(what="warm verdict through the jail", measured="no jail here", peer=peer)
    yield await _growth(200 if quick else 1000)
    for row in _text(20 if quick else 200):
        yield row


async def _subprocess_ms(times: int) -> float:
    took = []
    for _ in range(times):
        began = time.perf_counter()
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-c", SMALL_FOR_THE_JAIL), stdout=asyncio.subprocess.DEVNULL
        )
        await process.wait()
        took.append((time.perf_counter() - began) * 1000)
    return quantile(took, 0.5)


async def _speed(
    executor: LocalExecutor, where: str, code: str, bound_ms: float, times: int, peer: str
) -> Row:
    for _ in range(5):
        verdict = await executor.run(code)
    took = []
    for _ in range(times):
        began = time.perf_counter()
        verdict = await executor.run(code)
        took.append((time.perf_counter() - began) * 1000)
    median = quantile(took, 0.5)
    return Row(
        what=f"warm verdict {where} ({verdict.engine}), median / p95",
        measured=f"{median:.1f} / {quantile(took, 0.95):.1f} ms",
        bound=f"< {bound_ms:.0f} ms",
        ok=median < bound_ms and verdict.verdict == "valid",
        peer=peer,
    )


async def _growth(snippets: int) -> Row:
    """What many snippets in a row leave behind, after the first tenth has warmed everything up."""
    me = psutil.Process()
    async with LocalExecutor() as executor:
        before = (0.0, 0, 0, 0)
        for number in range(snippets + snippets // 10):
            if number == snippets // 10:
                before = _held(me)
            await executor.run(SMALL if number % 2 else SMALL_FOR_THE_JAIL)
        after = _held(me)
    grown_mib, files, processes, entries = (b - a for a, b in zip(before, after, strict=True))
    return Row(
        what=f"{snippets} snippets: memory, descriptors, processes, files",
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


def _text(rounds: int) -> list[Row]:
    redactor = Redactor(
        ["".join(chr(97 + n * 7 % 26) for n in range(start, start + 60)) for start in range(4)]
    )
    plain = "The lighthouse keeper opened the door. " * 100
    coded = ("The lighthouse keeper opened the door. " * 10 + "\n\n```python\nx = 1\n```\n\n") * 10
    assert len(find_code(coded)) == 10
    rows = []
    for what, work in (
        ("redacting four keys", lambda: redactor.redact(plain)),
        ("finding code", lambda: find_code(coded)),
    ):
        took = []
        for _ in range(rounds):
            began = time.thread_time()
            work()
            took.append((time.thread_time() - began) * 1000)
        rows.append(
            Row(what=f"{what} in 4,000 characters", measured=f"{quantile(took, 0.5):.3f} ms CPU")
        )
    return rows
