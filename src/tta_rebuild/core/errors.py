"""Every error that the engine raises, in one tree; the class says what the caller should do.

Nobody above defines an error of its own. The facts of an error are attributes, given by name.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tta_rebuild.core.usage import Outcome, Usage


class TTAError(Exception):
    """Root of everything that the engine raises on purpose.

    What a class declares with a default may be given by name: ``ProviderBusy("…", model="m")``.
    """

    def __init__(self, message: str = "", **facts: Any) -> None:
        super().__init__(message)
        for name, value in facts.items():
            if not hasattr(type(self), name):
                raise TypeError(f"{type(self).__name__} has no {name!r}")
            setattr(self, name, value)


class TTAPrimitiveError(TTAError):
    """A primitive could not do its work; its name and the ``TTAContext`` stand here where known."""

    def __init__(
        self, message: str, primitive_name: str | None = None, context: Any = None, **facts: Any
    ) -> None:
        super().__init__(message, **facts)
        self.message = message
        self.primitive_name = primitive_name
        self.context = context


class ValidationError(TTAPrimitiveError, ValueError):
    """The input is wrong: change it. Constructors raise it too, so it is a ``ValueError``."""


class ExecutionError(TTAPrimitiveError):
    """The input was fine, the work failed."""


class ProviderError(ExecutionError):
    """The model behind a primitive failed; the message says what to do next.

    ``provider`` is the adapter, such as ``"gemini"``. ``usage`` is what the failed attempt is
    billed for, where the provider said so; where it did not, ``may_be_billed`` says whether an
    answer may have been written all the same. ``outcome`` is what the ledger calls it.
    """

    provider: str = ""
    model: str = ""
    usage: Usage | None = None
    may_be_billed: bool = False
    outcome: Outcome = "error"


class ProviderBusy(ProviderError):
    """Try again: not before ``retry_after_s`` seconds, where the provider named a time.

    ``learnt_limit_rpm`` is the requests per minute that a 429 revealed, where it did.
    """

    outcome = "busy"
    retry_after_s: float | None = None
    learnt_limit_rpm: int | None = None


class ProviderTimeout(ProviderBusy):
    """No answer, or no further piece of one, within the time allowed."""

    may_be_billed = True


class QuotaExhausted(ProviderError):
    """The model's daily quota is used up: wait for the reset, or use another model."""

    outcome = "busy"

    def __init__(self, *, resets_at: datetime, provider: str = "", model: str = "") -> None:
        until = f"resets at {resets_at:%Y-%m-%d %H:%M %Z}; wait until then or choose another model"
        super().__init__(f"{model}: daily quota used up, {until}", provider=provider, model=model)
        self.resets_at = resets_at


class QuotaFull(ProviderError):
    """Our own pacing found no room in time; nothing was sent, and ``retry_after_s`` may be 0."""

    retry_after_s: float = 0.0


class CircuitOpen(ProviderError):
    """The model failed too often just now; it is asked again after ``retry_after_s`` seconds."""

    retry_after_s: float = 0.0


class ModelUnavailable(ProviderError):
    """Unknown, retired, or not served here: use another model."""


class KeyMissing(ProviderError, ValueError):
    """No key: set the environment variable that is named in ``variable``."""

    def __init__(self, variable: str, *, provider: str = "", otherwise: str = "") -> None:
        said = f"{variable} is not set: put it into the environment or into .env, or "
        said += otherwise or "play without a key (--model offline)"
        super().__init__(said, provider=provider)
        self.variable = variable


class KeyRejected(ProviderError):
    """The provider refused the key: replace it. The key itself is never part of the message."""


class SdkMissing(ProviderError):
    """The provider's SDK is not installed: install the extra that is named."""


class RequestRejected(ProviderError):
    """The provider will never take this request: do not repeat it."""


class RequestTooLarge(ProviderError):
    """Never fits the quota or the context window (of ``window_tokens``, where that is known)."""

    window_tokens: int | None = None


class ContentRefused(ProviderError):
    """Blocked for its content; ``reason`` is the provider's own word (``SAFETY`` …)."""

    may_be_billed = True
    outcome = "refused"
    reason: str = ""


class ReplyUnusable(ProviderError):
    """An answer came, but it is no answer to what was asked (empty, or of the wrong shape)."""

    may_be_billed = True
    outcome = "unusable"


class StreamBroken(ProviderError):
    """The stream ended before its end; what had come is in ``text``."""

    may_be_billed = True
    outcome = "broken"
    text: str = ""


class ProviderFault(ExecutionError):
    """A provider of the caller's own has a defect: mend it. The next model does not take over."""


class BudgetExceededError(ExecutionError):
    """A budget would be overspent by the next call, and nothing was sent.

    Where ``needed_usd`` is 0 the money was spent already (``CostTracker.record_call``).
    """

    def __init__(
        self,
        *,
        scope: str,
        limit_usd: float,
        spent_usd: float,
        needed_usd: float,
        how_to_raise: str,
    ) -> None:
        spent = f"${spent_usd:.4f} of ${limit_usd:.4f} is spent"
        super().__init__(
            f"budget per {scope} would be exceeded: {spent} or reserved and this call may cost up "
            f"to ${needed_usd:.4f}; {how_to_raise}"
            if needed_usd
            else f"budget per {scope} exceeded: {spent}; {how_to_raise}"
        )
        self.scope, self.how_to_raise = scope, how_to_raise
        self.limit_usd, self.spent_usd, self.needed_usd = limit_usd, spent_usd, needed_usd


class PlayersBudgetExceeded(BudgetExceededError):
    """What a player of a server may spend a day would be overspent: wait for the next day."""


class StoryError(TTAError):
    """Something asked of a story cannot be done."""


class StoryNotFound(StoryError):
    """No story by that id or title."""


class BranchNotFound(StoryError):
    """No branch by that id or name in this story."""


class PositionNotFound(StoryError):
    """The branch has no such turn or position."""


class HistoryNotLoaded(StoryError):
    """A story taken up from a snapshot was asked what was so before it: fold its whole log."""

    def __init__(self, position: int) -> None:
        super().__init__(f"what was so before event {position} is not loaded; fold the whole log")


class PositionConflict(StoryError):
    """Somebody else wrote first (``actual`` events are there): nothing was stored, load again."""

    def __init__(self, *, branch_id: str, expected: int, actual: int) -> None:
        super().__init__(
            f"branch {branch_id} stands at event {actual}, not at {expected}: another writer was "
            "first, nothing of this turn was stored; load the story again and repeat the turn"
        )
        self.branch_id, self.expected, self.actual = branch_id, expected, actual


class PausedForCare(StoryError):
    """The turn paused with a note to the player: show ``paused.note``, then go on or not.

    ``paused`` is the ``TurnPaused`` that ``Session.play`` gives in its place.
    """

    paused: Any = None


class MoveRefused(StoryError):
    """The move was not played, and nothing was spent: make another; the message says why."""


class BranchBusy(StoryError):
    """Another turn is being played on that branch: follow ``turn_id``, or wait for its end."""

    turn_id: str = ""


class TurnNotFound(StoryError):
    """No turn of that id is known any more: what was stored of it is in its story."""


class KeyReused(StoryError):
    """That idempotency key belongs to ``turn_id``, which is another move: choose a new key."""

    turn_id: str = ""


class TooManyTurns(StoryError):
    """As many turns are played as may be at once, or none begins any more: try again later."""

    retry_after_s: float = 1.0


class TurnsUnavailable(StoryError):
    """Nobody plays turns at the moment: an outage, and no load; try again later."""

    retry_after_s: float = 5.0


class NoTemporal(TurnsUnavailable):
    """Temporal, which hands turns to workers, does not answer."""


class NoWorker(TurnsUnavailable):
    """No worker takes turns, or none took this one in time."""

    retry_after_s: float = 15.0


class ImportRejected(StoryError):
    """The file is not a story that can be read; nothing was changed."""


class StoreError(TTAError):
    """The place where stories are kept cannot do what was asked; nothing was lost."""


class StoreAway(StoreError):
    """The database cannot be reached, or is no primary now: the same again after a while is right.

    What was asked last may have been stored, where the connection broke before its answer.
    """

    retry_after_s: float = 2.0


class StoreLocked(StoreError):
    """Another process holds this data directory."""


class StoreReadOnly(StoreError):
    """The data directory or the database in it cannot be written."""


class StoreFull(StoreError):
    """No space left; the turn that did not fit was not stored, everything before it was."""


class StoreMissing(StoreError):
    """Nothing was kept in this ``place`` yet, and it was only to be looked at."""

    def __init__(self, place: str) -> None:
        super().__init__(f"{place}: there are no stories yet")
        self.place = place


class StoreNewer(StoreError):
    """The database was written by a newer version of this program: upgrade."""


class StoreDamaged(StoreError):
    """The database cannot be read, or the log of ``branch_id`` has a hole.

    Up to ``good_upto`` its path is whole (None if nothing is known to be); a fork there saves it.
    """

    branch_id: str = ""
    good_upto: int | None = None


class SettingsError(TTAError):
    """A setting has a wrong value; the message names it and says what is allowed."""

    def __init__(self, setting: str, message: str) -> None:
        super().__init__(f"{setting}: {message}")
        self.setting = setting


class ServiceAway(SettingsError):
    """Nothing answers at the address that a setting names: it is away for a while, or is wrong."""


class UnreadableFile(TTAError):
    """A file from a user cannot be read; the message names it and says what is wrong with it."""


class ExecutorUnavailable(TTAError):
    """No engine on this machine can run that code."""
