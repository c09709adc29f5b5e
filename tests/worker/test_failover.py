"""The primary of PostgreSQL is lost under running turns, and its standby takes over."""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from tools.cluster import programs
from tools.cluster.programs import Place, at_the_models
from tools.wire import RunningWire

from tests.postgresql_pair import postgresql_pair
from tests.server.serving import THEME
from tests.worker.held_turns import begun, held, served_by, shown, stands

pytestmark = pytest.mark.cluster

PLAYERS, SERVERS, WORKERS = 4, 2, 2
PROMOTED_AFTER_S = 3.0
"""From the kill to the promotion: how long whoever watches over it takes to be sure."""

LONGEST_S = 55.0
ENDS = ("stored", "failed", "abandoned", "refused", "paused")


@pytest.fixture
def folder() -> Iterator[Path]:
    """A short path, that PostgreSQL's user may enter."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        os.chmod(home, 0o755)
        yield Path(home)


@dataclass
class Played:
    """A turn as its player saw it."""

    story: str
    asked_at_s: float
    told: list[str] = field(default_factory=list)
    end: str = ""
    turn: int = 0
    ended_at_s: float = 0.0
    restarts: int = 0


@dataclass
class Players:
    """Players who each ask for one turn after the other, at whichever server is next."""

    servers: list[str]
    played: list[Played] = field(default_factory=list)
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    refusals: Counter[int] = field(default_factory=Counter)

    async def play(self, number: int) -> None:
        async with httpx.AsyncClient(timeout=30, trust_env=False) as client:
            made = await client.post(f"{self._at(number)}/stories", json={"theme": THEME})
            story, count = made.json()["story_id"], 0
            while not self.stop.is_set():
                count += 1
                how = {"kind": "choose", "choice": 1} if count > 1 else {"kind": "begin"}
                self.played.append(one := Played(story, time.monotonic()))
                await self._turn(client, one, how, key=f"{story}-{count}", at=number + count)

    def _at(self, number: int) -> str:
        return f"{self.servers[number % len(self.servers)]}/api/v1"

    async def _turn(
        self, client: httpx.AsyncClient, one: Played, how: dict[str, Any], *, key: str, at: int
    ) -> None:
        path = f"{self._at(at)}/stories/{one.story}/branches/main/turns"
        while True:  # as the pages do: ask again, with the same key
            asked = await client.post(path, json=how, headers={"Idempotency-Key": key})
            if asked.status_code == 202:
                break
            self.refusals[asked.status_code] += 1
            assert asked.status_code in (409, 429, 503), asked.text
            await asyncio.sleep(0.2)
        turn_id, after = asked.json()["turn_id"], 0
        while one.end not in ENDS:  # at the other server, and again where the stream breaks off
            at += 1
            where = f"{self._at(at)}/turns/{turn_id}/events"
            async with client.stream("GET", where, headers={"Last-Event-ID": str(after)}) as told:
                if told.status_code != 200:
                    self.refusals[told.status_code] += 1
                    await asyncio.sleep(0.2)
                    continue
                async for line in told.aiter_lines():
                    name, _, value = line.partition(": ")
                    if name == "id":
                        after = int(value)
                    elif name == "event":
                        one.end = value
                    elif name == "data":
                        self._seen(one, json.loads(value))
        one.ended_at_s = time.monotonic()

    def _seen(self, one: Played, data: dict[str, Any]) -> None:
        if one.end == "restarted":
            one.restarts += 1
            one.told.clear()
        elif one.end == "passage":
            one.told.append(data["text"])
        elif one.end == "stored":
            one.turn = data["turn"]

    def stored(self, since_s: float = 0.0) -> list[Played]:
        return [one for one in self.played if one.end == "stored" and one.ended_at_s > since_s]


async def until(check: Any) -> None:
    while not check():  # noqa: ASYNC110 (another process has no event)
        await asyncio.sleep(0.05)


async def test_two_servers_and_two_workers_go_on_with_a_standby_that_was_promoted(
    temporal: str, folder: Path, tmp_path: Path
) -> None:
    with (
        postgresql_pair(folder / "pair", is_synchronous=True) as pair,
        RunningWire(first_token_s=0.2, tokens_per_s=150, words=80) as wire,
        ExitStack() as stack,
    ):
        place = Place(
            folder=tmp_path,
            database=pair.address,
            temporal=temporal,
            more=at_the_models(tmp_path, wire.url),
        )
        workers = [stack.enter_context(programs.worker(place)) for _ in range(WORKERS)]
        found = [stack.enter_context(programs.server(place)) for _ in range(SERVERS)]
        players = Players([address for address, _ in found])
        async with asyncio.timeout(LONGEST_S), asyncio.TaskGroup() as group:
            for number in range(PLAYERS):
                group.create_task(players.play(number))
            await until(lambda: len(players.stored()) >= PLAYERS)
            assert pair.primary.ask("SELECT sync_state FROM pg_stat_replication") == "sync"
            pair.primary.kill()
            killed_s = time.monotonic()
            await asyncio.sleep(PROMOTED_AFTER_S)
            await asyncio.to_thread(pair.fail_over)
            promoted_s = time.monotonic()
            since_s = promoted_s + 1.0
            await until(lambda: len({one.story for one in players.stored(since_s)}) == PLAYERS)
            again_s = time.monotonic()
            players.stop.set()
        ready = [(await asyncio.to_thread(httpx.get, f"{one}/readyz")).text for one, _ in found]
        lives = pair.standby.ask("SELECT count(*) FROM worker_lives WHERE gone_at IS NULL")
        running_rows = pair.standby.ask("SELECT count(*) FROM turns WHERE state = 'running'")
        locks = pair.standby.ask("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")
        events = pair.standby.ask(
            "SELECT s.story_id, e.turn, e.data FROM events e JOIN branches b ON b.number = e.branch"
            " JOIN stories s ON s.number = b.story WHERE e.kind = 'scene_told' ORDER BY 1, 2"
        )
        assert [one.poll() for one in workers] == [None] * WORKERS
        await asyncio.to_thread(pair.take_back)
        pair.wait_for(pair.primary)

    kept = scenes(events)
    across = [one for one in players.played if one.asked_at_s < killed_s < one.ended_at_s]
    waited_s = sorted(one.ended_at_s - killed_s for one in across)
    usual_s = sorted(
        one.ended_at_s - one.asked_at_s for one in players.played if one.ended_at_s < killed_s
    )
    print(
        f"promoted {promoted_s - killed_s:.1f} s after the kill; {len(across)} turns ran: ended "
        f"{waited_s[0]:.1f} to {waited_s[-1]:.1f} s after the kill, "
        f"{sum(one.restarts for one in across)} restarts; every story told on by "
        f"{again_s - killed_s:.1f} s; a turn before: {usual_s[len(usual_s) // 2]:.1f} s; "
        f"ends {Counter(one.end for one in players.played)}, refused {players.refusals}"
    )
    assert across
    assert {one.end for one in players.played} == {"stored"}, "none failed"
    for one in players.stored():
        assert kept[one.story, one.turn] == one.told, "what was seen as stored is there"
    for story in {one.story for one in players.played}:
        turns = [turn for told, turn in kept if told == story]
        assert turns == list(range(1, len(turns) + 1)), "each once"
    assert waited_s[-1] < PROMOTED_AFTER_S + 15
    assert ready == ['{"status":"ok"}'] * SERVERS
    assert (lives, running_rows, locks) == (str(WORKERS), "0", "0")


async def test_what_an_asynchronous_standby_had_not_got_is_gone_and_stories_go_on_before_it(
    temporal: str, folder: Path, tmp_path: Path
) -> None:
    with postgresql_pair(folder / "pair", is_synchronous=False) as pair:
        async with served_by(temporal, pair.address, tmp_path) as served:
            [lost, other] = await begun(served, 2)
            first = await shown(served, lost)
            pair.wait_for(pair.standby)
            pair.standby.stop()  # it falls behind
            told = await served.play(lost, kind="choose", choice=1)
            second = await shown(served, lost)
            pair.primary.kill()
            pair.standby.start()
            away = await served.client.get(lost)
            pair.fail_over()
            after = await shown(served, lost)
            again = await served.play(lost, kind="choose", choice=2)
            now = await shown(served, lost)
            beside = await served.play(other, kind="choose", choice=1)

    assert (told[-1].kind, told[-1].data["turn"], second[0]) == ("stored", 2, 2)
    assert (away.status_code, away.json()["type"]) == (503, "urn:tta:problem:StoreAway")
    assert away.headers["Retry-After"] == "2"
    assert after == first, "an older present, not what this server remembers"
    assert (again[-1].kind, again[-1].data["turn"]) == ("stored", 2)
    assert now == (2, stands(again))
    assert now != second
    assert beside[-1].data["turn"] == 2


async def test_turns_that_were_told_when_the_primary_was_lost_are_told_anew(
    temporal: str, folder: Path, tmp_path: Path
) -> None:
    with postgresql_pair(folder / "pair", is_synchronous=True) as pair:
        async with served_by(temporal, pair.address, tmp_path) as served:
            assert served.teller is not None
            branches = await begun(served, 2)
            tails = await held(served, branches)
            pair.primary.kill()
            served.teller.gate.set()
            await asyncio.sleep(1.0)  # the rest is told to nobody
            pair.fail_over()
            told = [await tail for tail in tails]
            now = [await shown(served, branch) for branch in branches]

    for updates, present in zip(told, now, strict=True):
        kinds = [one.kind for one in updates]
        assert (kinds.count("restarted"), kinds[-1]) == (1, "stored")
        assert present == (2, stands(updates))


def scenes(rows: str) -> dict[tuple[str, int], list[str]]:
    """The passages of each story's turns."""
    found = dict[tuple[str, int], list[str]]()
    for row in rows.splitlines():
        story, turn, data = row.split("|", 2)
        passages = json.loads(data)["scene"]["passages"]
        found[story, int(turn)] = [one["text"] for one in passages]
    return found
