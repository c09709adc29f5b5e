"""``tta worker`` and ``tta serve --runner temporal``, as programs on a real database."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

import tta_rebuild as tta
from tests.server.test_otlp import Collector, collector  # noqa: F401
from tests.temporal_server import temporal_server
from tta_rebuild.bootstrap import temporal_link
from tta_rebuild.bootstrap.serving import open_serving
from tta_rebuild.core.errors import SettingsError

THEME = "A lighthouse keeper finds a door under the stairs."


@contextmanager
def tta_program(place: dict[str, str], *arguments: str) -> Iterator[subprocess.Popen[str]]:
    environment = {**os.environ, **place, "TTA_MODEL": "offline", "TTA_COUNTRY": "DE"}
    process = subprocess.Popen(
        [sys.executable, "-m", "tta_rebuild", *arguments],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


@pytest.mark.cluster
def test_a_server_has_its_turns_played_by_a_worker_and_knows_what_it_needs(
    postgresql_database: str,
    tmp_path: Path,
    collector: Collector,  # noqa: F811
) -> None:
    with temporal_server() as (address, temporal):
        place = {"TTA_DATABASE_URL": postgresql_database, "TTA_DATA_DIR": str(tmp_path)}
        place["TTA_TEMPORAL_ADDRESS"] = address
        with (
            tta_program(place, "worker", "--log-level", "info") as worker,
            tta_program(place, "serve", "--runner", "temporal", "--port", "0") as server,
        ):
            assert address in said(worker)
            served = re.search(r"http://[\d.:]+", said(server))
            assert served
            with httpx.Client(base_url=served[0], timeout=30, trust_env=False) as web:
                story = web.post("/api/v1/stories", json={"theme": THEME}).json()
                branch = f"/api/v1/stories/{story['story_id']}/branches/main"
                key = {"Idempotency-Key": "k"}
                asked = web.post(f"{branch}/turns", json={"kind": "begin"}, headers=key).json()
                events = web.get(f"/api/v1/turns/{asked['turn_id']}/events").text
                again = web.post(f"{branch}/turns", json={"kind": "begin"}, headers=key).json()
                present, ready = web.get(branch).json(), web.get("/readyz")
                temporal.kill()
                temporal.wait()
                away = web.get("/readyz")
            worker.send_signal(signal.SIGTERM)
            server.send_signal(signal.SIGTERM)

            assert "event: passage" in events
            assert "event: stored" in events
            assert again["turn_id"] == asked["turn_id"]
            assert present["turn"] == 1
            assert (ready.status_code, ready.json()["status"]) == (200, "ok")
            assert (away.status_code, away.json()["status"]) == (503, "no Temporal")
            assert server.wait(30) == 0
            assert worker.wait(30) == 0
            counted = {name for name in collector.metrics() if name.startswith("tta.worker.")}
            assert {"tta.worker.turns", "tta.worker.heartbeats"} <= counted


@pytest.mark.cluster
def test_the_doctor_says_where_turns_are_handed_out_and_that_nobody_takes_them(
    temporal: str, postgresql_database: str, tmp_path: Path
) -> None:
    place = {"TTA_DATABASE_URL": postgresql_database, "TTA_DATA_DIR": str(tmp_path)}
    place |= {"TTA_TEMPORAL_ADDRESS": temporal, "TTA_TEMPORAL_QUEUE": "ours"}
    place |= {"TTA_RUNNER": "temporal"}

    with tta_program(place, "doctor", "--json") as alone:
        report = json.loads(alone.communicate(timeout=60)[0])
    with tta_program(place, "worker") as worker:
        assert temporal in (line := said(worker))
        assert "queue ours, namespace default" in " ".join((line + said(worker)).split())
        with tta_program(place, "doctor") as doctor:
            told = " ".join(doctor.communicate(timeout=60)[0].split())
        with tta_program(place | {"TTA_TEMPORAL_QUEUE": "theirs"}, "doctor") as doctor:
            elsewhere = " ".join(doctor.communicate(timeout=60)[0].split())
    with tta_program(place | {"TTA_TEMPORAL_NAMESPACE": "none"}, "doctor", "--json") as wrong:
        refused = json.loads(wrong.communicate(timeout=60)[0])

    assert report["cluster"]["workers"] == 0
    assert re.search(
        r"\S+-\d+-[0-9a-f]{8}: alive, 0 turns, version \S+, heard of \d s ago, queue ours, ", told
    )
    assert "queue ours, namespace default: it takes no turns of this queue" in elsewhere
    assert any("no worker takes turns from the queue ours" in note for note in report["notes"])
    assert f"Temporal at {temporal}, namespace default" in told
    assert "queue ours: 1 worker" in told
    assert "a worker of these settings is of no version, which gets new turns" in told
    assert "TTA_TEMPORAL_NAMESPACE" in refused["problem"]
    assert wrong.returncode != 0


@pytest.mark.cluster
def test_a_worker_with_a_port_says_how_it_is_and_ends_in_good_order(
    postgresql_database: str, redis_url: str, tmp_path: Path
) -> None:
    with temporal_server() as (address, temporal):
        place = {"TTA_DATABASE_URL": postgresql_database, "TTA_DATA_DIR": str(tmp_path)}
        place |= {"TTA_TEMPORAL_ADDRESS": address, "TTA_REDIS_URL": redis_url}
        with tta_program(place | {"TTA_WORKER_PORT": "0"}, "worker") as worker:
            port = re.search(r"http://[\d.:]+", said(worker))
            assert port
            with httpx.Client(base_url=port[0], timeout=5, trust_env=False) as web:
                while "Ctrl-C" not in said(worker):
                    pass
                alive, ready = web.get("/healthz"), web.get("/readyz")
                text = web.get("/metrics").text
                temporal.kill()
                temporal.wait()
                away, still = web.get("/readyz"), web.get("/healthz")
            worker.send_signal(signal.SIGTERM)
            ended = worker.wait(40)

    assert [one.status_code for one in (alive, ready, still)] == [200, 200, 200]
    assert (away.status_code, away.json()) == (503, {"status": "no Temporal"})
    for line in ("tta_worker_turns_running 0", "tta_redis_away 0", "tta_worker_taken_over_total 0"):
        assert f"\n{line}\n" in text
    assert "tta_build_info" in text
    assert ended == 0


async def serve(**settings: str) -> None:
    async with (
        tta.open_application(tta.Settings(**settings)) as application,
        open_serving(application),
    ):
        pass


async def test_workers_need_a_database_that_servers_share(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="TTA_DATABASE_URL"):
        await serve(data_dir=str(tmp_path), model="offline", runner="temporal")


async def test_where_no_temporal_answers_the_address_is_named(
    postgresql_database: str, tmp_path: Path
) -> None:
    where = {"data_dir": str(tmp_path), "database_url": postgresql_database, "model": "offline"}
    with pytest.raises(SettingsError, match=r"TTA_TEMPORAL_ADDRESS.*127\.0\.0\.1:9"):
        await serve(**where, runner="temporal", temporal_address="127.0.0.1:9")


async def test_without_the_extra_its_name_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(temporal_link, "find_spec", lambda name: None)
    with pytest.raises(SettingsError, match=r"tta-rebuild\[cluster\]"):
        await serve(data_dir=str(tmp_path), model="offline", runner="temporal")


@pytest.mark.parametrize("wrong", ["nowhere", ":7233", "a b:1", "host:0", "host:70000", "u@h:1"])
def test_an_address_of_temporal_is_a_host_and_a_port(wrong: str) -> None:
    with pytest.raises(SettingsError, match="TTA_TEMPORAL_ADDRESS: must be a host and a port"):
        tta.load_settings({"TTA_TEMPORAL_ADDRESS": wrong})
