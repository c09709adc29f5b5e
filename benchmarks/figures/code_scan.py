"""Number 5: planted keys of every kind in ``.env.example``, against the pre-commit scan itself."""

from __future__ import annotations

import os
import random
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.canary_keys import canary

from benchmarks.figures import Row

ROOT = Path(__file__).parents[2]
_PLACES = {
    ".env.example": "{variable}={key}\n",
    "notes.md": "Call it with `{variable}={key}`.\n",
    "client.py": '{variable} = "{key}"\n',
}


def measure(quick: bool) -> Iterator[Row]:
    """One key of every kind, in one file after the other, committed to a fresh repository."""
    example = (ROOT / ".env.example").read_text()
    variables = re.findall(r"^#?\s*(\w*(?:KEY|TOKEN|SECRET))\s*=", example, re.M)
    places = dict(list(_PLACES.items())[:1]) if quick else _PLACES
    rng = random.Random(secrets.randbits(64))
    passed = []
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        _repository(place)
        clean = _commit_is_refused(place, ".env.example", example)
        for variable in variables:
            for file, line in places.items():
                text = line.format(variable=variable, key=canary(variable, rng))
                if file == ".env.example":
                    text = re.sub(rf"^#?\s*{variable}\s*=.*\n", text, example, flags=re.M)
                if not _commit_is_refused(place, file, text):
                    passed.append(f"{variable} in {file}")
    count = len(variables) * len(places)
    yield Row(
        number="5",
        what=f"planted keys refused ({len(variables)} kinds in {len(places)} files)",
        measured=f"{count - len(passed)} of {count} {' '.join(passed[:2])}".strip(),
        bound="all",
        ok=not passed and count > 0,
    )
    yield Row(
        number="5",
        what="the example without values",
        measured="refused" if clean else "passes",
        bound="passes",
        ok=not clean,
    )


def _repository(place: Path) -> None:
    """A git repository with this one's hook, and nothing of this one's settings."""
    subprocess.run(["git", "init", "-q", str(place)], check=True)
    shutil.copy(ROOT / ".pre-commit-config.yaml", place)
    shutil.copytree(ROOT / "tools", place / "tools", ignore=shutil.ignore_patterns("__pycache__"))
    (place / ".venv").symlink_to(sys.prefix)
    _git(place, "add", ".pre-commit-config.yaml", "tools")


def _commit_is_refused(place: Path, file: str, text: str) -> bool:
    """Whether pre-commit's scan stops a commit that holds this file."""
    (place / file).write_text(text)
    _git(place, "add", "-f", file)
    ran = subprocess.run(
        [sys.executable, "-m", "pre_commit", "run", "secrets"],
        cwd=place,
        env={**os.environ, "PRE_COMMIT_HOME": str(place / ".git" / "pre-commit")},
        capture_output=True,
        text=True,
        check=False,
    )
    _git(place, "rm", "-q", "-f", "--cached", file)
    (place / file).unlink()
    return ran.returncode != 0


def _git(place: Path, *words: str) -> None:
    subprocess.run(["git", *words], cwd=place, check=True, capture_output=True)
