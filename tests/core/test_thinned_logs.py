"""A log that repeats itself is thinned out."""

from __future__ import annotations

import logging

from tta_rebuild.core.thinned_logs import OncePerKind


def record(text: str, level: int = logging.WARNING) -> logging.LogRecord:
    return logging.makeLogRecord({"msg": text, "levelno": level})


def test_a_kind_of_line_passes_once_in_ten_seconds_whatever_its_figures_are() -> None:
    seconds = [0.0]
    thin = OncePerKind(lambda: seconds[0])
    poll = "gRPC call poll_workflow_task_queue retried {} times"

    assert thin.filter(record(poll.format(5)))
    assert not thin.filter(record(poll.format(17)))
    assert thin.filter(record("gRPC call poll_activity_task_queue retried 5 times"))
    assert thin.filter(record(poll.format(5), logging.ERROR)), "another level is another kind"
    seconds[0] = 10.0
    assert thin.filter(record(poll.format(29)))
    assert not thin.filter(record(poll.format(30)))
