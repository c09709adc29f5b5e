"""8: ``tta facts`` and ``tta validate`` on real stories: do people get a report they can read?

Runs the installed commands, each in a process of its own, on the human-written stories of the
shared data, and looks at what comes out as a reader would.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.figures import Row

WIDTH = 80
SECTIONS = {
    "facts": ("Who", "Where", "What holds", "Contradictions"),
    "validate": ("Contradictions", "World rules"),
}
RULES = ("--rule", "no magic", "--rule", "kindness should matter in the end")


def measure(quick: bool) -> Iterator[Row]:
    shared = os.environ.get("TTA_SHARED_DATA", "../shared/data")
    stories = sorted((Path(shared) / "stories").glob("*.txt"))
    if not stories:
        yield Row(
            number="8", what="reports on real stories", measured="skipped", bound="shared data",
            ok=False,
        )  # fmt: skip
        return
    chosen = stories[:3] if quick else stories
    with tempfile.TemporaryDirectory() as home:
        for command, extra in (("facts", ()), ("validate", RULES)):
            faults = []
            lines = facts = 0
            for story in chosen:
                done = _tta(home, command, str(story.resolve()), *extra)
                faults += [f"{story.name}: {fault}" for fault in _faults(command, done)]
                lines += len(done.stdout.splitlines())
                facts += sum("[sentence " in line for line in done.stdout.splitlines())
            named = f", {facts} facts with their sentence" if command == "facts" else ""
            yield Row(
                number="8",
                what=f"tta {command} on {len(chosen)} human stories",
                measured=f"{len(chosen) - len({f.split(':')[0] for f in faults})} readable",
                bound="all",
                ok=not faults,
            )
            yield Row(
                number="8",
                what=f"tta {command}: lines in all{named}",
                measured=f"{lines:,}",
                bound="reported",
                ok=True,
            )
            for fault in faults[:5]:
                yield Row(number="8", what=f"  {fault}", measured="", bound="none", ok=False)


def _faults(command: str, done: subprocess.CompletedProcess[str]) -> Iterator[str]:
    allowed = (0, 1) if command == "validate" else (0,)
    if done.returncode not in allowed:
        yield f"ended with {done.returncode}: {done.stderr.strip()[:60]}"
    if "Traceback" in done.stdout + done.stderr:
        yield "a traceback"
    lines = done.stdout.splitlines()
    for section in SECTIONS[command]:
        if section not in lines:
            yield f"no section '{section}'"
        elif not any(line.startswith("  ") for line in lines[lines.index(section) + 1 :][:2]):
            yield f"nothing in section '{section}'"
    if any(len(line) > WIDTH for line in lines):
        yield f"wider than {WIDTH} columns"
    if command == "validate" and "left to the model" not in " ".join(done.stdout.split()):
        yield "does not say which rule is left to the model"


def _tta(home: str, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tta_rebuild", *words],
        env={**os.environ, "TTA_DATA_DIR": home, "COLUMNS": str(WIDTH), "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
