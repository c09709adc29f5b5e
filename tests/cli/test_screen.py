"""Text on a screen: nothing in it can do anything but be read."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tta_rebuild.cli.screen import Screen, json_text, one_line, plain, prepare_streams


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


def test_json_escapes_what_a_terminal_would_obey() -> None:
    value = {"text": "a\x1b[31m\x9b2J\x7f\u202eb\x00\tc\nd é 日"}
    written = json_text(value)
    assert json.loads(written) == value
    assert written.isprintable()
    assert "é 日" in written
