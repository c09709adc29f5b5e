"""Playing at a terminal: what a player types, sees, and can rely on."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.alone import run_alone

if sys.platform == "win32":
    pytest.skip("needs a pseudo-terminal", allow_module_level=True)

from tests.cli.terminal import Terminal

Sit = Callable[..., Terminal]
BEGIN = ("play", "--theme", "A lighthouse keeper finds a door", "--seed", "3")


@pytest.fixture
def sit(tmp_path: Path) -> Iterator[Sit]:
    """Sits down at a terminal; whatever still runs afterwards is ended."""
    opened: list[Terminal] = []

    def open_one(*words: str, **options: object) -> Terminal:
        opened.append(Terminal(tmp_path / "home", words, **options))  # type: ignore[arg-type]
        return opened[-1]

    yield open_one
    for terminal in opened:
        terminal.close()


def turns_kept(home: Path) -> list[int]:
    done = run_alone(home, "-m", "tta_rebuild", "stories", "list", "--json")
    return [json.loads(line)["turns"] for line in done.stdout.splitlines()]


def test_without_a_theme_the_player_is_asked_kindly(sit: Sit, tmp_path: Path) -> None:
    terminal = sit("play")

    terminal.wait_for("What shall the story be about?")
    terminal.wait_for("> ")
    terminal.type("1")
    terminal.wait_for(" 1  ")
    terminal.wait_for("> ")
    terminal.type("/quit")

    assert terminal.end() == 0
    assert "Go on with: tta play --story" in terminal.text
    assert turns_kept(tmp_path / "home") == [1]


def test_a_story_is_played_with_numbers_words_and_commands(sit: Sit) -> None:
    terminal = sit(*BEGIN)
    terminal.wait_for("> ")
    terminal.type("1")
    terminal.wait_for("> ")
    terminal.type("I knock three times and wait.")
    terminal.wait_for("> ")
    terminal.type("/undo")
    terminal.wait_for("Back at turn 2")
    terminal.wait_for("> ")
    terminal.type("/branches")
    terminal.wait_for("you are here")
    terminal.wait_for("> ")
    terminal.type("/nonsense")
    terminal.wait_for("There is no command /nonsense")
    terminal.type("/quit")

    assert terminal.end() == 0
    assert "Kept: 2 turns" in terminal.text


def test_ctrl_c_at_the_prompt_keeps_every_finished_turn(sit: Sit, tmp_path: Path) -> None:
    terminal = sit(*BEGIN)
    terminal.wait_for("> ")
    terminal.type("1")
    terminal.wait_for("> ")
    terminal.press("\x03")

    assert terminal.end() == 130
    assert "Kept: 2 turns. Go on with: tta play --story" in terminal.text
    assert "Traceback" not in terminal.text
    assert turns_kept(tmp_path / "home") == [2]


def test_ctrl_c_after_a_switch_says_farewell_once_and_counts_the_branch_that_is_played(
    sit: Sit,
) -> None:
    terminal = sit(*BEGIN)
    for line in ("1", "1", "/undo 2", "/switch main"):
        terminal.wait_for("> ")
        terminal.type(line)
    terminal.wait_for("You are now on the branch 'main', after turn 3.")
    terminal.wait_for("> ")
    terminal.type("/switch branch-2")
    terminal.wait_for("You are now on the branch 'branch-2', after turn 1.")
    terminal.wait_for("> ")
    terminal.press("\x03")

    assert terminal.end() == 130
    told = " ".join(terminal.text.split())
    assert told.count("Kept: 1 turn.") == 1
    assert '--branch "branch-2"' in told
    assert "every finished turn is kept" not in told


def test_a_move_that_is_not_played_says_so_in_red_and_offers_the_choices_again(sit: Sit) -> None:
    terminal = sit(*BEGIN)
    terminal.wait_for("> ")
    terminal.type("99")
    terminal.wait_for("Not played: There is no choice 99")
    terminal.wait_for(" 1  ")
    terminal.wait_for("> ")
    terminal.type("/quit")

    assert terminal.end() == 0
    assert re.search(r"\x1b\[[\d;]*31m[^\n]*no choice 99", terminal.raw)


def test_at_the_first_question_a_command_or_a_number_too_high_is_no_theme(sit: Sit) -> None:
    terminal = sit("play")
    terminal.wait_for("> ")
    terminal.type("9")
    terminal.wait_for("The numbers here are 1 to ")
    terminal.wait_for("> ")
    terminal.type("/who")
    terminal.wait_for("The story comes first")
    terminal.wait_for("> ")
    terminal.type("/quit")

    assert terminal.end() == 0
    assert "Kept" not in terminal.text


def test_ctrl_d_stops_as_quit_does(sit: Sit) -> None:
    terminal = sit(*BEGIN)
    terminal.wait_for("> ")
    terminal.press("\x04")

    assert terminal.end() == 0
    assert "Kept: 1 turn." in terminal.text


def test_a_story_is_taken_up_again_where_it_was_left(sit: Sit) -> None:
    first = sit(*BEGIN)
    first.wait_for("> ")
    first.type("/quit")
    first.end()
    found = re.search(r"--story (\w+)", first.text)
    assert found

    again = sit("play", "--story", found.group(1))
    again.wait_for("turn 1")
    again.wait_for(" 1  ")
    again.wait_for("> ")
    again.type("1")
    again.wait_for("> ")
    again.type("/quit")

    assert again.end() == 0
    assert "Kept: 2 turns" in again.text


def test_forty_columns_are_enough(sit: Sit) -> None:
    terminal = sit(*BEGIN, columns=40)
    for line in ("1", "?", "/who", "/facts", "/branches", "/quit"):
        terminal.wait_for("> ")
        terminal.type(line)
    terminal.end()

    too_long = [line for line in terminal.text.splitlines() if len(line) > 40]
    assert not too_long


def test_no_color_is_respected(sit: Sit) -> None:
    terminal = sit(*BEGIN, NO_COLOR="1")
    terminal.wait_for("> ")
    terminal.type("/quit")
    terminal.end()

    colours = re.findall(r"\x1b\[(?:\d+;)*(?:3[0-7]|9[0-7]|38;\d+)[;\d]*m", terminal.raw)
    assert not colours


def test_a_pipe_plays_a_story_line_by_line_without_any_escape(tmp_path: Path) -> None:
    import subprocess

    from tests.alone import quiet_environment

    done = subprocess.run(
        [sys.executable, "-m", "tta_rebuild", "play", "--world", "lighthouse", "--seed", "3"],
        env=quiet_environment(tmp_path / "home"),
        input="3\nI knock.\n",
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert "> I knock." in done.stdout
    assert re.search(r"^  [A-Z]\w+: “[^“”]+”$", done.stdout, re.MULTILINE)
    assert "Kept: 3 turns" in done.stdout
    assert "\x1b" not in done.stdout


@pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
def test_an_old_encoding_shows_the_story_too(encoding: str, tmp_path: Path) -> None:
    done = run_alone(
        tmp_path / "home",
        "-m",
        "tta_rebuild",
        "story",
        "--theme",
        "Łódź im Regen 雨 → 🎭",
        "--turns",
        "2",
        "--auto",
        PYTHONIOENCODING=encoding,
    )

    assert done.returncode == 0, done.stderr
    assert "Lodz" in done.stdout or "Łódź" in done.stdout or "?" in done.stdout


def test_a_bar_on_the_terminal_leaves_standard_output_to_its_file(sit: Sit, tmp_path: Path) -> None:
    lines = tmp_path / "turns.jsonl"
    terminal = sit("story", "--theme", "A wreck", "--auto", "--turns", "3", "--json", output=lines)

    assert terminal.end() == 0
    assert "3/3" in terminal.text
    assert '"type"' not in terminal.text
    kinds = [json.loads(line)["type"] for line in lines.read_text().splitlines()]
    assert kinds == ["story", "turn", "turn", "turn", "end"]


def test_a_delete_asks_and_ctrl_c_is_no_yes(sit: Sit, tmp_path: Path) -> None:
    home = tmp_path / "home"
    run_alone(home, "-m", "tta_rebuild", "story", "--theme", "A wreck", "--auto", "--turns", "1")
    terminal = sit("stories", "delete", "A wreck")
    terminal.wait_for("Type yes")
    terminal.wait_for("> ")
    terminal.press("\x03")

    assert terminal.end() == 130
    assert "Traceback" not in terminal.text
    assert turns_kept(home) == [1]

    terminal = sit("stories", "delete", "A wreck")
    terminal.wait_for("Type yes")
    terminal.wait_for("> ")
    terminal.type("yes")
    terminal.wait_for("Deleted.")

    assert terminal.end() == 0
    assert turns_kept(home) == []


def test_a_premise_that_was_misunderstood_is_begun_anew(tmp_path: Path) -> None:
    import subprocess

    from tests.alone import quiet_environment

    theme = "A keeper, Joe, tends the lighthouse with his wife Clara."
    done = subprocess.run(
        [sys.executable, "-m", "tta_rebuild", "play", "--theme", theme, "--model", "offline"],
        env=quiet_environment(tmp_path / "home"),
        input="/wrong Clara: odd; brave=9\n/wrong Clara: your sister, she\nlook around\n"
        "/wrong too late\n/end\n",
        capture_output=True,
        text=True,
        check=False,
    )
    shown = " ".join(done.stdout.split())

    assert done.returncode == 0, done.stderr
    assert "Clara is your wife" in shown
    assert "is no trait; write a name and a strength" in shown
    assert "Clara is your sister" in shown
    assert "After that begin another story" in shown
    assert "The story ends here" in shown
    assert "Kept: 3 turns" in shown


def test_words_to_an_end_are_a_last_deed_and_the_terminal_says_so(sit: Sit) -> None:
    shown = []
    for typed in ("/end I put out the lamp.", "/end"):
        terminal = sit(*BEGIN, "--model", "offline")
        terminal.wait_for("> ")
        terminal.type(typed)
        terminal.wait_for("The story ends here")
        terminal.type("/quit")
        assert terminal.end() == 0
        shown.append("your words as your last deed" in " ".join(terminal.text.split()))

    assert shown == [True, False]


@pytest.mark.parametrize("said", ["Emeka: me", "me: Emeka, a pupil", "I am Emeka", "Emeka is me"])
def test_who_is_played_is_put_right(sit: Sit, said: str) -> None:
    theme = "Emeka has been accused of theft at school. He knows it was Priya, the head girl."
    terminal = sit("play", "--model", "offline", "--theme", theme)
    terminal.wait_for("> ")
    terminal.type(f"/wrong {said}")
    terminal.wait_for("Understood: You are Emeka")
    terminal.wait_for("> ")
    terminal.type("/quit")

    assert terminal.end() == 0


def test_who_is_played_is_asked_where_the_premise_does_not_say(sit: Sit) -> None:
    terminal = sit("play", "--model", "offline", "--theme", "A storm closes the pass.")
    terminal.wait_for("Who are you in this story?")
    terminal.type("Nell, a nurse")
    terminal.wait_for("You are Nell, a nurse")
    terminal.wait_for(" 1  ")
    terminal.wait_for("> ")
    terminal.type("/quit")

    assert terminal.end() == 0


def test_a_premise_that_speaks_to_the_player_asks_nothing(sit: Sit) -> None:
    terminal = sit("play", "--model", "offline", "--theme", "You live alone, and the door opens.")
    terminal.wait_for(" 1  ")

    assert "Who are you" not in terminal.text


def test_who_names_people_of_a_premise_who_have_not_spoken(sit: Sit) -> None:
    theme = "Nadia, a violin maker, waits for her old lover Viktor."
    terminal = sit("play", "--model", "offline", "--theme", theme)
    terminal.wait_for(" 1  ")
    terminal.wait_for("> ")
    terminal.type("/who")
    terminal.wait_for("your old lover")
    terminal.type("/quit")

    assert terminal.end() == 0
    assert "Nobody has appeared" not in terminal.text


def test_asking_aside_is_honest_without_a_model_and_is_no_turn(tmp_path: Path) -> None:
    import subprocess

    from tests.alone import quiet_environment

    theme = "You are Joe, a lighthouse keeper, and Clara is your wife. The lamp is out."
    typed = "/ask Clara why?\n/ask\n/think Joe\n/ask you why?\n/why\n/who Clara\n/quit\n"
    play = ("-m", "tta_rebuild", "play", "--theme", theme, "--character", "Joe: a keeper")
    done = subprocess.run(
        [sys.executable, *play, "--character", "Clara: your wife"],
        env=quiet_environment(tmp_path / "home"),
        input=typed,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert "Clara, aside: " in done.stdout
    assert "the embedded storyteller holds no conversation" in " ".join(done.stdout.split())
    assert "Say whom, such as Clara." in done.stdout
    assert done.stdout.count("That is your own character") == 2
    assert "Kept: 1 turn." in done.stdout
