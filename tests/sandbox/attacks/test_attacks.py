"""No attack harms the host, whichever engine it reaches; no exit trick passes for valid."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest
import pytest_asyncio
from tests.sandbox.attacks.attack import Attack
from tests.sandbox.attacks.corpus import ATTACKS
from tests.sandbox.attacks.native import as_native
from tests.sandbox.attacks.watch import HostWatch, left_behind

from tta_rebuild.core.errors import ExecutorUnavailable
from tta_rebuild.integrations.local_executor import LocalExecutor
from tta_rebuild.sandbox.jail import Jail
from tta_rebuild.sandbox.snippet import Limits

LIMITS = Limits(wall_s=0.6, cpu_s=1, output_bytes=4096)
BOUNDS = Limits(cpu_s=1, wall_s=0.6, memory_bytes=512 << 20, file_bytes=1 << 20, output_bytes=4096)


def test_the_corpus_holds_at_least_sixty_attacks_of_every_class() -> None:
    assert len(ATTACKS) >= 60
    assert len({a.name for a in ATTACKS}) == len(ATTACKS)
    assert min(Counter(a.kind for a in ATTACKS).values()) >= 3


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def jail() -> AsyncIterator[Jail]:
    jail = Jail()
    try:
        await jail.open(BOUNDS)
    except ExecutorUnavailable as error:
        pytest.skip(f"no jail on this machine: {error}")
    yield jail
    await jail.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def monty() -> AsyncIterator[LocalExecutor]:
    async with LocalExecutor(LIMITS, use_jail=False) as executor:
        yield executor


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("attack", ATTACKS, ids=lambda a: a.name)
async def test_the_jail_holds(attack: Attack, tmp_path: Path, jail: Jail) -> None:
    host = HostWatch(tmp_path)
    with host.watching():
        began = time.monotonic()
        report = await jail.run(host.code(attack), BOUNDS)
        assert time.monotonic() - began < BOUNDS.wall_s + 1.5
        assert host.harm(report.output) == []
        assert not (attack.fakes_success and report.end == "finished")
        assert (await jail.run("print('still here')", BOUNDS)).output == "still here\n"


@pytest.mark.asyncio(loop_scope="module")
async def test_a_native_call_that_works_would_be_seen(tmp_path: Path, jail: Jail) -> None:
    host = HostWatch(tmp_path)
    with host.watching():
        report = await jail.run(as_native("libc.getpid()"), BOUNDS)
        assert host.harm(report.output) == ["the kernel did what it must refuse"]


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("attack", ATTACKS, ids=lambda a: a.name)
async def test_monty_holds(attack: Attack, tmp_path: Path, monty: LocalExecutor) -> None:
    host = HostWatch(tmp_path)
    with host.watching():
        verdict = await monty.run(host.code(attack))
        assert host.harm(verdict.output) == []
        assert not (attack.fakes_success and verdict.verdict == "valid")


async def test_nothing_is_left_when_all_attacks_are_over(tmp_path: Path) -> None:
    before = {p.pid for p in psutil.Process().children(recursive=True)}
    quick = [a for a in ATTACKS if a.kind in {"processes", "exit tricks", "signals"}]
    host = HostWatch(tmp_path)
    with host.watching():
        async with LocalExecutor(LIMITS) as local:
            for attack in quick:
                verdict = await local.run(host.code(attack))
                assert not (attack.fakes_success and verdict.verdict == "valid")
        assert host.harm("") == []
    assert left_behind(before) == []
