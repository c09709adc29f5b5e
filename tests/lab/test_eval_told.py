"""``tta eval told``: a told story through the real engine, counted."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tools.wire import RunningWire

from tests.lab import tiny
from tta_rebuild.cli.main import main
from tta_rebuild.engine.session import Session

KEYS = (
    "honest_turns honest_turns_held moves_held choices_lost facts_declared facts_kept declared "
    "declared_caught undeclared undeclared_caught clean clean_held_declared clean_held_undeclared "
    "holds holds_in_prompt secrets secrets_leaked looks mentions people_split people_merged calls "
    "cost_usd rows"
).split()

Counted = Callable[..., dict[str, Any]]


@pytest.fixture
def counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Counted:
    """The JSON of the command over stories."""

    def run(*stories: dict[str, Any], options: tuple[str, ...] = ()) -> dict[str, Any]:
        file = tiny.write(tmp_path / "stories.jsonl", *stories)
        assert main(["eval", "told", str(file), "--json", *options]) == 0
        found: dict[str, Any] = json.loads(capsys.readouterr().out)
        return found

    return run


def test_the_json_has_the_promised_keys_in_order(counted: Counted) -> None:
    assert list(counted(tiny.story())) == KEYS


def test_an_honest_story_is_shown_whole_and_its_contradiction_is_caught(counted: Counted) -> None:
    found = counted(tiny.story())

    assert (found["honest_turns"], found["honest_turns_held"], found["moves_held"]) == (3, 0, 0)
    assert (found["declared"], found["declared_caught"]) == (1, 1)
    assert (found["clean"], found["clean_held_declared"], found["clean_held_undeclared"]) == (
        1,
        0,
        0,
    )
    assert found["choices_lost"] == 0
    assert (found["facts_declared"], found["facts_kept"]) == (7, 7)
    assert (found["mentions"], found["people_split"], found["people_merged"]) == (5, 0, 0)
    assert found["calls"] >= 3


def test_a_turn_that_is_held_back_is_counted_with_its_reason(counted: Counted) -> None:
    found = counted(tiny.contradicting_story())

    assert found["honest_turns_held"] == 1
    [row] = [row for row in found["rows"] if row["kind"] in ("honest_turns_held", "moves_held")]
    assert (row["story"], row["turn"]) == ("tiny", 3)
    assert "34 years" in row["text"]
    assert row["reason"].startswith("canon: ")


def test_a_move_whose_effects_are_held_back_is_a_move_held(counted: Counted) -> None:
    story = tiny.story()
    effect = tiny.fact("bram", "age", "34")
    story["turns"][1]["reply"]["story_branches"][0]["effects"] = [effect]
    story["turns"][2]["move"] = {"kind": "choice", "text": tiny.ASK, "choice": 1}
    story["turns"][2]["reply"] = tiny.reply(
        tiny.passage("The sun stood over the square."),
        tiny.passage("Bram was 34 years old that day.", effect),
    )

    assert counted(story)["moves_held"] == 1


def test_a_choice_that_is_too_long_to_be_offered_is_lost_and_played_in_words(
    counted: Counted,
) -> None:
    story = tiny.story()
    long = "Climb the tower, " + "step after step, " * 12 + "up to the bell."
    story["turns"][0]["reply"]["story_branches"][0]["choice"] = long
    story["turns"][1]["move"]["text"] = long

    found = counted(story)

    assert (found["choices_lost"], found["honest_turns"]) == (1, 3)
    [row] = [row for row in found["rows"] if row["kind"] == "choices_lost"]
    assert row["text"] == long


def test_a_fact_that_no_prompt_shows_is_missed_by_name(counted: Counted) -> None:
    story = tiny.story()
    story["turns"][0]["holds"].append("Bram owes the miller four hundred crowns for copper.")

    found = counted(story)

    assert (found["holds"], found["holds_in_prompt"]) == (2, 1)
    missed = [row["text"] for row in found["rows"] if row["kind"] == "holds_in_prompt"]
    assert missed == ["Bram owes the miller four hundred crowns for copper."]


def test_stories_played_at_once_count_the_same(counted: Counted) -> None:
    stories = [{**tiny.story(), "id": f"tiny-{n}"} for n in range(3)]

    one_by_one = counted(*stories)
    together = counted(*stories, options=("--jobs", "3"))

    assert one_by_one.pop("rows") is not None
    assert together.pop("rows") is not None
    assert one_by_one == together


def test_the_table_says_the_share_and_names_the_miss(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tiny.write(tmp_path / "s.jsonl", tiny.contradicting_story())

    assert main(["eval", "told", str(file)]) == 0

    shown = capsys.readouterr().out
    assert "1 of 3" in shown
    assert "34 years" in shown


@pytest.mark.parametrize(
    ("bound", "code"),
    [
        ("honest_turns_held=0", 1),
        ("honest_turns_held=1", 0),
        ("honest_turns_held=40%", 0),
        ("honest_turns_held=30%", 1),
        ("facts_kept=95%", 1),
        ("facts_kept=10%", 0),
        ("90%", 1),
    ],
)
def test_a_bound_that_is_not_reached_ends_with_code_1(
    bound: str, code: int, tmp_path: Path
) -> None:
    file = tiny.write(tmp_path / "s.jsonl", tiny.contradicting_story())

    assert main(["eval", "told", str(file), "--fail-under", bound]) == code


@pytest.mark.parametrize("bound", ["everything=1", "facts_kept", "facts_kept=-1", "101%", "7"])
def test_a_bound_that_means_nothing_is_refused_before_anything_is_played(
    bound: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tiny.write(tmp_path / "s.jsonl", tiny.story())

    assert main(["eval", "told", str(file), "--fail-under", bound]) == 2
    assert "turn 1" not in capsys.readouterr().err


def broken(**changes: Any) -> dict[str, Any]:
    return {**tiny.story(), **changes}


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (broken(protagonist="odo"), "the protagonist 'odo' is not in the cast"),
        (broken(turns=[]), "turns"),
        (broken(probes=[{**tiny.story()["probes"][0], "after_turn": 9}]), "there is no turn 9"),
        (broken(probes=[{**tiny.story()["probes"][0], "label": "odd"}]), "probes.1.label"),
        (broken(turns=tiny.story()["turns"][1:]), "turn 1: the first move"),
    ],
)
def test_a_mistake_in_a_file_is_told_with_its_line(
    row: dict[str, Any], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tiny.write(tmp_path / "s.jsonl", {**tiny.story(), "id": "first"}, row)

    assert main(["eval", "told", str(file)]) == 2

    complaint = " ".join(capsys.readouterr().err.split())
    assert "s.jsonl, line 2" in complaint
    assert said in complaint


def test_ctrl_c_shows_what_was_measured_so_far_and_says_that_it_is_partial(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def judged(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Session, "judge", judged)
    file = tiny.write(tmp_path / "s.jsonl", tiny.story())

    assert main(["eval", "told", str(file), "--json"]) == 130

    seen = capsys.readouterr()
    found = json.loads(seen.out)
    assert (found["partial"], found["honest_turns"]) == (True, 1)
    assert "partial" in seen.err


def test_nothing_is_left_in_the_users_own_store(
    counted: Counted, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    counted(tiny.story())

    assert main(["--data-dir", str(tmp_path / "own"), "stories", "list", "--json"]) == 0
    assert "tiny" not in capsys.readouterr().out


def test_the_model_that_is_named_reads_and_never_tells(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tiny.write(tmp_path / "s.jsonl", tiny.story())
    with RunningWire() as server:
        config = tmp_path / "config.toml"
        config.write_text(f'[servers]\nstudio = "{server.url}/v1"\n', encoding="utf-8")
        monkeypatch.setenv("TTA_CONFIG", str(config))
        calls = {}
        for checks in ("all", "off"):
            words = ("--json", "--model", "studio:small", "--checks", checks)
            assert main(["eval", "told", str(file), *words]) == 0
            found = json.loads(capsys.readouterr().out)
            assert found["honest_turns_held"] == 0, "the told replies were told"
            calls[checks] = found["calls"]

    assert calls["all"] > calls["off"] == 3
