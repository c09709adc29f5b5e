"""``tta doctor`` goes on after a fault, tells all of them, and says what turns are played by."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tta_rebuild.cli.main import main

PASSWORD = "-".join(("said", "to", "nobody"))
NOWHERE = "postgresql://nobody@127.0.0.1:9/stories"


@pytest.fixture(autouse=True)
def quiet_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GEMINI_API_KEY", "ANTHROPIC_API_KEY", "TTA_MODEL", "TTA_CHAIN", "USE_REAL_LLM"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HOME", "XDG_CONFIG_HOME", "TTA_DATA_DIR"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.chdir(tmp_path)


def report(capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, Any], str]:
    """The exit code, the report for programs, and what is shown."""
    code = main(["doctor", "--json"])
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert main(["doctor"]) == code
    return code, found, " ".join(capsys.readouterr().out.split())


def test_in_an_outage_every_fault_is_told_and_what_is_well(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("asyncpg")
    pytest.importorskip("temporalio")
    monkeypatch.setenv("TTA_DATABASE_URL", NOWHERE)
    monkeypatch.setenv("TTA_RUNNER", "temporal")
    monkeypatch.setenv("TTA_TEMPORAL_ADDRESS", "127.0.0.1:9")
    monkeypatch.setenv("TTA_MODEL", "anthropic")

    code, found, shown = report(capsys)

    faults = ["127.0.0.1:9/stories", "TTA_TEMPORAL_ADDRESS", "ANTHROPIC_API_KEY is not set"]
    assert [n in one["problem"] for n, one in zip(faults, found["problems"], strict=True)] == [
        True
    ] * 3
    assert [one["exit_code"] for one in found["problems"]] == [75, 75, 5]
    assert code == 75, "of the first"
    assert found["problem"] == found["problems"][0]["problem"]
    assert not found["can_play"]
    assert shown.count("WRONG") == 3
    assert found["code"]["runs_in"], "what comes after a fault is looked at"
    assert found["models"]
    assert "A story can be played" not in shown


def test_a_temporal_that_nothing_here_needs_is_a_note(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("temporalio")
    monkeypatch.setenv("TTA_TEMPORAL_ADDRESS", "127.0.0.1:9")
    monkeypatch.setenv("TTA_DATABASE_URL", NOWHERE)

    _, found, _ = report(capsys)

    assert not [one for one in found["problems"] if "TEMPORAL" in one["problem"]]
    [note] = [note for note in found["notes"] if "TTA_TEMPORAL_ADDRESS" in note]
    assert "TTA_RUNNER is process" in note


def test_it_says_who_plays_turns_and_whether_figures_are_sent(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OTEL_EXPORTER_OTLP_ENDPOINT", raising=False)
    code, found, shown = report(capsys)
    monkeypatch.setenv(
        "OTEL_EXPORTER_OTLP_ENDPOINT", f"http://ana:{PASSWORD}@collector.example:4318"
    )
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "none")
    _, sent, told = report(capsys)

    assert code == 0
    assert found["runner"] == {"runner": "process", "deployment": "", "build": ""}
    assert "runner process: 'tta serve' plays its turns itself" in shown
    assert found["telemetry"] == {"sent": [], "endpoint": ""}
    assert "otlp off" in shown
    assert sent["telemetry"]["sent"] == ["metrics"]
    assert "otlp on: metrics are sent to http://collector.example:4318" in told
    assert PASSWORD not in told
