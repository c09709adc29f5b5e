"""Logs as lines of JSON, for programs that collect them (the setting ``TTA_LOG_FORMAT=json``).

Whoever opens the application puts the redactor on the handler (``core.redaction``): what comes here
holds no key any more.
"""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime

_PLAIN = {*logging.LogRecord("", 0, "", 0, "", (), None).__dict__}
_PLAIN |= {"message", "taskName", "color_message"}


class JsonFormatter(logging.Formatter):
    """One object a line: ``time`` (UTC), ``level``, ``logger``, ``message``, what was given as
    ``extra``, ``exception``; within a recorded span its ``trace_id`` and ``span_id``."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as a line."""
        said = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        said |= {
            n: v for n, v in record.__dict__.items() if n not in _PLAIN and v not in ("", None)
        }
        if record.exc_info and not record.exc_text:
            record.exc_text = self.formatException(record.exc_info)
        if record.exc_text:
            said["exception"] = record.exc_text
        return json.dumps(said | _span(), ensure_ascii=False, default=str)


def _span() -> dict[str, str]:
    """The ids of the current span, without loading what makes spans."""
    trace = sys.modules.get("opentelemetry.trace")
    if trace is None or not (found := trace.get_current_span().get_span_context()).is_valid:
        return {}
    return {"trace_id": f"{found.trace_id:032x}", "span_id": f"{found.span_id:016x}"}
