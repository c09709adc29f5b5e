"""Servers and workers that start while what they stand on is away: they wait, and say for what."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tools.cluster import servers

import tta_rebuild as tta
from tests.temporal_server import temporal_server
from tests.worker.test_command import said
from tta_rebuild.bootstrap.starting import until_there
from tta_rebuild.core.clock import Clock
from tta_rebuild.core.errors import ServiceAway, SettingsError, StoreAway

NOWHERE = "postgresql://nobody@127.0.0.1:9/stories"


class PassingClock(Clock):
    """Sleeps no time, and says that it was slept."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def now(self) -> float:
        return self.now_s

    async def sleep(self, delay_s: float) -> None:
        self.now_s += delay_s


def settings_of(folder: Path, **more: Any) -> tta.Settings:
    address = f"127.0.0.1:{servers.free_port()}"
    given = {"data_dir": folder, "runner": "temporal", "temporal_address": address} | more
    return tta.Settings(**given)


async def test_what_is_away_is_named_every_few_seconds_until_the_wait_is_over(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pytest.importorskip("temporalio")
    pytest.importorskip("asyncpg")
    settings = settings_of(tmp_path, database_url=NOWHERE, start_wait_s=30.0)
    clock = PassingClock()
    with pytest.raises(StoreAway) as away:
        await until_there(settings, clock)

    lines = [one.getMessage() for one in caplog.records if one.name == "tta_rebuild.start"]
    assert len(lines) == 10
    assert clock.now_s == 30.0
    for told in (*lines, str(away.value)):
        assert "127.0.0.1:9/stories" in told
        assert (
            f"TTA_TEMPORAL_ADDRESS: no Temporal server answers at {settings.temporal_address}"
            in told
        )
    assert lines[-1].endswith("waiting for it, 3 s at most")


async def test_without_a_wait_it_ends_at_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pytest.importorskip("asyncpg")
    settings = settings_of(tmp_path, runner="process", database_url=NOWHERE, start_wait_s=0.0)
    with pytest.raises(StoreAway):
        await until_there(settings, PassingClock())

    assert not caplog.records


async def test_a_wrong_setting_is_not_waited_for(tmp_path: Path) -> None:
    pytest.importorskip("temporalio")
    pytest.importorskip("asyncpg")
    clock = PassingClock()
    with pytest.raises(SettingsError, match="TTA_DATABASE_URL: is not set") as none:
        await until_there(settings_of(tmp_path), clock)
    wrong = {"database_url": NOWHERE, "temporal_build": "2"}
    with pytest.raises(SettingsError, match="TTA_TEMPORAL_BUILD: goes with TTA_TEMPORAL_DEPLOYM"):
        await until_there(settings_of(tmp_path, **wrong), clock)

    assert not isinstance(none.value, ServiceAway)
    assert clock.now_s == 0.0


async def test_one_process_with_a_directory_waits_for_nobody(tmp_path: Path) -> None:
    await until_there(settings_of(tmp_path, runner="process"), PassingClock())


def begun(place: dict[str, str], *words: str) -> subprocess.Popen[str]:
    environment = {**os.environ, **place, "TTA_MODEL": "offline", "TTA_COUNTRY": "DE"}
    return subprocess.Popen(
        [sys.executable, "-m", "tta_rebuild", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )


def ended(place: dict[str, str], *words: str) -> tuple[int, str]:
    with begun(place, *words) as process:
        told = process.communicate(timeout=60)[1]
        return process.returncode, " ".join(told.split())


@pytest.mark.cluster
@pytest.mark.parametrize("words", [("worker",), ("serve", "--runner", "temporal", "--port", "0")])
def test_an_outage_at_the_start_has_a_code_of_its_own_and_a_wrong_setting_another(
    temporal: str, postgresql_database: str, tmp_path: Path, words: tuple[str, ...]
) -> None:
    place = {"TTA_DATABASE_URL": postgresql_database, "TTA_DATA_DIR": str(tmp_path)}
    place |= {"TTA_TEMPORAL_ADDRESS": temporal, "TTA_START_WAIT": "0"}
    nobody = {"TTA_TEMPORAL_ADDRESS": f"127.0.0.1:{servers.free_port()}"}

    no_temporal = ended(place | nobody, *words)
    no_database = ended(place | {"TTA_DATABASE_URL": NOWHERE}, *words)
    no_namespace = ended(place | {"TTA_TEMPORAL_NAMESPACE": "none"}, *words)
    no_setting = ended({n: v for n, v in place.items() if n != "TTA_DATABASE_URL"}, *words)

    assert (no_temporal[0], no_database[0]) == (75, 75)
    assert "TTA_TEMPORAL_ADDRESS: no Temporal server answers" in no_temporal[1]
    assert "a supervisor should start it again" in no_temporal[1]
    assert "cannot be reached" in no_database[1]
    assert (no_namespace[0], no_setting[0]) == (2, 2)
    assert "TTA_TEMPORAL_NAMESPACE" in no_namespace[1]
    assert "TTA_DATABASE_URL: is not set" in no_setting[1]


@pytest.mark.cluster
def test_a_worker_begun_before_temporal_waits_for_it(
    postgresql_database: str, tmp_path: Path
) -> None:
    port = servers.free_port()
    place = {"TTA_DATABASE_URL": postgresql_database, "TTA_DATA_DIR": str(tmp_path)}
    with begun(place | {"TTA_TEMPORAL_ADDRESS": f"127.0.0.1:{port}"}, "worker") as worker:
        try:
            assert worker.stderr is not None
            waits = worker.stderr.readline()
            with temporal_server(port):
                works = said(worker)
        finally:
            worker.kill()

    assert "WARNING tta_rebuild.start: TTA_TEMPORAL_ADDRESS" in waits
    assert "waiting for it, 60 s at most" in waits
    assert "[worker " in waits
    assert f"127.0.0.1:{port}" in works
