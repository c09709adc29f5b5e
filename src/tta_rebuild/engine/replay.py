"""Playing a story again from its log, to prove that nothing in it is left to chance.

Called by ``engine.stories``. Every turn is played from the state before it, with the player's move
and the storyteller's replies as they were recorded; the events that come out are compared byte by
byte with those in the log.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from itertools import groupby

from tta_rebuild.core.errors import ExecutionError
from tta_rebuild.core.events import (
    CodeChecked,
    CodeVerdictNoted,
    Event,
    EventCodec,
    FactRetconned,
    ModelReplied,
    PastRecalled,
    PlayerActed,
    RecordedEvent,
    SceneTold,
    prose_of,
)
from tta_rebuild.engine.action import Action
from tta_rebuild.engine.dependencies import Checks, Dependencies
from tta_rebuild.engine.recording import RecordedProvider, ReplayingProvider
from tta_rebuild.engine.state import StoryFold
from tta_rebuild.engine.telling import RULES_ONLY
from tta_rebuild.engine.turn import FinishedTurn, play_turn
from tta_rebuild.engine.turn_events import TurnRefused
from tta_rebuild.storage.story_store import Branch, Found, StoryStore

EXCERPT_CHARS = 160


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Where a replay first differs: excerpts of the log's event and of the new one."""

    turn: int
    kind: str
    logged: str
    replayed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayReport:
    """What a replay found.

    Attributes:
        turns: turns played again.
        events: events compared.
        size_bytes: bytes compared.
        difference: None if every byte agrees.
    """

    turns: int
    events: int
    size_bytes: int
    difference: Difference | None = None

    @property
    def agrees(self) -> bool:
        """True if every byte agrees."""
        return self.difference is None


async def replay(
    dependencies: Dependencies, store: StoryStore, branch: Branch, *, retell: bool = False
) -> ReplayReport:
    """Play a branch again.

    Args:
        retell: ask the storyteller itself once more instead of its recorded replies; for a model
            with randomness of its own this will differ.
    """
    codec = EventCodec()
    recorded = [r async for r in store.read(branch.branch_id, upto=branch.length)]
    fold = StoryFold()
    prose = {r.position: _found(r) for r in recorded if prose_of(r.event)}
    turns = events = size = 0
    for turn, group in groupby(recorded, key=lambda r: r.turn):
        logged = list(group)
        if turn:
            past = [found for found in map(prose.get, _recalled(logged)) if found]
            again = await _again(dependencies, branch, fold, logged, past, retell=retell)
            if isinstance(again, str):
                difference = Difference(turn=turn, kind="turn", logged="", replayed=again)
                return ReplayReport(
                    turns=turns, events=events, size_bytes=size, difference=difference
                )
            turns += 1
            for old, new in _pairs(_of_the_turn(logged), again):
                was = "".join(map(str, codec.to_json(old))) if old else ""
                now = "".join(map(str, codec.to_json(new))) if new else ""
                if was != now:
                    differing = old or new
                    kind = differing.KIND if differing else ""
                    return ReplayReport(
                        turns=turns,
                        events=events,
                        size_bytes=size,
                        difference=_difference(turn, kind, was, now),
                    )
                events += 1
                size += len(was.encode("utf-8", "surrogatepass"))
        for one in logged:
            fold.apply(one)
    return ReplayReport(turns=turns, events=events, size_bytes=size)


async def _again(
    dependencies: Dependencies,
    branch: Branch,
    fold: StoryFold,
    logged: Sequence[RecordedEvent],
    past: Sequence[Found],
    *,
    retell: bool,
) -> tuple[Event, ...] | str:
    """The turn's events as they come out today, or why none do."""
    if not retell:
        replies = [r.event for r in logged if isinstance(r.event, ModelReplied)]
        dependencies = replace(
            dependencies,
            provider=RecordedProvider(replies),
            recording=ReplayingProvider,
            checks=_checks(logged),
        )
    noted = [v for r in logged if isinstance(r.event, CodeChecked) for v in r.event.verdicts]

    async def check_code(text: str) -> tuple[CodeVerdictNoted, ...]:
        return tuple(noted)

    dependencies = replace(dependencies, check_code=check_code)

    async def memory(words: Sequence[str], limit: int) -> Sequence[Found]:
        return past

    turn = play_turn(dependencies, branch, fold.present(), _action(logged), memory)
    try:
        async with aclosing(turn) as items:
            async for item in items:
                if isinstance(item, FinishedTurn):
                    return item.events
                if isinstance(item, TurnRefused):
                    return f"refused: {item.reason}"
    except ExecutionError as error:
        return str(error)
    return "the turn did not finish"


def _checks(logged: Sequence[RecordedEvent]) -> Checks:
    """What a model checked when the turn was played, as far as its log tells."""
    asked = {r.event.task for r in logged if isinstance(r.event, ModelReplied)}
    said = [r.event.scene.degraded for r in logged if isinstance(r.event, SceneTold)]
    if "reading" in asked or any(RULES_ONLY in note for note in said):
        return "all"
    return "choices" if "branch_check" in asked else "off"


def _of_the_turn(logged: Sequence[RecordedEvent]) -> list[Event]:
    """The turn's own events: an author's correction stands behind them and is not told again."""
    events = [r.event for r in logged]
    own = next((i for i, e in enumerate(events) if isinstance(e, FactRetconned)), len(events))
    return events[:own]


def _recalled(logged: Sequence[RecordedEvent]) -> tuple[int, ...]:
    for recorded in logged:
        if isinstance(recorded.event, PastRecalled):
            return recorded.event.positions
    return ()


def _found(recorded: RecordedEvent) -> Found:
    return Found(
        position=recorded.position, turn=recorded.turn, text=prose_of(recorded.event), rank=0.0
    )


def _action(logged: Sequence[RecordedEvent]) -> Action:
    for recorded in logged:
        if isinstance(recorded.event, PlayerActed):
            acted = recorded.event
            if acted.choice is not None:
                return Action.choose(acted.choice)
            return Action.end(acted.text) if acted.wants_end else Action.say(acted.text)
    return Action.begin()


def _pairs(old: Sequence[Event], new: Sequence[Event]) -> list[tuple[Event | None, Event | None]]:
    length = max(len(old), len(new))
    return [
        (old[i] if i < len(old) else None, new[i] if i < len(new) else None) for i in range(length)
    ]


def _difference(turn: int, kind: str, was: str, now: str) -> Difference:
    start = next(
        (i for i, (a, b) in enumerate(zip(was, now, strict=False)) if a != b),
        min(len(was), len(now)),
    )
    begin = max(0, start - EXCERPT_CHARS // 4)
    return Difference(
        turn=turn,
        kind=kind,
        logged=was[begin : begin + EXCERPT_CHARS],
        replayed=now[begin : begin + EXCERPT_CHARS],
    )
