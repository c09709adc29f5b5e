"""Many players taking turns on one worker, with a model's time for each scene."""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from benchmarks import Row
from benchmarks.timing import at_most, quantile
from benchmarks.workloads.serving import Program, load, program, until

THEMES = (
    "A lighthouse keeper finds a door under the stairs.",
    "Two sisters inherit a bakery.",
    "A courier carries a letter across a frozen lake.",
    "A detective looks for a stolen violin.",
)
THINKS_S = (6.0, 16.0)
"""Between the end of a turn and the next move."""
MOST_CPU_MS, MOST_BLOCKED_MS, MOST_GROWTH = 40, 100, 1.15


@dataclass
class Played:
    """What the players saw."""

    stored: Counter[str] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)
    first_s: list[float] = field(default_factory=list)
    trouble: Counter[str] = field(default_factory=Counter)
    repeated: Counter[str] = field(default_factory=Counter)


class Repeating(httpx.AsyncBaseTransport):
    """Sends a request again whose connection was gone before its answer, as browsers do."""

    def __init__(self, repeated: Counter[str], limits: httpx.Limits) -> None:
        self._sent = httpx.AsyncHTTPTransport(limits=limits, trust_env=False)
        self._repeated = repeated

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Pass a request on, twice more at most."""
        for _ in range(2):
            try:
                return await self._sent.handle_async_request(request)
            except (httpx.ReadError, httpx.RemoteProtocolError) as error:
                self._repeated[f"{request.method} {type(error).__name__}"] += 1
        return await self._sent.handle_async_request(request)

    async def aclose(self) -> None:
        """Close all connections."""
        await self._sent.aclose()


async def followed(
    web: httpx.AsyncClient, turn_id: str, repeated: Counter[str]
) -> AsyncGenerator[str, None]:
    """The kinds of the events of a turn; taken up where the connection broke off, as pages do."""
    after, path = "", f"/turns/{turn_id}/events"
    while True:
        headers = {"Last-Event-ID": after} if after else {}
        try:
            async with web.stream("GET", path, headers=headers) as events:
                async for line in events.aiter_lines():
                    if line.startswith("id: "):
                        after = line[4:]
                    elif line.startswith("event: "):
                        yield line[7:]
            return
        except (httpx.ReadError, httpx.RemoteProtocolError) as error:
            repeated[f"stream {type(error).__name__}"] += 1


async def play(
    web: httpx.AsyncClient, number: int, chance: random.Random, ends_s: float, played: Played
) -> None:
    """One player: begins a story, then chooses, until the time is up."""
    await asyncio.sleep(chance.uniform(0, sum(THINKS_S) / 2))
    made = await web.post("/stories", json={"theme": THEMES[number % 4], "seed": number})
    story_id = made.json()["story_id"]
    branch, wanted, turn = f"/stories/{story_id}/branches/main", {"kind": "begin"}, 0
    played.stored[story_id] = 0
    while until(ends_s):
        turn += 1
        key = {"Idempotency-Key": f"{story_id}-{turn}"}
        began = time.monotonic()
        asked = await web.post(f"{branch}/turns", json=wanted, headers=key)
        if asked.status_code != 202:
            played.trouble[f"{asked.status_code}"] += 1
            await asyncio.sleep(1)
            continue
        again = await web.post(f"{branch}/turns", json=wanted, headers=key)  # lost its answer
        if again.json()["turn_id"] != asked.json()["turn_id"]:
            played.trouble["doubled"] += 1
        last = ""
        async for kind in followed(web, asked.json()["turn_id"], played.repeated):
            if kind == "passage" and last != "passage":
                played.first_s.append(time.monotonic() - began)
            last = kind
        played.ends[last] += 1
        played.stored[story_id] += last == "stored"
        wanted = {"kind": "choose", "choice": 1 + turn % 2}  # type: ignore[dict-item]
        present = await web.get(branch)
        if present.json()["ended"]:
            return
        await asyncio.sleep(chance.uniform(*THINKS_S))


async def begin(web: httpx.AsyncClient, theme: str) -> None:
    """A story with its opening scene, which nobody plays on."""
    made = (await web.post("/stories", json={"theme": theme})).json()
    asked = await web.post(
        f"/stories/{made['story_id']}/branches/main/turns",
        json={"kind": "begin"},
        headers={"Idempotency-Key": theme.replace(" ", "-")},
    )
    await web.get(f"/turns/{asked.json()['turn_id']}/events")


async def missing(web: httpx.AsyncClient, played: Played) -> tuple[int, int]:
    """Turns that were said to be stored and are not there, and turns that nobody asked for."""
    lost = doubled = 0
    for story_id, stored in played.stored.items():
        found = await web.get(f"/stories/{story_id}/branches/main/turns", params={"limit": 200})
        turns = [turn["turn"] for turn in found.json()["turns"]]
        lost += max(0, stored - len(turns))
        doubled += max(0, len(turns) - stored) + (turns != list(range(1, len(turns) + 1)))
    return lost, doubled


async def watched(server: Program, memory: list[float], apart_s: float) -> None:
    """Take down what memory the server has."""
    while True:
        memory.append(server.resident_mb())
        await asyncio.sleep(apart_s)


async def measure(quick: bool) -> AsyncIterator[Row]:
    players, minutes = (200, 1) if quick else (200, 10)
    played, memory = Played(), list[float]()
    limits = httpx.Limits(max_connections=600, max_keepalive_connections=600, keepalive_expiry=2)
    with tempfile.TemporaryDirectory() as home, program("stories", Path(home)) as server:
        base: dict[str, Any] = {"base_url": f"{server.address}/api/v1", "trust_env": False}
        transport = Repeating(played.repeated, limits)
        async with httpx.AsyncClient(**base, timeout=120, transport=transport) as web:
            for theme in THEMES:  # what the first one loads
                await begin(web, theme)
            server.begin_to_watch()
            began, before_s = time.monotonic(), server.cpu_s()
            watching = asyncio.create_task(watched(server, memory, 1.0))
            async with asyncio.TaskGroup() as group:
                for number in range(players):
                    chance = random.Random(number)
                    ends_s = began + 60 * minutes
                    group.create_task(play(web, number, chance, ends_s, played))
            took_s, cpu_s = time.monotonic() - began, server.cpu_s() - before_s
            watching.cancel()
            lost, doubled = await missing(web, played)
    turns, figures = sum(played.stored.values()), server.figures
    name = f"{players} players for {minutes} min, {turns:,} turns"
    yield Row(
        what=f"{name}: lost, doubled",
        measured=f"{lost}, {doubled}",
        bound="0, 0",
        ok=lost == doubled == 0 and not played.trouble,
        peer=f"{dict(played.ends)} {dict(played.trouble) or ''}"
        + (f" sent again: {dict(played.repeated)}" if played.repeated else ""),
    )
    own_ms = (cpu_s - figures["told_s"]) * 1000 / turns
    told = f"with the storyteller {cpu_s * 1000 / turns:.0f} ms; {cpu_s / took_s:.0%} of a core"
    yield at_most("our own CPU for a turn, all requests with it", own_ms, MOST_CPU_MS, "ms", told)
    blocked_ms, busy_ms = figures["blocked_s"] * 1000, figures["busy_s"] * 1000
    more = f"over 100 ms {figures['over_100_ms']:.0f} times, with others' work ({load()})"
    yield at_most("the longest block of the event loop", blocked_ms, MOST_BLOCKED_MS, "ms", more)
    more = f"over 100 ms {figures['busy_over_100_ms']:.0f} times; "
    more += f"the longest collection of garbage {figures['collector_s'] * 1000:.0f} ms"
    yield at_most("the longest by its own CPU", busy_ms, MOST_BLOCKED_MS, "ms", more)
    third = len(memory) // 3
    begun, last = max(memory[third : 2 * third]), max(memory[2 * third :])
    yield at_most(
        "memory, last third over the one before",
        last / begun,
        MOST_GROWTH,
        "times",
        f"{memory[0]:.0f} → {begun:.0f} → {last:.0f} MB",
    )
    yield Row(
        what="first passage after the move, median, p95",
        measured=f"{quantile(played.first_s, 0.5):.2f} s, {quantile(played.first_s, 0.95):.2f} s",
        peer="the model's own: 0.5 to 2 s",
    )
