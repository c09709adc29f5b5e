"""5e: how long taking up a story of 10,000 turns takes: its log is folded into the present."""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime

from benchmarks.figures import Row
from benchmarks.scripted import filler_sentence, invented_name
from tta_rebuild.core.events import (
    CharacterChanged,
    ChoicesOffered,
    Event,
    FactAsserted,
    PlayerActed,
    SceneTold,
    StoryOpened,
    TimelineMarked,
)
from tta_rebuild.core.story import Choice, Claim, Passage, Premise, Scene
from tta_rebuild.engine.state import StoryFold
from tta_rebuild.storage.sql_store import SqlStoryStore

MOST_S = 5.0
AT = datetime(2026, 1, 1, tzinfo=UTC)


async def measure(quick: bool) -> AsyncIterator[Row]:
    turns = 1_000 if quick else 10_000
    chance = random.Random(5)
    with tempfile.TemporaryDirectory() as folder:
        store = await SqlStoryStore.open(folder)
        try:
            opening = [StoryOpened(premise=Premise(theme="A surveyor maps a changing valley"))]
            branch = await store.create_story("long", "Long", opening, at=AT)
            length = branch.length
            for turn in range(1, turns + 1):
                length = await store.append(
                    branch.branch_id, turn, list(_turn(chance, turn)), expected=length, at=AT
                )
            wall, cpu = time.perf_counter(), time.process_time()
            fold = StoryFold()
            async for recorded in store.read(branch.branch_id, upto=length):
                fold.apply(recorded)
            state = fold.present()
            seconds, busy = time.perf_counter() - wall, time.process_time() - cpu
        finally:
            await store.close()
    assert state.turn == turns
    yield Row(
        number="5e",
        what=f"fold of a story of {turns:,} turns ({length:,} events), read from disk",
        measured=f"{seconds:.2f} s ({busy:.2f} s CPU)",
        bound=f"<= {MOST_S * turns / 10_000:g} s CPU (ours)",
        ok=busy <= MOST_S * turns / 10_000,
    )


def _turn(chance: random.Random, turn: int) -> Iterator[Event]:
    who = invented_name(chance)
    if turn > 1:
        yield PlayerActed(text=f"I ask {who} about the river", choice=None)
        yield TimelineMarked(
            event_id=f"turn-{turn}-action", event_type="story_beat", timestamp=2 * turn - 1,
            causal_links=(f"turn-{turn - 1}-scene",),
        )  # fmt: skip
    passages = tuple(Passage(text=filler_sentence(chance)) for _ in range(7))
    yield SceneTold(scene=Scene(scene_id=f"scene-{turn}", passages=passages))
    yield TimelineMarked(
        event_id=f"turn-{turn}-scene", event_type="consequence", timestamp=2 * turn,
        causal_links=(f"turn-{turn}-action",) if turn > 1 else (),
    )  # fmt: skip
    place = f"{invented_name(chance)} quarter"
    yield FactAsserted(claim=Claim(subject=who, relation="located_in", value=place))
    yield FactAsserted(claim=Claim(subject="ada", relation="located_in", value=place))
    yield CharacterChanged(character_id="ada", emotion=chance.choice(("hopeful", "fearful")))
    yield ChoicesOffered(choices=(Choice(text=f"Follow {who} to the weir"),))
