"""Opening a story of 100 and of 10,000 turns, first turn after it included, and exporting it.

Run with ``python -m benchmarks.opening``. A story of the embedded storyteller is told for 100 turns
through the engine, and its log repeated with new turn numbers until it is long enough. Opening is
measured as CPU time in one process that has played before, export as the peak memory of ``tta``.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from statistics import median

from tta_rebuild.bootstrap import open_application
from tta_rebuild.core.events import Event, TimelineMarked
from tta_rebuild.core.story import Premise
from tta_rebuild.engine.action import Action
from tta_rebuild.engine.session import Session
from tta_rebuild.settings import load_settings
from tta_rebuild.storage.sql_store import SqlStoryStore

SIZES = (100, 1_000, 10_000)
ROUNDS = 7
PREMISE = Premise(theme="A lighthouse keeper finds a sealed letter in the harbour", seed=7)


async def told(home: Path, turns: int) -> str:
    """A story of so many turns by the embedded storyteller; its id."""
    settings = replace(load_settings(), data_dir=home, model="offline", chain=(), routes={})
    async with open_application(settings) as application:
        session = await application.stories.open(PREMISE)
        await play(session, Action.begin())
        for number in range(1, turns):
            await play(session, Action.choose(1 + number % max(1, len(session.state.choices))))
        return session.story_id


async def play(session: Session, action: Action) -> None:
    async for _ in session.play(action):
        pass


async def repeated(source: Path, home: Path, turns: int) -> None:
    """The log of the story in ``source`` over and over, as story ``long``."""
    async with (
        await SqlStoryStore.open(source, read_only=True) as short,
        await SqlStoryStore.open(home) as store,
    ):
        branch = (await short.branches((await short.stories())[0].story_id))[0]
        log = [recorded async for recorded in short.read(branch.branch_id)]
        groups = [list(group) for _, group in groupby(log, key=lambda r: r.turn)]
        opening = [r.event for r in groups[0]]
        length = (await store.create_story("long", "Long", opening, at=log[0].at)).length
        for turn in range(1, turns + 1):
            group = groups[1] if turn == 1 else groups[2 + turn % (len(groups) - 2)]
            events = [_renumbered(r.event, turn) for r in group]
            length = await store.append("long.1", turn, events, expected=length, at=group[0].at)


def _renumbered(event: Event, turn: int) -> Event:
    if not isinstance(event, TimelineMarked):
        return event
    kind = event.event_id.rsplit("-", 1)[1]
    cause = f"turn-{turn - 1}-scene" if kind == "action" else f"turn-{turn}-action"
    return replace(
        event,
        event_id=f"turn-{turn}-{kind}",
        timestamp=2 * turn - (kind == "action"),
        causal_links=(cause,) if turn > 1 else (),
    )


async def opening_s(home: Path) -> float:
    """CPU seconds from the closed data directory to the end of the next turn."""
    settings = replace(load_settings(), data_dir=home, model="offline", chain=(), routes={})
    began = time.process_time()
    async with open_application(settings) as application:
        await play(await application.stories.resume("long"), Action.choose(1))
        return time.process_time() - began


def peak_mb(words: Sequence[str]) -> float:
    """The most memory that a run of ``tta`` held, in a process of its own."""
    code = "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True); "
    code += "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)"
    run = [sys.executable, "-c", code, sys.executable, "-m", "tta_rebuild", *words]
    done = subprocess.run(run, check=True, capture_output=True, text=True)
    return float(done.stdout.splitlines()[-1])


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(scratch)
        asyncio.run(told(home / "short", 100))
        places = {turns: home / str(turns) for turns in SIZES}
        taken: dict[int, list[float]] = {}
        for turns, place in places.items():
            asyncio.run(repeated(home / "short", place, turns))
            first = asyncio.run(opening_s(place))
            print(f"{turns:>6} turns: {first * 1e3:.0f} ms with no snapshot yet")
        for _ in range(ROUNDS):
            for turns, place in places.items():  # in turns, so that noise falls on all alike
                taken.setdefault(turns, []).append(asyncio.run(opening_s(place)))
        base = median(taken[SIZES[0]])
        for turns, place in places.items():
            spent = median(taken[turns])
            file = str(place / "export.json")
            words = ["--data-dir", str(place), "stories", "export", "long", "--format", "json"]
            peak = peak_mb([*words, "--output", file])
            print(
                f"{turns:>6} turns: opening and first turn {spent * 1e3:.0f} ms CPU "
                f"({spent / base:.2f} times), export {peak:.0f} MB at its peak"
            )


if __name__ == "__main__":
    main()
