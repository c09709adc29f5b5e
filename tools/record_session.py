"""Draws a played session as an SVG for the README: ``python tools/record_session.py``.

Plays the real ``tta play`` with the embedded storyteller, a premise and seed of its own and the
moves below, and has rich draw what the command wrote. ``make recording`` calls it.
"""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

TARGET = Path(__file__).parents[1] / "docs" / "session.svg"
PREMISE = "A night ferry to an island where every clock has stopped."
SEED = 11
PERSON = "Ilse: a mender of clocks"
MOVES = ("1", "/facts Ilse", "/quit")
COLUMNS = 84
MAX_BYTES = 60_000


def played() -> str:
    """All that the command wrote, with its colours."""
    words = ["play", "--theme", PREMISE, "--character", PERSON, "--seed", str(SEED)]
    with tempfile.TemporaryDirectory() as place:
        done = subprocess.run(
            [sys.executable, "-m", "tta_rebuild", "--data-dir", place, *words],
            env={
                "PATH": os.environ["PATH"],
                "HOME": place,
                "PYTHONIOENCODING": "utf-8",
                "FORCE_COLOR": "1",
                "TERM": "xterm-256color",
                "COLUMNS": str(COLUMNS),
            },
            cwd=place,
            input="\n".join(MOVES) + "\n",
            capture_output=True,
            encoding="utf-8",
            check=True,
        )
    return (
        f'$ tta play --theme "{PREMISE}"\n    --character "{PERSON}" --seed {SEED}\n\n{done.stdout}'
    )


def drawn(session: str) -> str:
    """The session as SVG, without the fonts that rich would fetch from elsewhere."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), legacy_windows=False)
    console.print(Text.from_ansi(session))
    svg = console.export_svg(title="tta play", theme=MONOKAI, unique_id="tta")
    svg = re.sub(r"<!--.*?-->\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
    return svg.replace("Fira Code, monospace", "ui-monospace, Menlo, Consolas, monospace")


def main() -> int:
    """Write the drawing; 1 if it has grown too large for a README."""
    svg = drawn(played())
    size = len(svg.encode())
    if size > MAX_BYTES:
        sys.stderr.write(f"{size:,} bytes, at most {MAX_BYTES:,}: play fewer moves\n")
        return 1
    TARGET.write_text(svg, encoding="utf-8")
    sys.stdout.write(f"{TARGET.name}: {size:,} bytes\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
