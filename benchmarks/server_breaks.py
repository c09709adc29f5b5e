"""What breaks: readers who drop off, a server that is killed; and how soon a new one tells."""

from __future__ import annotations

import asyncio
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx

from benchmarks import Row
from benchmarks.timing import at_most, quantile
from benchmarks.workloads.serving import ROOT, load, program

THEME = "A lighthouse keeper finds a door under the stairs."
AT_ONCE = 40
MOST_DROPS = 4
MOST_START_S = 3.0
TURN_USD = 0.0012
"""What one turn costs with the rates and tokens of ``workloads.served.Slow``."""


def client(address: str) -> httpx.AsyncClient:
    """A client of a server's interface."""
    limits = httpx.Limits(max_connections=300, keepalive_expiry=2)
    base = f"{address}/api/v1"
    return httpx.AsyncClient(base_url=base, trust_env=False, timeout=120, limits=limits)


async def story(web: httpx.AsyncClient, seed: int) -> str:
    """A new story; gives the path of its branch."""
    made = (await web.post("/stories", json={"theme": THEME, "seed": seed})).json()
    return f"/stories/{made['story_id']}/branches/main"


async def ask(web: httpx.AsyncClient, branch: str, key: str, **wanted: Any) -> dict[str, Any]:
    """Ask for a turn."""
    headers = {"Idempotency-Key": key}
    answer = await web.post(f"{branch}/turns", json=wanted, headers=headers)
    answer.raise_for_status()
    turn: dict[str, Any] = answer.json()
    return turn


# ----------------------------------------------------------------- readers who drop off


def events(text: bytes) -> list[bytes]:
    """The whole events of what was read."""
    parts = text.split(b"\n\n")[:-1]
    return [part for part in parts if part.startswith(b"id: ")]


async def resumed(
    web: httpx.AsyncClient, path: str, chance: random.Random
) -> tuple[list[bytes], int]:
    """All events of a turn, read with drops at random moments and bytes; and how many drops."""
    found: list[bytes] = []
    for drop in range(MOST_DROPS + 1):
        headers = {}
        if found:
            headers = {"Last-Event-ID": found[-1].split(b"\n")[0][4:].decode()}
        most = chance.randrange(1, 3_000) if drop < MOST_DROPS else 10**9
        read = b""
        async with web.stream("GET", path, headers=headers) as answer:
            async for part in answer.aiter_raw():
                read += part
                if len(read) >= most:
                    break
        # what came of an event that was cut off is thrown away, as a browser does
        found += events(read[:most])
        if len(read) < most:
            return found, drop
        await asyncio.sleep(chance.uniform(0, 0.1))
    return found, MOST_DROPS


async def dropping(turns: int) -> AsyncIterator[Row]:
    drops, wrong, ends = 0, 0, Counter[str]()
    with (
        tempfile.TemporaryDirectory() as home,
        program("stories", Path(home), first_s=0.05, whole_s=0.4) as server,
    ):
        async with client(server.address) as web:

            async def player(number: int) -> None:
                nonlocal drops, wrong
                chance, branch = random.Random(number), await story(web, number)
                for turn in range(turns // AT_ONCE):
                    wanted = {"kind": "choose", "choice": 1} if turn else {"kind": "begin"}
                    asked = await ask(web, branch, f"{number}-{turn}", **wanted)
                    path = f"/turns/{asked['turn_id']}/events"
                    got, dropped = await resumed(web, path, chance)
                    whole = events((await web.get(path)).content)
                    drops += dropped
                    wrong += got != whole
                    ends[whole[-1].split(b"\n")[1][7:].decode()] += 1

            await asyncio.gather(*(player(number) for number in range(AT_ONCE)))
    yield Row(
        what=f"{sum(ends.values()):,} turns, {drops:,} disconnects: resumed text not identical",
        measured=f"{wrong}",
        bound="0",
        ok=wrong == 0 and drops > turns // 2,
        peer=f"{dict(ends)}",
    )


# ----------------------------------------------------------------- a server that is killed


async def killing(turns: int) -> AsyncIterator[Row]:
    with tempfile.TemporaryDirectory() as home:
        wanted = {"first_s": 0.5, "whole_s": 4.0}
        branches, stored = list[str](), list[str]()
        with program("stories", Path(home), **wanted) as server:
            async with client(server.address) as web:
                branches = [await story(web, number) for number in range(turns)]
                began = [await ask(web, b, f"{b}-1", kind="begin") for b in branches]
                for turn in began:
                    await web.get(f"/turns/{turn['turn_id']}/events")
                asked = await asyncio.gather(
                    *(ask(web, b, f"{b}-2", kind="choose", choice=1) for b in branches)
                )
                enough = asyncio.Event()  # in the middle: some are stored, the others are not

                async def follow(turn: dict[str, Any]) -> None:
                    told = await web.get(f"/turns/{turn['turn_id']}/events")
                    if "event: stored" in told.text:
                        stored.append(turn["turn_id"])
                    if len(stored) >= turns // 3:
                        enough.set()

                following = [asyncio.create_task(follow(turn)) for turn in asked]
                await enough.wait()
                server.kill()
                await asyncio.gather(*following, return_exceptions=True)
        with program("stories", Path(home), first_s=0.05, whole_s=0.2) as server:
            async with client(server.address) as web:
                async for row in after_kill(web, branches, asked, stored):
                    yield row


async def after_kill(
    web: httpx.AsyncClient, branches: list[str], asked: list[dict[str, Any]], stored: list[str]
) -> AsyncIterator[Row]:
    """What is there of stories and turns after the restart, and whether they can be repeated."""
    states, lost, broken, again, missing = Counter[str](), 0, 0, 0, 0
    lines = (await web.get("/costs", params={"by": "story"})).json()["lines"]
    spent_usd = {line["key"]: line["cost_usd"] for line in lines}
    for branch, turn in zip(branches, asked, strict=True):
        now = (await web.get(f"/turns/{turn['turn_id']}")).json()
        states[now["state"]] += 1
        told = (await web.get(f"{branch}/turns")).json()["turns"]
        wanted = 2 if now["state"] == "stored" else 1
        missing += max(0, wanted - round(spent_usd.get(now["story_id"], 0.0) / TURN_USD))
        lost += turn["turn_id"] in stored and now["state"] != "stored"
        broken += len(told) != wanted or not all(one["scene"] and one["choices"] for one in told)
        if now["state"] == "interrupted":
            repeated = await ask(web, branch, now["key"], kind="choose", choice=1, again=True)
            text = (await web.get(f"/turns/{repeated['turn_id']}/events")).text
            again += "event: stored" in text
    name = f"kill -9 in the middle of {len(asked)} turns: {dict(states)}"
    yield Row(
        what=f"{name}; said to be stored and lost, stories not whole",
        measured=f"{lost}, {broken}",
        bound="0, 0",
        ok=lost == broken == 0 and states["interrupted"] > 0,
    )
    interrupted = states["interrupted"]
    yield Row(
        what="interrupted turns that were repeated with their key",
        measured=f"{again} of {interrupted}",
        bound="all",
        ok=again == interrupted,
    )
    turns = len(branches) + states["stored"]
    yield Row(
        what=f"of {turns} stored turns, not in the ledger of costs after the kill",
        measured=f"{missing}",
        bound="0",
        ok=missing == 0,
    )


# ----------------------------------------------------------------- a server that begins


def first_sentence_s() -> float:
    """From ``tta serve`` to the first sentence that is streamed."""
    with tempfile.TemporaryDirectory() as home:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": home,
            "TTA_DATA_DIR": f"{home}/stories",
            "PYTHONPATH": str(ROOT / "src"),
        }
        began = time.monotonic()
        command = [sys.executable, "-m", "tta_rebuild", "serve", "--port", "0"]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, env=environment, cwd=home
        ) as server:
            assert server.stdout is not None
            address = server.stdout.readline().split()[-1]
            try:
                with httpx.Client(base_url=f"{address}/api/v1", trust_env=False) as web:
                    made = web.post("/stories", json={"theme": THEME}, timeout=30).json()
                    path = f"/stories/{made['story_id']}/branches/main/turns"
                    headers = {"Idempotency-Key": "first"}
                    turn = web.post(path, json={"kind": "begin"}, headers=headers).json()
                    with web.stream("GET", f"/turns/{turn['turn_id']}/events") as answer:
                        for line in answer.iter_lines():
                            if line.startswith("data: ") and "text" in json.loads(line[6:]):
                                return time.monotonic() - began
            finally:
                server.terminate()
    raise RuntimeError("no sentence came")


async def measure(quick: bool) -> AsyncIterator[Row]:
    async for row in dropping(200 if quick else 1_000):
        yield row
    async for row in killing(30 if quick else 100):
        yield row
    runs = [await asyncio.to_thread(first_sentence_s) for _ in range(3 if quick else 9)]
    yield at_most(
        f"tta serve to its first streamed sentence, median of {len(runs)}",
        quantile(runs, 0.5),
        MOST_START_S,
        "s",
        f"{min(runs):.2f} to {max(runs):.2f} s ({load()})",
    )
