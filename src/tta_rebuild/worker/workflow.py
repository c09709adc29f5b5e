"""The workflow of a turn: which step comes next, whatever machine does it.

It runs in Temporal's sandbox and is replayed from its history, so it does nothing but order steps.
A history holds the turn's id and, of a turn that was cancelled, the reason shown to the player.
A change of the order must be guarded by ``workflow.patched``: turns in the middle replay the old.
"""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError

with workflow.unsafe.imports_passed_through():
    from tta_rebuild.engine.temporal_names import CANCEL, WORKFLOW

HEARTBEAT = timedelta(seconds=2)
"""A machine that tells a turn and is not heard of for so long is given up."""

_LONGEST_TELLING = timedelta(minutes=15)
_LONGEST_STEP = timedelta(seconds=20)
_AT_ONCE = timedelta(milliseconds=200)
_FOR_A_MINUTE = RetryPolicy(
    initial_interval=_AT_ONCE, maximum_interval=timedelta(seconds=4), maximum_attempts=20
)
"""As long as a database may be away that fails over to another machine."""
_UNTIL_DONE = RetryPolicy(initial_interval=_AT_ONCE, maximum_interval=timedelta(seconds=4))


@workflow.defn(name=WORKFLOW)
class PlayTurn:
    """Admit, tell, store, finish; or abandon, where the player leaves before it is stored."""

    def __init__(self) -> None:
        self._reason = ""
        self._telling: workflow.ActivityHandle[None] | None = None

    @workflow.signal(name=CANCEL)
    def cancel(self, reason: str) -> None:
        """Tell no further, for this reason."""
        self._reason = self._reason or reason
        if self._telling is not None:
            self._telling.cancel()

    @workflow.run
    async def run(self, turn_id: str) -> None:
        """Play the turn of that id to its end."""
        failed_with = ""
        try:
            if not await self._step("admit", _FOR_A_MINUTE, turn_id):
                return
            if not self._reason:
                await self._tell(turn_id)
            if not self._reason:
                await self._step("store", _FOR_A_MINUTE, turn_id)
        except (ActivityError, ApplicationError) as error:  # ``finish`` says so
            # a local activity's error comes as it is; of one that nobody could tell there is none
            cause = error.cause if isinstance(error, ActivityError) else error
            failed_with = cause.message if isinstance(cause, ApplicationError) else ""
        if self._reason:
            await self._step("abandon", _UNTIL_DONE, turn_id, self._reason)
        else:
            await self._step("finish", _UNTIL_DONE, turn_id, failed_with)

    async def _tell(self, turn_id: str) -> None:
        self._telling = workflow.start_activity(
            "tell",
            turn_id,
            start_to_close_timeout=_LONGEST_TELLING,
            heartbeat_timeout=HEARTBEAT,
            retry_policy=_FOR_A_MINUTE,
        )
        try:
            await self._telling
        except ActivityError:
            if not self._reason:
                raise

    async def _step(self, name: str, retry: RetryPolicy, *given: str) -> object:
        return await workflow.execute_local_activity(
            name, args=given, start_to_close_timeout=_LONGEST_STEP, retry_policy=retry
        )
