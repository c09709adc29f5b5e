"""The Grafana dashboard asks for what the server tells; every query runs on a real Prometheus."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.integrations.fakes import ScriptedProvider, Told, request_of
from tests.server.serving import NO_RATE, HeldTeller, Running, running
from tests.server.test_metrics import attempt
from tta_rebuild.bootstrap.telemetry import attempts_meter
from tta_rebuild.core.errors import ProviderBusy, ProviderError
from tta_rebuild.core.telemetry import Telemetry
from tta_rebuild.core.usage import Usage
from tta_rebuild.engine.turn_runner import TurnQueue
from tta_rebuild.integrations.llm_provider import LLMRequest
from tta_rebuild.integrations.wrappers.traced import TracedLLMProvider
from tta_rebuild.server.app import ServerOptions
from tta_rebuild.server.metrics import ServerMetrics

ROOT = Path(__file__).parents[2]
DASHBOARD: dict[str, Any] = json.loads((ROOT / "deploy/grafana/tta.json").read_text("utf-8"))
NOT_OURS = {"up"}
"""Metrics that Prometheus makes itself."""

WORD = re.compile(r"[a-zA-Z_:][\w:]*")
STEP_S = 0.5


def queries() -> Iterator[tuple[str, str]]:
    """Title and query of everything that is asked."""
    for panel in DASHBOARD["panels"]:
        for target in panel.get("targets", ()):
            yield panel["title"], target["expr"]
    for note in DASHBOARD["annotations"]["list"]:
        yield note["name"], note["expr"]


QUERIES = list(queries())


def metrics_in(query: str) -> set[str]:
    """The metrics that a query names: words before a selector, which all of ours have."""
    return {m.rstrip("{") for m in re.findall(r"[a-zA-Z_:][\w:]*\{", query)}


async def fed(metrics: ServerMetrics) -> None:
    """A model that answers, fails, retries and falls back, measured as a real one is."""
    telemetry = Telemetry(meter_provider=metrics.registry)
    model = ScriptedProvider(Told(usage=Usage(input_tokens=9, output_tokens=3)), ProviderBusy("no"))
    traced = TracedLLMProvider(model, layer="attempt", provider="gemini", telemetry=telemetry)
    async for _ in traced.stream(request_of()):
        pass
    with pytest.raises(ProviderError):
        await traced.complete(request_of())

    class Second(ScriptedProvider):
        async def complete(self, request: LLMRequest) -> Any:
            response = await super().complete(request)
            response.metadata["place"] = 1
            return response

    await TracedLLMProvider(Second(Told()), telemetry=telemetry).complete(request_of())
    count = attempts_meter(metrics.registry)
    for number, outcome in enumerate(("busy", "ok", "cached"), start=1):
        count(attempt(outcome=outcome, attempt=number))


async def used(server: Running) -> None:
    """A story, a move that is refused, a branch that is busy."""
    assert server.teller is not None
    branch = await server.story()
    await server.play(branch, kind="begin")
    server.teller.gate.clear()
    asked = await server.ask(branch, kind="choose", choice=1)
    await server.ask(branch, kind="choose", choice=1)
    server.teller.gate.set()
    async for _ in server.follow(asked.json()["turn_id"]):
        pass
    server.teller.errors.append(ProviderError("broken"))
    await server.play(branch, kind="choose", choice=1)


def with_workers(server: Running) -> None:
    """Have the server tell of two workers and of a turn that waits for them."""
    runner: Any = server.serving.runner

    async def queue() -> TurnQueue:
        return TurnQueue(workers=2, running=3, waiting=1, longest_s=4.0)

    runner.queue = queue


@pytest.mark.parametrize(("title", "query"), QUERIES)
def test_a_query_is_written_as_queries_are(title: str, query: str) -> None:
    for opening, closing in ("()", "{}", "[]"):
        assert query.count(opening) == query.count(closing), f"{title}: {query}"
    assert query.count('"') % 2 == 0
    assert metrics_in(query), f"{title} names no metric with a selector"
    ranged = re.findall(r"(rate|increase|changes)\(\w+\{[^}]*\}(\[[^\]]+\])?", query)
    assert all(range_ for _, range_ in ranged), f"{title}: a rate without a range"


async def test_the_dashboard_asks_for_metrics_that_there_are(tmp_path: Path) -> None:
    metrics = ServerMetrics()
    options = ServerOptions(limits=NO_RATE, metrics=metrics)
    async with running(tmp_path, teller=HeldTeller(), options=options) as server:
        await used(server)
        await fed(metrics)
        text = (await server.client.get(f"{server.address}/metrics")).text
    told = {match[0] for line in text.splitlines() if (match := WORD.match(line))}
    told |= set(re.findall(r"# TYPE (\S+)", text))
    asked = set().union(*(metrics_in(query) for _, query in QUERIES))

    assert asked - told - NOT_OURS == set()


def test_panels_have_a_unit_a_description_and_a_place_of_their_own() -> None:
    places: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        at = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert not cells & places, f"{panel['title']} lies upon another"
        places |= cells
        if panel["type"] != "row":
            assert panel["description"]
            assert panel["fieldConfig"]["defaults"]["unit"]
            assert panel["datasource"]["uid"] == "${datasource}"


async def test_the_dashboard_shows_all_that_servers_tell_of_all_machines(tmp_path: Path) -> None:
    metrics = ServerMetrics()
    async with running(tmp_path, options=ServerOptions(limits=NO_RATE, metrics=metrics)) as server:
        with_workers(server)
        text = (await server.client.get(f"{server.address}/metrics")).text
    samples = {match[0] for line in text.splitlines() if (match := WORD.match(line))}
    told = {name for name in samples if name.startswith(("tta_cluster_", "tta_reachable"))}
    asked = set().union(*(metrics_in(query) for _, query in QUERIES))

    assert len(told) == 6
    assert told - asked == set()


@pytest.mark.skipif(
    shutil.which("prometheus") is None, reason="no Prometheus here: apt-get install prometheus"
)
async def test_every_query_finds_something_on_a_real_prometheus(tmp_path: Path) -> None:
    metrics = ServerMetrics()
    options = ServerOptions(limits=NO_RATE, metrics=metrics)
    async with running(tmp_path / "data", teller=HeldTeller(), options=options) as server:
        with_workers(server)
        await used(server)
        await fed(metrics)
        process, address = prometheus(tmp_path, server.address)
        try:
            async with httpx.AsyncClient(base_url=address, trust_env=False) as web:
                silent = await answered(web, server, metrics)
        finally:
            process.terminate()
            process.wait(20)

    assert silent == {}


def prometheus(tmp_path: Path, target: str) -> tuple[subprocess.Popen[bytes], str]:
    """A Prometheus that asks our server twice a second."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    config = tmp_path / "prometheus.yml"
    config.write_text(
        f"global: {{scrape_interval: 500ms, scrape_timeout: 500ms}}\n"
        f"scrape_configs: [{{job_name: tta, static_configs: "
        f"[{{targets: ['{target.removeprefix('http://')}']}}]}}]\n"
    )
    process = subprocess.Popen(
        [
            "prometheus",
            f"--config.file={config}",
            f"--storage.tsdb.path={tmp_path / 'tsdb'}",
            f"--web.listen-address=127.0.0.1:{port}",
            "--log.level=error",
        ]
    )
    return process, f"http://127.0.0.1:{port}"


async def answered(
    web: httpx.AsyncClient, server: Running, metrics: ServerMetrics
) -> dict[str, str]:
    """Play on until each query has found something, at most forty rounds; gives what has not."""
    silent = {f"{title}: {query}": "not asked" for title, query in QUERIES}
    for _ in range(40):
        await used(server)
        await fed(metrics)
        await asyncio.sleep(STEP_S)  # Prometheus' own clock cannot be passed in
        for name, query in [(f"{t}: {q}", q) for t, q in QUERIES]:
            if name not in silent:
                continue
            asked = query.replace("$__rate_interval", "10s").replace("$job", ".*")
            try:
                answer = await web.get("/api/v1/query", params={"query": asked})
            except httpx.ConnectError:
                break
            found = answer.json()
            if found["status"] != "success":
                silent[name] = found.get("error", "failed")
            elif found["data"]["result"] or name.startswith("Starts: "):
                del silent[name]
            else:
                silent[name] = "nothing"
        if not silent:
            break
    return silent
