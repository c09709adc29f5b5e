"""A server and its worker, with turns that stand still half-way while something is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.server.serving import HeldTeller, Machines, Running, Update, running

LONGEST_S = 45.0


@asynccontextmanager
async def served_by(temporal: str, database: str, folder: Path) -> AsyncIterator[Running]:
    machines = Machines(temporal=temporal, database=database)
    async with (
        asyncio.timeout(LONGEST_S),
        running(folder, teller=HeldTeller(), machines=machines) as served,
    ):
        yield served


async def begun(served: Running, count: int) -> list[str]:
    """Stories whose openings are told."""
    branches = [await served.story() for _ in range(count)]
    for branch in branches:
        assert (await served.play(branch, kind="begin"))[-1].kind == "stored"
    return branches


async def held(served: Running, branches: list[str]) -> list[asyncio.Task[list[Update]]]:
    """A turn of each, that stands still half-way; what its follower sees up to its end."""
    assert served.teller is not None
    served.teller.gate.clear()
    tails = []
    for branch in branches:
        turn_id = (await served.ask(branch, kind="choose", choice=1)).json()["turn_id"]
        is_told = asyncio.Event()
        tails.append(asyncio.create_task(_followed(served, turn_id, is_told)))
        await is_told.wait()
    return tails


async def _followed(served: Running, turn_id: str, is_told: asyncio.Event) -> list[Update]:
    seen = list[Update]()
    async for update in served.follow(turn_id):
        seen.append(update)
        is_told.set()
    return seen


def stands(updates: list[Update]) -> list[str]:
    """The passages that stand at the end of a turn."""
    texts: list[str] = []
    for update in updates:
        if update.kind == "restarted":
            texts.clear()
        elif update.kind == "passage":
            texts.append(update.data["text"])
    return texts


async def shown(served: Running, branch: str) -> tuple[int, list[str]]:
    present: Any = (await served.client.get(branch)).json()
    return present["turn"], [one["text"] for one in present["scene"]["passages"]]
