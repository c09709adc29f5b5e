"""What plays turns for many callers at once, made around an open application, for ``server``."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from tta_rebuild.bootstrap.application import Application
from tta_rebuild.core.access import operators_of
from tta_rebuild.core.clock import Clock
from tta_rebuild.core.errors import SettingsError
from tta_rebuild.core.telemetry import Telemetry
from tta_rebuild.engine.in_process_runner import InProcessRunner
from tta_rebuild.engine.session_cache import MOST_SESSIONS, SessionCache
from tta_rebuild.engine.turn_runner import RunningTurn, TurnRequest, TurnRunner, TurnWatch
from tta_rebuild.storage.sqlite_list import FILE_NAME
from tta_rebuild.storage.story_rows import from_micros, to_micros
from tta_rebuild.storage.turn_journal import FILE_ENDING, NoteFile

KEPT_OF_THE_END = ("turn", "position", "branch_id")
"""What is noted of a turn's last update: where it was stored, and no word of anybody's."""

NO_OPERATOR = (
    "players are to show tokens, and no operator has one: make it with "
    "'tta tokens add NAME --role operator'"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """What a server plays with: the application, its turns, and the sessions they share."""

    application: Application
    runner: TurnRunner
    sessions: SessionCache


@asynccontextmanager
async def open_serving(
    application: Application,
    *,
    most_turns: int = 256,
    most_sessions: int = MOST_SESSIONS,
    new_id: Callable[[], str] = lambda: uuid4().hex,
    clock: Clock | None = None,
    watch: TurnWatch | None = None,
    telemetry: Telemetry | None = None,
) -> AsyncIterator[Serving]:
    """A runner whose turns are known again after the process was killed; the end abandons them.

    Where the settings say so, workers play the turns, and the end leaves them to it.

    Args:
        most_turns: that may be played at once, over all branches.
        most_sessions: of branches, kept folded in memory.
        watch: is told of every turn.
        telemetry: where the spans of turns go, as in ``open_application``.

    Raises SettingsError: workers are to play, and no Temporal server or no database is there.
    """
    settings = application.settings
    sessions = SessionCache(application.stories, most=most_sessions)
    if settings.runner == "temporal":
        from tta_rebuild.bootstrap.cluster import temporal_runner

        async with temporal_runner(
            application,
            sessions,
            new_id=new_id,
            clock=clock,
            watch=watch,
            most_turns=most_turns,
            telemetry=telemetry,
        ) as elsewhere:
            yield Serving(application=application, runner=elsewhere, sessions=sessions)
        return
    path = settings.data_dir / f"{FILE_NAME}{FILE_ENDING}"
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with closing(NoteFile(path)) as file:
        async with InProcessRunner(
            application.stories,
            sessions,
            TurnNotes(file),
            new_id=new_id,
            clock=clock,
            watch=watch,
            tracer_provider=telemetry.tracer_provider if telemetry else None,
            most_turns=most_turns,
        ) as runner:
            yield Serving(application=application, runner=runner, sessions=sessions)


async def has_accounts(application: Application) -> bool:
    """Whether players of a server show tokens. Raises SettingsError: no operator could come in."""
    wanted = application.settings.access
    tokens = await application.access.tokens() if wanted != "open" else []
    if wanted == "tokens" and not operators_of(tokens, datetime.now(UTC)):
        raise SettingsError("TTA_ACCESS", NO_OPERATOR)
    # revoked ones too: taking the last one back must not open the door to everybody
    return bool(tokens)


class TurnNotes:
    """The journal of a runner (``engine.turn_runner.TurnJournal``) in a file of notes."""

    def __init__(self, file: NoteFile) -> None:
        self._file = file

    def write(self, turn: RunningTurn) -> None:
        """Note how a turn stands; of one that is over, without a word of the player's."""
        last = {name: turn.last[name] for name in KEPT_OF_THE_END if name in turn.last}
        if turn.ended_at is not None:
            turn = replace(turn, request=replace(turn.request, text=""))
        story_id = turn.request.story_id
        note: dict[str, Any] = {**asdict(replace(turn, last=last)), "story_id": story_id}
        note["began_at"] = to_micros(turn.began_at)
        note["ended_at"] = to_micros(turn.ended_at) if turn.ended_at else None
        self._file.write(note)

    def read(self) -> Sequence[RunningTurn]:
        """All that is noted, the oldest first."""
        return [_turn(dict(note)) for note in self._file.read()]

    def forget(self, *, before: datetime | None = None, story_id: str = "") -> None:
        """Drop what ended before then, or all of a story."""
        self._file.forget(before=to_micros(before) if before else None, story_id=story_id)


def _turn(note: dict[str, Any]) -> RunningTurn:
    del note["story_id"]
    note["request"] = TurnRequest(**note["request"])
    note["began_at"] = from_micros(note["began_at"])
    note["ended_at"] = from_micros(note["ended_at"]) if note["ended_at"] is not None else None
    return RunningTurn(**note)
