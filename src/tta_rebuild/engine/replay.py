"""Playing a story again from its log, to prove that nothing in it is left to chance.

Every turn is played with the recorded move and replies; what comes out is compared byte by byte.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby, takewhile, zip_longest
from typing import TypeVar

from tta_rebuild.core import events as log
from tta_rebuild.core.errors import ExecutionError, MoveRefused
from tta_rebuild.core.events import Event, EventCodec, RecordedEvent, prose_of
from tta_rebuild.engine.action import Action
from tta_rebuild.engine.dependencies import Checks, Dependencies
from tta_rebuild.engine.recording import RecordedProvider
from tta_rebuild.engine.state import StoryFold
from tta_rebuild.engine.telling import RULES_ONLY
from tta_rebuild.engine.turn import play_turn, whole_turn
from tta_rebuild.engine.turn_input import TurnInput
from tta_rebuild.storage.story_store import Branch, Found, StoryStore

EXCERPT_CHARS = 160

AFTER_A_TURN = (log.FactRetconned, log.PersonAsked, log.CareShown, log.BoundariesTightened)
"""Events with which something begins that was written after a turn, and is no part of it."""

E = TypeVar("E")


@dataclass(frozen=True, slots=True)
class Difference:
    """Where a replay first differs: excerpts of the log's event and of the new one."""

    turn: int
    kind: str
    logged: str
    replayed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayReport:
    """What a replay found in these turns, events and bytes: no difference if all agree."""

    turns: int
    events: int
    size_bytes: int
    difference: Difference | None = None

    @property
    def agrees(self) -> bool:
        """True if every byte agrees."""
        return self.difference is None


async def replay(dependencies: Dependencies, store: StoryStore, branch: Branch) -> ReplayReport:
    """Play a branch again."""
    recorded = [r async for r in store.read(branch.branch_id, upto=branch.length)]
    fold = StoryFold()
    prose = {
        r.position: Found(position=r.position, turn=r.turn, text=text, rank=0.0)
        for r in recorded
        if (text := prose_of(r.event))
    }
    played, sizes = 0, list[int]()
    difference: Difference | None = None
    for turn, group in groupby(recorded, key=lambda r: r.turn):
        logged = list(group)
        if turn:
            own = list(takewhile(lambda r: not isinstance(r.event, AFTER_A_TURN), logged))
            recalled = (at for event in _of(own, log.PastRecalled) for at in event.positions)
            past = [prose[at] for at in recalled if at in prose]
            try:
                before = TurnInput.of(dependencies, branch, fold.present())
                again = await _again(before, own, past)
            except (MoveRefused, ExecutionError) as error:
                difference = Difference(turn, "turn", "", str(error))
            else:
                played += 1
                difference = _compared(turn, own, again, sizes)
            if difference is not None:
                break
        for one in logged:
            fold.apply(one)
    total = sum(sizes)
    return ReplayReport(turns=played, events=len(sizes), size_bytes=total, difference=difference)


def _compared(
    turn: int, logged: Sequence[RecordedEvent], again: Sequence[Event], sizes: list[int]
) -> Difference | None:
    """The first difference; ``sizes`` gets the bytes of every event that agrees."""
    codec = EventCodec()
    written = (r.event for r in logged if not isinstance(r.event, log.TimelineMarked))
    for old, new in zip_longest(written, again):
        pair = (old, _as_noted_then(old, new))
        was, now = ("".join(map(str, codec.to_json(e))) if e else "" for e in pair)
        if was != now:
            pairs = enumerate(zip(was, now, strict=False))
            same = next((i for i, (a, b) in pairs if a != b), min(len(was), len(now)))
            start = max(0, same - EXCERPT_CHARS // 4)
            before, after = (text[start : start + EXCERPT_CHARS] for text in (was, now))
            return Difference(turn, (old or new).KIND, before, after)
        sizes.append(len(was.encode("utf-8", "surrogatepass")))
    return None


def _as_noted_then(old: Event | None, new: Event | None) -> Event | None:
    """The new scene without its prompt's version, where an earlier program did not note that."""
    match old, new:
        case log.SceneTold(scene=logged), log.SceneTold(scene=again) if not logged.prompt_version:
            return log.SceneTold(scene=replace(again, prompt_version=""))
    return new


async def _again(
    before: TurnInput, logged: Sequence[RecordedEvent], past: Sequence[Found]
) -> tuple[Event, ...]:

    async def check_code(text: str) -> tuple[log.CodeVerdictNoted, ...]:
        return tuple(v for checked in _of(logged, log.CodeChecked) for v in checked.verdicts)

    async def memory(words: Sequence[str], limit: int) -> Sequence[Found]:
        return past

    provider = RecordedProvider(_of(logged, log.ModelReplied))
    dependencies = replace(
        before.dependencies, provider=provider, checks=_checks(logged), check_code=check_code
    )
    before = replace(before, dependencies=dependencies)
    return (await whole_turn(play_turn(before, _action(logged), memory))).events


def _checks(logged: Sequence[RecordedEvent]) -> Checks:
    """What a model checked when the turn was played, as far as its log tells."""
    asked = {reply.task for reply in _of(logged, log.ModelReplied)}
    notes = (told.scene.degraded for told in _of(logged, log.SceneTold))
    if "reading" in asked or any(RULES_ONLY in note for note in notes):
        return "all"
    return "choices" if "branch_check" in asked else "off"


def _of(logged: Sequence[RecordedEvent], kind: type[E]) -> list[E]:
    return [r.event for r in logged if isinstance(r.event, kind)]


def _action(logged: Sequence[RecordedEvent]) -> Action:
    for acted in _of(logged, log.PlayerActed):
        if acted.choice is not None:
            return Action.choose(acted.choice)
        return Action.end(acted.text) if acted.wants_end else Action.say(acted.text)
    return Action.begin()
