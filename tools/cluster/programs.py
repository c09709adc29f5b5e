"""Workers and servers as programs of their own, told by their environment where all else is."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tools.cluster.servers import ended


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the servers are that programs share; ``folder`` is theirs to write into.

    Attributes:
        redis: "" for none.
        more: further settings, by the names of their variables.
    """

    folder: Path
    database: str
    temporal: str
    redis: str = ""
    more: Mapping[str, str]

    def environment(self) -> dict[str, str]:
        """The environment of a program here; no other setting of this process comes with it."""
        own = {n: v for n, v in os.environ.items() if not n.startswith(("TTA_", "LLM_"))}
        place = {
            "TTA_DATA_DIR": str(self.folder),
            "TTA_DATABASE_URL": self.database,
            "TTA_TEMPORAL_ADDRESS": self.temporal,
            "TTA_COUNTRY": "DE",
        }
        redis = {"TTA_REDIS_URL": self.redis} if self.redis else {}
        return own | place | redis | dict(self.more)


def begun(place: Place, *words: str) -> tuple[subprocess.Popen[str], str]:
    """``tta`` with these arguments, once it has said its first line; and that line."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tta_rebuild", *words],
        stdout=subprocess.PIPE,
        text=True,
        env=place.environment(),
        cwd=place.folder,
    )
    assert process.stdout is not None
    if not (line := process.stdout.readline()):
        raise RuntimeError(f"tta {' '.join(words)} ended at once, with {process.wait()}")
    return process, line


@contextmanager
def worker(place: Place) -> Iterator[subprocess.Popen[str]]:
    """A worker until the block ends."""
    process, _ = begun(place, "worker")
    with ended(process):
        yield process


@contextmanager
def server(place: Place, *, port: int = 0, runner: str = "temporal") -> Iterator[tuple[str, int]]:
    """A server until the block ends: its address, and its process id."""
    process, line = begun(place, "serve", "--runner", runner, "--port", str(port))
    with ended(process):
        found = re.search(r"http://[\d.:]+", line)
        assert found is not None, line
        yield found[0], process.pid
