"""``make cluster``: PostgreSQL, Redis, Temporal, two workers and two servers until Ctrl-C.

All on this machine, from wheels, on the loopback interface. What is told is forgotten at the end:
the database lies in a temporary directory, Temporal and Redis keep nothing on the disk.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
import threading
from contextlib import ExitStack
from pathlib import Path

from tools.cluster import programs, servers

SERVERS, WORKERS, PORT = 2, 2, 8001


def run(port: int, stop: threading.Event) -> None:
    """Begin all, say where, and end all once ``stop`` is set. Raises NotHere."""
    with ExitStack() as stack:
        home = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)  # a short path, for a socket
        folder = Path(stack.enter_context(home))
        database = _said("PostgreSQL", stack.enter_context(servers.postgresql(folder)))
        redis = _said("Redis", stack.enter_context(servers.redis()))
        temporal, _ = stack.enter_context(servers.temporal())
        _said("Temporal", temporal)
        models = {n: v for n, v in os.environ.items() if n.startswith(("TTA_", "LLM_"))}
        place = programs.Place(
            folder=folder,
            database=database,
            temporal=temporal,
            redis=redis,
            more={**models, "TTA_WORKERS": str(WORKERS)},
        )
        for number in range(WORKERS):
            process = stack.enter_context(programs.worker(place))
            _said(f"worker {number + 1}", f"process {process.pid}")
        for number in range(SERVERS):
            wanted = port + number if port else 0
            address, _ = stack.enter_context(programs.server(place, port=wanted))
            _said(f"server {number + 1}", address)
        print("Ctrl-C stops all of it.", flush=True)
        stop.wait()
        print("stopping", flush=True)


def _said(name: str, where: str) -> str:
    print(f"{name:<12}{where}", flush=True)
    return where


def main() -> int:
    """Until SIGINT or SIGTERM; 1 where a program is missing."""
    parser = argparse.ArgumentParser(prog="make cluster", description=__doc__)
    parser.add_argument("--port", type=int, default=PORT, help="of the first server; 0 for any")
    options = parser.parse_args()
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        run(options.port, stop)
    except servers.NotHere as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
