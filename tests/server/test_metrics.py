"""What /metrics tells: Prometheus' format, the figures that there are, and no story's id."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.integrations.fakes import ManualClock
from tests.redis_server import RedisServer
from tests.server.serving import NO_RATE, HeldTeller, Machines, Running, running
from tta_rebuild.bootstrap.reached import Reached
from tta_rebuild.bootstrap.telemetry import attempts_meter
from tta_rebuild.core.errors import RequestRejected
from tta_rebuild.core.telemetry import SECONDS, observing
from tta_rebuild.core.usage import Attempt, Usage
from tta_rebuild.engine.turn_runner import TurnQueue
from tta_rebuild.server.app import ServerOptions
from tta_rebuild.server.cluster_figures import OLD_S, ClusterFigures
from tta_rebuild.server.metric_registry import (
    MOST_SERIES,
    Registry,
    prometheus_name,
)
from tta_rebuild.server.metrics import ServerMetrics

pytestmark = pytest.mark.every_runner

SAMPLE = re.compile(
    r"(?P<name>[a-zA-Z_:][\w:]*)(\{(?P<labels>[^{}]*(?:\{[^{}]*\}[^{}]*)*)\})? (?P<value>\S+)"
)
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


def samples(text: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Name and labels → value, of all samples; each line must be one or a comment."""
    found = {}
    for line in text.splitlines():
        if line.startswith("# "):
            assert re.fullmatch(r"# (HELP \S+ .+|TYPE \S+ (counter|gauge|histogram))", line), line
            continue
        match = SAMPLE.fullmatch(line)
        assert match, line
        labels = tuple(sorted(LABEL.findall(match["labels"] or "")))
        key = (match["name"], labels)
        assert key not in found, f"told twice: {line}"
        found[key] = float(match["value"])
    return found


def of(text: str, name: str, **labels: str) -> float:
    """The sum of a metric over the series that have these labels."""
    wanted = set(labels.items())
    return sum(v for (n, has), v in samples(text).items() if n == name and wanted <= set(has))


@pytest.fixture
async def counted(tmp_path: Path, machines: Machines | None) -> AsyncIterator[Running]:
    """A server that counts, with a storyteller that can be held back."""
    options = ServerOptions(limits=NO_RATE, metrics=ServerMetrics())
    async with running(tmp_path, teller=HeldTeller(), options=options, machines=machines) as server:
        yield server


async def told(server: Running) -> str:
    answer = await server.client.get(f"{server.address}/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    return answer.text


async def test_turns_are_counted_by_what_became_of_them(counted: Running) -> None:
    branch = await counted.story()
    await counted.play(branch, kind="begin")
    await counted.play(branch, kind="choose", choice=1)
    await counted.play(branch, kind="choose", choice=7)
    text = await told(counted)

    assert of(text, "tta_turns_total", outcome="stored") == 2
    assert of(text, "tta_turns_total", outcome="stored", kind="begin") == 1
    assert of(text, "tta_turns_total") == 3
    assert of(text, "gen_ai_workflow_duration_seconds_count") == 3
    assert of(text, "tta_turn_time_to_first_piece_seconds_count", kind="begin") == 1
    assert of(text, "tta_turns_running") == 0


async def test_what_is_going_on_is_there_while_it_goes_on(counted: Running) -> None:
    assert counted.teller is not None
    counted.teller.gate.clear()
    branch = await counted.story()
    asked = await counted.ask(branch, kind="begin")
    busy = await counted.ask(branch, kind="begin")
    following = counted.follow(asked.json()["turn_id"])
    await anext(following)
    text = await told(counted)

    assert busy.status_code == 409
    assert of(text, "tta_turns_running") == 1
    assert of(text, "tta_streams_open") == 1
    assert of(text, "tta_turns_turned_away_total", reason="busy_branch") == 1
    await following.aclose()
    counted.teller.gate.set()


async def test_a_turn_that_failed_says_of_what(counted: Running) -> None:
    assert counted.teller is not None
    counted.teller.errors.append(RequestRejected("no scene"))
    branch = await counted.story()
    await counted.play(branch, kind="begin")
    text = await told(counted)

    assert of(text, "tta_turns_total", outcome="failed") == 1
    assert of(text, "gen_ai_workflow_duration_seconds_count", error_type="RequestRejected") == 1


async def test_no_id_and_no_word_of_a_story_is_a_label(counted: Running) -> None:
    branch = await counted.story()
    story_id = branch.split("/")[2]
    await counted.play(branch, kind="begin")
    await counted.client.get(branch)
    await counted.client.get(f"{branch}/characters/mara")
    await counted.client.get("/no/such/way")
    text = await told(counted)

    assert story_id not in text
    assert "mara" not in text.lower()
    assert "no/such/way" not in text
    assert of(text, "http_server_request_duration_seconds_count", http_route="other") == 1
    route = "/api/v1/stories/{story}/branches/{branch}"
    name = "http_server_request_duration_seconds_count"
    assert of(text, name, http_route=route, http_response_status_code="200") == 1


async def test_budgets_say_how_much_of_them_is_spent(tmp_path: Path) -> None:
    options = ServerOptions(limits=NO_RATE, metrics=ServerMetrics())
    async with running(tmp_path, options=options) as server:
        text = await told(server)

    assert of(text, "tta_budget_limit_usd", scope="session") == 10
    assert of(text, "tta_budget_spent_usd", scope="session") == 0


@pytest.mark.one_process
async def test_what_answers_is_told_also_where_the_embedded_storyteller_tells(
    tmp_path: Path, own_redis: RedisServer
) -> None:
    options = ServerOptions(limits=NO_RATE, metrics=ServerMetrics())
    async with running(tmp_path, options=options, redis_url=own_redis.url) as server:
        text, health = await told(server), (await server.client.get("/health")).json()
        own_redis.stop()
        away, less = await told(server), (await server.client.get("/health")).json()

    assert of(text, "tta_reachable", part="redis") == of(text, "tta_reachable") - 1 == 1
    assert samples(text)["tta_redis_away", ()] == 0
    assert (health["redis"], health["reached"]) == ("used", {"database": True, "redis": True})
    assert samples(away)["tta_redis_away", ()] == 1
    assert of(away, "tta_reachable", part="redis") == 0
    assert (less["redis"], less["status"]) == ("away", "ok"), "turns go on without it"
    there = {name for name, _ in samples(text)}
    assert not [name for name in there if "cluster" in name], "nobody else plays turns here"


async def test_what_was_seen_long_ago_is_not_told_as_if_it_were_now() -> None:
    clock, registry = ManualClock(), Registry()
    figures: Any = ClusterFigures(clock)
    figures.watch(registry.get_meter("m"))
    queue = TurnQueue(workers=2, running=3, waiting=None, longest_s=None)
    figures._seen = Reached(parts={"temporal": True}, queue=queue)
    figures._seen_s = clock.now()
    now = registry.text()
    await clock.advance(OLD_S + 1)
    later = registry.text()

    assert of(now, "tta_cluster_workers") == 2
    assert ("tta_cluster_turns_waiting", ()) not in samples(now), "not known is no number"
    assert not [name for name, _ in samples(later) if name.startswith("tta_")]


# ----------------------------------------------------------------- models


def attempt(**facts: object) -> Attempt:
    from datetime import UTC, datetime

    known = {"at": datetime.now(UTC), "provider": "gemini", "model": "m", "task": "scene"}
    known |= {"outcome": "ok", "usage": Usage(), "cost_usd": 0.25, "story_id": "st"}
    return Attempt(**(known | facts))  # type: ignore[arg-type]


def test_attempts_retries_cached_answers_and_dollars_are_counted() -> None:
    registry = Registry()
    count = attempts_meter(registry)
    count(attempt(outcome="busy", cost_usd=0.0))
    count(attempt(attempt=2))
    count(attempt(outcome="cached", cost_usd=0.0))
    text = registry.text()

    assert of(text, "tta_model_attempts_total", outcome="busy", model="gemini:m") == 1
    assert of(text, "tta_model_attempts_total", outcome="cached", task="scene") == 1
    assert of(text, "tta_model_retries_total", model="gemini:m") == 1
    assert of(text, "tta_spent_usd_total", model="gemini:m", task="scene") == 0.25
    assert '"st"' not in text


# ----------------------------------------------------------------- the registry


def test_names_follow_the_rules_for_prometheus() -> None:
    assert prometheus_name("gen_ai.client.token.usage", "{token}") == "gen_ai_client_token_usage"
    assert prometheus_name("a.b", "s") == "a_b_seconds"
    assert prometheus_name("tta.spent", "USD", "counter") == "tta_spent_usd_total"
    assert prometheus_name("process.resident_memory", "By") == "process_resident_memory_bytes"


def test_a_histogram_counts_what_is_at_most_each_bound() -> None:
    registry = Registry()
    took = registry.get_meter("m").create_histogram("took", "s")
    for value in (0.005, 0.01, 0.011, 500.0):
        took.record(value, {"a": "b"})
    text = registry.text()

    assert of(text, "took_seconds_bucket", le="0.01") == 2
    assert of(text, "took_seconds_bucket", le="0.02") == 3
    assert of(text, "took_seconds_bucket", le=f"{SECONDS[-1]:g}") == 3
    assert of(text, "took_seconds_bucket", le="+Inf") == 4
    assert of(text, "took_seconds_count") == 4
    assert of(text, "took_seconds_sum") == pytest.approx(500.026)


def test_what_a_label_holds_cannot_break_the_format_nor_give_a_key_away() -> None:
    registry = Registry(redact=lambda text: text.replace("key", "[secret]"))
    counter = registry.get_meter("m").create_counter("c")
    counter.add(1, {"model": 'a"b\\c\nkey'})
    text = registry.text()

    assert samples(text) == {("c_total", (("model", r"a\"b\\c\n[secret]"),)): 1}


def test_the_number_of_series_is_bounded() -> None:
    registry = Registry()
    counter = registry.get_meter("m").create_counter("c")
    for number in range(MOST_SERIES + 50):
        counter.add(1, {"model": str(number)})
    text = registry.text()

    assert len(samples(text)) == MOST_SERIES + 1
    assert of(text, "c_total", otel_metric_overflow="true") == 50
    assert of(text, "c_total") == MOST_SERIES + 50


def test_one_name_is_one_metric_and_observed_values_that_are_gone_are_gone() -> None:
    registry, now = Registry(), {"a": 1.0}
    meter = registry.get_meter("m")
    assert meter.create_counter("c") is registry.get_meter("n").create_counter("c")
    values = observing(lambda: [(value, {"of": name}) for name, value in now.items()])
    meter.create_observable_gauge("g", values)
    assert of(registry.text(), "g", of="a") == 1
    now.clear()

    assert "g{" not in registry.text()
