"""A server as a program of its own, for what must be killed or is tested from another program.

``python -m tests.server.program DIRECTORY [held|known]`` prints its address, and serves until it is
told to stop. ``held`` has a storyteller that never comes to an end of a scene, ``known`` a story
and a turn under the ids ``STORY`` and ``TURN``.
"""

from __future__ import annotations

import asyncio
import sys
from itertools import chain, count
from pathlib import Path
from uuid import uuid4

import tta_rebuild as tta
from tests.server.serving import NO_RATE, THEME, HeldTeller
from tta_rebuild.bootstrap.serving import open_serving
from tta_rebuild.engine.turn_runner import TurnRequest
from tta_rebuild.server.app import ServerOptions
from tta_rebuild.server.serving import serve

STORY, TURN = "3f9c1a7be402", "6f1de0c2b0a14c3d9b5e7f8a90123456"


async def main(data_dir: Path, how: str) -> None:
    settings, teller = tta.Settings(data_dir=data_dir, country="DE"), None
    if how == "held":
        teller = HeldTeller()
        teller.gate.clear()
    ids = chain(["session", STORY], (f"{n:012x}" for n in count()))
    new_id = (lambda: next(ids)) if how == "known" else (lambda: uuid4().hex[:12])
    async with tta.open_application(settings, provider=teller, new_id=new_id) as application:
        if how == "known":
            await prepare(application)
        await serve(
            application,
            ServerOptions(limits=NO_RATE),
            host="127.0.0.1",
            port=0,
            grace_s=5.0,
            on_start=lambda address: print(address, flush=True),
        )


async def prepare(application: tta.Application) -> None:
    """A story of two turns, the second known to the runner."""
    mara = tta.CharacterSketch(character_id="mara", name="Mara")
    session = await application.stories.open(tta.Premise(theme=THEME, characters=(mara,)))
    await session.turn(tta.Action.begin())
    wanted = TurnRequest(
        key="known", story_id=STORY, branch_id=f"{STORY}.1", kind="choose", choice=1
    )
    async with open_serving(application, new_id=lambda: TURN) as serving:
        turn = await serving.runner.submit(wanted)
        async for _ in serving.runner.tail(turn.turn_id):
            pass


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), "".join(sys.argv[2:])))
