"""kill -9 at random moments of automatic play, and what is left afterwards.

Run as a program (``python -m tests.cli.killing COUNT SEED DIRECTORY``) it prints one JSON object.
Each round forks a child that plays with the real command and the real store, kills it after a
random time, and opens the store again. The test suite, the stress target and the figures use it.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import os
import random
import signal
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

TURNS_WISHED = 12
"""The latest moment of a kill is when about so many turns have been played."""

KILLS_A_STORY = 20
"""Then another story begins, so that the kills do not all fall into the reading of a long one."""


@dataclass(slots=True)
class Tally:
    """What the kills have shown so far.

    Attributes:
        lost: turns that the command had reported as stored and that were gone afterwards.
        halves: turns in the store without their scene or without what may be done next.
        unsaid: turns found in the store that were not reported before the kill (allowed: at most
            one a kill, when it falls between storing and saying so).
        stuck: rounds after which the story could not be opened again.
        turns: turns that the stories had in the end.
    """

    kills: int = 0
    lost: int = 0
    halves: int = 0
    unsaid: int = 0
    stuck: int = 0
    turns: int = 0
    story_id: str = field(default="", repr=False)


def play_and_kill(arguments: list[str], after_s: float) -> list[dict[str, Any]]:
    """Run ``tta *arguments`` in a forked child and kill it; gives the JSON lines that came."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        sys.stdout = os.fdopen(writing, "w", encoding="utf-8")
        sys.stderr = io.StringIO()
        from tta_rebuild.cli.main import main

        os._exit(main(arguments))
    os.close(writing)
    time.sleep(after_s)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    with os.fdopen(reading, "rb") as pipe:
        whole, _, _ = pipe.read().rpartition(b"\n")
    return [json.loads(line) for line in whole.splitlines()]


async def look(data_dir: Path, story_id: str) -> tuple[int, int]:
    """Turns of the story, and how many of them are not whole."""
    from tta_rebuild.bootstrap.application import open_application
    from tta_rebuild.core.events import ChoicesOffered, SceneTold
    from tta_rebuild.settings import Settings

    async with open_application(Settings(data_dir=data_dir)) as application:
        session = await application.stories.resume(story_id)
        kinds: dict[int, set[type]] = {}
        for recorded in await application.stories.path(story_id):
            if recorded.turn:
                kinds.setdefault(recorded.turn, set()).add(type(recorded.event))
        whole = {SceneTold, ChoicesOffered}
        halves = sum(not whole <= seen for seen in kinds.values())
        assert list(kinds) == list(range(1, session.state.turn + 1))
        return session.state.turn, halves


def kill_often(count: int, seed: int, data_dir: Path, longest_s: float) -> Tally:
    """Kill ``count`` runs at moments drawn from the seed; each goes on where the last stopped."""
    from tta_rebuild.core.errors import TTAError

    chance = random.Random(seed)
    tally = Tally()
    before = 0
    common = ["--data-dir", str(data_dir), "story", "--auto", "--json", "--turns", "100000"]
    while tally.kills < count:
        if tally.kills % KILLS_A_STORY == 0:
            tally.turns, before, tally.story_id = tally.turns + before, 0, ""
        which = ["--story", tally.story_id] if tally.story_id else ["--theme", "A wreck in the bay"]
        lines = play_and_kill([*common, *which], chance.uniform(0.0, longest_s))
        tally.kills += 1
        if not tally.story_id:
            tally.story_id = next((x["story_id"] for x in lines if x["type"] == "turn"), "")
            if not tally.story_id:
                continue
        said = max((x["turn"] for x in lines if x["type"] == "turn"), default=before)
        try:
            found, halves = asyncio.run(look(data_dir, tally.story_id))
        except (TTAError, AssertionError):
            tally.stuck += 1
            continue
        tally.lost += max(0, max(said, before) - found)
        tally.unsaid += max(0, found - said)
        tally.halves += halves
        before = found
    tally.turns += before
    return tally


def warm_up(data_dir: Path) -> float:
    """Load everything once, so that the children begin at once; seconds of a run as wished."""
    from tta_rebuild.cli.main import main

    words = ["--data-dir", str(data_dir), "story", "--auto", "--theme", "A wreck in the bay"]
    for turns in (1, TURNS_WISHED):
        began = time.perf_counter()
        with contextlib.redirect_stdout(io.StringIO()):
            assert main([*words, "--turns", str(turns)]) == 0
    return time.perf_counter() - began


if __name__ == "__main__":
    place = Path(sys.argv[3])
    result = kill_often(int(sys.argv[1]), int(sys.argv[2]), place, warm_up(place))
    print(json.dumps(asdict(result)))
