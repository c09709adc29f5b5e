"""What a worker logs: whose each line is, turns taken over and given up, and no colours."""

from __future__ import annotations

import json
import logging
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("temporalio", reason="no client here: pip install tta-rebuild[cluster]")
from temporalio.testing import ActivityEnvironment

from tests.temporal_server import temporal_server
from tests.worker.test_metrics import Table
from tta_rebuild.core.json_logs import JsonFormatter
from tta_rebuild.core.text_logs import TextFormatter
from tta_rebuild.engine.messages import message
from tta_rebuild.engine.turn_steps import LEFT, STORE_AWAY
from tta_rebuild.worker.log_lines import WorkerLines

_log = logging.getLogger("tta_rebuild.turns")


class Lines(logging.Handler):
    """What comes out of a worker's log."""

    def __init__(self, formatter: logging.Formatter) -> None:
        super().__init__()
        self.setFormatter(formatter)
        self.addFilter(WorkerLines("7@here"))
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@contextmanager
def logged(formatter: logging.Formatter) -> Iterator[list[str]]:
    handler = Lines(formatter)
    _log.addHandler(handler)
    try:
        yield handler.lines
    finally:
        _log.removeHandler(handler)


async def test_a_line_says_whose_it_is_and_of_which_turn_where_there_is_one() -> None:
    async def step() -> None:
        _log.warning("something is slow")

    played = ActivityEnvironment()
    played.info = replace(played.info, workflow_id="t1")
    form = TextFormatter("%(levelname)s %(name)s: %(message)s")
    with logged(form) as text, logged(JsonFormatter()) as objects:
        await played.run(step)
        await step()

    said = "WARNING tta_rebuild.turns: something is slow"
    assert text == [f"{said} [worker 7@here, turn t1]", f"{said} [worker 7@here]"]
    within, beside = map(json.loads, objects)
    assert (within["worker"], within["turn_id"]) == ("7@here", "t1")
    assert (beside["worker"], "turn_id" in beside) == ("7@here", False)


def test_lines_of_other_programs_are_as_their_form_says() -> None:
    record = logging.makeLogRecord({"msg": "told", "turn_id": "t1"})

    assert TextFormatter("%(message)s").format(record) == "told"


@pytest.mark.parametrize(
    ("details", "why", "taken_over"),
    [
        (([],), "turn_unheard", 1),
        (([], None, "8@there"), "turn_unheard", 1),
        (([], None, ""), "turn_unheard", 0),
        (([], LEFT), "turn_left", 1),
        (([], STORE_AWAY, ""), "turn_store_away", 0),
    ],
    ids=["an earlier program", "another lives", "itself", "left", "no database"],
)
async def test_a_turn_that_is_told_again_is_logged_with_the_reason_that_its_last_teller_gave(
    caplog: pytest.LogCaptureFixture, details: tuple[Any, ...], why: str, taken_over: int
) -> None:
    table = Table()
    await table.tell(attempt=2, details=details)

    lines = [one.getMessage() for one in caplog.records if one.name == "tta_rebuild.turns"]
    assert lines == [f"turn t1, attempt 2: {message(why)}"]
    assert table.counted("tta_worker_taken_over_total") == taken_over


def of_worker(folder: Path, name: str, place: dict[str, str]) -> tuple[Any, Path]:
    told = folder / name
    with told.open("w") as into:
        process = subprocess.Popen(
            [sys.executable, "-m", "tta_rebuild", "worker"],
            stdout=subprocess.PIPE,
            stderr=into,
            text=True,
            env={**os.environ, **place, "TTA_MODEL": "offline", "TTA_LOG_FORMAT": name},
        )
    return process, told


@pytest.mark.cluster
def test_what_temporals_own_client_says_is_logged_as_all_else_and_without_colours(
    postgresql_database: str, tmp_path: Path
) -> None:
    with temporal_server() as (address, temporal):
        place = {"TTA_DATABASE_URL": postgresql_database, "TTA_DATA_DIR": str(tmp_path)}
        place["TTA_TEMPORAL_ADDRESS"] = address
        workers = {name: of_worker(tmp_path, name, place) for name in ("text", "json")}
        try:
            for process, _ in workers.values():
                assert address in process.stdout.readline()
            temporal.kill()
            temporal.wait()
            ends = time.monotonic() + 60
            while time.monotonic() < ends and not all(
                "tta_rebuild.temporal" in told.read_text() for _, told in workers.values()
            ):
                time.sleep(0.2)
        finally:
            for process, _ in workers.values():
                process.kill()
                process.wait()
                process.stdout.close()
        text, objects = (workers[name][1].read_text() for name in ("text", "json"))

    names = [f"{socket.gethostname()}-{process.pid}-" for process, _ in workers.values()]
    assert "\x1b" not in text + objects
    assert "WARNING tta_rebuild.temporal: " in text
    assert all(f"[worker {names[0]}" in line for line in text.splitlines())
    found = [json.loads(line) for line in objects.splitlines()]
    [json_name] = {one["worker"] for one in found}
    assert json_name.startswith(names[1])
    assert "tta_rebuild.temporal" in {one["logger"] for one in found}
