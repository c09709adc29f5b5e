"""The embedded storyteller: CPU per scene, for a player who takes choices at random."""

from __future__ import annotations

import json
import random
import time
from collections.abc import AsyncIterator
from typing import Any

from benchmarks import Row
from benchmarks.timing import at_most, quantile
from benchmarks.workloads.model_stack import asked
from tta_rebuild.storyteller import OfflineProvider

TURNS = 50
THEMES = (
    "A lighthouse keeper finds a door under the stairs that was not there yesterday.",
    "Two cousins inherit a map of a town that does not exist.",
    "An apprentice repairs an engine that hums in the night.",
    "The night nurse receives a letter forty years late.",
)


async def measure(quick: bool) -> AsyncIterator[Row]:
    provider = OfflineProvider()
    spent_ms: list[float] = []
    for seed, theme in enumerate(THEMES if quick else THEMES * 6):
        spent_ms += await _story_ms(provider, theme, seed)
    what = f"CPU of a scene, {len(spent_ms)} scenes"
    yield at_most(f"{what}, median", quantile(spent_ms, 0.5), 10, "ms")
    yield Row(what=f"{what}, p99", measured=f"{quantile(spent_ms, 0.99):.1f} ms")


async def _story_ms(provider: OfflineProvider, theme: str, seed: int) -> list[float]:
    """Of every scene but the first, which reads the kit."""
    chance = random.Random(seed)
    scenes: list[str] = []
    spent_ms = []
    notes: dict[str, Any] = {}
    chosen: dict[str, Any] | None = None
    for turn in range(1, TURNS + 1):
        variables = {
            "theme": theme,
            "seed": seed,
            "turn": turn,
            "stage": "setup" if turn <= TURNS // 5 else "development",
            "should_end": turn == TURNS,
            "action": chosen["text"] if chosen else "",
            "chosen": chosen,
            "facts": [],
            "recent": scenes[-20:],
            "notes": notes,
        }
        request = asked("the next scene", task="scene", variables=variables)
        began = time.process_time()
        response = await provider.complete(request)
        spent_ms.append((time.process_time() - began) * 1000)
        reply = json.loads(response.text)
        notes = reply["notes"]
        scenes.append("\n\n".join(p["text"] for p in reply["passages"]))
        if reply["story_branches"]:
            branch = chance.choice(reply["story_branches"])
            chosen = {"text": branch["choice"], **branch}
    return spent_ms[1:]
