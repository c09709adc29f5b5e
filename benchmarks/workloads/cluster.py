"""Players of servers whose turns workers play, and what these take: CPU, waits, connections."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx
import psutil

from benchmarks.server_players import followed

THEMES = ("A lighthouse keeper finds a door under the stairs.", "Two sisters inherit a bakery.")


@dataclass(frozen=True, slots=True)
class Played:
    """A turn as its player saw it; times are of the monotonic clock."""

    turn_id: str
    player: str
    began_s: float
    ended_s: float

    @property
    def took_ms(self) -> float:
        """From the asking to the last update."""
        return (self.ended_s - self.began_s) * 1000


@dataclass
class Player:
    """Plays one story through one server, from an address of its own.

    ``name`` is a person's in the story, so that it stands in every prompt of its turns.
    """

    web: httpx.AsyncClient
    number: int
    branch: str = ""
    turns: list[Played] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Of the friend in the story."""
        return f"Wren{self.number}"

    async def turn(self) -> Played:
        """Ask for a turn and follow it to its end. Raises RuntimeError if it is not stored."""
        if not self.branch:
            await self._begin_story()
        wanted: dict[str, Any] = (
            {"kind": "choose", "choice": 1} if self.turns else {"kind": "begin"}
        )
        key = {"Idempotency-Key": f"{self.branch.replace('/', '-')}-{len(self.turns)}"}
        began_s = time.monotonic()
        asked = await self.web.post(f"{self.branch}/turns", json=wanted, headers=key)
        while asked.status_code == 409:  # the row of a turn follows its last update
            asked = await self.web.post(f"{self.branch}/turns", json=wanted, headers=key)
        asked.raise_for_status()
        turn_id = asked.json()["turn_id"]
        kinds = [kind async for kind in followed(self.web, turn_id, Counter())]
        if kinds[-1] != "stored":
            raise RuntimeError(f"a turn ended as {kinds[-1]}")
        self.turns.append(Played(turn_id, self.name, began_s, time.monotonic()))
        return self.turns[-1]

    async def play(self, many: int) -> None:
        """So many turns, one after the other."""
        for _ in range(many):
            await self.turn()

    async def _begin_story(self) -> None:
        wished = {
            "theme": THEMES[self.number % len(THEMES)],
            "seed": self.number,
            "characters": [{"name": self.name, "description": "an old friend"}],
        }
        made = await self.web.post("/stories", json=wished)
        made.raise_for_status()
        self.branch = f"/stories/{made.json()['story_id']}/branches/main"


@asynccontextmanager
async def players(address: str, numbers: Sequence[int]) -> AsyncIterator[list[Player]]:
    """Players of one server; each has an address, as the rate of each is bounded."""
    found = []
    for number in numbers:
        sent = httpx.AsyncHTTPTransport(
            local_address=f"127.0.{1 + number // 200}.{1 + number % 200}", verify=False
        )
        web = httpx.AsyncClient(base_url=f"{address}/api/v1", transport=sent, timeout=300)
        found.append(Player(web, number))
    try:
        yield found
    finally:
        for one in found:
            await one.web.aclose()


def cpu_s(process_ids: Sequence[int]) -> float:
    """CPU so far of programs and of those that they began, seconds."""
    found = 0.0
    for process_id in process_ids:
        root = psutil.Process(process_id)
        for one in (root, *root.children(recursive=True)):
            used = one.cpu_times()
            found += used.user + used.system + used.children_user + used.children_system
    return float(found)


@dataclass
class Histories:
    """What Temporal kept of turns: how long each task lay in its queue, and how much it is.

    Attributes:
        began: from the asking for a turn until a worker began to tell it, by turn, milliseconds.
    """

    ordering_ms: list[float] = field(default_factory=list)
    telling_ms: list[float] = field(default_factory=list)
    began: dict[str, float] = field(default_factory=dict)
    events: int = 0
    size: int = 0

    @property
    def began_ms(self) -> list[float]:
        """The waits of all turns."""
        return [*self.began.values()]


async def histories(temporal: str, turn_ids: Sequence[str]) -> Histories:
    """The histories of these turns."""
    from temporalio.client import Client

    client, found = await Client.connect(temporal), Histories()
    for turn_id in turn_ids:
        asked: dict[int, datetime] = {}
        async for event in client.get_workflow_handle(turn_id).fetch_history_events():
            found.events += 1
            found.size += event.ByteSize()
            at = event.event_time.ToDatetime()
            asked[event.event_id] = at
            if event.HasField("workflow_task_started_event_attributes"):
                since = asked[event.workflow_task_started_event_attributes.scheduled_event_id]
                found.ordering_ms.append((at - since).total_seconds() * 1000)
            elif event.HasField("activity_task_started_event_attributes"):
                since = asked[event.activity_task_started_event_attributes.scheduled_event_id]
                found.telling_ms.append((at - since).total_seconds() * 1000)
                found.began.setdefault(turn_id, (at - asked[1]).total_seconds() * 1000)
    return found


async def stored_bytes(database: str) -> int:
    """How large a database is."""
    return int(await _asked(database, "SELECT pg_database_size(current_database())"))


async def sessions(database: str) -> int:
    """How many connections a database has, but for the one that asks."""
    clients = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"
    return int(await _asked(database, clients)) - 1


async def _asked(database: str, sql: str) -> Any:
    import asyncpg

    connection = await asyncpg.connect(database)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


def connected(port: int) -> int:
    """How many connections to a port of this machine stand."""
    return sum(
        1
        for one in psutil.net_connections("tcp")
        if one.status == psutil.CONN_ESTABLISHED and one.raddr and one.raddr.port == port
    )
