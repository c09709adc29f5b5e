"""Workers in their own processes never pass a quota or a budget, while Redis stops and starts."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.redis_server import RedisServer

ROOT = Path(__file__).parents[2]


def most_in(window_s: float, times: Sequence[float]) -> int:
    """The greatest number of moments in any half-open window."""
    ordered, first, most = sorted(times), 0, 0
    for last, moment in enumerate(ordered):
        while ordered[first] <= moment - window_s:
            first += 1
        most = max(most, last - first + 1)
    return most


async def played(
    server: RedisServer,
    *,
    callers: int,
    seconds: float,
    off_s: tuple[float, float],
    timing: dict[str, float],
    workers: int = 4,
    **what: object,
) -> tuple[list[list[float]], int]:
    """When each worker's requests were let through, and how often Redis went away for one."""
    asked: dict[str, object] = {"url": server.url, "callers": callers, "seconds": seconds}
    asked |= what | {"timing": timing, "workers": workers}
    running = [
        await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.integrations.redis_callers",
            json.dumps(asked | {"worker": f"w{number}"}),
            stdout=asyncio.subprocess.PIPE,
            cwd=ROOT,
        )
        for number in range(workers)
    ]
    for process in running:
        assert process.stdout is not None
        assert await process.stdout.readline() == b"begun\n"
    stops, starts = off_s
    await asyncio.sleep(stops)
    server.stop()
    await asyncio.sleep(starts - stops)
    server.start()
    said = [(await process.communicate())[0].decode().split() for process in running]
    return [[float(word) for word in one[:-1]] for one in said], sum(int(one[-1]) for one in said)


async def test_a_quota_holds_while_redis_stops_and_starts(own_redis: RedisServer) -> None:
    timing = {"beat_s": 0.2, "retry_s": 0.1, "answer_s": 0.5, "window_s": 2.0, "report_s": 1.5}
    timing |= {"alive_s": 5.0, "lease_s": 3.0}
    times, losses = await played(
        own_redis, callers=16, rpm=40, seconds=18.0, off_s=(6.0, 11.0), timing=timing
    )
    every = [moment for one in times for moment in one]

    assert most_in(2.0, every) <= 40
    assert losses >= 4
    assert all(len(one) >= 10 for one in times)
    assert len(every) >= 40 * 18 / 2.0 * 0.4


async def test_a_budget_holds_while_redis_stops_and_starts(
    own_redis: RedisServer, tmp_path: Path
) -> None:
    timing = {"beat_s": 0.5, "retry_s": 0.1, "answer_s": 0.5, "window_s": 1.0, "report_s": 1.5}
    timing |= {"alive_s": 5.0, "lease_s": 3.0}
    ledger = tmp_path / "ledger"
    ledger.touch()
    times, losses = await played(
        own_redis,
        callers=16,
        seconds=16.0,
        off_s=(5.0, 8.0),
        timing=timing,
        limit_usd=4.0,
        ledger=str(ledger),
    )
    billed_usd = 0.006 * sum(map(len, times))
    booked_usd = sum(map(float, ledger.read_text().split()))

    print(f"${billed_usd:.3f} of $4 billed")
    assert booked_usd == pytest.approx(billed_usd)
    assert 0.75 * 4.0 <= billed_usd <= 4.0  # the last three seconds may count twice
    assert losses >= 4


@pytest.mark.cluster
@pytest.mark.parametrize(("rates", "takes_s"), [((0.3, 2.5), 1.0), ((0.1, 0.4), 2.0)])
async def test_two_cents_hold_at_a_real_models_prices_while_redis_stops_and_starts(
    own_redis: RedisServer, tmp_path: Path, rates: tuple[float, float], takes_s: float
) -> None:
    timing = {"beat_s": 0.5, "retry_s": 0.1, "answer_s": 0.5, "window_s": 1.0, "report_s": 1.5}
    timing |= {"alive_s": 5.0, "lease_s": 3.0}
    ledger = tmp_path / "ledger"
    ledger.touch()
    # a scene of a small model, and of a smaller one, in US dollars a million tokens
    times, losses = await played(
        own_redis,
        callers=16,
        seconds=14.0,
        off_s=(3.0, 6.0),
        timing=timing,
        limit_usd=0.02,
        ledger=str(ledger),
        rates={"input": rates[0], "output": rates[1]},
        prompt_chars=6_000,
        usage={"input_tokens": 1_500, "output_tokens": 350},
        max_tokens=2_000,
        takes_s=takes_s,
    )
    each_usd = (1_500 * rates[0] + 350 * rates[1]) / 1e6
    worst_usd = (6_064 * rates[0] + 2_000 * rates[1]) / 1e6
    billed_usd = each_usd * sum(map(len, times))
    booked_usd = sum(map(float, ledger.read_text().split()))
    ends = sorted(moment for one in times for moment in one)
    ends = [round(moment - ends[0], 1) for moment in ends]
    print(f"${billed_usd:.5f} of $0.02; each ${each_usd:.5f} of ${worst_usd:.5f}; {ends}")
    assert booked_usd == pytest.approx(billed_usd)
    assert billed_usd <= 0.02
    assert losses >= 4
    assert billed_usd >= 0.5 * (0.02 - worst_usd), "what was spent as it went may count twice"
    assert ends[-1] > 6.0, "they go on once Redis is back"
    assert sum(moment < 3.0 for moment in ends) >= 3, "they went on before it was away"


@pytest.mark.cluster
async def test_a_quota_a_minute_holds_while_redis_stops_and_starts(own_redis: RedisServer) -> None:
    # by shares for 65 s, shared, none for 60 s, by shares, and again for 65 s, shared
    times, losses = await played(
        own_redis, callers=64, rpm=240, seconds=240.0, off_s=(80.0, 150.0), timing={}
    )
    every = [moment for one in times for moment in one]

    assert most_in(60.0, every) <= 240
    assert losses >= 4
    print(f"most in 60 s: {most_in(60.0, every)} of 240; in all {len(every)} in 240 s")
