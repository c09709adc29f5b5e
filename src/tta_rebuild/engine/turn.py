"""The turn: from the player's words to the events of one stored turn, in one chain of steps.

Called by ``engine.session``, which stores what comes out. Each step takes and gives plain values:
admission → telling (through the gate) → consequences → events.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import TypeAlias

from tta_rebuild.core.base_primitive import TTAContext
from tta_rebuild.core.events import (
    ChoicesOffered,
    CodeChecked,
    Event,
    FactAsserted,
    FactRetracted,
    ModelReplied,
    PastRecalled,
    PlayerActed,
    SceneTold,
    StoryEnded,
    TimelineMarked,
)
from tta_rebuild.core.metaconcepts import MetaconceptRegistry
from tta_rebuild.core.story import Choice, Scene
from tta_rebuild.core.usage import Usage
from tta_rebuild.engine.action import Action
from tta_rebuild.engine.admission import Move, Refusal, admit
from tta_rebuild.engine.arc import ArcPoint, arc_point, ends_story
from tta_rebuild.engine.briefing import Memory, brief
from tta_rebuild.engine.choices import ChoiceOffer, offer
from tta_rebuild.engine.consequences import characters_after
from tta_rebuild.engine.dependencies import Dependencies
from tta_rebuild.engine.gate import Gate
from tta_rebuild.engine.recording import RecordingProvider
from tta_rebuild.engine.state import StoryState
from tta_rebuild.engine.story_code import code_checked, quality_after
from tta_rebuild.engine.telling import ToldScene, tell
from tta_rebuild.engine.timeline_links import inferred_causes
from tta_rebuild.engine.turn_events import TurnEvent, TurnRefused, TurnWarning
from tta_rebuild.narrative.branch_validator import BranchValidatorPrimitive
from tta_rebuild.narrative.story_generator import StoryGeneratorPrimitive
from tta_rebuild.storage.story_store import Branch


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedTurn:
    """A turn that waits to be stored: the last item of ``play_turn``.

    Attributes:
        events: all that happened, in order; stored as one.
        cost_usd, usage, calls: of all logical calls of the turn.
    """

    turn: int
    events: tuple[Event, ...]
    scene: Scene
    choices: tuple[Choice, ...]
    cost_usd: float
    usage: Usage
    calls: int


TurnItem: TypeAlias = TurnEvent | FinishedTurn


async def play_turn(
    dependencies: Dependencies, branch: Branch, state: StoryState, action: Action, memory: Memory
) -> AsyncGenerator[TurnItem, None]:
    """Play one turn without storing it; ``FinishedTurn`` (or ``TurnRefused``) comes last.

    Args:
        memory: full-text search over the branch as far as ``state`` reaches.

    Raises:
        ProviderError: no storyteller could answer.
        BudgetExceededError: the turn would overspend.
    """
    safety = dependencies.safety(dict(state.premise.boundaries))
    move = admit(state, action, safety)
    if isinstance(move, Refusal):
        yield TurnRefused(move.reason)
        return
    turn = state.turn + 1
    point = arc_point(turn, state.premise.length)
    if move.wants_end:
        point = ArcPoint("resolution", should_end=True)
    context = _context(dependencies, branch, state)
    provider = RecordingProvider(dependencies.provider)
    generator = StoryGeneratorPrimitive(provider, catalog=dependencies.catalog)
    gate = Gate(state, safety, dependencies.world_rules(state.premise.rules))

    told: ToldScene | None = None
    wanted, recollection = await brief(state, move, turn, point, branch, memory)
    async with aclosing(tell(generator, wanted, context, gate)) as telling:
        async for item in telling:
            if isinstance(item, ToldScene):
                told = item
            else:
                yield item
    assert told is not None  # tell() always ends with it
    said = [r.degraded for r in provider.replies if r.model and r.degraded not in told.degraded]
    degraded = list(filter(None, dict.fromkeys([*said, told.degraded])))
    scene = _scene(turn, told, point, provider.replies, gate)
    validator = BranchValidatorPrimitive(
        llm_provider=provider if dependencies.checks_with_model else None,
        checker=gate,
        catalog=dependencies.catalog,
    )
    proposed = told.story.choices if told.story and not scene.is_ending else ()
    offered = await offer(state, proposed, move.text, gate, validator, context)
    if offered.note and not scene.is_ending:
        degraded.append(offered.note)
    for text in (*degraded, *dependencies.notices.taken()):
        yield TurnWarning(text)
    code = await code_checked(scene, dependencies.check_code)
    scene = replace(scene, degraded="; ".join(degraded), quality=quality_after(scene, code))
    changes = await characters_after(state, told.passages, move.text, point.stage, context)
    yield FinishedTurn(
        turn=turn,
        events=_events(
            turn,
            state.choices,
            move,
            told,
            scene,
            offered,
            gate,
            changes,
            provider.replies,
            recollection.positions,
            code,
            inferred_causes(state.canon, gate.claims, turn),
        ),
        scene=scene,
        choices=offered.choices,
        cost_usd=provider.cost_usd,
        usage=_sum(provider.replies),
        calls=len(provider.replies),
    )


def _context(dependencies: Dependencies, branch: Branch, state: StoryState) -> TTAContext:
    names = state.premise.metaconcepts
    concepts = MetaconceptRegistry.get_for_primitive("story_generator")
    return TTAContext(
        workflow_id=branch.story_id,
        correlation_id=dependencies.new_id(),
        timestamp=dependencies.clock(),
        metaconcepts=list(names) if names else list(concepts),
        player_boundaries=dict(state.premise.boundaries),
        session_state={
            "player_id": dependencies.player_id,
            "session_id": dependencies.session_id,
            "branch_id": branch.branch_id,
            "turn": state.turn + 1,
        },
        universe_id=f"world-{state.premise.seed}",
    )


def _scene(
    turn: int, told: ToldScene, point: ArcPoint, replies: Sequence[ModelReplied], gate: Gate
) -> Scene:
    story = told.story
    scene_id = story.scene_id if story else f"scene-{turn}-cut-short"
    return Scene(
        scene_id=gate.allowed(scene_id) or f"scene-{turn}",
        passages=told.passages,
        setting=gate.allowed(story.setting_description) if story else "",
        tone=gate.allowed(story.emotional_tone) if story else "",
        stage=point.stage,
        quality=story.quality_score if story else 0.0,
        told_by=next((r.model for r in reversed(replies) if r.model), ""),
        is_ending=ends_story(
            point, said_so=bool(story and story.is_ending), is_cut=bool(told.withheld)
        ),
        notes=dict(story.notes) if story else {},
    )


def _events(
    turn: int,
    before: Sequence[Choice],
    move: Move,
    told: ToldScene,
    scene: Scene,
    offered: ChoiceOffer,
    gate: Gate,
    changes: Sequence[Event],
    replies: Sequence[ModelReplied],
    recalled: tuple[int, ...],
    code: CodeChecked | None,
    back: tuple[str, ...],
) -> tuple[Event, ...]:
    """Everything that happened in the turn, in the order in which it is folded."""
    events: list[Event] = []
    cause: tuple[str, ...] = (f"turn-{turn - 1}-scene",) if turn > 1 else ()
    if turn > 1:
        events.append(PlayerActed(text=move.text, choice=move.number, wants_end=move.wants_end))
        events.append(
            TimelineMarked(
                event_id=f"turn-{turn}-action",
                event_type="choice" if move.number else "story_beat",
                timestamp=2 * turn - 1,
                event_data={"text": move.text, "choices": [c.text for c in before]},
                causal_links=cause,
            )
        )
        cause = (f"turn-{turn}-action",)
    if recalled:
        events.append(PastRecalled(positions=recalled))
    events.extend(replies)
    events.extend(told.withheld)
    events.append(SceneTold(scene=scene))
    if code is not None:
        events.append(code)
    events.append(
        TimelineMarked(
            event_id=f"turn-{turn}-scene",
            event_type="consequence" if turn > 1 else "story_beat",
            timestamp=2 * turn,
            event_data={"scene_id": scene.scene_id, "setting": scene.setting},
            causal_links=tuple(dict.fromkeys((*cause, *back))),
            character_ids=tuple(dict.fromkeys(p.speaker for p in scene.passages if p.speaker)),
        )
    )
    events.extend(
        FactRetracted(claim=claim) if claim.ends else FactAsserted(claim=claim)
        for claim in gate.claims
    )
    events.extend(changes)
    events.append(ChoicesOffered(choices=offered.choices, rejected=offered.rejected))
    if scene.is_ending:
        events.append(StoryEnded(how=scene.tone))
    return tuple(events)


def _sum(replies: Sequence[ModelReplied]) -> Usage:
    return Usage(
        input_tokens=sum(r.usage.input_tokens for r in replies),
        output_tokens=sum(r.usage.output_tokens for r in replies),
        cached_tokens=sum(r.usage.cached_tokens for r in replies),
        cache_write_tokens=sum(r.usage.cache_write_tokens for r in replies),
        thinking_tokens=sum(r.usage.thinking_tokens for r in replies),
        estimated=any(r.usage.estimated for r in replies),
    )
