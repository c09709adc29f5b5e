"""Stories told by themselves: JSON lines, policies, moves from a pipe, and Ctrl-C."""

from __future__ import annotations

import asyncio
import io
import json
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.alone import quiet_environment
from tta_rebuild.bootstrap.application import open_application
from tta_rebuild.cli.main import main
from tta_rebuild.core.story import Premise
from tta_rebuild.settings import Settings

TTA = (sys.executable, "-m", "tta_rebuild")
Told = list[dict[str, Any]]
Tell = Callable[..., tuple[int, Told]]


@pytest.fixture
def tell(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Tell:
    """Runs ``tta story … --json`` in this process; gives the code and the lines."""

    def run(*words: str, typed: str = "") -> tuple[int, Told]:
        capsys.readouterr()
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        code = main(["--data-dir", str(tmp_path / "stories"), "story", *words, "--json"])
        return code, [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return run


def texts(told: Told) -> list[str]:
    return [line["text"] for line in told if line["type"] == "turn"]


def test_a_story_is_a_line_for_its_beginning_each_turn_and_its_end(tell: Tell) -> None:
    code, told = tell("--theme", "A wreck in the bay", "--turns", "3", "--auto")

    assert code == 0
    assert [line["type"] for line in told] == ["story", "turn", "turn", "turn", "end"]
    assert [line["turn"] for line in told[1:4]] == [1, 2, 3]
    assert all(line["told_by"] and line["ms"] > 0 for line in told[1:4])
    assert (told[-1]["turns"], told[-1]["ended"]) == (3, False)


def test_the_same_seed_tells_the_same_story_and_another_seed_another(tell: Tell) -> None:
    words = ("--theme", "A wreck in the bay", "--turns", "3", "--auto")

    once, again, other = (texts(tell(*words, "--seed", seed)[1]) for seed in ("5", "5", "6"))

    assert once == again
    assert once != other


def test_a_story_with_a_length_ends(tell: Tell) -> None:
    _, told = tell("--theme", "A wreck in the bay", "--turns", "9", "--length", "4", "--auto")

    assert (told[-1]["turns"], told[-1]["ended"]) == (4, True)
    assert told[-2]["is_ending"]
    assert not told[-2]["choices"]


@pytest.mark.parametrize("spelt", [("--auto", "first"), ("--auto=first",)])
def test_auto_may_name_its_policy(tell: Tell, spelt: tuple[str, ...]) -> None:
    _, told = tell("--theme", "A wreck in the bay", "--turns", "4", *spelt)

    assert {line["choice"] for line in told if line["type"] == "turn" and line["turn"] > 1} == {1}


def test_without_auto_each_line_of_standard_input_is_a_move(tell: Tell) -> None:
    code, told = tell("--theme", "A wreck in the bay", typed="2\n\nI dive for it.\n")

    actions = [line["action"] for line in told if line["type"] == "turn"]
    assert code == 0
    assert len(actions) == 3
    assert actions[2] == "I dive for it."


def test_a_move_that_is_refused_is_said_and_costs_no_turn(tell: Tell) -> None:
    code, told = tell("--theme", "A wreck in the bay", typed="77\n1\n")

    assert code == 0
    assert [line["type"] for line in told] == ["story", "turn", "refused", "turn", "end"]


def test_moves_that_are_all_refused_end_the_run(
    tell: Tell, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _ = tell("--theme", "A wreck in the bay", typed="77\n" * 30)

    assert code == 1


def test_a_story_goes_on_where_it_stands(tell: Tell) -> None:
    _, first = tell("--theme", "A wreck in the bay", "--turns", "2", "--auto")

    _, further = tell("--story", first[0]["story_id"], "--turns", "2", "--auto")

    assert [line["turn"] for line in further if line["type"] == "turn"] == [3, 4]


def test_a_file_of_premises_tells_a_story_for_each(tell: Tell, tmp_path: Path) -> None:
    file = tmp_path / "premises.jsonl"
    file.write_text('{"id": "a", "premise": "A wreck in the bay"}\nA late train\n"ignored?"\n')

    code, told = tell("--premises", str(file), "--turns", "1", "--auto", "--skip", "1")

    assert code == 0
    assert [line["premise_id"] for line in told if line["type"] == "story"] == ["2", "3"]


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGINT")
def test_ctrl_c_keeps_every_finished_turn_and_says_how_to_go_on(tmp_path: Path) -> None:
    file = tmp_path / "premises.txt"
    file.write_text("A wreck in the bay\n" * 900)
    environment = quiet_environment(tmp_path / "home")
    with subprocess.Popen(
        [*TTA, "story", "--premises", str(file), "--turns", "4", "--auto", "--json"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stdout
        lines = [running.stdout.readline() for _ in range(9)]
        running.send_signal(signal.SIGINT)
        rest, said = running.communicate(timeout=30)

    told = [json.loads(line) for line in [*lines, *rest.splitlines()]]
    turns = sum(line["type"] == "turn" for line in told)
    listed = subprocess.run(
        [*TTA, "stories", "list", "--json"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    kept = sum(json.loads(line)["turns"] for line in listed.stdout.splitlines())
    assert running.returncode == 130
    assert "--skip" in said
    assert said.count("every finished turn is kept") == 1
    assert re.search(r"Stopped after \d+ of 900 stories; every", said)
    assert "Traceback" not in said
    assert turns <= kept <= turns + 1


@pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX pipe")
@pytest.mark.parametrize("more", [(), ("--json",)])
def test_a_reader_who_leaves_ends_the_run_quietly_with_the_turns_kept(
    more: tuple[str, ...], tmp_path: Path
) -> None:
    environment = quiet_environment(tmp_path / "home")
    with subprocess.Popen(
        [*TTA, "story", "--world", "lighthouse", "--turns", "400", "--auto", *more],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stdout
        assert running.stderr
        running.stdout.readline()
        running.stdout.close()
        said = running.stderr.read()

    assert running.returncode == 141
    assert said == ""


def test_a_way_to_choose_that_is_not_there_is_named_with_those_that_are(
    tell: Tell, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["story", "--theme", "A wreck in the bay", "--auto", "sideways"]

    assert main(words) == 2

    said = " ".join(capsys.readouterr().err.split())
    assert "'sideways' is not one of 'varied', 'first', 'random'" in said


def test_a_name_keeps_its_first_letter_from_the_theme_to_the_export(
    tell: Tell, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    theme = "Żaneta, a baker, finds a letter that Łukasz wrote"
    _, told = tell("--theme", theme, "--turns", "2", "--auto", "--seed", "3")

    text = " ".join(texts(told))
    assert "Żaneta" in text
    assert not re.search(r"\b(?:aneta|ukasz)\b", text)
    where = ("--data-dir", str(tmp_path / "stories"))
    assert main([*where, "stories", "export", told[0]["story_id"]]) == 0
    assert "Żaneta" in capsys.readouterr().out
    assert main([*where, "facts", told[0]["story_id"], "--json"]) == 0
    assert not re.search(r'"(?:aneta|ukasz)', capsys.readouterr().out)


def test_a_story_whose_first_turn_did_not_come_is_not_left_behind(
    tell: Tell, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("tta_rebuild.cli.opening.play_turn", interrupted)
    code, told = tell("--theme", "A wreck in the bay", "--auto")

    assert code == 130
    assert (told[-1]["type"], told[-1]["turns"]) == ("end", 0)
    assert main(["--data-dir", str(tmp_path / "stories"), "stories"]) == 0
    assert "There are no stories yet" in capsys.readouterr().out


def test_a_story_that_was_opened_and_not_begun_is_listed_as_that_and_can_be_begun(
    tell: Tell, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def opened() -> str:
        async with open_application(Settings(data_dir=tmp_path / "stories")) as application:
            return (await application.stories.open(Premise(theme="A wreck"))).story_id

    story_id = asyncio.run(opened())

    assert main(["--data-dir", str(tmp_path / "stories"), "stories"]) == 0
    assert "not begun" in capsys.readouterr().out
    _, told = tell("--story", story_id, "--turns", "1", "--auto")
    assert [line["type"] for line in told] == ["story", "turn", "end"]
