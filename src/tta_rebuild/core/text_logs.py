"""Logs as lines of text, with whose they are at their end (``TTA_LOG_FORMAT=text``).

Who logs for one of many workers puts its name and the turn on the records (``worker.log_lines``).
"""

from __future__ import annotations

import logging


class TextFormatter(logging.Formatter):
    """As the form says; then `` [worker NAME, turn ID]``, as far as the record has them."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 (logging's own name)
        """The record's first line."""
        text = super().formatMessage(record)
        worker, turn_id = getattr(record, "worker", ""), getattr(record, "turn_id", "")
        named = [f"worker {worker}"] if worker else []
        named += [f"turn {turn_id}"] if worker and turn_id else []
        return f"{text} [{', '.join(named)}]" if named else text
