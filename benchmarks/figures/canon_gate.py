"""6: what a self-contradicting storyteller gets past the gate, and what the gate costs.

Two stories are played turn by turn side by side, by the same storyteller: one through the gate, one
through a gate that lets everything pass. Whatever the player is shown comes from
``PassageReleased``; what was held back is read from the stored log.
"""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from itertools import count
from statistics import mean, median
from unittest.mock import patch

from benchmarks.contradictor import RULES, Contradictor
from benchmarks.figures import Row
from tta_rebuild.core.events import PassageWithheld
from tta_rebuild.core.story import Passage, Premise
from tta_rebuild.engine import turn as turn_module
from tta_rebuild.engine.action import Action
from tta_rebuild.engine.dependencies import Dependencies
from tta_rebuild.engine.gate import Gate
from tta_rebuild.engine.session import Session
from tta_rebuild.engine.stories import Stories
from tta_rebuild.engine.turn_events import PassageReleased, SceneRestarted
from tta_rebuild.prompts import PromptCatalog
from tta_rebuild.reading.world_rules import WorldRules, compiled
from tta_rebuild.safety import SafetyGate
from tta_rebuild.storage.sql_store import SqlStoryStore

MOST_GROWTH_MS = 10.0
PREMISE = Premise(theme="A surveyor maps a valley that keeps changing", rules=RULES)


class OpenGate(Gate):
    """Lets everything pass, unread."""

    def examine(self, passage: Passage) -> tuple[Passage | None, PassageWithheld | None]:
        return passage, None


async def measure(quick: bool) -> AsyncIterator[Row]:
    turns = 60 if quick else 2_000
    guarded, open_ = Contradictor(31), Contradictor(31)
    shown: list[str] = []
    with_gate: list[float] = []
    without: list[float] = []
    async with AsyncExitStack() as stack:
        one = await _session(stack, guarded)
        other = await _session(stack, open_)
        for turn in range(1, turns + 1):
            first, texts = await _play(one, guarded, turn)
            with_gate.append(first)
            shown.extend(texts)
            with patch.object(turn_module, "Gate", OpenGate):
                first, _ = await _play(other, open_, turn)
            without.append(first)
        log = [r.event async for r in one._store.read(one.branch.branch_id)]
    drafts = guarded.drafts
    withheld = [e for e in log if isinstance(e, PassageWithheld)]
    everything = "\n".join(shown)
    escaped = Counter(k for s, k in drafts.planted.items() if s in everything)
    false = [e for e in withheld if not any(e.text.startswith(s) for s in drafts.planted)]
    share = drafts.contradicting / drafts.sentences
    yield Row(
        number="6a",
        what=f"planted contradictions shown in {turns:,} turns ({share:.0%} of sentences contradiction)",
        measured=f"{sum(escaped.values())} of {len(drafts.expected):,}",
        bound="0",
        ok=not escaped and share >= 0.295,
    )
    for kind, number in escaped.most_common(6):
        yield Row(
            number="6a",
            what=f"  got past: {kind}",
            measured=str(number),
            bound="0",
            ok=False,
        )
    clean = sum(1 for s in drafts.clean if s in everything)
    rate = len(false) / max(1, clean + len(false))
    yield Row(
        number="6b",
        what=f"clean sentences held back, of {clean + len(false):,} that reached the gate",
        measured=f"{len(false)} ({rate:.2%})",
        bound="<= 0.5 % (ours)",
        ok=rate <= 0.005,
    )
    logged = sum(any(s in e.text and e.reason for e in withheld) for s in set(drafts.expected))
    yield Row(
        number="6c",
        what="contradictions in the log with their reason",
        measured=f"{logged:,} of {len(set(drafts.expected)):,}",
        bound="all",
        ok=logged == len(set(drafts.expected)) and all(e.reason for e in withheld),
    )
    for name, of in (("median", median), ("mean", mean), ("p95", _p95)):
        growth = (of(with_gate) - of(without)) * 1000
        yield Row(
            number="6d",
            what=f"time to the first sentence, growth by the gate, {name}",
            measured=f"{growth:+.1f} ms (to {of(with_gate) * 1000:.1f})",
            bound=f"<= {MOST_GROWTH_MS:.0f} ms",
            ok=growth <= MOST_GROWTH_MS,
        )


def _p95(times: list[float]) -> float:
    return sorted(times)[int(0.95 * (len(times) - 1))]


async def _session(stack: AsyncExitStack, teller: Contradictor) -> Session:
    folder = stack.enter_context(tempfile.TemporaryDirectory())
    store = await SqlStoryStore.open(folder)
    stack.push_async_callback(store.close)
    ids = count()
    began = datetime(2026, 1, 1, tzinfo=UTC)
    parts = Dependencies(
        provider=teller.provider,
        catalog=PromptCatalog.load(),
        safety=SafetyGate,
        world_rules=lambda rules: WorldRules(compiled(rules).rules),
        clock=lambda: began + timedelta(seconds=next(ids)),
        new_id=lambda: f"id{next(ids)}",
    )
    return await Stories(parts, store).open(PREMISE)


async def _play(session: Session, teller: Contradictor, turn: int) -> tuple[float, list[str]]:
    """Seconds to the first sentence, and the passages the player was left with."""
    action = Action.begin() if turn == 1 else Action.say("I go on and look around")
    texts: list[str] = []
    first = 0.0
    began = time.perf_counter()
    async for event in session.play(action):
        if isinstance(event, SceneRestarted):
            texts.clear()
        elif isinstance(event, PassageReleased):
            first = first or time.perf_counter() - began
            texts.append(event.passage.text)
            teller.heard(event.passage.text)
    teller.provider.requests.clear()
    return first, texts
