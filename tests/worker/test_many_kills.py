"""A hundred turns while workers are killed: each is stored once, as its watcher saw it."""

from __future__ import annotations

import asyncio
import json
import random
import socket
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import pytest
from temporalio.client import Client
from temporalio.service import RPCError
from tools.cluster.programs import Fleet, Place, at_the_models
from tools.wire import RunningWire
from tools.wire.state import Record

import tta_rebuild as tta
from tests.engine.conftest import PREMISE
from tests.engine.turn_runner_contract import asks
from tta_rebuild.bootstrap.cluster import temporal_runner
from tta_rebuild.core.errors import BranchBusy
from tta_rebuild.core.events import SceneTold
from tta_rebuild.core.usage import Attempt, Usage
from tta_rebuild.engine.session_cache import SessionCache
from tta_rebuild.engine.temporal_runner import TemporalRunner
from tta_rebuild.engine.turn_runner import RunningTurn, TurnRequest, TurnUpdate

pytestmark = pytest.mark.cluster

STORIES, TURNS, WORKERS = 10, 10, 4
APART_S = (0.5, 3.5)
"""Between two kills."""

WHOLE_S = 150.0


@dataclass
class Watched:
    """What a client saw of one turn, and when."""

    turn_id: str
    updates: list[TurnUpdate] = field(default_factory=list)
    at_s: list[float] = field(default_factory=list)

    @property
    def is_over(self) -> bool:
        return bool(self.updates) and self.updates[-1].is_last

    @property
    def told(self) -> list[str]:
        """The passages that stand: those after the last time that it began anew."""
        found: list[str] = []
        for update in self.updates:
            if update.kind == "restarted":
                found.clear()
            elif update.kind == "passage":
                found.append(json.loads(update.text)["text"])
        return found

    def after(self, number: int, since_s: float) -> float | None:
        """Seconds from a moment until something with a higher number was seen."""
        seen = zip(self.updates, self.at_s, strict=True)
        return next((at - since_s for one, at in seen if one.number > number), None)


@dataclass
class Killed:
    """One worker's end, and the turns that it was telling: how far each had come."""

    at_s: float
    turns: dict[str, int]


class Table:
    """Stories whose turns are watched to their ends."""

    def __init__(
        self, application: tta.Application, runner: TemporalRunner, client: Client
    ) -> None:
        self.application, self.runner, self.client = application, runner, client
        self.watched: dict[str, list[Watched]] = {}
        self.kills: list[Killed] = []

    @property
    def turns(self) -> dict[str, Watched]:
        return {one.turn_id: one for story in self.watched.values() for one in story}

    async def play(self) -> None:
        """One story: its opening, then the first choice each time."""
        session = await self.application.stories.open(PREMISE)
        watched = self.watched[session.story_id] = list[Watched]()
        for number in range(TURNS):
            how = {} if number else {"kind": "begin", "choice": 0}
            asked = await self.asked(asks(session, f"{session.story_id} {number}", **how))
            watched.append(turn := Watched(asked.turn_id))
            async for update in self.runner.tail(turn.turn_id):
                turn.updates.append(update)
                turn.at_s.append(time.monotonic())

    async def asked(self, request: TurnRequest) -> RunningTurn:
        """A turn, as soon as the branch is free: the row of the one before follows its end."""
        while True:
            with suppress(BranchBusy):
                return await self.runner.submit(request)
            await asyncio.sleep(0.05)

    async def kill_on(self, fleet: Fleet, chance: random.Random) -> None:
        """Kill one worker after the other, at random moments, and begin others instead."""
        while True:
            await asyncio.sleep(chance.uniform(*APART_S))
            while len(fleet.process_ids) < 2:  # noqa: ASYNC110 (one that starts has no event)
                await asyncio.sleep(0.1)
            whose, at_s = f"{socket.gethostname()[:60]}-{fleet.kill(chance)}-", time.monotonic()
            running = [one.turn_id for one in self.turns.values() if not one.is_over]
            found = await asyncio.gather(*(self._told_by(turn_id) for turn_id in running))
            told = zip(running, found, strict=True)
            mine = [turn_id for turn_id, who in told if who.startswith(whose)]
            self.kills.append(Killed(at_s, {one: await self._shown(one) for one in mine}))
            fleet.refill()

    async def _told_by(self, turn_id: str) -> str:
        """The machine that tells a turn, as Temporal knows it; "" where none does."""
        handle = self.client.get_workflow_handle(turn_id)
        with suppress(RPCError):  # it is being begun
            pending = (await handle.describe()).raw_description.pending_activities
            return next((one.last_worker_identity for one in pending), "")
        return ""

    async def _shown(self, turn_id: str) -> int:
        shown = await self.application.store.turn_updates().read(turn_id, after=0, wait_s=0.0)
        return shown[-1][0] if shown else 0

    async def stored(self, story_id: str) -> list[tuple[int, list[str]]]:
        """The turns of a story with the passages of their scenes, as they are in the log."""
        return [
            (one.turn, [passage.text for passage in one.event.scene.passages])
            for one in await self.application.stories.path(story_id)
            if isinstance(one.event, SceneTold)
        ]


@asynccontextmanager
async def table_of(place: Place) -> AsyncIterator[Table]:
    settings = tta.load_settings(place.environment(), place.folder)
    async with (
        tta.open_application(settings) as application,
        temporal_runner(
            application, SessionCache(application.stories), new_id=lambda: uuid4().hex
        ) as runner,
    ):
        yield Table(application, runner, await Client.connect(place.temporal))


def quantile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def bills_of(
    attempts: Sequence[Attempt], records: Sequence[Record]
) -> list[tuple[Attempt, Record | None]]:
    """Lost calls, each with what the model server has of it: the nearest in time and length.

    Calls whose end was heard are looked for first, by what they were billed.
    """
    ahead_s = time.time() - time.monotonic()
    free, found = list(records), list[tuple[Attempt, Record | None]]()
    for row in sorted(attempts, key=lambda row: row.outcome == "broken"):
        at_s, is_lost = row.at.timestamp() - ahead_s, row.outcome == "broken"
        near = [
            one
            for one in free
            if abs(one.at - at_s) < 1.5 and (is_lost or counts_of(one) == counts_of(row.usage))
        ]
        tokens = row.usage.input_tokens
        one = min(
            near,
            key=lambda one: abs(one.at - at_s) + abs(one.input_tokens - tokens) / 500,
            default=None,
        )
        if one is not None:
            free.remove(one)
        if is_lost:
            found.append((row, one))
    return found


def counts_of(one: Record | Usage) -> tuple[int, int]:
    return one.input_tokens, one.output_tokens


async def test_a_hundred_turns_are_stored_once_each_while_workers_are_killed(
    temporal: str, postgresql_database: str, tmp_path: Path
) -> None:
    began_s = time.monotonic()
    with RunningWire(first_token_s=0.2, tokens_per_s=120, words=90) as wire:
        place = Place(
            folder=tmp_path,
            database=postgresql_database,
            temporal=temporal,
            more={**at_the_models(tmp_path, wire.url), "TTA_RUNNER": "temporal"},
        )
        async with (
            asyncio.timeout(WHOLE_S),
            table_of(place) as table,
            Fleet(place, WORKERS) as fleet,
        ):
            killing = asyncio.create_task(table.kill_on(fleet, random.Random(1)))
            async with asyncio.TaskGroup() as group:
                for _ in range(STORIES):
                    group.create_task(table.play())
            killing.cancel()
            [why] = await asyncio.gather(killing, return_exceptions=True)
            assert isinstance(why, asyncio.CancelledError), why
            stored = {story_id: await table.stored(story_id) for story_id in table.watched}
            await table.application.tracker.flush()
            attempts = await table.application.ledger.attempts(limit=10_000)
        billed_usd, records = wire.billed_usd(), wire.records()
    booked_usd = sum(row.cost_usd for row in attempts)
    lost = [row for row in attempts if row.outcome == "broken"]
    lost_usd = sum(row.cost_usd for row in lost)
    taken_s = [
        took
        for kill in table.kills
        for turn_id, number in kill.turns.items()
        if (took := table.turns[turn_id].after(number, kill.at_s)) is not None
    ]
    print(
        f"{STORIES * TURNS} turns in {time.monotonic() - began_s:.0f} s, {len(table.kills)} kills "
        f"among {WORKERS} workers, {len(taken_s)} turns taken over: p50 "
        f"{quantile(taken_s, 0.5):.1f} s, p95 {quantile(taken_s, 0.95):.1f} s; billed "
        f"${billed_usd:.4f}, booked ${booked_usd:.4f} ({booked_usd / billed_usd:.3f} times), "
        f"{len(lost)} calls of which nobody heard the end were booked at ${lost_usd:.4f}"
    )

    bills = bills_of(attempts, records)
    ratios = [row.cost_usd / one.billed_usd for row, one in bills if one is not None]
    print(
        f"{len(ratios)} of them reached the model server: booked at {quantile(ratios, 0.5):.2f} "
        f"(median) and {quantile(ratios, 0.9):.2f} times (p90) its bill"
    )
    for row, one in bills:
        said = "never sent"
        if one is not None:
            said = f"billed {one.input_tokens} {one.output_tokens} ${one.billed_usd:.5f}"
        counts = f"{row.usage.input_tokens} {row.usage.output_tokens}"
        print(f"{row.task} of {row.turn}: booked {counts} ${row.cost_usd:.5f}; {said}")

    ends = Counter(one.updates[-1].kind for one in table.turns.values())
    assert ends == {"stored": STORIES * TURNS}, "none is lost"
    for story_id, watched in table.watched.items():
        assert [turn for turn, _ in stored[story_id]] == list(range(1, TURNS + 1)), "each once"
        assert [told for _, told in stored[story_id]] == [one.told for one in watched]
    for one in table.turns.values():
        assert [update.number for update in one.updates] == list(range(1, len(one.updates) + 1))
    assert len(table.kills) >= 10
    assert len(taken_s) >= 10
    assert quantile(taken_s, 0.95) < 12
    assert booked_usd - lost_usd <= billed_usd <= booked_usd, "too high for lost calls alone"
    assert booked_usd <= 1.25 * billed_usd, "1.05 times on a machine that is not starved"
