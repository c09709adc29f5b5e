"""A whole story over the loopback server: times as a player feels them, its price, and a soak.

The official SDK of Gemini talks to the server in a process of its own; everything between it and
the player is as ``bootstrap`` builds it.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tools.wire.faults import SOAK_KINDS, Fault
from tools.wire.process import RunningWire

from benchmarks import Row
from benchmarks.workloads.loopback_application import (
    FIRST_TOKEN_S,
    PREMISE,
    TOKENS_PER_S,
    application_on,
    next_move,
)
from tta_rebuild.bootstrap.application import Application
from tta_rebuild.core.base_primitive import TTAContext
from tta_rebuild.core.events import ModelReplied, SceneTold
from tta_rebuild.engine.session import Session
from tta_rebuild.engine.turn_events import PassageReleased, TurnStored, TurnWarning
from tta_rebuild.narrative import BranchProposal, BranchValidatorPrimitive
from tta_rebuild.narrative.character_state import CharacterInteraction, CharacterStatePrimitive
from tta_rebuild.narrative.story_generator import StoryGenerationInput, StoryGeneratorPrimitive
from tta_rebuild.narrative.timeline_manager import TimelineManagerPrimitive, TimelineUpdate

FAULT_SHARE = 0.3
FROZEN_S = 30.0


async def measure(quick: bool) -> AsyncIterator[Row]:
    with RunningWire(first_token_s=FIRST_TOKEN_S, tokens_per_s=TOKENS_PER_S) as wire:
        async for row in _as_a_player_feels_it(wire, turns=4 if quick else 40):
            yield row
    with RunningWire(piece_chars=120) as wire:
        async for row in _soak(wire, turns=40 if quick else 2_000):
            yield row


# ------------------------------------------------------------------------ as a player feels it


async def _as_a_player_feels_it(wire: RunningWire, turns: int) -> AsyncIterator[Row]:
    first_s: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        async with application_on(wire, folder) as application:
            await application.warm()
            session = await application.stories.open(PREMISE)
            for _ in range(turns):
                began = time.perf_counter()
                seen = False
                async for event in session.play(next_move(session)):
                    if isinstance(event, PassageReleased) and not seen:
                        first_s.append(time.perf_counter() - began)
                        seen = True
            p95 = sorted(first_s)[min(len(first_s) - 1, int(0.95 * len(first_s)))]
            yield _row(f"first sentence on the screen, p95 of {turns} turns", p95, 1.0)
            async for row in _workflow(application):
                yield row


async def _workflow(application: Application) -> AsyncIterator[Row]:
    """The four primitives on the whole stack, one after the other, at simulated service times."""
    context = TTAContext(
        workflow_id="workflow",
        correlation_id="workflow",
        timestamp=datetime.now(UTC),
        metaconcepts=[],
        player_boundaries={},
    )
    before_usd = await application.ledger.spent_usd()
    where = StoryGenerationInput(
        theme=PREMISE.theme,
        universe_id="u",
        timeline_position=1,
        active_characters=["companion"],
        previous_context="",
        player_preferences={},
    )
    generator = StoryGeneratorPrimitive(application.provider)
    taken, story = await _timed(generator.execute(where, context))
    yield _row("story generation", taken, 3.0)
    update = TimelineUpdate("u", "story_beat", {"scene": story.scene_id}, 1)
    taken, _ = await _timed(TimelineManagerPrimitive().execute(update, context))
    yield _row("timeline update", taken, 0.1)
    interaction = CharacterInteraction(
        character_id="companion", scene_context=story.narrative_text, emotional_trigger="hope"
    )
    taken, _ = await _timed(CharacterStatePrimitive().execute(interaction, context))
    yield _row("character interaction (as in a turn: no call of its own)", taken, 0.5)
    proposals = [
        BranchProposal("u", branch["consequence"], branch["choice"], ["companion"])
        for branch in story.story_branches
    ]
    validator = BranchValidatorPrimitive(llm_provider=application.provider)
    taken, _ = await _timed(validator.validate_all(proposals, context))
    yield _row("branch validation, all branches in one call", taken, 2.0)
    await application.tracker.flush()
    spent_usd = await application.ledger.spent_usd() - before_usd
    yield Row(
        what="cost of the whole workflow, gemini-3.5-flash-lite",
        measured=f"${spent_usd:.5f}",
        bound="0 < cost < $0.05",
        ok=0 < spent_usd < 0.05,
    )


async def _timed(work: Any) -> tuple[float, Any]:
    began = time.perf_counter()
    result = await work
    return time.perf_counter() - began, result


def _row(what: str, seconds: float, bound_s: float) -> Row:
    return Row(
        what=what,
        measured=f"{seconds * 1000:.1f} ms",
        bound=f"< {bound_s * 1000:,.0f} ms",
        ok=seconds < bound_s,
    )


# ---------------------------------------------------------------------------------- the soak


@dataclass
class _Soak:
    """What went wrong over all stories of the soak."""

    played: int = 0
    lost: int = 0
    doubled: int = 0
    frozen: int = 0
    degraded: int = 0
    silent: int = 0


async def _soak(wire: RunningWire, turns: int) -> AsyncIterator[Row]:
    found = _Soak()
    # A 429 that taught a limit of a few requests a minute would make the soak wait, not fail.
    faults = [Fault(kind, retry_after_s=0.05, limit_rpm=100_000) for kind in SOAK_KINDS]
    faults += [Fault("hang", seconds=30.0), Fault("stall", seconds=30.0)]
    wire.sometimes(FAULT_SHARE, faults, seed=3)
    stories = 8 if turns >= 800 else 4
    with tempfile.TemporaryDirectory() as folder:
        async with application_on(wire, folder, timeout_s=3.0, cache="off") as application:
            await asyncio.gather(
                *(
                    _soaked(application, turns // stories, number, found)
                    for number in range(stories)
                )
            )
    records = wire.records()
    faulty = sum(1 for record in records if record.fault)
    yield Row(
        what=f"soak: {found.played:,} turns, {len(records):,} requests, faults in",
        measured=f"{faulty / max(1, len(records)):.0%}",
        bound="about 30 %",
        ok=0.2 < faulty / max(1, len(records)) < 0.4 and found.played == turns // stories * stories,
    )
    for what, count in (
        ("turns lost", found.lost),
        ("turns with doubled text", found.doubled),
        (f"turns frozen for {FROZEN_S:.0f} s or more", found.frozen),
        (f"degraded turns that do not say so (of {found.degraded})", found.silent),
    ):
        yield Row(what=what, measured=f"{count}", bound="0", ok=count == 0)


async def _soaked(application: Application, turns: int, number: int, found: _Soak) -> None:
    session = await application.stories.open(PREMISE)
    for _ in range(turns):
        turn = session.state.turn + 1
        warned = stored = False
        began = time.perf_counter()
        async for event in session.play(next_move(session)):
            warned = warned or isinstance(event, TurnWarning)
            stored = stored or isinstance(event, TurnStored)
        found.played += 1
        found.frozen += time.perf_counter() - began > FROZEN_S
        found.lost += not (stored and session.state.turn == turn)
        scene = session.state.scene
        assert scene is not None
        texts = [p.text for p in scene.passages]
        found.doubled += len(set(texts)) < len(texts)
        if await _is_degraded(application, session, turn):
            found.degraded += 1
            found.silent += not (warned and scene.degraded)
    read = await application.stories.path(session.story_id)
    found.lost += turns - sum(isinstance(r.event, SceneTold) for r in read)


_OF_SCENES = ("scene", "continue_scene")


async def _is_degraded(application: Application, session: Session, turn: int) -> bool:
    """By the reply itself: told by another than the model, or no whole scene in its form."""
    path = await application.stories.path(session.story_id)
    told = (r.event for r in path if r.turn == turn)
    replies = [e for e in told if isinstance(e, ModelReplied) and e.task in _OF_SCENES]
    last = replies[-1]
    if not last.model.startswith("gemini:"):
        return True
    text = last.text.partition("```json\n")[2].partition("\n```")[0] or last.text
    try:
        whole = json.loads(text)
    except ValueError:
        return True
    return not (whole.get("passages") and whole.get("story_branches"))
