"""A player in need at the command line: the note, the ways on, and programs that read JSON."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.alone import ROOT, quiet_environment, run_alone

CRY = "I want to kill myself. me, really"
DANGER = "We leave. please call the police for me"
THEME = ("--theme", "A lighthouse keeper finds a door", "--seed", "3")


def tta(home: Path, *words: str, lines: str = "", **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tta_rebuild", *words],
        input=lines,
        env=quiet_environment(home, **more),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def events(done: subprocess.CompletedProcess[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_player_in_need_gets_a_note_with_the_lines_of_their_country(tmp_path: Path) -> None:
    lines = f"{CRY}\nstop\n"
    done = tta(tmp_path / "h", "play", *THEME, lines=lines, TTA_COUNTRY="gb", COLUMNS="40")

    assert done.returncode == 0
    assert "Samaritans  call 116 123" in done.stdout
    assert "findahelpline.com" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 40
    assert "Kept: 1 turn." in " ".join(done.stdout.split())


def test_going_on_plays_what_was_written(tmp_path: Path) -> None:
    done = tta(tmp_path / "h", "play", *THEME, lines=f"/end {DANGER}\n1\n")

    assert "The story ends here" in done.stdout
    assert "Kept: 2 turns" in done.stdout


def test_more_gently_goes_back_to_the_choices_and_other_words_are_a_move(tmp_path: Path) -> None:
    gentle = tta(tmp_path / "h", "play", *THEME, lines=f"{CRY}\n2\n1\n")
    other = tta(tmp_path / "h", "play", *THEME, lines=f"{CRY}\nI wait and listen.\n")

    assert "told more gently" in gentle.stdout
    assert "Kept: 2 turns" in gentle.stdout
    assert "Kept: 2 turns" in other.stdout
    assert "told more gently" not in other.stdout


def test_before_the_opening_only_the_three_ways_lead_on(tmp_path: Path) -> None:
    theme = ("--theme", CRY, "--seed", "3")
    done = tta(tmp_path / "h", "play", *theme, lines="what?\n2\n/quit\n")

    assert done.stdout.count("Go on, with what I wrote") == 2
    assert "Kept: 1 turn." in done.stdout


def test_another_program_gets_the_note_as_json_and_answers_by_a_line(tmp_path: Path) -> None:
    told = events(tta(tmp_path / "h", "story", *THEME, "--json", lines=f"{CRY}\n2\n1\n{CRY}\n3\n"))

    kinds = [one["type"] for one in told]
    assert kinds == ["story", "turn", "paused", "gentler", "turn", "refused", "turn", "end"]
    assert CRY not in json.dumps(told)
    assert told[2]["choices"]


def test_a_story_that_tells_itself_shows_the_note_and_goes_on(tmp_path: Path) -> None:
    words = ("story", "--theme", CRY, "--auto", "--turns", "2")
    told = events(run_alone(tmp_path / "h", "-m", "tta_rebuild", *words, "--json"))

    assert [one["type"] for one in told] == ["story", "paused", "turn", "turn", "end"]


@pytest.mark.parametrize("value", ["off", "no", "0", "None", "never"])
def test_care_cannot_be_switched_off(tmp_path: Path, value: str) -> None:
    done = tta(tmp_path / "h", "play", *THEME, TTA_CARE=value)

    assert done.returncode == 2
    assert "must be" in done.stderr
    assert "strict" in done.stderr


LINES = """
source = "our own desk"
date = 2026-11-01
[countries.GB]
emergency = "999"
lines = [{ name = "The night desk", contact = "ring 7" }]
"""


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (LINES.replace("ring 7", ""), "contact"),
        (LINES.replace("source", "sauce"), "source is missing"),
        (LINES + '[international]\nemergency = "112"\nlines = []', "international.lines"),
        ("lines = [", "not valid TOML"),
    ],
)
def test_a_file_of_lines_that_leaves_somebody_without_one_is_refused(
    tmp_path: Path, wrong: str, said: str
) -> None:
    file = tmp_path / "lines.toml"
    file.write_text(wrong)
    done = tta(tmp_path / "h", "play", *THEME, TTA_HELP_LINES=str(file))

    assert done.returncode == 2
    assert "TTA_HELP_LINES" in done.stderr
    assert said in done.stderr


def test_an_operators_own_lines_stand_first(tmp_path: Path) -> None:
    file = tmp_path / "lines.toml"
    file.write_text(LINES)
    own = {"TTA_HELP_LINES": str(file), "TTA_COUNTRY": "GB"}
    done = tta(tmp_path / "h", "play", *THEME, lines=f"{CRY}\n3\n", **own)

    assert "The night desk  ring 7" in done.stdout
    assert "Samaritans" not in done.stdout
    assert "findahelpline.com" in done.stdout


@pytest.mark.parametrize("country", ["Germany", "D", "12"])
def test_a_country_is_two_letters(tmp_path: Path, country: str) -> None:
    done = tta(tmp_path / "h", "play", *THEME, TTA_COUNTRY=country)

    assert done.returncode == 2
    assert "two letters" in done.stderr
