"""``tta eval`` with a model that reads badly or not at all: its failures are its own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.lab import tiny
from tta_rebuild.cli.main import main

DEAD = "http://127.0.0.1:9/v1"


@pytest.fixture
def dead_studio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "config.toml"
    config.write_text(f'[servers]\nstudio = "{DEAD}"\n', encoding="utf-8")
    monkeypatch.setenv("TTA_CONFIG", str(config))


def stories(where: Path) -> str:
    rows = [{**tiny.story(), "id": f"tiny-{n}"} for n in range(4)]
    return str(tiny.write(where / "s.jsonl", *rows))


@pytest.mark.usefixtures("dead_studio")
@pytest.mark.parametrize("checks", ["all", "choices"])
def test_a_reader_that_is_down_leaves_the_told_replies_alone_and_says_so(
    checks: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("--json", "--model", "studio:small", "--checks", checks)
    assert main(["eval", "told", stories(tmp_path), *words]) == 1

    seen = capsys.readouterr()
    found = json.loads(seen.out)
    assert (found["facts_declared"], found["facts_kept"]) == (28, 28)
    assert (found["honest_turns"], found["honest_turns_held"]) == (12, 0)
    unread = [row for row in found["rows"] if row["kind"] == "reader"]
    assert f"{len(unread)} of {len(unread)} readings failed" in " ".join(seen.err.split())
    assert "checked by rule only" in unread[0]["reason"]


@pytest.mark.usefixtures("dead_studio")
def test_boundaries_say_that_their_reader_is_down(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tiny.write(tmp_path / "p.jsonl", *tiny.PASSAGES)

    assert main(["eval", "boundaries", str(file), "--model", "studio:small"]) == 1

    assert "3 of 3 readings failed" in capsys.readouterr().out


def test_without_a_model_nothing_reads_whatever_the_checks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, found = stories(tmp_path), []
    for words in ((), ("--checks", "all"), ("--checks", "choices")):
        assert main(["eval", "told", file, "--json", *words]) == 0
        found.append(json.loads(capsys.readouterr().out))

    assert found[0] == found[1] == found[2]
    assert found[0]["facts_kept"] == 28


def test_a_reply_that_is_no_scene_is_a_turn_held_and_the_rest_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    story = tiny.story()
    story["turns"][2]["reply"]["passages"] = [{"text": " "}]
    file = tiny.write(tmp_path / "s.jsonl", story, {**tiny.story(), "id": "second"})

    assert main(["eval", "told", str(file), "--json"]) == 0

    found = json.loads(capsys.readouterr().out)
    assert (found["honest_turns"], found["honest_turns_held"]) == (6, 1)
