"""A server as in production: metrics read, a backup made while a turn is played, a restore.

Runs without a key and without a network, in a directory of its own that goes afterwards.

    python examples/production_deployment.py
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

TTA = [sys.executable, "-m", "tta_rebuild"]


def environment(data_dir: Path) -> dict[str, str]:
    """What the unit file and the container set; keys of models would stand here too."""
    return os.environ | {
        "TTA_DATA_DIR": str(data_dir),
        "TTA_LOG_FORMAT": "json",
        "TTA_LOG_LEVEL": "INFO",
    }


@contextmanager
def served(data_dir: Path, log: Path) -> Iterator[httpx.Client]:
    """A server until the end of the block; SIGTERM lets turns that run come to their end."""
    with log.open("a") as errors:
        process = subprocess.Popen(
            [*TTA, "serve", "--port", "0"],
            env=environment(data_dir),
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    assert process.stdout is not None
    address = process.stdout.readline().split()[-1]
    try:
        with httpx.Client(base_url=address, trust_env=False, timeout=30) as web:
            yield web
    finally:
        process.terminate()
        process.communicate(timeout=30)


def ask(web: httpx.Client, branch: str, **wanted: object) -> str:
    """Ask for a turn; gives the path of its events."""
    headers = {"Idempotency-Key": uuid.uuid4().hex}
    asked = web.post(f"{branch}/turns", json=wanted, headers=headers)
    events: str = asked.raise_for_status().json()["events"]
    return events


def tta(data_dir: Path, *words: str) -> str:
    """A command of tta on the same data."""
    done = subprocess.run(
        [*TTA, *words], env=environment(data_dir), capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def main() -> None:
    """Serve, play, look at the figures, back up, lose everything, restore."""
    with tempfile.TemporaryDirectory() as home:
        data, copy, log = Path(home) / "data", Path(home) / "stories.backup", Path(home) / "log"
        with served(data, log) as web:
            print("ready:", web.get("/readyz").json()["status"])
            theme = {"theme": "Two sisters inherit a bakery."}
            story = web.post("/api/v1/stories", json=theme).json()["story_id"]
            branch = f"/api/v1/stories/{story}/branches/main"
            web.get(ask(web, branch, kind="begin"))

            events = ask(web, branch, kind="choose", choice=1)
            print(tta(data, "backup", str(copy)).replace(home, "…"))  # while it is played
            web.get(events)

            figures = web.get("/metrics").text.splitlines()
            wanted = ("tta_turns_total{", "tta_turn_time_to_first_piece_seconds_count")
            print(*[f for f in figures if f.startswith(wanted) and not f.endswith(" 0")], sep="\n")

        lines = [json.loads(line) for line in log.read_text().splitlines()]
        print(f"{len(lines)} lines of log, each an object with", ", ".join(sorted(lines[-1])[:4]))

        lost = Path(home) / "new machine"
        print(tta(lost, "restore", str(copy)))
        with served(lost, log) as web:
            turns = web.get(f"{branch}/turns").json()["turns"]
            print(f"restored: {len(turns)} turn(s), the first one told:")
            print(" ", turns[0]["scene"]["passages"][0]["text"])


if __name__ == "__main__":
    main()
