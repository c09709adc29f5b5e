"""What the player sees: text on a terminal of any width, in a pipe, or in an old encoding.

Every command writes through a ``Screen``. Story text comes from models and files, so it is made
``plain`` before it is shown: nothing in it can move the cursor or colour the terminal.
"""

from __future__ import annotations

import codecs
import io
import os
import re
import sys
import unicodedata
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TextIO

from tta_rebuild.cli.exits import ReaderGone

if TYPE_CHECKING:
    from rich.console import Console

# Control characters but tab and line end, bidirectional overrides, halves of surrogate pairs.
_UNSHOWN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_ESCAPES = re.compile("\x1b(?:\\[[0-?]*[ -/]*[@-~]|\\][^\x07\x1b]*(?:\x07|\x1b\\\\)?|[@-Z\\\\-_])")

_STAND_INS = str.maketrans(
    {
        "\u2010": "-", "\u2011": "-", "\u2012": "-", "\u2013": "-", "\u2014": "--",
        "\u2015": "--", "\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"',
        "\u2022": "*", "\u2026": "...", "\u2190": "<-", "\u2192": "->", "\u00b7": "|",
        "\u2713": "v", "\u2717": "x", "\u2500": "-", "\u2501": "-", "\u2502": "|",
        "\u2514": "`", "\u251c": "+", "\u00a0": " ", "\u202f": " ", "\u2265": ">=",
        "\u2264": "<=",
    }
)  # fmt: skip
_ERROR_HANDLER = "tta-stand-in"


def plain(text: str) -> str:
    """The text without terminal escapes and other characters that are no text.

    Tabs and line ends stay; carriage returns become line ends.
    """
    text = _ESCAPES.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return _UNSHOWN.sub("", text)


def one_line(text: str, limit: int = 0) -> str:
    """The text as one line, cut with an ellipsis after ``limit`` characters (0: not cut)."""
    line = " ".join(plain(text).split())
    return line if not limit or len(line) <= limit else f"{line[: limit - 1].rstrip()}…"


def counted(number: int, noun: str) -> str:
    """``1 turn``, ``2 turns``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def prepare_streams() -> None:
    """Let no encoding of this process's streams raise: what it lacks is put in other letters.

    A stream that was closed before the start takes and gives nothing.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115
    codecs.register_error(_ERROR_HANDLER, _stand_in)
    for stream, errors in (
        (sys.stdin, "replace"),
        (sys.stdout, _ERROR_HANDLER),
        (sys.stderr, _ERROR_HANDLER),
    ):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=errors)


def _stand_in(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    parts = unicodedata.normalize("NFKD", lacking.translate(_STAND_INS))
    known = parts.encode("ascii", "ignore").decode()
    return known or "?", error.end


class Screen:
    """Standard output and standard error, with the reader's width and colours respected.

    Colour and styles appear on a terminal only, and not where ``NO_COLOR`` is set. Text is never
    read as markup.
    """

    def __init__(self, out: TextIO | None = None, err: TextIO | None = None) -> None:
        self._streams = {"out": out, "err": err}
        self._consoles: dict[str, Console] = {}

    def _console(self, name: str) -> Console:
        if name not in self._consoles:
            from rich.console import Console

            class Page(Console):
                def on_broken_pipe(self) -> None:
                    raise ReaderGone

            self._consoles[name] = Page(
                file=self._streams[name],
                stderr=name == "err",
                markup=False,
                emoji=False,
                highlight=False,
            )
        return self._consoles[name]

    @property
    def out(self) -> Console:
        """Standard output."""
        return self._console("out")

    @property
    def err(self) -> Console:
        """Standard error."""
        return self._console("err")

    @property
    def width(self) -> int:
        """Columns of standard output."""
        return self.out.width

    def say(self, text: str = "", style: str = "", *, indent: int = 0) -> None:
        """One paragraph (or several lines) on standard output, wrapped between words."""
        self._lines(self.out, "", text, style, indent)

    def note(self, text: str, style: str = "dim") -> None:
        """A remark beside the story, on standard error."""
        self._lines(self.err, "", text, style, 0)

    def entry(self, head: str, text: str, *, style: str = "", gap: int = 2) -> None:
        """A head and a text beside it, which wraps under itself."""
        from rich.cells import cell_len

        head = plain(head)
        self._lines(self.out, head, text, style, cell_len(head) + gap)

    def numbered(self, items: Iterable[str]) -> None:
        """A numbered list with a hanging indent, counted from 1."""
        for number, item in enumerate(items, 1):
            self.entry(f"{number:>2}", item)

    def _lines(self, console: Console, head: str, text: str, style: str, indent: int) -> None:
        from rich.cells import cell_len
        from rich.text import Text

        indent = min(indent, console.width // 2)
        body = Text(plain(text), style=style)
        lines = body.wrap(console, console.width - indent, overflow="fold", tab_size=4)
        for number, line in enumerate(lines):
            line.rstrip()
            lead = "" if number else head
            start = Text(lead, style="bold") + Text(" " * (indent - cell_len(lead)) if line else "")
            console.print(start + line, soft_wrap=True)

    def show(self, renderable: Any) -> None:
        """Anything that rich can draw, such as a tree or a table."""
        self.out.print(renderable)

    def raw(self, text: str) -> None:
        """Text for another program, on standard output exactly as it is, with a line end."""
        stream = self._streams["out"] or sys.stdout
        try:
            stream.write(text if text.endswith("\n") else text + "\n")
            stream.flush()
        except BrokenPipeError as error:
            raise ReaderGone from error
