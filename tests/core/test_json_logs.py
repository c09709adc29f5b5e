"""Logs as JSON: an object a line, with what was given beside the message, and no key."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest

from tta_rebuild.core.json_logs import JsonFormatter
from tta_rebuild.core.redaction import Redactor, guard_handlers

KEY = "canary" + "0123456789" * 2


@pytest.fixture
def logged() -> Iterator[tuple[logging.Logger, io.StringIO]]:
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(JsonFormatter())
    logger = logging.Logger("tta_rebuild.test")
    logger.addHandler(handler)
    guard_handlers(Redactor([KEY]), [logger])
    yield logger, out
    handler.close()


def lines(out: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_a_record_is_an_object_with_what_was_given_beside_it(
    logged: tuple[logging.Logger, io.StringIO],
) -> None:
    logger, out = logged
    logger.warning("turn %d\nfailed", 3, extra={"story_id": "s", "took_s": 0.5, "task": ""})
    [line] = lines(out)

    assert str(line.pop("time")).endswith("+00:00")
    assert line == {
        "level": "WARNING",
        "logger": "tta_rebuild.test",
        "message": "turn 3\nfailed",
        "story_id": "s",
        "took_s": 0.5,
    }


def test_no_key_is_in_a_line_wherever_it_came_from(
    logged: tuple[logging.Logger, io.StringIO],
) -> None:
    logger, out = logged
    try:
        raise ValueError(f"refused: {KEY}")
    except ValueError:
        logger.exception("asked with %s", KEY, extra={"header": {"key": KEY}})
    [line] = lines(out)

    assert KEY not in out.getvalue()
    assert "Traceback" in str(line["exception"])
    assert line["header"] == {"key": "[secret]"}
