"""A small snippet's verdict: monty, the jail, and beside them a fresh interpreter in a subprocess.

The subprocess is the peer to compare with: what everybody would write first, and no sandbox at all.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from tta_rebuild.core.redaction import Redactor
from tta_rebuild.integrations.local_executor import LocalExecutor
from tta_rebuild.quality.story_code import find_code

PLAIN = "print(sum(range(10)))"
NEEDS_CPYTHON = "class A:\n    pass\nclass B(A):\n    pass\nprint(B.__mro__)"


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as running:
        yield running


@pytest.fixture
def executor(runner: asyncio.Runner) -> Iterator[LocalExecutor]:
    local = LocalExecutor()
    runner.run(local.engines())
    yield local
    runner.run(local.aclose())


@pytest.mark.benchmark(group="verdict on a small snippet")
def test_by_monty(
    benchmark: BenchmarkFixture, runner: asyncio.Runner, executor: LocalExecutor
) -> None:
    verdict = benchmark(lambda: runner.run(executor.run(PLAIN)))
    assert verdict.engine == "monty"


@pytest.mark.benchmark(group="verdict on a small snippet")
def test_through_the_jail(
    benchmark: BenchmarkFixture, runner: asyncio.Runner, executor: LocalExecutor
) -> None:
    verdict = benchmark(lambda: runner.run(executor.run(NEEDS_CPYTHON)))
    if verdict.engine != "jail":
        pytest.skip(f"no jail on this machine: {executor.jail_problem}")
    assert verdict.verdict == "valid"


@pytest.mark.benchmark(group="verdict on a small snippet")
def test_in_a_plain_subprocess(benchmark: BenchmarkFixture) -> None:
    ran = benchmark(
        lambda: subprocess.run(
            [sys.executable, "-I", "-c", NEEDS_CPYTHON], check=True, capture_output=True
        )
    )
    assert ran.returncode == 0


@pytest.mark.benchmark(group="text of 4,000 characters")
def test_redacting(benchmark: BenchmarkFixture) -> None:
    redactor = Redactor(
        ["".join(chr(97 + n * 7 % 26) for n in range(start, start + 60)) for start in range(4)]
    )
    text = "The lighthouse keeper opened the door. " * 100
    assert benchmark(lambda: redactor.redact(text)) == text


@pytest.mark.benchmark(group="text of 4,000 characters")
def test_finding_code(benchmark: BenchmarkFixture) -> None:
    story = ("The lighthouse keeper opened the door. " * 10 + "\n\n```python\nx = 1\n```\n\n") * 10
    assert len(benchmark(lambda: find_code(story))) == 10
