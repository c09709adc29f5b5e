"""The turn: from the player's words to the events of one stored turn, in one chain of steps."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from typing import TypeAlias

from tta_rebuild.canon.recall import Search
from tta_rebuild.core import events as log
from tta_rebuild.core.errors import MoveRefused, PausedForCare
from tta_rebuild.core.events import Event
from tta_rebuild.core.story import LastingLine, Scene
from tta_rebuild.core.usage import Usage
from tta_rebuild.engine import consequences
from tta_rebuild.engine.action import MAX_ACTION_CHARS, Action
from tta_rebuild.engine.briefing import brief
from tta_rebuild.engine.changes import characters_after
from tta_rebuild.engine.choices import note_on, offer
from tta_rebuild.engine.gate import Gate
from tta_rebuild.engine.messages import message
from tta_rebuild.engine.reading_request import lines_after, reader_for
from tta_rebuild.engine.recording import RecordingProvider
from tta_rebuild.engine.remembering import beliefs_after, memories_after
from tta_rebuild.engine.telling import BY_RULE_ONLY, SceneTelling, Shown, is_embedded
from tta_rebuild.engine.turn_events import (
    PlayedTurn,
    TurnEvent,
    TurnPaused,
    TurnRefused,
    TurnWarning,
)
from tta_rebuild.engine.turn_input import TurnInput, in_plain_words
from tta_rebuild.narrative.branch_validator import BranchValidatorPrimitive
from tta_rebuild.narrative.story_generator import StoryGenerationInput, StoryGeneratorPrimitive
from tta_rebuild.narrative.story_values import untold
from tta_rebuild.reading.second_reader import Reading

TurnItem: TypeAlias = TurnEvent | PlayedTurn


async def play_turn(
    before: TurnInput, action: Action, memory: Search
) -> AsyncGenerator[TurnItem, None]:
    """Play one turn without storing it; ``PlayedTurn`` (or ``TurnRefused``) comes last.

    ``memory`` searches the branch. Raises ProviderError (no storyteller could answer) and
    BudgetExceededError (the turn would overspend).
    """
    move = _admitted(before, action)
    if isinstance(move, TurnRefused):  # nothing is spent
        yield move
        return
    turn = _Turn(replace(before, move=move))
    wanted, recollection = await brief(turn.input, memory)
    try:
        async with aclosing(turn.telling(wanted)) as items:
            async for item in items:
                yield item
    except MoveRefused as refusal:  # the embedded storyteller did not understand the move
        yield TurnRefused(str(refusal))
        return
    warnings, played = await turn.finished(recollection.positions)
    for text in warnings:
        yield TurnWarning(text)
    yield played


def _admitted(before: TurnInput, action: Action) -> log.PlayerActed | TurnRefused:
    """The move that an action means here ("" to begin), or why it is not possible or allowed."""
    state, number = before.state, action.number
    most = len(state.choices)
    if state.ended:
        return _refused("ended")
    if action.kind == "begin":
        return _refused("begun") if state.turn else log.PlayerActed(text="")
    if not state.turn:
        return _refused("not_begun")
    if action.kind == "choose":
        if not 1 <= number <= most:
            return _refused("no_such_choice" if most else "no_choices", number=number, most=most)
        return log.PlayerActed(text=state.choices[number - 1].text, choice=number)
    text = in_plain_words(action.text)
    if len(text) > MAX_ACTION_CHARS:
        return _refused("long_move", chars=len(text), most=MAX_ACTION_CHARS)
    if not any(character.isalnum() for character in text) and action.kind == "say":
        return _refused("empty_move")
    if text and (refusal := before.safety.refusal(text)):
        return TurnRefused(refusal)
    return log.PlayerActed(text=text, wants_end=action.kind == "end")


def _refused(name: str, /, **said: object) -> TurnRefused:
    return TurnRefused(message(name, **said))


async def whole_turn(turn: AsyncGenerator[TurnItem, None]) -> PlayedTurn:
    """Wait for the end of a turn. Raises as it does, and MoveRefused or PausedForCare."""
    async with aclosing(turn) as items:
        came = [item async for item in items]
    last = came[-1]
    if isinstance(last, TurnRefused):
        raise MoveRefused(last.reason)
    if isinstance(last, TurnPaused):
        raise PausedForCare(last.note.text, paused=last)
    assert isinstance(last, PlayedTurn)  # or it is refused, or fails
    warnings = tuple(item.text for item in came if isinstance(item, TurnWarning))
    return replace(last, warnings=warnings)


class _Turn:
    """One turn that is being played: its parts, and what they come to."""

    def __init__(self, turn: TurnInput) -> None:
        self.input = turn
        self._provider = RecordingProvider(turn.dependencies.provider)
        self._reader = reader_for(turn)
        self._gate = Gate(turn, is_read=self._reader is not None)
        self._told = SceneTelling(self._gate, self._reader)

    def telling(self, wanted: StoryGenerationInput) -> AsyncGenerator[Shown, None]:
        """The scene, through the gate and past the second reader, who writes the lasting lines."""
        wanted = replace(wanted, writes_lines=self._reader is None)
        generator = StoryGeneratorPrimitive(self._provider, catalog=self.input.dependencies.catalog)
        return self._told.tell(generator, wanted, self.input.context)

    async def finished(self, recalled: tuple[int, ...]) -> tuple[list[str], PlayedTurn]:
        """What the told scene comes to, and what the player is told of how it came about."""
        told, passages = self._told, tuple(self._told.passages)
        read = [reply for noted in told.found for reply in noted.replies]
        said = [
            r.degraded
            for r in (*self._provider.replies, *read)
            if r.model and r.degraded not in told.degraded
        ]
        degraded = list(filter(None, dict.fromkeys([*said, told.degraded])))
        scene = self._scene()
        offered, unread = await self._offer(scene)
        if unread and not is_embedded(scene.told_by):
            why = f"the check of the choices failed ({unread})"
            degraded.append(BY_RULE_ONLY.format(why=why))
        if not scene.is_ending:
            degraded += filter(None, [note_on(offered)])
        lines, ended = self._lines()
        code, factor = await self._code_checked(scene)
        happened = self._gate.allowed(told.story.happened) if told.story else ""
        outcome, note = consequences.outcome_of(lines, happened, passages), "; ".join(degraded)
        scene = replace(scene, degraded=note, quality=scene.quality * factor, outcome=outcome)
        learnt = memories_after(self.input, passages, lines, outcome)
        stage = self.input.point.stage
        changes = characters_after(self.input, passages, stage, learnt)
        move, replies = self.input.move, [*self._provider.replies, *read]
        events: list[Event] = [
            *([move] if move and self.input.number > 1 else []),
            *([log.PastRecalled(positions=recalled)] if recalled else []),
            *replies,
            *told.withheld,
            log.SceneTold(scene=scene),
            *code,
            *(
                log.FactRetracted(claim=c) if c.ends else log.FactAsserted(claim=c)
                for c in self._gate.claims
            ),
            *beliefs_after(self.input, passages, self._gate.claims),
            *(log.LineEnded(number=number) for number in ended),
            *(log.LineKept(line=line) for line in lines),
            *changes,
            offered,
            *([log.StoryEnded(how=scene.tone)] if scene.is_ending else []),
        ]
        played = PlayedTurn(
            turn=self.input.number,
            scene=scene,
            choices=offered.choices,
            cost_usd=self._provider.cost_usd + sum(noted.cost_usd for noted in told.found),
            usage=sum((reply.usage for reply in replies), Usage()),
            calls=len(replies),
            events=tuple(events),
        )
        notices = self.input.dependencies.notices
        warnings, notices[:] = [*degraded, *notices], []
        return warnings, played

    def _scene(self) -> Scene:
        told, point, allowed = self._told, self.input.point, self._gate.allowed
        turn = self.input.number
        story = told.story or untold("")
        by = next((reply for reply in reversed(self._provider.replies) if reply.model), None)
        scene_id = story.scene_id if told.story else f"scene-{turn}-cut-short"
        return Scene(
            scene_id=allowed(scene_id) or f"scene-{turn}",
            passages=tuple(told.passages),
            setting=allowed(story.setting_description),
            tone=allowed(story.emotional_tone),
            stage=point.stage,
            quality=story.quality_score,
            told_by=by.model if by else "",
            prompt_version=by.prompt_version if by else "",
            is_ending=point.is_end(said_so=story.is_ending, is_cut=bool(told.withheld)),
            notes=dict(story.notes),
        )

    async def _offer(self, scene: Scene) -> tuple[log.ChoicesOffered, str]:
        asks = self.input.dependencies.checks == "choices"
        validator = BranchValidatorPrimitive(
            llm_provider=self._provider if asks else None,
            checker=self._gate.contradictions,
            catalog=self.input.dependencies.catalog,
        )
        proposed = () if scene.is_ending else self._told.choices
        refused = self._told.refused_choices
        by_hand = is_embedded(scene.told_by)
        return await offer(self.input, proposed, refused, self._gate, validator, is_by_hand=by_hand)

    def _lines(self) -> tuple[list[LastingLine], list[int]]:
        told, state = self._told, self.input.state
        readings = [noted.reading for noted in told.found]
        if self._reader is None and told.story:
            readings = [Reading(lines=told.story.lines, ended=told.story.ended_lines)]
        after = lines_after(state, readings)
        new = [line for number, line in after.items() if number not in state.lines]
        lines = consequences.written(new, self._gate.people)
        lines = lines or consequences.of_the_scene(told.passages, state.names)
        ended = [number for number in state.lines if number not in after]
        return [line for line in lines if self._gate.allowed(line.text)], ended

    async def _code_checked(self, scene: Scene) -> tuple[list[Event], float]:
        """The verdicts on the scene's code, if any, and what they leave of its quality."""
        check = self.input.dependencies.check_code
        has_code = "```" in scene.text or "~~~" in scene.text
        verdicts = await check(scene.text) if check and has_code else ()
        if not verdicts:
            return [], 1.0
        from tta_rebuild.quality.story_code import INVALID_CODE_FACTOR

        is_invalid = any(one.verdict == "invalid" for one in verdicts)
        return [log.CodeChecked(verdicts=verdicts)], INVALID_CODE_FACTOR if is_invalid else 1.0
