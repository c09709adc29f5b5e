"""``make cluster``: PostgreSQL, Redis, Temporal, two workers and two servers until Ctrl-C.

All on this machine, from wheels, on the loopback interface. What is told is forgotten at the end:
the database lies in a temporary directory, Temporal and Redis keep nothing on the disk. With
``--slow`` (``make cluster SLOW=1``) a model server of the tests tells, so slowly that one has the
time to kill something while a scene comes.
"""

from __future__ import annotations

import argparse
import os
import shlex
import signal
import subprocess
import sys
import tempfile
import threading
from contextlib import ExitStack
from pathlib import Path

from tools.cluster import programs, servers
from tools.wire.process import RunningWire

SERVERS, WORKERS, PORT = 2, 2, 8001
SLOWLY = {"first_token_s": 1.0, "tokens_per_s": 40.0}
"""The pace of the model server: a scene takes about 15 s."""
LOOKS_EVERY_S = 1.0


def run(port: int, stop: threading.Event, *, slow: bool = False) -> None:
    """Begin all, say where, and end all once ``stop`` is set. Raises NotHere."""
    with ExitStack() as stack:
        home = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)  # a short path, for a socket
        folder = Path(stack.enter_context(home))
        watched = Watched()
        database = stack.enter_context(servers.postgresql(folder))
        pid = servers.postgresql_process(folder)
        watched.add(_named("PostgreSQL", database, pid), pid)
        redis, process = stack.enter_context(servers.redis_server())
        watched.add(_named("Redis", redis, process.pid), process.pid)
        again = {"PostgreSQL": servers.postgresql_again(folder), "Redis": _again(process)}
        temporal, process = stack.enter_context(servers.temporal())
        watched.add(_named("Temporal", temporal, process.pid), process.pid)
        again["Temporal"] = _again(process)
        models = {n: v for n, v in os.environ.items() if n.startswith(("TTA_", "LLM_"))}
        told_by = dict[str, str]()
        if slow:
            wire = stack.enter_context(RunningWire(**SLOWLY))
            watched.add(_named("model", f"{wire.url}/v1, slow", wire.process_id), wire.process_id)
            told_by.update(programs.at_the_models(folder, wire.url))
        place = programs.Place(
            folder=folder,
            database=database,
            temporal=temporal,
            redis=redis,
            more={**models, **told_by, "TTA_WORKERS": str(WORKERS)},
        )
        for number in range(WORKERS):
            worker = stack.enter_context(programs.worker(place))
            watched.add(_named(f"worker {number + 1}", "", worker.pid), worker.pid)
        for number in range(SERVERS):
            wanted = port + number if port else 0
            address, pid = stack.enter_context(programs.server(place, port=wanted))
            watched.add(_named(f"server {number + 1}", address, pid), pid)
        print("What was ended is begun again at the same address by, from another terminal:")
        for name, command in again.items():
            print(f"  {name:<12}{command}")
        print("Ctrl-C stops all of it. One more worker, from another terminal:")
        print(f"  {worker_command(place, *told_by)}", flush=True)
        while not stop.wait(LOOKS_EVERY_S):
            for said in watched.ended():
                print(said, flush=True)
        print("stopping", flush=True)


class Watched:
    """The processes of the parts, by their names."""

    def __init__(self) -> None:
        self._processes: dict[str, int] = {}

    def add(self, name: str, pid: int) -> None:
        """Look after this one."""
        self._processes[name] = pid

    def ended(self) -> list[str]:
        """What to say of those that have ended since it was asked last."""
        gone = {name: pid for name, pid in self._processes.items() if not _runs(pid)}
        for name in gone:
            del self._processes[name]
        return [
            f"{name} has ended (process {pid}): it is not begun again" for name, pid in gone.items()
        ]


def _runs(pid: int) -> bool:
    """Whether a process is there, and no mere note of its end."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"


def worker_command(place: programs.Place, *more: str) -> str:
    """How one more worker is begun by hand; ``more`` are names of settings that it needs too."""
    names = ("TTA_DATABASE_URL", "TTA_TEMPORAL_ADDRESS", "TTA_REDIS_URL", "TTA_DATA_DIR")
    environment = place.environment()
    given = [f"{name}={shlex.quote(environment[name])}" for name in (*names, *more)]
    return " ".join([*given, "tta worker"])


def _again(process: subprocess.Popen[bytes]) -> str:
    """How a program is begun again as it was."""
    assert isinstance(process.args, list)
    return shlex.join(map(str, process.args))


def _named(name: str, where: str, pid: int) -> str:
    """The name of a part, once it is said where it is."""
    print(f"{name:<12}{f'{where}  ' if where else ''}process {pid}", flush=True)
    return name


def main() -> int:
    """Until SIGINT or SIGTERM; 1 where a program is missing."""
    parser = argparse.ArgumentParser(prog="make cluster", description=__doc__)
    parser.add_argument("--port", type=int, default=PORT, help="of the first server; 0 for any")
    parser.add_argument("--slow", action="store_true", help="a slow model server tells, no key")
    options = parser.parse_args()
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        run(options.port, stop, slow=options.slow)
    except servers.NotHere as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
