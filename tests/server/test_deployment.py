"""What lies in deploy/ fits the program: its commands and files are there, proxies stream."""

from __future__ import annotations

import asyncio
import inspect
import json
import re
import shlex
import shutil
import socket
import subprocess
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from typer.main import get_command

import tta_rebuild as tta
from tests.server.serving import NO_RATE, HeldTeller, running
from tests.server.test_dashboard import metrics_in
from tta_rebuild.cli import app as cli
from tta_rebuild.cli.exits import exit_code
from tta_rebuild.core.errors import StoreAway
from tta_rebuild.server.app import ServerOptions
from tta_rebuild.server.metrics import ServerMetrics
from tta_rebuild.server.serving import serve
from tta_rebuild.worker.metrics import WorkerMetrics

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
UNITS = ("tta.service", "tta-worker@.service")
NAME = "stories.example"


def needs(program: str) -> pytest.MarkDecorator:
    where = shutil.which(program)
    return pytest.mark.skipif(where is None, reason=f"{program} is not here")


def options_of(name: str) -> set[str]:
    command: Any = cli.command(name)
    return {name for parameter in command.params for name in parameter.opts}


def commands() -> Iterator[list[str]]:
    """The commands that the units and the container begin."""
    for unit in UNITS:
        yield shlex.split(re.findall(r"^ExecStart=(.*)$", read(f"deploy/{unit}"), re.MULTILINE)[0])
    yield [*started_in_container(), *started_in_container("CMD")]


def started_in_container(word: str = "ENTRYPOINT") -> list[str]:
    """The words of an instruction of the container file."""
    container = (DEPLOY / "Containerfile").read_text("utf-8")
    [words] = re.findall(rf"^{word} (\[.*\])$", container, re.MULTILINE)
    found: list[str] = json.loads(words)
    return found


def test_a_name_given_to_the_container_does_not_let_everybody_in() -> None:
    assert started_in_container("CMD") == ["--anyone"], "which a --allowed-host takes the place of"
    assert "--anyone" not in started_in_container()


def test_what_ends_the_server_waits_longer_than_its_turns_are_finished() -> None:
    finished_s = inspect.signature(serve).parameters["grace_s"].default
    waits_s = {
        **{
            unit: re.findall(r"^TimeoutStopSec=(\d+)$", read(f"deploy/{unit}"), re.MULTILINE)
            for unit in UNITS
        },
        "Containerfile": re.findall(r"--stop-timeout (\d+)", read("deploy/Containerfile")),
        "guide": re.findall(r"--stop-timeout (\d+)", read("docs/production.md")),
    }

    assert all(waits_s.values())
    assert all(int(wait) >= finished_s + 5 for found in waits_s.values() for wait in found)


def test_the_build_is_given_what_it_copies_and_nothing_that_may_hold_keys() -> None:
    kept = [line for line in read(".dockerignore").splitlines() if line and line[0] != "#"]
    copied = re.findall(r"^COPY (?!--from)(.*)$", read("deploy/Containerfile"), re.MULTILINE)

    assert kept[0] == "*"
    assert {line[1:] for line in kept if line[0] == "!"} == {
        name for line in copied for name in line.split()[:-1]
    }


def read(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


@pytest.mark.parametrize("command", list(commands()), ids=lambda command: " ".join(command[:2]))
def test_what_is_begun_is_a_command_of_ours(command: list[str]) -> None:
    assert get_command(cli.app).name == "tta"
    assert Path(command[0]).name == "tta"
    assert command[1] in ("serve", "worker")
    assert {word for word in command if word.startswith("--")} <= options_of(command[1])


@pytest.mark.parametrize("unit", UNITS)
def test_systemd_tries_on_through_an_outage_and_gives_up_on_what_waiting_does_not_mend(
    unit: str,
) -> None:
    lines = read(f"deploy/{unit}").splitlines()
    [given_up] = [line for line in lines if line.startswith("RestartPreventExitStatus=")]

    assert {"Restart=on-failure", "StartLimitIntervalSec=0"} <= set(lines)
    assert given_up.partition("=")[2].split() == ["2", "4"]
    assert exit_code(StoreAway("away")) == 75


def test_the_container_is_built_from_files_that_are_there_and_runs_without_root() -> None:
    text = (DEPLOY / "Containerfile").read_text("utf-8")
    copied = re.findall(r"^COPY (?!--from)(.*)$", text, re.MULTILINE)
    sources = [name for line in copied for name in line.split()[:-1]]
    last = text.rpartition("FROM ")[2]

    assert sources
    assert not [name for name in sources if not (ROOT / name).exists()]
    assert re.search(r"^USER [1-9]\d*:[1-9]\d*$", last, re.MULTILINE)
    assert "STOPSIGNAL SIGTERM" in last


def test_what_the_guide_installs_is_the_clone_or_a_wheel_of_it() -> None:
    guides = [(ROOT / "docs" / name).read_text("utf-8") for name in ("production.md", "server.md")]
    given = [
        shlex.split(line.partition("pip install ")[2].partition("`")[0])
        for text in guides
        for line in text.splitlines()
        if "pip install " in line
    ]
    asked = [words[-1] for words in given]
    assert len(asked) >= 3
    assert not [one for one in asked if not one.startswith(".[") and " @ file://" not in one]
    extras = {extra for one in asked for extra in re.findall(r"[\[,](\w+)", one)}
    known = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert extras <= set(known["optional-dependencies"])
    version = known["version"]
    assert all(version in one for one in asked if "@" in one)


@needs("systemd-analyze")
@pytest.mark.parametrize("name", UNITS)
def test_systemd_understands_the_unit_and_finds_it_closed(name: str) -> None:
    unit = str(DEPLOY / name)
    said = subprocess.run(
        ["systemd-analyze", "verify", unit], capture_output=True, text=True, check=False
    )
    judged = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=30", unit],
        capture_output=True,
        text=True,
        check=False,
    )
    complaints = [line for line in said.stderr.splitlines() if "is not executable" not in line]

    assert complaints == []
    assert judged.returncode == 0, judged.stdout[-300:]


@needs("promtool")
def test_prometheus_understands_the_alerts() -> None:
    done = subprocess.run(
        ["promtool", "check", "config", str(DEPLOY / "prometheus.yml")],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr


async def test_alerts_ask_for_metrics_that_there_are(tmp_path: Path) -> None:
    alerts = (DEPLOY / "tta-alerts.yml").read_text("utf-8")
    asked = {name for name in re.findall(r"\b(?:tta|up)\w*", alerts) if name.startswith("tta_")}
    metrics = ServerMetrics()
    WorkerMetrics(metrics.registry)
    options = ServerOptions(limits=NO_RATE, metrics=metrics)
    async with running(tmp_path, options=options):
        told = set(re.findall(r"# TYPE (\S+)", metrics.registry.text()))

    assert asked
    assert {name.removesuffix("_bucket") for name in asked} <= told
    assert metrics_in("tta_x{a=1}") == {"tta_x"}


WELL = {
    "up{job='tta',instance='s'}": "1+0x120",
    "up{job='tta-worker',instance='w'}": "1+0x120",
    "tta_cluster_workers{instance='s'}": "2+0x120",
    "tta_cluster_workers_lost{instance='s'}": "0+0x120",
    "tta_cluster_turns_waiting_oldest_seconds{instance='s'}": "0+0x120",
    "tta_reachable{instance='s',part='temporal'}": "1+0x120",
    "tta_reachable{instance='s',part='database'}": "1+0x120",
    "tta_reachable{instance='s',part='redis'}": "1+0x120",
    "tta_redis_away{instance='s'}": "0+0x120",
    "tta_worker_heartbeats_total{instance='w'}": "0+30x120",
    "tta_worker_heartbeats_late_total{instance='w'}": "0+0x120",
    "tta_turn_time_to_first_piece_seconds_bucket{instance='s',le='0.64'}": "0+9x120",
    "tta_turn_time_to_first_piece_seconds_bucket{instance='s',le='+Inf'}": "0+9x120",
    "tta_turns_total{instance='s',outcome='stored'}": "0+9x120",
    "tta_turns_degraded_total{instance='s'}": "0+1x120",
}
"""The figures of a cluster in which nothing is wrong, every 15 seconds."""

ILL = {
    "TtaNoWorker": {"tta_cluster_workers{instance='s'}": "0+0x120"},
    "TtaWorkerLost": {"tta_cluster_workers_lost{instance='s'}": "1+0x120"},
    "TtaTurnsWait": {"tta_cluster_turns_waiting_oldest_seconds{instance='s'}": "20+15x120"},
    "TtaPartAway": {"tta_reachable{instance='s',part='temporal'}": "0+0x120"},
    "TtaRedisAway": {"tta_redis_away{instance='s'}": "1+0x120"},
    "TtaTurnsDegraded": {"tta_turns_degraded_total{instance='s'}": "0+3x120"},
    "TtaHeartbeatsLate": {"tta_worker_heartbeats_late_total{instance='w'}": "0+3x120"},
    "TtaWorkerDown": {"up{job='tta-worker',instance='w'}": "0+0x120"},
    "TtaDown": {"up{job='tta',instance='s'}": "0+0x120"},
    "TtaFirstPieceLate": {
        "tta_turn_time_to_first_piece_seconds_bucket{instance='s',le='0.64'}": "0+0x120",
        "tta_turn_time_to_first_piece_seconds_bucket{instance='s',le='20.48'}": "0+9x120",
    },
}
"""Alerts, and what of those figures makes them go off."""


def test_the_guide_says_of_each_alert_what_to_do() -> None:
    alerts = re.findall(r"alert: (\w+)", read("deploy/tta-alerts.yml"))
    rows = re.findall(r"^\| `(Tta\w+)` \|", read("docs/cluster-operations.md"), re.MULTILINE)

    assert rows == alerts


def gone_off(tmp_path: Path, figures: dict[str, str], at: str = "25m") -> set[str]:
    """The alerts that a real Prometheus has going off for figures, a while later."""
    known = re.findall(r"alert: (\w+)", read("deploy/tta-alerts.yml"))
    series = [{"series": name, "values": values} for name, values in figures.items()]
    asked = [{"expr": f"ALERTS{{alertname='{name}',alertstate='firing'}}"} for name in known]
    case = {
        "interval": "15s",
        "input_series": series,
        "promql_expr_test": [one | {"eval_time": at, "exp_samples": []} for one in asked],
    }
    given = {"rule_files": [str(DEPLOY / "tta-alerts.yml")], "tests": [case]}
    (tmp_path / "test.yml").write_text(yaml.safe_dump(given), "utf-8")
    done = subprocess.run(
        ["promtool", "test", "rules", str(tmp_path / "test.yml")],
        capture_output=True,
        text=True,
        check=False,
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0 or "got:" in said, said
    return {name for name in known if re.search(rf'got:.*alertname="{name}"', said)}


@needs("promtool")
@pytest.mark.parametrize("alert", [None, *ILL])
def test_an_alert_goes_off_when_that_is_wrong_and_no_other(
    alert: str | None, tmp_path: Path
) -> None:
    found = gone_off(tmp_path, WELL | (ILL[alert] if alert else {}))

    assert found == ({alert} if alert else set())


@needs("promtool")
def test_servers_that_play_their_turns_themselves_are_not_said_to_lack_workers(
    tmp_path: Path,
) -> None:
    own = {name: values for name, values in WELL.items() if "cluster" not in name}

    assert gone_off(tmp_path, own) == set()


@needs("caddy")
def test_caddy_understands_its_file(tmp_path: Path) -> None:
    done = subprocess.run(
        ["caddy", "validate", "--adapter", "caddyfile", "--config", str(DEPLOY / "Caddyfile")],
        capture_output=True,
        text=True,
        check=False,
        env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
    )

    assert done.returncode == 0, done.stderr


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


@contextmanager
def nginx(tmp_path: Path, target: str) -> Iterator[str]:
    """Our nginx.conf without TLS, in front of a server."""
    port = free_port()
    site = (DEPLOY / "nginx.conf").read_text("utf-8")
    site = site.replace("127.0.0.1:8000;", f"{target.removeprefix('http://')};")
    site = site.replace("listen 443 ssl http2;", f"listen 127.0.0.1:{port};")
    site = re.sub(r"^ *ssl_.*$", "", site, flags=re.MULTILINE)
    places = "".join(
        f"{name}_temp_path {tmp_path}/{name};\n"
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    config = tmp_path / "nginx.conf"
    config.write_text(
        f"daemon off; error_log {tmp_path}/errors; pid {tmp_path}/pid;\n"
        f"events {{}}\nhttp {{ access_log off;\n{places}{site}}}\n"
    )
    command = ["nginx", "-c", str(config), "-e", f"{tmp_path}/errors"]
    process = subprocess.Popen(command)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


@contextmanager
def caddy(tmp_path: Path, target: str) -> Iterator[str]:
    """Our Caddyfile without TLS, in front of a server."""
    port = free_port()
    site = (DEPLOY / "Caddyfile").read_text("utf-8")
    site = site.replace("127.0.0.1:8000", target.removeprefix("http://"))
    site = site.replace(f"\n{NAME} {{", f"\nhttp://:{port} {{")
    config = tmp_path / "Caddyfile"
    config.write_text("{\n\tadmin off\n}\n" + site)
    command = ["caddy", "run", "--adapter", "caddyfile", "--config", str(config)]
    process = subprocess.Popen(
        command, env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}, stderr=subprocess.DEVNULL
    )
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


PROXIES = {"nginx": nginx, "caddy": caddy}


@pytest.mark.parametrize("proxy", [pytest.param(name, marks=needs(name)) for name in PROXIES])
async def test_a_stream_passes_a_proxy_piece_by_piece(proxy: str, tmp_path: Path) -> None:
    teller = HeldTeller()
    options = ServerOptions(limits=NO_RATE, hosts=(NAME,), metrics=ServerMetrics())
    async with running(tmp_path / "data", teller=teller, options=options) as server:
        teller.gate.clear()
        branch = await server.story()
        turn = (await server.ask(branch, kind="begin")).json()
        with PROXIES[proxy](tmp_path, server.address) as address:
            headers = {"Host": NAME}
            async with httpx.AsyncClient(
                base_url=address, headers=headers, timeout=20, trust_env=False
            ) as web:
                hidden = await until_it_answers(web)
                async with web.stream("GET", turn["events"]) as events:
                    lines = events.aiter_lines()
                    first = [await anext(lines) for _ in range(5)]
                    held = teller.gate.is_set()
                    teller.gate.set()
                    rest = [line async for line in lines]

    assert "event: passage" in first
    assert not held, "the first passage came while the storyteller was held back"
    assert "event: stored" in rest
    assert hidden == 404, "metrics are not for the world"


async def until_it_answers(web: httpx.AsyncClient) -> int:
    for _ in range(200):
        try:
            return (await web.get("/metrics")).status_code
        except httpx.ConnectError:
            await asyncio.sleep(0.05)
    raise AssertionError("the proxy did not begin")


def composed() -> dict[str, Any]:
    """The services of the compose file, each with what it has from others."""
    found: dict[str, Any] = yaml.safe_load(read("deploy/compose.yaml"))
    return found


def test_a_compose_file_begins_programs_of_ours_with_settings_that_there_are() -> None:
    services = composed()["services"]
    ours = {name: one for name, one in services.items() if one.get("image") == "tta-cluster"}

    assert sorted(ours) == ["server-1", "server-2", "worker"]
    assert ours["worker"]["entrypoint"] == ["tta", "worker"]
    for one in ours.values():
        given = {n: re.sub(r"\$\{.*?\}", "any", v) for n, v in one["environment"].items()}
        settings = tta.load_settings(given)
        assert not set(given) - set(settings.origins), "each is a setting"
        assert settings.runner == "temporal"
        assert int(one["stop_grace_period"].removesuffix("s")) >= 25
        assert set(one["depends_on"]) <= set(services)
        arguments = one["build"]["args"]["EXTRAS"].split(",")
        assert {"postgres", "cluster", "server"} <= set(arguments) <= set(extras())
        assert one["build"]["dockerfile"] == "deploy/Containerfile"


def test_a_compose_file_names_what_it_has_and_holds_no_password() -> None:
    file, text = composed(), read("deploy/compose.yaml")
    named = {
        volume.partition(":")[0]
        for one in file["services"].values()
        for volume in one.get("volumes", [])
    }

    assert named == set(file["volumes"])
    assert all(
        "${POSTGRES_PASSWORD:?" in line for line in re.findall(r".*(?:PASSWORD|PWD):.*", text)
    )
    published = [port for one in file["services"].values() for port in one.get("ports", [])]
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)


def extras() -> list[str]:
    with (ROOT / "pyproject.toml").open("rb") as file:
        return list(tomllib.load(file)["project"]["optional-dependencies"])
