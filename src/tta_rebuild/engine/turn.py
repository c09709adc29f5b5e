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
    LineEnded,
    LineKept,
    ModelReplied,
    PastRecalled,
    PlayerActed,
    SceneTold,
    StoryEnded,
    TimelineMarked,
)
from tta_rebuild.core.metaconcepts import MetaconceptRegistry
from tta_rebuild.core.story import Choice, Claim, LastingLine, Scene
from tta_rebuild.core.usage import Usage
from tta_rebuild.engine.action import Action
from tta_rebuild.engine.admission import Move, Refusal, admit
from tta_rebuild.engine.arc import ArcPoint, arc_point, ends_story
from tta_rebuild.engine.briefing import Memory, brief
from tta_rebuild.engine.choices import ChoiceOffer, offer
from tta_rebuild.engine.consequences import characters_after
from tta_rebuild.engine.dependencies import Dependencies
from tta_rebuild.engine.gate import Gate
from tta_rebuild.engine.lasting import of_the_scene, outcome_of, written
from tta_rebuild.engine.reading_request import lines_after, reader_for
from tta_rebuild.engine.state import StoryState
from tta_rebuild.engine.story_code import code_checked, quality_after
from tta_rebuild.engine.telling import TellingItem, ToldScene, tell
from tta_rebuild.engine.timeline_links import inferred_causes
from tta_rebuild.engine.turn_events import TurnEvent, TurnRefused, TurnWarning
from tta_rebuild.narrative.branch_validator import BranchValidatorPrimitive
from tta_rebuild.narrative.story_generator import StoryGenerationInput, StoryGeneratorPrimitive
from tta_rebuild.safety import SafetyGate
from tta_rebuild.storage.story_store import Branch

USUAL_GUIDANCE = (
    "Prioritize Player Agency",
    "Balance Tone",
)
"""Metaconcepts of a story that names none of its own; what else a scene needs, its prompt says."""


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
    turn = _Turn(dependencies, branch, state, move, safety)
    wanted, recollection = await brief(state, move, turn.number, turn.point, branch, memory)
    wanted = replace(wanted, writes_lines=not turn.is_read)
    told: ToldScene | None = None
    async with aclosing(turn.telling(wanted)) as items:
        async for item in items:
            if isinstance(item, ToldScene):
                told = item
            else:
                yield item
    assert told is not None  # tell() always ends with it
    async with aclosing(turn.finished(told, recollection.positions)) as rest:
        async for last in rest:
            yield last


class _Turn:
    """One turn that is being played: its parts, and what they come to."""

    def __init__(
        self,
        dependencies: Dependencies,
        branch: Branch,
        state: StoryState,
        move: Move,
        safety: SafetyGate,
    ) -> None:
        self.number = state.turn + 1
        self.point = arc_point(self.number, state.premise.length)
        if move.wants_end:
            self.point = ArcPoint("resolution", should_end=True)
        self._dependencies = dependencies
        self._state = state
        self._move = move
        self._context = turn_context(dependencies, branch, state)
        self._provider = dependencies.recording(dependencies.provider)
        self._reader = reader_for(dependencies, branch, state, move, self._context)
        self._gate = Gate(
            state,
            safety,
            dependencies.world_rules(state.premise.rules),
            move,
            is_read=self._reader is not None,
        )

    @property
    def is_read(self) -> bool:
        """Whether a second reader reads it, who then writes the lasting lines too."""
        return self._reader is not None

    def telling(self, wanted: StoryGenerationInput) -> AsyncGenerator[TellingItem, None]:
        """The scene, through the gate and past the second reader."""
        catalog = self._dependencies.catalog
        generator = StoryGeneratorPrimitive(self._provider, catalog=catalog)
        return tell(generator, wanted, self._context, self._gate, self._reader)

    async def finished(
        self, told: ToldScene, recalled: tuple[int, ...]
    ) -> AsyncGenerator[TurnItem, None]:
        """What the told scene comes to: choices, lines, characters, and the events to store."""
        replies = [*self._provider.replies, *told.replies]
        said = [r.degraded for r in replies if r.model and r.degraded not in told.degraded]
        degraded = list(filter(None, dict.fromkeys([*said, told.degraded])))
        scene = _scene(self.number, told, self.point, self._provider.replies, self._gate)
        offered = await self._offer(told, scene)
        if offered.note and not scene.is_ending:
            degraded.append(offered.note)
        for text in (*degraded, *self._dependencies.notices.taken()):
            yield TurnWarning(text)
        lines, ended = self._lines(told)
        code = await code_checked(scene, self._dependencies.check_code)
        happened = told.story.happened if told.story else ""
        scene = replace(
            scene,
            degraded="; ".join(degraded),
            quality=quality_after(scene, code),
            outcome=outcome_of(lines, self._gate.allowed(happened), told.passages),
        )
        changes = await characters_after(
            self._state, told.passages, self._move.text, self.point.stage, self._context
        )
        replies = [*self._provider.replies, *told.replies]
        record = _Record(
            turn=self.number,
            before=self._state.choices,
            move=self._move,
            told=told,
            scene=scene,
            offered=offered,
            facts=tuple(self._gate.claims),
            lines=lines,
            ended=ended,
            changes=changes,
            replies=replies,
            recalled=recalled,
            code=code,
            causes=inferred_causes(self._state.canon, self._gate.claims, self.number),
        )
        yield FinishedTurn(
            turn=self.number,
            events=record.events(),
            scene=scene,
            choices=offered.choices,
            cost_usd=self._provider.cost_usd + told.cost_usd,
            usage=_sum(replies),
            calls=len(replies),
        )

    async def _offer(self, told: ToldScene, scene: Scene) -> ChoiceOffer:
        asks = self._dependencies.checks == "choices"
        validator = BranchValidatorPrimitive(
            llm_provider=self._provider if asks else None,
            checker=self._gate.contradictions,
            catalog=self._dependencies.catalog,
        )
        proposed = () if scene.is_ending else told.choices
        return await offer(
            self._state,
            [choice for choice in proposed if choice.text not in told.refused_choices],
            self._move.text,
            self._gate,
            validator,
            self._context,
            already=tuple(told.refused_choices.items()),
        )

    def _lines(self, told: ToldScene) -> tuple[list[LastingLine], list[int]]:
        """The lasting lines of the scene and the numbers of those that it ends."""
        story, before = told.story, self._state.lines
        after = lines_after(self._state, told.readings)
        read = [line for number, line in after.items() if number not in before]
        given = read if self._reader else story.lines if story else ()
        lines = written(given, self._gate.people)
        if not lines:
            lines = of_the_scene(told.passages, self._state.names)
        ended = [
            number
            for number in before
            if number not in after
            or (self._reader is None and story is not None and number in story.ended_lines)
        ]
        return [line for line in lines if self._gate.allowed(line.text)], ended


def turn_context(dependencies: Dependencies, branch: Branch, state: StoryState) -> TTAContext:
    """Whose work the next turn is, for requests and for the ledger."""
    names = state.premise.metaconcepts
    concepts = MetaconceptRegistry.get_by_names(USUAL_GUIDANCE)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Record:
    """All that a turn came to, ready to be written down."""

    turn: int
    before: Sequence[Choice]
    move: Move
    told: ToldScene
    scene: Scene
    offered: ChoiceOffer
    facts: Sequence[Claim]
    lines: Sequence[LastingLine]
    ended: Sequence[int]
    changes: Sequence[Event]
    replies: Sequence[ModelReplied]
    recalled: tuple[int, ...]
    code: CodeChecked | None
    causes: tuple[str, ...]

    def events(self) -> tuple[Event, ...]:
        """Everything that happened in the turn, in the order in which it is folded."""
        events: list[Event] = [*self._acted()]
        if self.recalled:
            events.append(PastRecalled(positions=self.recalled))
        events.extend(self.replies)
        events.extend(self.told.withheld)
        events.append(SceneTold(scene=self.scene))
        if self.code is not None:
            events.append(self.code)
        events.append(self._scene_mark())
        events.extend(
            FactRetracted(claim=claim) if claim.ends else FactAsserted(claim=claim)
            for claim in self.facts
        )
        events.extend(LineEnded(number=number) for number in self.ended)
        events.extend(LineKept(line=line) for line in self.lines)
        events.extend(self.changes)
        offered = self.offered
        events.append(ChoicesOffered(choices=offered.choices, rejected=offered.rejected))
        if self.scene.is_ending:
            events.append(StoryEnded(how=self.scene.tone))
        return tuple(events)

    def _acted(self) -> list[Event]:
        if self.turn <= 1:
            return []
        move = self.move
        return [
            PlayerActed(text=move.text, choice=move.number, wants_end=move.wants_end),
            TimelineMarked(
                event_id=f"turn-{self.turn}-action",
                event_type="choice" if move.number else "story_beat",
                timestamp=2 * self.turn - 1,
                event_data={"text": move.text, "choices": [c.text for c in self.before]},
                causal_links=(f"turn-{self.turn - 1}-scene",),
            ),
        ]

    def _scene_mark(self) -> TimelineMarked:
        turn, scene = self.turn, self.scene
        cause = (f"turn-{turn}-action",) if turn > 1 else ()
        return TimelineMarked(
            event_id=f"turn-{turn}-scene",
            event_type="consequence" if turn > 1 else "story_beat",
            timestamp=2 * turn,
            event_data={"scene_id": scene.scene_id, "setting": scene.setting},
            causal_links=tuple(dict.fromkeys((*cause, *self.causes))),
            character_ids=tuple(dict.fromkeys(p.speaker for p in scene.passages if p.speaker)),
        )


def _sum(replies: Sequence[ModelReplied]) -> Usage:
    return Usage(
        input_tokens=sum(r.usage.input_tokens for r in replies),
        output_tokens=sum(r.usage.output_tokens for r in replies),
        cached_tokens=sum(r.usage.cached_tokens for r in replies),
        cache_write_tokens=sum(r.usage.cache_write_tokens for r in replies),
        thinking_tokens=sum(r.usage.thinking_tokens for r in replies),
        estimated=any(r.usage.estimated for r in replies),
    )
