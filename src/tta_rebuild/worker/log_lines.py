"""Whose a worker's log lines are: its name, and the turn that it works on."""

from __future__ import annotations

import logging

from temporalio import activity


class WorkerLines(logging.Filter):
    """Puts ``worker`` on each record, and ``turn_id`` on what is logged while a turn is played."""

    def __init__(self, worker: str) -> None:
        super().__init__()
        self._worker = worker

    def filter(self, record: logging.LogRecord) -> bool:
        """Let the record through, with these."""
        record.worker = self._worker
        if not hasattr(record, "turn_id") and activity.in_activity():
            record.turn_id = activity.info().workflow_id
        return True
