"""Turns that run apart from whoever asked for them: submitted, followed by number, cancelled.

``TurnRunner`` is what a server talks to; ``in_process_runner`` plays the turns as tasks of this
process. All that goes in and comes out is plain values, so that turns may run elsewhere.
"""

from __future__ import annotations

import json
from collections import Counter, deque
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol, TypeAlias

from tta_rebuild.core.workers import WorkerSeen
from tta_rebuild.engine.turn_values import LAST_KINDS, UpdateKind, Values

TurnKind: TypeAlias = Literal["begin", "choose", "say", "end", "ask", "think"]
TurnState: TypeAlias = Literal[
    "running", "stored", "refused", "paused", "aside", "failed", "abandoned", "interrupted"
]
REPEATABLE = ("refused", "paused", "failed", "abandoned", "interrupted")
"""States in which nothing of the turn was stored: its key may be used for the same move again."""

LAST_NUMBER = 1_000_000
"""The number of what is known of a turn whose other updates are gone: above all of theirs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnRequest:
    """A turn, or a question aside, that somebody wants.

    Attributes:
        key: theirs; the same key never makes two turns.
        text: the words of ``say`` and ``end``; of ``ask`` and ``think`` a name and the question.
        choice: the number of the choice taken, from 1.
        after_note: the same once more, after it paused with a note (see ``TurnPaused``).
        is_retold: told another way than before: no answer of a model is given again.
        position: the branch's length in events as they saw it; None: whatever it is.
        player_id: whose budget it falls under, "" for that of a server without accounts.
    """

    key: str
    story_id: str
    branch_id: str
    kind: TurnKind
    text: str = ""
    choice: int = 0
    after_note: bool = False
    is_retold: bool = False
    position: int | None = None
    player_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnUpdate:
    """Something seen of a turn; numbers count from 1 without a gap.

    ``text`` is its values as JSON, as every reader of the turn is sent them; ``at`` is when it was
    put, where that is known and not now.
    """

    number: int
    kind: UpdateKind
    text: str
    at: datetime | None = field(default=None, compare=False)

    @property
    def values(self) -> Values:
        """What ``text`` says."""
        values: Values = json.loads(self.text)
        return values

    @property
    def is_last(self) -> bool:
        """Whether nothing comes after it."""
        return self.kind in LAST_KINDS


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningTurn:
    """A turn as it stands.

    Attributes:
        updates: the number of the last one so far.
        position, turn: where its branch stood when it began, None until that is known.
        last: the values of the last update once it is over, as far as they are kept.
    """

    turn_id: str
    request: TurnRequest
    state: TurnState
    began_at: datetime
    ended_at: datetime | None = None
    updates: int = 0
    position: int | None = None
    last: Values = field(default_factory=dict)


class TurnJournal(Protocol):
    """Where a runner notes its turns, so that they are known after the process was killed."""

    def write(self, turn: RunningTurn) -> None:
        """Note how a turn stands, in place of what was noted of it before.

        Of a turn that is over, no word of the player's is kept.
        """

    def read(self) -> Sequence[RunningTurn]:
        """All that is noted, the oldest first."""

    def forget(self, *, before: datetime | None = None, story_id: str = "") -> None:
        """Drop the turns that ended ``before`` then, or all those of a story."""


class TurnWatch(Protocol):
    """What is told of every turn of a runner, to be counted; it must not raise."""

    def updated(self, turn: RunningTurn, update: TurnUpdate) -> None:
        """An update has come; ``turn`` is as it stands with it."""

    def turned_away(self, reason: str) -> None:
        """A turn was not begun.

        ``busy_branch``, ``too_many``, ``shutting_down``, ``no_temporal`` or ``no_worker``.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnQueue:
    """Turns on their way to workers.

    What is None is not known: whoever would know it does not answer.

    Attributes:
        workers: how many take turns now.
        running: turns that are not over, whichever server they were asked for at.
        waiting: those that no worker has begun yet; ``longest_s`` is how long the oldest waits.
        members: the workers as the database knows them, with those that ended a while ago.
        has_temporal, has_database: whether they answer.
    """

    workers: int | None
    running: int | None
    waiting: int | None
    longest_s: float | None
    members: Sequence[WorkerSeen] = ()
    has_temporal: bool = True
    has_database: bool = True


class TurnRunner(Protocol):
    """Plays turns for many callers; one at a time on a branch, a bounded number over all.

    Attributes:
        is_draining: whether none begins any more.
        ended: how those ended, since the start; failures: the latest that failed.
    """

    @property
    def running(self) -> int:
        """How many are being played that were asked for here."""

    is_draining: bool
    ended: Counter[str]
    failures: deque[RunningTurn]

    async def submit(self, request: TurnRequest, *, again: bool = False) -> RunningTurn:
        """Begin a turn; the same key gives the same turn, unless nothing of it was stored and it
        shall run ``again``.

        Raises KeyReused (that key is another move's), BranchBusy, TooManyTurns, TurnsUnavailable
        (nobody is there who plays turns).
        """

    async def known(self, request: TurnRequest, *, again: bool = False) -> RunningTurn | None:
        """The turn that ``submit`` would give without beginning one. Raises KeyReused."""

    async def pause(self, request: TurnRequest) -> RunningTurn | None:
        """A turn that has paused at once, if a move that cannot be played now may be a cry for
        help: another is played, or has to be told before it. What is played goes on undisturbed.
        """

    async def turn(self, turn_id: str) -> RunningTurn:
        """A turn as it stands. Raises TurnNotFound."""

    async def running_on(self, branch_id: str) -> RunningTurn | None:
        """The turn that is being played on a branch now."""

    async def latest_on(self, branch_id: str) -> RunningTurn | None:
        """The turn last asked for on a branch, if it is still known."""

    async def updates(
        self, turn_id: str, *, after: int = 0, wait_s: float = 0.0
    ) -> Sequence[TurnUpdate]:
        """Those numbered above ``after``; waits for the first of them, at most ``wait_s`` seconds.

        Empty if none came, or if the turn is over and all are known. Raises TurnNotFound.
        """

    def tail(self, turn_id: str, after: int = 0) -> AsyncIterator[TurnUpdate]:
        """What has come above ``after``, and what comes, up to the last. Raises TurnNotFound."""

    async def cancel(self, turn_id: str) -> RunningTurn:
        """Abandon a turn, if that is still possible; gives it as it ended. Raises TurnNotFound."""

    async def forget_story(self, story_id: str) -> None:
        """Abandon the turns of a story, and forget them with every word."""

    async def queue(self) -> TurnQueue | None:
        """How turns wait for who plays them; None: they are played here and wait for nobody.

        Answers within about a second, whoever is away.
        """

    async def hindrance(self) -> str:
        """Why no turn can begin now, in a word or two; "" if turns can."""

    async def drain(self, grace_s: float) -> None:
        """Begin no turn any more, and give those that run ``grace_s`` seconds.

        Then they are abandoned, unless they are played elsewhere and go on there.
        """
