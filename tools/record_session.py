"""Brings what the README shows up to date: ``python tools/record_session.py``.

Plays the real ``tta play`` with the embedded storyteller twice: the command of the README's sample,
whose text is replaced by what the command wrote, and a session of its own, which rich draws as an
SVG. ``make recording`` calls it; ``tests/docs`` holds the sample to the command.
"""

from __future__ import annotations

import io
import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
TARGET = ROOT / "docs" / "session.svg"
SAMPLE = re.compile(
    r"(?<=^```console\n)\$ tta (play .*?)```\n\n```text\n(.*?)(?=^```$)", re.S | re.M
)
PREMISE = "A night ferry to an island where every clock has stopped."
SEED = 11
PERSON = "Ilse: a mender of clocks"
MOVES = ("1", "/facts Ilse")
COLUMNS = 84
MAX_BYTES = 60_000


def played(words: Sequence[str], moves: Sequence[str], **more: str) -> str:
    """All that ``tta`` with these words and moves writes; ``more`` is added to its environment."""
    with tempfile.TemporaryDirectory() as place:
        done = subprocess.run(
            [sys.executable, "-m", "tta_rebuild", "--data-dir", place, *words],
            env={
                "PATH": os.environ["PATH"],
                "PYTHONPATH": str(ROOT / "src"),
                "HOME": place,
                "PYTHONIOENCODING": "utf-8",
                **more,
            },
            cwd=place,
            input="\n".join([*moves, "/quit"]) + "\n",
            capture_output=True,
            encoding="utf-8",
            check=True,
        )
    return done.stdout


def recorded() -> str:
    """The session that is drawn, with its colours and the command above it."""
    words = ["play", "--theme", PREMISE, "--character", PERSON, "--seed", str(SEED)]
    colours = {"FORCE_COLOR": "1", "TERM": "xterm-256color", "COLUMNS": str(COLUMNS)}
    command = f'$ tta play --theme "{PREMISE}"\n    --character "{PERSON}" --seed {SEED}'
    return f"{command}\n\n{played(words, MOVES, **colours)}"


def sample(readme: str) -> tuple[str, str]:
    """The command of the README's sample, and the text that is shown for it."""
    found = SAMPLE.search(readme)
    if found is None:
        raise SystemExit("README.md shows no 'tta play' with a text block after it")
    return found[1], found[2]


def told(command: str, shown: str) -> str:
    """What the command tells with the moves that the shown text makes, without title and ids."""
    moves = [line[2:] for line in shown.splitlines() if line.startswith("> ")]
    output = played(shlex.split(command.replace("\\\n", " ")), moves)
    return output.split("\n\n", 1)[1].rpartition("> /quit")[0].rstrip() + "\n"


def drawn(session: str) -> str:
    """The session as SVG, without the fonts that rich would fetch from elsewhere."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), legacy_windows=False)
    console.print(Text.from_ansi(session))
    svg = console.export_svg(title="tta play", theme=MONOKAI, unique_id="tta")
    svg = re.sub(r"<!--.*?-->\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
    return svg.replace("Fira Code, monospace", "ui-monospace, Menlo, Consolas, monospace")


def main() -> int:
    """Write sample and drawing; 1 if the drawing has grown too large for a README."""
    readme = README.read_text(encoding="utf-8")
    command, shown = sample(readme)
    README.write_text(readme.replace(shown, told(command, shown)), encoding="utf-8")
    svg = drawn(recorded())
    size = len(svg.encode())
    if size > MAX_BYTES:
        sys.stderr.write(f"{size:,} bytes, at most {MAX_BYTES:,}: play fewer moves\n")
        return 1
    TARGET.write_text(svg, encoding="utf-8")
    sys.stdout.write(f"{TARGET.name}: {size:,} bytes\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
