"""Every bad input of the promise, as a user meets it: what is typed, what must come out.

``test_bad_input`` runs the cases in the process, the figures run each as a command of its own. Each
gets a data directory that already holds a story; afterwards that story must still be there, to the
byte, wherever the case has not itself damaged it. What needs a second process, a full disk or a
directory that cannot be written is in ``bad_places``.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

NO_TEXT = "\x00\x07\x1b[2J\x1b]0;title\x07"


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command gave."""

    code: int
    out: str
    err: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where a case happens: a data directory with a story in it, and room for files."""

    data_dir: Path
    files: Path
    story_id: str

    @property
    def database(self) -> Path:
        """The file that holds the stories."""
        return self.data_dir / "stories.db"

    def file(self, name: str, content: str | bytes) -> str:
        """A file with this content; its path."""
        path = self.files / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return str(path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One bad input.

    Attributes:
        name: what is bad, in words.
        command: makes the words after ``tta``, and whatever must be so before.
        code: the exit code that it must end with.
        says: parts of the message (standard error and output together).
        typed: what stands on standard input.
        unharmed: False where the case itself damages the story's database.
    """

    name: str
    command: Callable[[Place], Sequence[str]]
    code: int
    says: Sequence[str]
    typed: str = ""
    unharmed: bool = True


def _garbage(place: Place) -> Sequence[str]:
    place.database.write_bytes(b"this is no database, " * 500)
    return ["stories", "list"]


def _newer(place: Place) -> Sequence[str]:
    with sqlite3.connect(place.database) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999_from_the_future'")
    connection.close()
    return ["stories", "list"]


def _hole(place: Place) -> Sequence[str]:
    with sqlite3.connect(place.database) as connection:
        (middle,) = connection.execute("SELECT MAX(position) / 2 FROM events").fetchone()
        connection.execute("DELETE FROM events WHERE position = ?", (middle,))
    connection.close()
    return ["show", "facts", place.story_id]


def _truncated_export(place: Place) -> Sequence[str]:
    return [
        "stories",
        "import",
        place.file("cut.json", '{"format": "tta-story", "version": 1, "ti'),
    ]


def _wrong_shape(place: Place) -> Sequence[str]:
    text = json.dumps({"format": "tta-story", "version": 1, "title": "x", "branches": [{"a": 1}]})
    return ["stories", "import", place.file("shape.json", text)]


def _half_a_character(place: Place) -> Sequence[str]:
    """A JSON escape of half a character: legal in JSON, but no text."""
    half = json.dumps(chr(0xD800))
    text = f'{{"format": "tta-story", "version": 1, "title": {half}, "branches": []}}'
    return ["stories", "import", place.file("half.json", text)]


def _deep(place: Place) -> Sequence[str]:
    return ["stories", "import", place.file("deep.json", "[" * 200_000 + "]" * 200_000)]


CASES = (
    Case(name="a database that is none", command=_garbage, code=4, says=[], unharmed=False),
    Case(
        name="a database of a newer version",
        command=_newer,
        code=4,
        says=["newer", "pgrade"],
        unharmed=False,
    ),
    Case(
        name="a log cut in the middle",
        command=_hole,
        code=4,
        says=[],
        unharmed=False,
    ),
    Case(
        name="an import that is not JSON",
        command=_truncated_export,
        code=2,
        says=["not valid JSON", "nothing was"],
    ),
    Case(name="an import of another shape", command=_wrong_shape, code=2, says=["branches.0"]),
    Case(
        name="an import with half a character",
        command=_half_a_character,
        code=2,
        says=["half of a Unicode character", "nothing was"],
    ),
    Case(
        name="an export to where nothing can be written",
        command=lambda p: ["stories", "export", p.story_id, "-o", str(p.files / "no" / "a.md")],
        code=1,
        says=["a.md cannot be written", "--output"],
    ),
    Case(
        name="an import that is a list",
        command=lambda p: ["stories", "import", p.file("list.json", "[1, 2]")],
        code=2,
        says=["not an exported story"],
    ),
    Case(
        name="an import nested without end",
        command=_deep,
        code=2,
        says=["nested too deep", "nothing was"],
    ),
    Case(
        name="an import that is not there",
        command=lambda p: ["stories", "import", str(p.files / "nowhere.json")],
        code=2,
        says=["nowhere.json", "cannot be read"],
    ),
    Case(
        name="an import of bytes",
        command=lambda p: ["stories", "import", p.file("b.json", os.urandom(64))],
        code=2,
        says=["nothing was"],
    ),
    Case(
        name="a theme of 1 MB",
        command=lambda p: ["story", "--premises", p.file("p.txt", "x" * 1_000_000), "--auto"],
        code=2,
        says=["1,000,000 characters", "at most 20,000"],
    ),
    Case(
        name="an empty theme",
        command=lambda p: ["story", "--theme", "", "--auto"],
        code=2,
        says=["at least 3 characters"],
    ),
    Case(
        name="a theme of control characters",
        command=lambda p: ["play", "--theme", NO_TEXT.replace("\x00", "")],
        code=2,
        says=["at least 3 characters"],
    ),
    Case(
        name="a move of control characters",
        command=lambda p: ["play", "--story", p.story_id],
        typed=f"{NO_TEXT}\n\n/quit\n",
        code=0,
        says=["Go on with"],
    ),
    Case(
        name="a move of 1 MB",
        command=lambda p: ["play", "--story", p.story_id],
        typed="x" * 1_000_000 + "\n/quit\n",
        code=0,
        says=["1,000,000 characters", "at most 4,000"],
    ),
    Case(
        name="a choice that is not there",
        command=lambda p: ["play", "--story", p.story_id],
        typed="99\n/quit\n",
        code=0,
        says=["no choice 99"],
    ),
    Case(
        name="an unknown story",
        command=lambda p: ["play", "--story", "no-such-story"],
        code=3,
        says=["no-such-story", "tta stories"],
    ),
    Case(
        name="an unknown branch",
        command=lambda p: ["show", "facts", p.story_id, "--branch", "elsewhere"],
        code=3,
        says=["elsewhere", "main"],
    ),
    Case(
        name="a turn that was never played",
        command=lambda p: ["fork", p.story_id, "--turn", "999"],
        code=3,
        says=["999"],
    ),
    Case(
        name="an unknown character",
        command=lambda p: ["show", "character", p.story_id, "Nobody Known"],
        code=3,
        says=["Nobody Known"],
    ),
    Case(
        name="a person, branch and word asked for in the story that are not there",
        command=lambda p: ["play", "--story", p.story_id],
        typed="/who Nobody Known\n/switch elsewhere\n/facts zzz\n/undo x\n/undo 99\n/quit\n",
        code=0,
        says=["Nobody Known", "elsewhere", "zzz", "Kept: 3 turns"],
    ),
    Case(
        name="a command named without its group",
        command=lambda p: ["export", p.story_id],
        code=2,
        says=["there is 'tta stories export'"],
    ),
    Case(
        name="a boundary without a level",
        command=lambda p: ["story", "--theme", "A wreck", "--auto", "--boundary", "violence"],
        code=2,
        says=["violence=low"],
    ),
    Case(
        name="a world that is not there",
        command=lambda p: ["play", "--theme", "A wreck", "--world", "opera"],
        code=2,
        says=["no world 'opera'", "lighthouse"],
    ),
    Case(
        name="a world of 50,000 brackets",
        command=lambda p: [
            "play", "--theme", "A wreck", "--world", p.file("deep.yaml", "[" * 50_000)
        ],
        code=2,
        says=["deep.yaml", "nested too deeply"],
    ),
    Case(
        name="a file of premises with a line of 50,000 brackets",
        command=lambda p: [
            "story", "--auto", "--premises", p.file("p.jsonl", '{"premise": ' + "[" * 50_000)
        ],
        code=2,
        says=["line 1", "nested too deeply"],
    ),
    Case(
        name="a file of premises with a broken line",
        command=lambda p: [
            "story", "--auto", "--premises", p.file("p.jsonl", '{"premise": "A wreck"}\n{oops\n')
        ],
        code=2,
        says=["line 2"],
    ),
    Case(
        name="a delete without a yes",
        command=lambda p: ["stories", "delete", p.story_id],
        code=2,
        says=["--yes"],
    ),
    Case(
        name="a data directory that is a file",
        command=lambda p: ["--data-dir", p.file("a-file", "x"), "stories", "list"],
        code=4,
        says=["a-file"],
    ),
)  # fmt: skip


Tta = Callable[[Sequence[str], str], Ran]
"""Runs ``tta`` with these words and this standard input."""


def first_story(data_dir: Path, tta: Tta) -> str:
    """Play a story of three turns into a new data directory; gives its id."""
    words = ["--data-dir", str(data_dir), "story", "--theme", "A wreck in the bay", "--seed", "5"]
    ran = tta([*words, "--turns", "3", "--auto", "--json"], "")
    assert ran.code == 0, ran.err
    story_id: str = json.loads(ran.out.splitlines()[0])["story_id"]
    return story_id


def check(case: Case, template: Path, story_id: str, room: Path, tta: Tta) -> str:
    """Run a case in a copy of the template; what its promise lacks, "" if it holds."""
    place = Place(room / "data", room, story_id)
    shutil.copytree(template, place.data_dir)
    before = _export(place, tta) if case.unharmed else ""
    words = ["--data-dir", str(place.data_dir), *case.command(place)]
    ran = tta(words, case.typed)
    wrong = complaints(ran, case.code, case.says)
    if case.unharmed and _export(place, tta) != before:
        wrong.append("the story changed")
    return "; ".join(wrong)


def _export(place: Place, tta: Tta) -> str:
    words = ["--data-dir", str(place.data_dir), "stories", "export", place.story_id]
    ran = tta([*words, "--format", "json"], "")
    assert ran.code == 0, ran.err
    return ran.out


def complaints(ran: Ran, code: int, says: Sequence[str]) -> list[str]:
    """What is wrong with how a command ended."""
    said = " ".join((ran.err + " " + ran.out).split())
    wrong = []
    if ran.code != code:
        wrong.append(f"code {ran.code} instead of {code}")
    if "Traceback" in said or "defect in tta" in said:
        wrong.append("a traceback")
    wrong += [f"does not say '{part}'" for part in says if part not in said]
    if code and not ran.err.strip():
        wrong.append("no message")
    if wrong:
        wrong.append(f"said: {said[-400:]}")
    return wrong
