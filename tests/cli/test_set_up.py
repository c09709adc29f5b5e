"""What doctor, models and costs say about the set-up and the money."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import secrets
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tta_rebuild.bootstrap.application import open_application
from tta_rebuild.cli.main import main
from tta_rebuild.core.secret import Secret
from tta_rebuild.core.story import Premise
from tta_rebuild.core.usage import Attempt, Usage
from tta_rebuild.engine.action import Action
from tta_rebuild.integrations.llm_provider import LLMConfig, MockLLMProvider
from tta_rebuild.settings import Settings


@pytest.fixture(autouse=True)
def quiet_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory of its own, no keys, no configuration."""
    for name in ("GEMINI_API_KEY", "ANTHROPIC_API_KEY", "OPENAI_API_KEY", "TTA_MODEL", "TTA_CHAIN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("USE_REAL_LLM", raising=False)
    monkeypatch.setenv("TTA_DATA_DIR", str(tmp_path / "stories"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def spend(place: Path, *attempts: tuple[str, str, float]) -> None:
    async def book() -> None:
        async with open_application(Settings(data_dir=place / "stories")) as application:
            for number, (task, outcome, cost_usd) in enumerate(attempts):
                await application.ledger.book(
                    Attempt(
                        at=datetime(2026, 11, 20 + number, tzinfo=UTC),
                        provider="gemini",
                        model="gemini-3.5-flash-lite",
                        task=task,
                        outcome=outcome,  # type: ignore[arg-type]
                        usage=Usage(input_tokens=1000, output_tokens=200),
                        cost_usd=cost_usd,
                        latency_s=1.5,
                    )
                )

    asyncio.run(book())


def test_doctor_says_whether_redis_answers(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, redis_url: str
) -> None:
    monkeypatch.setenv("TTA_REDIS_URL", redis_url)
    assert main(["doctor"]) == 0
    assert "redis     answers" in capsys.readouterr().out

    monkeypatch.setenv("TTA_REDIS_URL", f"{redis_url}.gone")
    assert main(["doctor"]) == 0
    assert "TTA_REDIS_URL: nothing answers there" in capsys.readouterr().out


def test_doctor_says_that_all_is_well_without_any_key(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == 0

    said = capsys.readouterr().out
    assert "offline tells the stories" in said
    assert "A story can be played" in said


def test_doctor_tells_whether_code_gets_a_jail_that_holds(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["doctor"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "code in stories runs on this machine" in said
    assert "monty" in said
    assert ("it held against its own escapes" in said) != ("no jail:" in said)


def test_doctor_shows_the_last_four_characters_of_the_e2b_key_and_no_more(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    key = f"e2b_{secrets.token_hex(20)}"
    monkeypatch.setenv("E2B_API_KEY", key)
    assert main(["doctor"]) == 0
    said = capsys.readouterr().out
    assert f"…{key[-4:]}" in said
    assert key[-8:] not in said
    assert key[4:12] not in said


def test_doctor_names_the_key_that_is_missing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TTA_MODEL", "anthropic")

    assert main(["doctor"]) == 5
    assert "ANTHROPIC_API_KEY is not set" in capsys.readouterr().out


def test_doctor_names_a_setting_that_is_wrong(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LLM_RATE_LIMIT", "many")

    assert main(["doctor"]) == 2
    assert "LLM_RATE_LIMIT" in capsys.readouterr().out


def test_doctor_points_to_a_key_that_is_not_used(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GEMINI_API_KEY", "canary-" + "k" * 12)

    assert main(["doctor"]) == 0

    said = " ".join(capsys.readouterr().out.split())
    assert "USE_REAL_LLM=true" in said
    assert "k" * 12 not in said


def test_doctor_has_a_form_for_programs(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = (
        "can_play program terminal settings runner stories access code servers cluster redis "
        "telemetry teller models notes problems problem next_step"
    )
    assert main(["doctor", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert list(found) == keys.split()
    assert (found["can_play"], found["problem"], found["stories"]["count"]) == (True, "", 0)

    monkeypatch.setenv("TTA_MODEL", "anthropic")
    assert main(["doctor", "--json"]) == 5
    found = json.loads(capsys.readouterr().out)
    assert not found["can_play"]
    assert "ANTHROPIC_API_KEY is not set" in found["problem"]


def test_models_show_price_quota_and_health(
    capsys: pytest.CaptureFixture[str], quiet_place: Path
) -> None:
    spend(quiet_place, ("scene", "ok", 0.01), ("scene", "busy", 0.0))

    assert main(["models", "--no-local", "--json"]) == 0

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    gemini = next(line for line in lines if line["name"] == "gemini:gemini-3.5-flash-lite")
    assert (gemini["calls"], gemini["failed"], gemini["last_outcome"]) == (2, 1, "busy")
    assert gemini["input_usd"] > 0
    assert gemini["rpm"] == 60
    assert gemini["lacks"] == "GEMINI_API_KEY is not set"
    assert next(line for line in lines if line["name"] == "offline")["place"] == 1


def test_costs_add_up_by_task_and_come_as_csv(
    capsys: pytest.CaptureFixture[str], quiet_place: Path
) -> None:
    spend(quiet_place, ("scene", "ok", 0.01), ("scene", "ok", 0.02), ("branch_check", "ok", 0.005))

    assert main(["costs", "--by", "task", "--format", "csv"]) == 0

    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [(row["key"], float(row["cost_usd"])) for row in rows] == [
        ("scene", pytest.approx(0.03)),
        ("branch_check", pytest.approx(0.005)),
    ]


def test_costs_fit_forty_columns(
    capsys: pytest.CaptureFixture[str], quiet_place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    spend(quiet_place, ("scene", "ok", 0.01))

    assert main(["costs", "--by", "model"]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert any("0.0100" in line for line in lines)
    assert max(map(len, lines)) <= 40


def test_without_any_spending_costs_say_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["costs"]) == 0
    assert "Nothing was spent" in capsys.readouterr().out


def test_a_model_without_its_key_ends_with_the_models_code(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code = main(["story", "--theme", "A wreck", "--auto", "--model", "gemini"])

    said = capsys.readouterr()
    assert code == 5
    assert "GEMINI_API_KEY" in said.err
    assert "Traceback" not in said.err


def test_a_key_in_a_models_words_reaches_neither_the_files_nor_the_screen(
    quiet_place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = secrets.token_urlsafe(32)
    home = quiet_place / "stories"
    text = f"The keeper opened the hatch. On it somebody had carved {key} in small letters."
    settings = Settings(
        data_dir=home, model="openai:m", openai_api_key=Secret(key), cache="disk", max_cost_usd=9.0
    )

    async def play() -> list[object]:
        model = MockLLMProvider(LLMConfig(model="m"), response=text, latency_ms=0)
        async with open_application(
            settings, make_adapter=lambda _name, _config: model
        ) as application:
            session = await application.stories.open(Premise(theme="A lighthouse"))
            return [item async for item in session.play(Action.begin())]

    seen = asyncio.run(play())
    assert any("carved [secret] in" in str(item) for item in seen)
    assert key not in str(seen)
    assert {"stories.db", "replies.db"} <= {file.name for file in home.iterdir()}
    assert [file.name for file in home.iterdir() if key.encode() in file.read_bytes()] == []
    assert main(["--data-dir", str(home), "stories", "export", "A lighthouse"]) == 0
    assert "carved [secret] in" in " ".join(capsys.readouterr().out.split())


def test_doctor_names_the_variable_that_each_other_model_waits_for(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["doctor"]) == 0

    said = " ".join(capsys.readouterr().out.split())
    for name in ("GEMINI_API_KEY", "ANTHROPIC_API_KEY", "OPENAI_API_KEY"):
        assert f"{name} is not set" in said


def test_a_report_cannot_be_json_and_csv_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["costs", "--json", "--format", "csv"]) == 2
    assert "give --json or --format csv, not both" in capsys.readouterr().err
