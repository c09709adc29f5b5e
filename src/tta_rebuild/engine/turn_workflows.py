"""Turns as the workflows of one task queue: begun, looked for, cancelled; and who plays them.

Temporal knows a turn's id alone. Used by ``temporal_runner``, and by ``doctor`` for the workers.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from temporalio.api.deployment.v1 import WorkerDeploymentOptions, WorkerDeploymentVersion
from temporalio.api.enums.v1 import TaskQueueType, WorkerVersioningMode
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import (
    DescribeTaskQueueRequest,
    DescribeTaskQueueResponse,
)
from temporalio.client import Client, WorkflowFailureError
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.service import RPCError, RPCStatusCode

from tta_rebuild.engine.temporal_names import CANCEL, QUEUE, WORKFLOW

PATIENCE = timedelta(seconds=15)
"""How long Temporal is waited for."""

HEALTH_S = 1.0
"""How long an answer may take of what is asked whether it is there, seconds."""

SEEN_S = 75.0
"""A worker asks for work at least this often, seconds: Temporal lets each asking wait a minute."""


@dataclass(slots=True)
class TurnWorkflows:
    """What is asked of Temporal, by a client that may change. All methods may raise RPCError."""

    client: Client
    queue: str = QUEUE

    async def start(self, turn_id: str) -> None:
        """Have a turn played, unless it is."""
        await self.client.start_workflow(
            WORKFLOW,
            turn_id,
            id=turn_id,
            task_queue=self.queue,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            task_timeout=timedelta(seconds=3),
            rpc_timeout=PATIENCE,
        )

    async def has(self, turn_id: str) -> bool:
        """Whether a turn was given to be played, and is not over there."""
        try:
            found = await self.client.get_workflow_handle(turn_id).describe()
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return False
            raise
        return found.close_time is None

    async def cancel(self, turn_id: str, reason: str) -> bool:
        """Cancel a turn and wait for its end; False: it has none there, so whoever asks ends it.

        True also where Temporal or the workers did not answer in time.
        """
        handle = self.client.get_workflow_handle(turn_id)
        try:
            await handle.signal(CANCEL, reason, rpc_timeout=PATIENCE)
            # Temporal answers in pages, each with its own time: all together have it once
            await asyncio.wait_for(handle.result(rpc_timeout=PATIENCE), PATIENCE.total_seconds())
        except TimeoutError:
            return True
        except RPCError as error:  # not found: nobody plays it, or it is over
            return error.status is not RPCStatusCode.NOT_FOUND
        except WorkflowFailureError:
            return False
        return True

    async def takers(self) -> set[str]:
        """The names of the workers that take new turns, or did within ``SEEN_S``.

        Workers of a version that is not, or no longer, the current one take none. Asks for a second
        at most. Raises RPCError and TimeoutError.
        """
        found = await self._described()
        since, taking = datetime.now(UTC) - timedelta(seconds=SEEN_S), _taking(found)
        return {
            one.identity
            for one in found.pollers
            if one.last_access_time.ToDatetime(tzinfo=UTC) >= since
            and _version_of(one.deployment_options) in taking
        }

    async def current(self) -> list[tuple[str, str]]:
        """Deployment and build of the versions that new turns go to; raises as ``takers``.

        ``("", "")`` are workers without a version.
        """
        return _taking(await self._described())

    async def _described(self) -> DescribeTaskQueueResponse:
        wanted = DescribeTaskQueueRequest(
            namespace=self.client.namespace,
            task_queue=TaskQueue(name=self.queue),
            task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
        )
        asking = self.client.workflow_service.describe_task_queue(wanted)
        return await asyncio.wait_for(asking, HEALTH_S)


def _taking(found: DescribeTaskQueueResponse) -> list[tuple[str, str]]:
    told = found.versioning_info
    taking = [_version(told.current_deployment_version)]
    if told.ramping_version_percentage:
        taking.append(_version(told.ramping_deployment_version))
    return taking


def _version(one: WorkerDeploymentVersion) -> tuple[str, str]:
    """A version; ``("", "")`` is of workers without one."""
    return one.deployment_name, one.build_id


def _version_of(worker: WorkerDeploymentOptions) -> tuple[str, str]:
    is_versioned = worker.worker_versioning_mode == (
        WorkerVersioningMode.WORKER_VERSIONING_MODE_VERSIONED
    )
    return (worker.deployment_name, worker.build_id) if is_versioned else ("", "")
