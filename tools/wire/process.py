"""The loopback server in a process of its own, so that its CPU is not counted."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

from tools.wire.faults import Fault
from tools.wire.state import Record

_ROOT = Path(__file__).resolve().parents[2]


class RunningWire:
    """``with RunningWire(first_token_s=0.45) as wire:``; options are fields of ``WireSettings``."""

    def __init__(self, **options: Any) -> None:
        self._options = options
        self._process: subprocess.Popen[str] | None = None
        self.url = ""

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "tools.wire"]
        self._process = subprocess.Popen(
            [*command, "--settings", json.dumps(self._options)],
            cwd=_ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().strip()
        if not self.url:
            self._process.kill()
            self._process.wait()
            raise RuntimeError("the loopback server did not start")
        return self

    def __exit__(self, *exc: object) -> None:
        assert self._process is not None
        try:
            # Closing its standard input ends it; so does the death of this process.
            self._process.communicate(timeout=10)
        except BaseException:
            self._process.kill()
            self._process.wait()
            raise

    @property
    def process_id(self) -> int:
        assert self._process is not None
        return self._process.pid

    def _ask(self, path: str, order: Any = None) -> Any:
        data = None if order is None else json.dumps(order).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.url}/_wire/{path}", data, headers)
        with urllib.request.urlopen(request, timeout=10) as reply:
            return json.load(reply)

    def records(self) -> list[Record]:
        """All requests so far (without their bodies)."""
        return [Record(**values) for values in self._ask("records")]

    def script(self, faults: Sequence[Fault | None] = (), **more: Any) -> None:
        """Queue faults; ``always={"*": fault.as_json()}``, ``rate=0.3, seed=1``, ``clear=True``."""
        queue = [fault.as_json() if fault else None for fault in faults]
        self._ask("script", {"next": queue, **more})

    def sometimes(self, rate: float, faults: Sequence[Fault], *, seed: int = 0) -> None:
        """One of these faults in this share of all requests."""
        self._ask("script", {"rate": rate, "faults": [f.as_json() for f in faults], "seed": seed})

    def settings(self, **options: Any) -> None:
        """Change settings; ``keep_records=False`` for long runs."""
        self._ask("settings", options)

    def reset(self) -> None:
        """Forget records and faults."""
        self._ask("reset", {})

    def release(self) -> None:
        """End every hang and stall."""
        self._ask("release", {})

    def billed_usd(self) -> float:
        """The sum of all bills since the last reset."""
        return float(self._ask("settings", {})["billed_usd"])
