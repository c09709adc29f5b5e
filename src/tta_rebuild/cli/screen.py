"""What the player sees: text on a terminal of any width, in a pipe, or in an old encoding."""

from __future__ import annotations

import codecs
import io
import json
import os
import re
import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, TypeVar

from tta_rebuild.cli.exits import ReaderGone
from tta_rebuild.core.data_files import packaged_toml
from tta_rebuild.core.errors import ExecutionError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.status import Status

T = TypeVar("T")

MAX_NAME_CHARS = 80
"""Longest title, and longest name of a character."""
MOVE_CHARS = 160
"""Characters of a move that are shown where it is only echoed."""

# Control characters but tab and line end, bidirectional overrides, halves of surrogate pairs.
_UNSHOWN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_ESCAPES = re.compile("\x1b(?:\\[[0-?]*[ -/]*[@-~]|\\][^\x07\x1b]*(?:\x07|\x1b\\\\)?|[@-Z\\\\-_])")

_ERROR_HANDLER = "tta-stand-in"


def words(table: str) -> Any:
    """A table of ``data/words.toml``."""
    return packaged_toml("tta_rebuild.cli", "words")[table]


def message(name: str, /, **said: object) -> str:
    """The text of that name in ``data/messages.toml``, filled in."""
    text: str = packaged_toml("tta_rebuild.cli", "messages")[name]
    return text.format(**said)


def plain(text: str) -> str:
    """Text without terminal escapes and what else is no text; a carriage return ends a line."""
    text = _ESCAPES.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return _UNSHOWN.sub("", text)


def one_line(text: str, limit: int = 0) -> str:
    """The text as one line, cut with an ellipsis after ``limit`` characters (0: not cut)."""
    line = " ".join(plain(text).split())
    return line if not limit or len(line) <= limit else f"{line[: limit - 1].rstrip()}…"


def sentence(text: str) -> str:
    """A message as a sentence, with its full stop."""
    text = text.strip() or "no reason was given"
    return text if text[-1] in ".!?" else f"{text}."


def json_line(value: Any, *, indent: int | None = None) -> str:
    """A value of the engine as JSON that can do nothing to a terminal; dates become ISO text."""
    return escaped_json(json.dumps(value, ensure_ascii=False, indent=indent, default=_as_plain))


def escaped_json(text: str) -> str:
    """JSON text in which every character that a terminal obeys is escaped."""
    return _UNSHOWN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _as_plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    if isinstance(value, Enum):
        return str(value.value)
    return value.isoformat() if isinstance(value, datetime) else str(value)


def counted(number: int, noun: str) -> str:
    """``1 turn``, ``2 turns``, ``3 stories``."""
    if number != 1:
        noun = f"{noun[:-1]}ies" if noun.endswith("ry") else f"{noun}s"
    return f"{number:,} {noun}"


@contextmanager
def lines_to(path: Path, option: str) -> Iterator[Callable[[str], None]]:
    """Takes lines for a file that is written whole or not at all. Raises ExecutionError."""
    beside = path.with_name(f".{path.name}.part")
    try:
        with beside.open("w", encoding="utf-8") as file:
            yield lambda line: print(line.removesuffix("\n"), file=file)
        beside.replace(path)
    except OSError as error:
        said = message("unwritable", path=path, why=error.strerror, option=option)
        raise ExecutionError(said) from error
    finally:
        with suppress(OSError):
            beside.unlink(missing_ok=True)


def prepare_streams() -> None:
    """Let no stream raise: an encoding gets letters that it has; a closed stream is empty."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115
    codecs.register_error(_ERROR_HANDLER, _stand_in)
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace" if stream is sys.stdin else _ERROR_HANDLER)


def _stand_in(error: UnicodeError) -> tuple[str, int]:
    """ASCII for characters: what is drawn like one, its letter without the marks, or "?"."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    known, stand_ins = "", str.maketrans(words("stand_ins"))
    for character in error.object[error.start : error.end]:
        parts = unicodedata.normalize("NFKD", character.translate(stand_ins))
        letters = parts.encode("ascii", "ignore").decode()
        known += letters or ("" if unicodedata.combining(character) else "?")
    return known, error.end


class Screen:
    """Standard output and standard error; what others wrote is made ``plain``, no markup."""

    def __init__(self, out: TextIO | None = None, err: TextIO | None = None) -> None:
        self._out, self._err = out, err
        self._sign: Status | None = None

    @cached_property
    def out(self) -> Console:
        """Standard output."""
        return self._console(file=self._out)

    @cached_property
    def err(self) -> Console:
        """Standard error."""
        return self._console(file=self._err, stderr=True)

    def _console(self, **where: Any) -> Console:
        from rich.console import Console

        class Page(Console):
            def on_broken_pipe(self) -> None:
                raise ReaderGone

        return Page(markup=False, emoji=False, highlight=False, **where)

    def say(self, text: str = "", style: str = "", *, indent: int = 0, lead: str = "") -> None:
        """Lines on standard output, wrapped between words; ``lead`` comes before them, in bold."""
        self._print(self.out, (" " * indent, ""), (lead, "bold"), (text, style))

    def note(self, text: str, style: str = "dim", *, lead: str = "") -> None:
        """A remark beside the story, on standard error; its ``lead`` in bold red."""
        self._print(self.err, ("", ""), (lead, "bold red"), (text, style))

    def entry(
        self, head: str, text: str, *, style: str = "", gap: int = 2, head_style: str = "bold"
    ) -> None:
        """A head and a text beside it, which wraps under itself; a long head stands above."""
        from rich.cells import cell_len

        head = plain(head) + " " * gap
        if cell_len(head) > self.out.width // 2:
            self.say(head, head_style)
            self.say(text, style, indent=4)
        else:
            self._print(self.out, (head, head_style), (text, style))

    def heading(self, text: str) -> None:
        """The name of what follows, after an empty line."""
        self.say(f"\n{text}", "bold cyan")

    def numbered(self, items: Iterable[str]) -> None:
        """A numbered list with a hanging indent, counted from 1."""
        for number, item in enumerate(items, 1):
            self.entry(f"{number:>2}", item, head_style="bold cyan")

    def _print(self, console: Console, head: tuple[str, str], *parts: tuple[str, str]) -> None:
        from rich.text import Text

        start, body = Text(*head), Text.assemble(*((plain(text), style) for text, style in parts))
        width = console.width - start.cell_len
        if not console.is_terminal and console is self.err:
            width = 10**6
        for line in body.wrap(console, width, overflow="fold", tab_size=4):
            row = start + line
            row.rstrip()
            console.print(row, soft_wrap=True)
            start = Text(" " * start.cell_len)

    def raw(self, text: str) -> None:
        """Text for another program, on standard output exactly as it is, with a line end."""
        stream = self._out or sys.stdout
        try:
            stream.write(text if text.endswith("\n") else text + "\n")
            stream.flush()
        except BrokenPipeError as error:
            raise ReaderGone from error

    def json(self, value: Any, *, indent: int | None = None) -> None:
        """A value as one line of JSON on standard output, or indented."""
        self.raw(json_line(value, indent=indent))

    def answer(
        self, found: T, as_json: bool, show: Callable[[Screen, T], None], indent: int | None = None
    ) -> None:
        """What a command found: JSON, of a list a line for each row, or as ``show`` puts it."""
        if not as_json:
            show(self, found)
            return
        for row in found if isinstance(found, list | tuple) else [found]:
            self.json(row, indent=indent)

    def show_waiting(self) -> None:
        """A moving sign that something is going on, where it can be taken away again."""
        console = self.out
        if console.file.isatty() and not console.is_dumb_terminal and not console.no_color:
            self._sign = console.status("", spinner="dots", spinner_style="dim")
            self._sign.start()

    def hide_waiting(self) -> None:
        """Take the sign away, if it is there."""
        if self._sign is not None:
            self._sign.stop()
            self._sign = None
