"""What a run is given: a text, premises one a line, and moves, typed or chosen by a policy."""

from __future__ import annotations

import signal
from collections.abc import Iterable
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import tta_rebuild as tta
from tta_rebuild.cli.arguments import wrong
from tta_rebuild.cli.screen import message, plain
from tta_rebuild.core.data_files import parse_json, read_text

if TYPE_CHECKING:
    from tta_rebuild.lab.players import NextMove

MAX_STORY_BYTES = 2_000_000
"""Largest story that is read from a file: about 350,000 words."""
MAX_PREMISES_BYTES = 50_000_000
LOOK_UP_S = 0.25
"""Longest wait until a Ctrl-C is noticed that falls just before the keyboard is read."""


def story_text(name: str) -> str | None:
    """The text of a file with a story, None if there is none; raises if it cannot be one."""
    path = Path(name)
    is_meant = path.suffix in (".txt", ".md", ".markdown") or len(path.parts) > 1
    with suppress(OSError):  # such as a name that is too long for one
        is_meant = is_meant or path.is_file()
    if not is_meant:
        return None
    text = read_text(path, max_bytes=MAX_STORY_BYTES)
    if text.lstrip().startswith("{"):
        raise wrong("STORY", message("holds_json", file=name))
    if not text.strip():
        raise wrong("STORY", f"{name} is empty.")
    return text


class NamedPremise(NamedTuple):
    """A theme, its name (the ``id`` in the file, or its line's number), and where it stands."""

    name: str
    theme: str
    source: str


def read_premises(path: Path) -> list[NamedPremise]:
    """All premises of a file (``-``: standard input): JSON objects or sentences, one a line."""
    premises = []
    content = read_text(path, max_bytes=MAX_PREMISES_BYTES)
    for number, line in enumerate(content.splitlines(), 1):
        theme, source, name = line.strip(), f"--premises, line {number}", str(number)
        if theme.startswith("{"):
            found = parse_json(theme, source)
            name = str(found.get("id", number))
            texts = map(found.get, ("premise", "theme", "prompt"))
            theme = next((text for text in texts if text and isinstance(text, str)), "")
            if not theme:
                raise wrong(source, message("no_premise_in_line"))
        if theme:
            premises.append(NamedPremise(name, theme, source))
    if not premises:
        raise wrong("--premises", f"{path} holds no premise.")
    return premises


def from_lines(lines: Iterable[str]) -> NextMove:
    """A move a line: the number of a choice, or words; empty lines are passed over."""
    words = (plain(line).strip() for line in lines)
    moves = (move_of(line) for line in words if line)
    return lambda choices: next(moves, None)


def move_of(words: str) -> tta.Action:
    """What a player typed: the number of a choice, or words of their own."""
    if words.isdecimal() and len(words) < 4:
        return tta.Action.choose(int(words))
    return tta.Action.say(words)


def ask(prompt: str) -> str:
    """The next line that is typed. Raises EOFError where there is none, KeyboardInterrupt at once.

    ``asyncio.run`` answers Ctrl-C by cancelling its task, which a blocking read would notice only
    at the end of the line; one that falls between prompt and read is noticed by a timer.
    """
    with suppress(ImportError):  # not on every system; lines come plainly then
        import_module("readline")  # makes input() edit and remember lines
    interrupt = signal.getsignal(signal.SIGINT)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    timed = hasattr(signal, "setitimer")
    try:
        if timed:
            alarm = signal.signal(signal.SIGALRM, lambda *_: None)
            signal.setitimer(signal.ITIMER_REAL, LOOK_UP_S, LOOK_UP_S)
        return input(prompt)
    finally:
        if timed:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, alarm)
        signal.signal(signal.SIGINT, interrupt)
