"""Plays an experiment: every premise in every variant, as far as its design asks for.

Finished plays are kept at once; a run that was stopped is taken up where it was. What is played
next never depends on who leads, only on whether the design has its answer.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

from tta_rebuild.bootstrap.application import Application
from tta_rebuild.bootstrap.model_names import chosen_model
from tta_rebuild.bootstrap.variants import assigned, catalog_of
from tta_rebuild.core.base_primitive import side_by_side
from tta_rebuild.core.clock import Clock
from tta_rebuild.core.errors import (
    ExecutionError,
    MoveRefused,
    QuotaFull,
    StoreError,
    ValidationError,
)
from tta_rebuild.core.records import ExperimentRecord, PlayRecord
from tta_rebuild.core.story import Premise
from tta_rebuild.engine import turn_events as seen
from tta_rebuild.engine.action import Action
from tta_rebuild.engine.session import Session
from tta_rebuild.lab.experiment_plan import (
    ExperimentPlan,
    check_plan,
    described,
    digest_of,
    question_of,
)
from tta_rebuild.lab.outcomes import outcome_of
from tta_rebuild.lab.players import NextMove, Player, automatic, play_on
from tta_rebuild.lab.told_file import PlainPremise
from tta_rebuild.lab.verdict import Question, Verdict, decide
from tta_rebuild.settings import Settings

SHORTEST_WAIT_S = 5.0
"""Before a turn is played again for which the quota had no room."""

MOST_REFUSED = 20
"""Moves in a row that may be refused before a play is given up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedPlay:
    """One story that is to be played."""

    variant: str
    row: PlainPremise
    seed: int
    player: Player

    @property
    def key(self) -> tuple[str, str, int, str]:
        """What tells it from all others of its experiment."""
        return self.variant, self.row.id, self.seed, self.player


def settings_for_plays(settings: Settings, plan: ExperimentPlan) -> Settings:
    """The settings to open the application with, together with ``has_fallback=False``.

    Nobody answers for a model that fails, and no reply comes from the cache: two variants that ask
    the same must both be answered.

    Raises UnreadableFile or SettingsError: a variant names a model, world or prompt that is not.
    """
    check_plan(plan, settings, catalog_of(settings))
    own = {
        "experiment": plan.live(),
        "chain": (settings.chain[0] if settings.chain else chosen_model(settings),),
        "cache": "off",
    }
    return settings.model_copy(update=own)


@dataclass(kw_only=True)
class ExperimentRun:
    """One run of an experiment; ``plays`` are all that is kept of it so far.

    ``jobs`` stories are played at once; with several, latencies say less. ``keep_stories`` leaves
    the stories in the store: else only their numbers stay.
    """

    application: Application
    plan: ExperimentPlan
    premises: list[PlainPremise]
    progress: Callable[[int, int], None] = lambda done, planned: None
    jobs: int = 1
    keep_stories: bool = False
    plays: list[PlayRecord] = field(default_factory=list)

    @property
    def question(self) -> Question:
        """What is to be decided."""
        return question_of(self.plan, self.premises)

    async def begin(self) -> None:
        """Take the experiment up, or begin it.

        Raises ValidationError: one of that name has plays, and its plan, its premises, its prompts
        or its model were others.
        """
        catalog = catalog_of(self.application.settings)
        text = described(self.plan, self.premises, catalog)
        record = ExperimentRecord(
            name=self.plan.name,
            digest=digest_of(text, self.premises, self.application.models[0]),
            plan=text,
            created_at=datetime.now(UTC),
        )
        there = await self.application.records.begin(record)
        if there.digest != record.digest and there.plays:
            raise ValidationError(
                f"'{there.name}' has {there.plays} plays of another plan, other premises, prompts "
                "or another model; what was played so cannot be judged together: give it another "
                f'name, or remove it with: tta experiment delete "{there.name}"'
            )
        if there.digest != record.digest:
            await self.application.records.forget(there.name)
            await self.application.records.begin(record)
        self.plays = list(await self.application.records.plays(self.plan.name))

    async def run(self) -> Verdict:
        """Play on until the design has its answer. Raises what a turn raises; plays are kept."""
        planned = self.question.premises_at[-1] * len(self.plan.variants)
        planned *= self.question.plays_each
        done = {(p.variant, *p.pair) for p in self.plays}
        began = 0
        for upto in self.question.premises_at:
            if decide(self.question, self.plays).is_final:
                break
            room = asyncio.Semaphore(self.jobs)
            wanted = [p for p in self._between(began, upto) if p.key not in done]
            self.progress(len(self.plays), planned)
            await side_by_side(self._one(play, room, planned) for play in wanted)
            began = upto
        return decide(self.question, self.plays)

    def _between(self, began: int, upto: int) -> Iterator[PlannedPlay]:
        """The plays of some premises; within a pair the variants come in an order by chance."""
        for row in self.premises[began:upto]:
            for seed in self.plan.seeds:
                for player in self.plan.players:
                    variants = list(self.plan.variants)
                    random.Random(f"{row.id} {seed} {player}").shuffle(variants)
                    for name in variants:
                        yield PlannedPlay(variant=name, row=row, seed=seed, player=player)

    async def _one(self, play: PlannedPlay, room: asyncio.Semaphore, planned: int) -> None:
        async with room:
            record = await play_planned(
                self.application, self.plan, play, keep_story=self.keep_stories
            )
            await self.application.records.keep(self.plan.name, record)
            self.plays.append(record)
            self.progress(len(self.plays), planned)


async def play_planned(
    application: Application,
    plan: ExperimentPlan,
    play: PlannedPlay,
    *,
    keep_story: bool = False,
    clock: Clock | None = None,
) -> PlayRecord:
    """Play one story and measure it; unless it is to be kept, it is gone afterwards.

    Where our own quota is full it waits. Raises what else a turn raises.
    """
    premise = Premise(
        theme=play.row.premise,
        title=f"{plan.name}: {play.row.id} ({play.variant})",
        seed=play.seed,
        length=plan.turns,
        world=plan.variants[play.variant].world,
    )
    variant = assigned(plan.live(), play.variant)
    stories, is_kept = application.stories, False
    session = await stories.open(premise, variant=variant)
    try:
        turn_s, first_s = await _turns(session, play, plan.turns, clock or Clock())
        await application.tracker.flush()
        outcome = outcome_of(
            await stories.path(session.story_id),
            cost_usd=await application.ledger.spent_usd(story_id=session.story_id),
            turn_s=turn_s,
            first_words_s=first_s,
        )
        is_kept = keep_story
    finally:
        if not is_kept:
            with suppress(StoreError):
                await stories.delete(session.story_id)
    return PlayRecord(
        variant=play.variant,
        premise=play.row.id,
        seed=play.seed,
        player=play.player,
        at=datetime.now(UTC),
        story_id=session.story_id if keep_story else "",
        outcome=outcome,
    )


async def _turns(
    session: Session, play: PlannedPlay, turns: int, clock: Clock
) -> tuple[Sequence[float], Sequence[float]]:
    """Play all turns; gives the seconds of each, and those until its first passage."""
    next_move = automatic(play.player, play.seed)
    turn_s, first_s, refused = list[float](), list[float](), 0
    while len(turn_s) < turns and not session.state.ended:
        choices = session.state.choices
        move = next_move(choices) if turn_s else Action.begin()
        if refused and choices:  # what a talker says may not be possible here
            move = Action.choose(1)
        assert move is not None  # simulated players do not stop
        try:
            took_s, until_first_s = await _timed_turn(session, move, clock)
        except MoveRefused as why:
            refused += 1
            if refused > MOST_REFUSED:
                said = f"{play.row.id}: no move is possible any more: {why}"
                raise ExecutionError(said) from why
            continue
        except QuotaFull as full:  # nothing was sent
            await clock.sleep(max(full.retry_after_s, SHORTEST_WAIT_S))
            next_move = _first_then(move, next_move)
            continue
        refused = 0
        turn_s.append(took_s)
        first_s.append(until_first_s)
    return turn_s, first_s


def _first_then(move: Action, others: NextMove) -> NextMove:
    """The same move once more, then what the player would do."""
    waiting = [move]
    return lambda choices: waiting.pop() if waiting else others(choices)


async def _timed_turn(session: Session, move: Action, clock: Clock) -> tuple[float, float]:
    """Seconds of a turn, and until its first passage. Raises as a turn does, and MoveRefused."""
    began, first = clock.now(), 0.0
    async with aclosing(play_on(session, move)) as events:
        async for event in events:
            if isinstance(event, seen.PassageReleased):
                first = first or clock.now() - began
            elif isinstance(event, seen.TurnRefused):
                raise MoveRefused(event.reason)
    return clock.now() - began, first
