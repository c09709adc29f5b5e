"""Text on a screen: nothing in it can do anything but be read."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tta_rebuild.cli.screen import Screen, json_line, one_line, plain, prepare_streams
from tta_rebuild.cli.story_view import waiting_shown
from tta_rebuild.engine.turn_events import TurnEvent, TurnWarning


@given(st.text())
def test_plain_text_holds_no_control_character(text: str) -> None:
    shown = plain(text)

    assert not [c for c in shown if (ord(c) < 32 and c not in "\t\n") or 127 <= ord(c) < 160]
    shown.encode("utf-8")


def test_an_escape_sequence_leaves_as_a_whole() -> None:
    assert plain("a\x1b[31mred\x1b[0m \x1b]8;;http://x\x07link\x1b]8;;\x07") == "ared link"


def test_what_turns_the_direction_of_reading_around_is_left_out() -> None:
    assert plain("safe\u202egnp.exe") == "safegnp.exe"


@given(st.text(), st.integers(min_value=1, max_value=50))
def test_one_line_is_one_line_and_no_longer_than_asked(text: str, limit: int) -> None:
    line = one_line(text, limit)

    assert "\n" not in line
    assert len(line) <= limit


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "cp437", "latin-1"])
def test_an_old_encoding_gets_stand_ins_instead_of_an_error(
    encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="strict", newline="")
    monkeypatch.setattr("sys.stdout", stream)

    prepare_streams()
    stream.write("“Über” → Łódź … 雨 🎭")
    stream.flush()

    written = stream.buffer.getvalue().decode(encoding)  # type: ignore[attr-defined]
    assert "->" in written
    assert "?" in written
    assert "odz" in written or "ódz" in written


def test_story_text_is_never_read_as_markup() -> None:
    out = io.StringIO()

    Screen(out=out).say("[bold]not bold[/bold] :smile:")

    assert out.getvalue() == "[bold]not bold[/bold] :smile:\n"


def test_text_in_a_pipe_has_no_colours() -> None:
    out = io.StringIO()
    screen = Screen(out=out)

    screen.say("a title", "bold")
    screen.entry("head", "text", style="yellow")

    assert "\x1b" not in out.getvalue()


def test_prose_wraps_between_words_at_forty_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    out = io.StringIO()

    screen = Screen(out=out)
    screen.say("word " * 60, indent=4)
    screen.numbered(["a choice with rather more words than one line can hold"] * 2)

    lines = out.getvalue().splitlines()
    assert max(map(len, lines)) <= 40
    assert all(line.split()[-1] in ("word",) for line in lines[:3])
    assert lines[-1].startswith("    ")


@given(st.text())
def test_json_holds_every_character_and_none_that_a_terminal_obeys(text: str) -> None:
    line = json_line({"text": text})

    assert json.loads(line) == {"text": text}
    assert plain(line) == line


def test_a_head_longer_than_half_the_screen_stands_above_its_text(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    out = io.StringIO()

    Screen(out=out).entry("a head of thirty characters..", "word " * 20)

    lines = out.getvalue().splitlines()
    assert lines[0] == "a head of thirty characters.."
    assert max(map(len, lines)) <= 40


class Silence(Screen):
    """Notes when the waiting sign comes and goes; the storyteller speaks once it was seen."""

    def __init__(self) -> None:
        super().__init__(out=io.StringIO())
        self.seen = asyncio.Event()
        self.noted: list[str] = []

    def show_waiting(self) -> None:
        self.noted.append("shown")
        self.seen.set()

    def hide_waiting(self) -> None:
        self.noted.append("gone")


async def test_a_sign_shows_while_the_storyteller_is_silent_and_is_gone_before_the_words() -> None:
    screen = Silence()

    async def telling() -> AsyncIterator[TurnEvent]:
        await screen.seen.wait()
        yield TurnWarning("at last")

    async for event in waiting_shown(telling(), screen, after_s=0):
        screen.noted.append(event.text)  # type: ignore[union-attr]

    assert screen.noted[:3] == ["shown", "gone", "at last"]
    assert screen.noted[-1] == "gone"


def test_in_a_pipe_there_is_no_waiting_sign() -> None:
    out = io.StringIO()
    screen = Screen(out=out)

    screen.show_waiting()
    screen.hide_waiting()

    assert out.getvalue() == ""


@pytest.mark.parametrize(
    ("name", "shown"),
    [("Łódź", "Lodz"), ("Þór", "Thor"), ("Đorđe", "Dorde"), ("ßeta", "sseta"), ("雨é", "?e")],
)
def test_an_old_encoding_loses_no_letter_of_a_name(
    name: str, shown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii", errors="strict", newline="")
    monkeypatch.setattr("sys.stdout", stream)

    prepare_streams()
    stream.write(name)
    stream.flush()

    assert stream.buffer.getvalue().decode() == shown  # type: ignore[attr-defined]
