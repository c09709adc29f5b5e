"""The steps of a turn (``engine.turn_steps``) as Temporal's activities.

Telling sends heartbeats with how far each call to a model has come; who takes over after a machine
is lost books its open calls by that, and by when it was lost. Each says whose it is, so that the
database can tell whether that worker is lost or was not heard of by Temporal alone; the last one of
who ends without being lost says why as well. What an error says stays in the worker's log:
Temporal's history gets its name alone.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from temporalio import activity
from temporalio.exceptions import ApplicationError

from tta_rebuild.core.clock import Clock
from tta_rebuild.core.errors import StoreAway, TTAError
from tta_rebuild.core.turn_calls import CallHeard, CallPlace
from tta_rebuild.engine.kept_replies import OpenCall
from tta_rebuild.engine.messages import message
from tta_rebuild.engine.turn_steps import (
    BEGUN_ANEW,
    LEFT,
    STORE_AWAY,
    TAKEN_OVER,
    UNHEARD,
    WHY_ANEW,
    TurnSteps,
)
from tta_rebuild.worker.metrics import WorkerMetrics

if TYPE_CHECKING:
    from opentelemetry.metrics import MeterProvider

BEAT_S = 0.5
"""How often a machine that tells a turn says so, seconds."""

_log = logging.getLogger("tta_rebuild.turns")


class TurnActivities:
    """The activities of one worker."""

    def __init__(
        self,
        steps: TurnSteps,
        clock: Clock | None = None,
        *,
        meter_provider: MeterProvider | None = None,
    ) -> None:
        self._steps, self._clock = steps, clock or Clock()
        self._telling = 0
        self._metrics = WorkerMetrics(meter_provider, telling=lambda: self._telling)

    @property
    def telling(self) -> int:
        """How many turns are told now."""
        return self._telling

    @property
    def all(self) -> Sequence[Callable[..., Any]]:
        """To be registered with a worker."""
        return [self.admit, self.tell, self.store, self.finish, self.abandon]

    @activity.defn(name="admit")
    async def admit(self, turn_id: str) -> bool:
        """See ``TurnSteps.admit``."""
        with _named_alone():
            return await self._steps.admit(turn_id)

    @activity.defn(name="tell")
    async def tell(self, turn_id: str) -> None:
        """See ``TurnSteps.tell``."""
        info = activity.info()
        _, said, teller, *_ = (*info.heartbeat_details, None, None, None)
        with _named_alone():
            why = await self._why_anew(said, teller)
        if info.attempt > 1:
            _log.warning("turn %s, attempt %d: %s", turn_id, info.attempt, message(why))
        if why in (TAKEN_OVER, LEFT) or (why == UNHEARD and teller != self._steps.worker):
            self._metrics.taken_over()
        open_calls: dict[CallPlace, OpenCall] = {}
        beating = asyncio.create_task(self._beat(open_calls), name=f"beats of {turn_id}")
        outcome = "failed"
        self._telling += 1
        try:
            lost = heard_of(info.heartbeat_details[0]) if info.heartbeat_details else {}
            with _named_alone():
                told = await self._steps.tell(turn_id, lost=lost, open_calls=open_calls, why=why)
            outcome = told or "left"
            if not told:
                _log.warning("turn %s is given up: another worker plays it, or it is over", turn_id)
        except ApplicationError as error:
            if not error.non_retryable:
                self._say(open_calls, STORE_AWAY)
            raise
        except asyncio.CancelledError:
            outcome = "left"
            if _is_stopping():
                self._say(open_calls, LEFT)
            _log.warning("turn %s is given up: %s", turn_id, _why_given_up())
            raise
        finally:
            self._telling -= 1
            self._metrics.ended(outcome)
            beating.cancel()
            with suppress(asyncio.CancelledError):
                await beating

    @activity.defn(name="store")
    async def store(self, turn_id: str) -> None:
        """See ``TurnSteps.store_events``."""
        with _named_alone():
            await self._steps.store_events(turn_id)

    @activity.defn(name="finish")
    async def finish(self, turn_id: str, failed_with: str = "") -> None:
        """See ``TurnSteps.finish``; ``failed_with`` names the error of the step that failed."""
        with _named_alone():
            if failed_with == StoreAway.__name__:
                await self._steps.store_was_away(turn_id)
            else:
                await self._steps.finish(turn_id)

    @activity.defn(name="abandon")
    async def abandon(self, turn_id: str, reason: str) -> None:
        """See ``TurnSteps.abandon``."""
        with _named_alone():
            await self._steps.abandon(turn_id, reason)

    async def _beat(self, open_calls: Mapping[CallPlace, OpenCall]) -> None:
        due_s = self._clock.now()
        while True:
            now_s = self._clock.now()
            self._metrics.beat(is_late=now_s - due_s > BEAT_S)
            due_s = now_s + BEAT_S
            self._say(open_calls)
            await self._clock.sleep(BEAT_S)

    def _say(self, open_calls: Mapping[CallPlace, OpenCall], why: str | None = None) -> None:
        """A heartbeat; ``why`` the turn is left, where it is."""
        activity.heartbeat(details_of(open_calls), why, self._steps.worker)

    async def _why_anew(self, said: str | None, teller: str | None) -> str:
        """Why the current activity tells a turn that was told before, one of ``WHY_ANEW``.

        Who told it last said so with its last heartbeat; who was lost could not.
        """
        if activity.info().attempt == 1:
            return BEGUN_ANEW
        return said if said in WHY_ANEW else await self._steps.why_silent(teller)


def _is_stopping() -> bool:
    """Whether the current activity is cancelled because its worker was told to stop."""
    found = activity.cancellation_details()
    return found is not None and found.worker_shutdown


def _why_given_up() -> str:
    found = activity.cancellation_details()
    if found is None or found.worker_shutdown:
        return "this worker was told to stop, another tells it anew"
    if found.cancel_requested:
        return "it was cancelled"
    return (
        "Temporal did not hear of this worker for too long (one of the two, or the network between "
        "them, was away); it is told anew, by this worker or another"
    )


def details_of(open_calls: Mapping[CallPlace, OpenCall]) -> Sequence[Sequence[Any]]:
    """What a heartbeat says: how far each call has come that was sent."""
    return [
        [*place, call.now().values()]
        for place, call in open_calls.items()
        if call.asked is not None
    ]


def heard_of(details: Sequence[Sequence[Any]]) -> Mapping[CallPlace, CallHeard]:
    """What a heartbeat said."""
    return {CallPlace(text, nth): CallHeard.of(values) for text, nth, values in details}


@contextmanager
def _named_alone() -> Iterator[None]:
    """Let an error out by its name; one that nobody foresaw is not tried again."""
    try:
        yield
    except TTAError as error:  # the database is away: tried again
        _log.warning("a step of a turn failed: %s", error)
        raise ApplicationError(type(error).__name__) from None
    except Exception as error:  # noqa: BLE001 (its words must not leave; the log has them)
        _log.exception("a step of a turn ended with a defect")
        raise ApplicationError(type(error).__name__, non_retryable=True) from None
