"""The real command with a model: a loopback server that the configuration file names."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tools.wire import Fault, RunningWire

from tests.alone import quiet_environment, run_alone

THEME = ("--theme", "A ferryman finds letters addressed to his passengers")
Done = subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def server() -> Iterator[RunningWire]:
    with RunningWire() as wire:
        yield wire


@pytest.fixture
def wire(server: RunningWire) -> RunningWire:
    server.script(clear=True)
    server.reset()
    return server


class Home:
    """A directory with a configuration file that names the server ``studio``."""

    def __init__(self, path: Path, url: str) -> None:
        self.path = path
        path.mkdir()
        self.config = path / "config.toml"
        self.config.write_text(
            f'[servers]\nstudio = "{url}/v1"\n'
            '[prices."studio:small-model"]\ninput = 0.30\noutput = 2.50\n'
            '[quotas."studio:small-model"]\nrpm = 500\n',
            encoding="utf-8",
        )

    def tta(self, *words: str, **more: str) -> Done:
        environment = {"TTA_CONFIG": str(self.config), "TTA_CHECKS": "off", **more}
        return run_alone(self.path, "-m", "tta_rebuild", *words, **environment)

    def tell(self, *words: str, turns: int = 2, **more: str) -> Done:
        model = ("--model", "studio:small-model")
        return self.tta(
            "story", *THEME, "--auto", "first", "--turns", str(turns), *model, *words, **more
        )


@pytest.fixture
def home(tmp_path: Path, wire: RunningWire) -> Home:
    return Home(tmp_path / "home", wire.url)


def test_a_story_is_told_by_the_model_that_is_named(home: Home, wire: RunningWire) -> None:
    done = home.tell("--json")

    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    turns = [line for line in lines if line["type"] == "turn"]
    assert [turn["told_by"] for turn in turns] == ["studio:small-model"] * 2
    assert sum(turn["cost_usd"] for turn in turns) == pytest.approx(wire.billed_usd())
    assert len(wire.records()) == 2


def test_costs_are_told_by_day_story_model_and_task_in_three_forms(
    home: Home, wire: RunningWire
) -> None:
    assert home.tell().returncode == 0
    billed_usd = wire.billed_usd()

    for by in ("task", "model"):
        as_json = json.loads(home.tta("costs", "--by", by, "--json").stdout)
        assert [line["attempts"] for line in as_json] == [2]
        assert as_json[0]["cost_usd"] == pytest.approx(billed_usd)
    (row,) = csv.DictReader(io.StringIO(home.tta("costs", "--format", "csv").stdout))
    assert float(row["cost_usd"]) == pytest.approx(billed_usd)
    assert f"${billed_usd:.4f}" in home.tta("costs", "--by", "story").stdout


def test_models_shows_price_quota_health_and_what_runs_here(home: Home) -> None:
    assert home.tell(turns=1).returncode == 0
    key = "k" * 30 + "wxyz"
    done = home.tta("models", TTA_MODEL="studio:small-model", OPENAI_API_KEY=key)

    assert done.returncode == 0, done.stderr
    assert "studio:small-model  (choice 1)" in done.stdout
    assert "$0.30 in, $2.50 out per million tokens" in done.stdout
    assert "at most 500 requests a minute" in done.stdout
    assert "1 call of late, 0 failed" in done.stdout
    assert "--model local:large-model" in done.stdout
    assert "GEMINI_API_KEY is not set" in done.stdout
    assert "ends in wxyz" in done.stdout
    assert key[-5:] not in done.stdout + done.stderr


def test_local_takes_the_users_own_server(home: Home, wire: RunningWire) -> None:
    done = home.tta(
        "story",
        *THEME,
        "--auto",
        "first",
        "--turns",
        "1",
        "--model",
        "local:large-model",
    )
    assert done.returncode == 0, done.stderr
    assert [record.model for record in wire.records()] == ["large-model"]


def test_local_without_such_a_model_says_what_there_is(home: Home) -> None:
    done = home.tta("play", *THEME, "--model", "local:no-such-model")
    assert done.returncode == 5
    assert "studio: small-model, large-model" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_missing_key_ends_with_its_name(home: Home) -> None:
    done = home.tta("play", *THEME, "--model", "gemini:gemini-3.5-flash-lite")
    assert done.returncode == 5
    assert "GEMINI_API_KEY" in done.stderr


def test_what_asks_no_model_needs_none(home: Home) -> None:
    assert home.tell(turns=1).returncode == 0
    for words in (("costs",), ("stories", "list")):
        done = home.tta(*words, TTA_MODEL="gemini", TTA_CHAIN="gemini,offline")
        assert done.returncode == 0, (words, done.stderr)


def test_play_shows_what_is_spent_of_the_budget_after_each_turn(
    home: Home, wire: RunningWire
) -> None:
    environment = {"TTA_CONFIG": str(home.config), "LLM_MAX_COST": "0.50"}
    done = _played(home, "1\n/cost\n", **environment)
    assert done.returncode == 0, done.stderr
    spent = re.findall(r"This session \$(\d\.\d{4}) of at most \$0\.50", done.stdout)
    assert len(spent) == 3
    assert 0 < float(spent[0]) < float(spent[1]) == float(spent[2])
    assert "told by studio:small-model" in done.stdout


def test_cost_tells_of_every_budget_that_is_set_and_a_full_one_names_its_setting(
    home: Home, wire: RunningWire
) -> None:
    environment = {"TTA_CONFIG": str(home.config), "TTA_BUDGET_PER_DAY": "0.01"}
    done = _played(home, "1\n" * 12 + "/cost\n", "--on-failure", "offline", **environment)
    told = " ".join(done.stdout.split())
    assert re.search(r"this story \$0\.0\d+, today \$0\.0\d+ of at most \$0\.01\.", told)
    assert "raise TTA_BUDGET_PER_DAY, or play offline" in told


def test_play_says_when_the_embedded_storyteller_takes_over(home: Home, wire: RunningWire) -> None:
    wire.script(always={"*": Fault("not_found").as_json()})
    done = _played(home, "", "--on-failure", "offline", TTA_CONFIG=str(home.config))
    assert done.returncode == 0, done.stderr
    assert "the embedded storyteller has taken over" in " ".join(done.stdout.split())
    assert "WARNING" not in done.stderr
    assert "tta_rebuild." not in done.stderr


def test_play_logs_what_fails_where_the_log_is_asked_for(home: Home, wire: RunningWire) -> None:
    wire.script(always={"*": Fault("not_found").as_json()})
    config = {"TTA_CONFIG": str(home.config), "TTA_LOG_LEVEL": "warning"}
    done = _played(home, "", "--on-failure", "offline", **config)
    assert "WARNING tta_rebuild." in done.stderr


def test_a_batch_with_a_model_named_stops_where_it_fails_and_keeps_what_was_told(
    home: Home, wire: RunningWire
) -> None:
    wire.script(next=[None, Fault("not_found").as_json()], always={})
    done = home.tell("--json", turns=3)
    assert done.returncode == 5
    assert "no model small-model" in done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["told_by"] for line in lines if line["type"] == "turn"] == ["studio:small-model"]
    assert lines[-1]["turns"] == 1


def test_a_batch_goes_on_offline_where_that_is_wished_for(home: Home, wire: RunningWire) -> None:
    wire.script(next=[None, Fault("not_found").as_json()], always={})
    done = home.tell("--json", "--on-failure", "offline", turns=2)
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    told_by = [line["told_by"] for line in lines if line["type"] == "turn"]
    assert told_by == ["studio:small-model", "offline:storyteller-1"]


def test_a_proxy_without_the_model_hands_on_to_the_next_of_the_chain(
    home: Home, wire: RunningWire
) -> None:
    wire.script(always={"small-model": Fault("proxy_no_model").as_json()})
    chain = "studio:small-model,studio:large-model"
    done = home.tell("--json", turns=1, TTA_CHAIN=chain)
    assert done.returncode == 0, done.stderr
    (turn,) = [t for t in map(json.loads, done.stdout.splitlines()) if t["type"] == "turn"]
    assert turn["told_by"] == "studio:large-model"
    assert "studio:large-model has taken over" in turn["degraded"]


def test_doctor_asks_the_servers_that_are_named(home: Home, wire: RunningWire) -> None:
    asked = json.loads(home.tta("doctor", "--json", TTA_MODEL="studio:small-model").stdout)
    assert asked["can_play"]
    assert asked["servers"]["studio"]["models"] == ["small-model", "large-model"]
    said = " ".join(home.tta("doctor").stdout.split())
    assert f"studio answers at {wire.url}/v1: small-model, large-model" in said


def test_doctor_names_a_model_that_the_server_does_not_have(home: Home) -> None:
    done = home.tta("doctor", TTA_MODEL="studio:no-such-model")
    assert done.returncode == 5
    said = " ".join(done.stdout.split())
    assert "studio has no model no-such-model: choose one of small-model, large-model" in said


def test_doctor_says_that_a_server_is_not_there(home: Home) -> None:
    home.config.write_text('[servers]\nstudio = "http://127.0.0.1:9/v1"\n', encoding="utf-8")
    done = home.tta("doctor", TTA_MODEL="studio:small-model")
    assert done.returncode == 5
    assert "cannot be reached" in " ".join(done.stdout.split())
    assert home.tta("doctor").returncode == 0


def _played(home: Home, typed: str, *words: str, **environment: str) -> Done:
    model = ("--model", "studio:small-model")
    return subprocess.run(
        [sys.executable, "-m", "tta_rebuild", "play", *THEME, *model, *words],
        env=quiet_environment(home.path, **environment),
        cwd=home.path,
        input=typed,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


def test_a_story_that_another_storyteller_goes_on_with_says_so(home: Home) -> None:
    first = json.loads(home.tell("--json", turns=1).stdout.splitlines()[0])
    assert (first["teller"], first["teller_before"]) == ("studio:small-model", "")

    on = ("story", "--story", first["story_id"], "--auto", "--turns", "1", "--model", "offline")
    line = json.loads(home.tta(*on, "--json").stdout.splitlines()[0])
    assert (line["teller"], line["teller_before"]) == ("offline", "studio:small-model")

    back = ("--story", first["story_id"], "--model", "studio:small-model")
    said = " ".join(home.tta("story", "--auto", "--turns", "1", *back).stdout.split())
    assert "The storyteller changes: offline told it last, studio:small-model goes on." in said
    said = home.tta("story", "--auto", "--turns", "1", *back).stdout
    assert "The storyteller changes" not in said


def test_an_estimated_cost_is_marked_in_the_table_and_in_json(
    home: Home, wire: RunningWire
) -> None:
    wire.script(next=[Fault("cut").as_json()])
    assert home.tell(turns=1).returncode == 0

    shown = home.tta("costs", "--by", "model").stdout
    assert "~" in shown
    assert "~ holds an estimate" in " ".join(shown.split())
    assert any(line["estimated"] for line in json.loads(home.tta("costs", "--json").stdout))
