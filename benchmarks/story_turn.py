"""The engine's own CPU per turn: all but what the embedded storyteller spends on telling."""

from __future__ import annotations

import tempfile
import time
from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path
from statistics import median

from benchmarks import Row
from benchmarks.timing import at_most
from tta_rebuild.bootstrap.application import open_application
from tta_rebuild.core.story import Premise
from tta_rebuild.engine.action import Action
from tta_rebuild.integrations.llm_provider import LLMRequest, StreamItem
from tta_rebuild.settings import Settings
from tta_rebuild.storyteller import OfflineProvider


class Timed(OfflineProvider):
    """The embedded storyteller, whose answers are made at once; its CPU is added up."""

    spent_s = 0.0

    async def stream(self, request: LLMRequest) -> AsyncGenerator[StreamItem, None]:
        began = time.process_time()
        items = [item async for item in super().stream(request)]
        self.spent_s += time.process_time() - began
        for item in items:
            yield item


async def measure(quick: bool) -> AsyncIterator[Row]:
    teller = Timed()
    with tempfile.TemporaryDirectory() as home:
        settings = Settings(data_dir=Path(home))
        async with open_application(settings, provider=teller) as application:
            premise = Premise(theme="A lighthouse keeper finds a door under the stairs.", seed=7)
            session = await application.stories.open(premise)
            await session.turn(Action.begin())
            found = []
            for turn in range(20 if quick else 50):
                began, told = time.process_time(), teller.spent_s
                await session.turn(Action.choose(1 + turn % 2))
                found.append((time.process_time() - began) - (teller.spent_s - told))
    yield at_most("a turn, the engine's own CPU (median)", median(found) * 1000, 20, "ms")
