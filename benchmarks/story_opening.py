"""Opening a story of 100 and of 10,000 turns, first turn after it included, and exporting it.

A story of the embedded storyteller is told for some turns through the engine, and its log repeated
with new turn numbers until it is long enough. Opening is measured as CPU time in one process that
has played before, export as the peak memory of ``tta``.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from itertools import groupby
from pathlib import Path
from statistics import median

from benchmarks import Row
from benchmarks.timing import at_most
from tta_rebuild.bootstrap.application import open_application
from tta_rebuild.core.story import Premise
from tta_rebuild.engine.action import Action
from tta_rebuild.settings import Settings
from tta_rebuild.storage.story_store import StoryStore

PREMISE = Premise(theme="A lighthouse keeper finds a sealed letter in the harbour", seed=7)


async def measure(quick: bool) -> AsyncIterator[Row]:
    sizes, rounds = ((50, 500), 3) if quick else ((100, 10_000), 7)
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(scratch)
        await told(home / "short", sizes[0])
        places = {turns: home / str(turns) for turns in sizes}
        taken: dict[int, list[float]] = {turns: [] for turns in sizes}
        for turns, place in places.items():
            await repeated(home / "short", place, turns)
            await opening_s(place)  # folds the whole log once and keeps a snapshot
        for _ in range(rounds):
            for turns, place in places.items():  # in turns, so that noise falls on all alike
                taken[turns].append(await opening_s(place))
        short, long = (median(taken[turns]) for turns in sizes)
        yield Row(
            what=f"opening and first turn, {sizes[1]:,} turns over {sizes[0]} (CPU)",
            measured=f"{long / short:.2f} x ({long * 1000:.0f} ms)",
            bound="<= 1.3 x",
            ok=long <= 1.3 * short,
            peer=f"{short * 1000:.0f} ms",
        )
        words = ["--data-dir", str(places[sizes[1]]), "stories", "export", "long"]
        peak = peak_mb([*words, "--format", "json", "--output", str(home / "export.json")])
        yield at_most(f"peak memory of the JSON export of {sizes[1]:,} turns", peak, 150, "MB")


async def told(home: Path, turns: int) -> str:
    """A story of so many turns by the embedded storyteller; its id."""
    settings = Settings(data_dir=home, model="offline")
    async with open_application(settings) as application:
        session = await application.stories.open(PREMISE)
        await session.turn(Action.begin())
        for number in range(1, turns):
            await session.turn(Action.choose(1 + number % max(1, len(session.state.choices))))
        return session.story_id


async def repeated(source: Path, home: Path, turns: int) -> None:
    """The log of the story in ``source`` over and over, as story ``long``."""
    async with (
        await StoryStore.open(source, read_only=True) as short,
        await StoryStore.open(home) as store,
    ):
        branch = (await short.branches((await short.stories())[0].story_id))[0]
        log = [recorded async for recorded in short.read(branch.branch_id)]
        groups = [list(group) for _, group in groupby(log, key=lambda r: r.turn)]
        opening = [r.event for r in groups[0]]
        length = (await store.create_story("long", "Long", opening, at=log[0].at)).length
        for turn in range(1, turns + 1):
            group = groups[1] if turn == 1 else groups[2 + turn % (len(groups) - 2)]
            events = [r.event for r in group]
            length = await store.append("long.1", turn, events, expected=length, at=group[0].at)


async def opening_s(home: Path) -> float:
    """CPU seconds from the closed data directory to the end of the next turn."""
    settings = Settings(data_dir=home, model="offline")
    began = time.process_time()
    async with open_application(settings) as application:
        await (await application.stories.resume("long")).turn(Action.choose(1))
        return time.process_time() - began


def peak_mb(words: Sequence[str]) -> float:
    """The most memory that a run of ``tta`` held, in a process of its own."""
    code = "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True); "
    code += "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)"
    run = [sys.executable, "-c", code, sys.executable, "-m", "tta_rebuild", *words]
    done = subprocess.run(run, check=True, capture_output=True, text=True)
    return float(done.stdout.splitlines()[-1])
