"""A real primary of PostgreSQL and a standby that streams from it, on two ports of this machine."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest
from tools.cluster import servers

SETTINGS = "listen_addresses = '127.0.0.1'\nmax_connections = 60\nhot_standby = on\n"
SLOT = "standby"


class Machine:
    """One PostgreSQL, that can be killed, frozen and promoted."""

    def __init__(self, folder: Path, programs: Path, port: int) -> None:
        self.data, self.port, self._programs = folder / "data", port, programs
        self._user = servers.postgresql_user()

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def address(self) -> str:
        return f"postgresql://postgres@{self.host}/postgres"

    def make(self) -> None:
        """A new and empty one."""
        self.run("initdb", "--auth=trust", "--encoding=utf8", "-U", "postgres")
        self.configure(SETTINGS)

    def copy(self, primary: Machine) -> None:
        """A standby of that one, which keeps the log for it in a slot."""
        where = f"{primary.address}?application_name=standby"
        how = ["--write-recovery-conf", "--checkpoint=fast", "--create-slot", "--slot", SLOT]
        self.run("pg_basebackup", "-d", where, *how)

    def rewind(self, primary: Machine) -> None:
        """A standby of that one, of what was a primary before it; what it alone had is dropped."""
        where = f"{primary.address}?application_name=standby"
        self.run("pg_rewind", "--source-server", where, "--write-recovery-conf")
        self.configure(f"primary_slot_name = '{SLOT}'\n", "postgresql.auto.conf")

    def configure(self, lines: str, file_name: str = "postgresql.conf") -> None:
        with (self.data / file_name).open("a", encoding="utf-8") as file:
            file.write(lines)

    def start(self) -> None:
        options = f"-p {self.port} -k {self.data.parent}"
        self.run("pg_ctl", "-w", "-o", options, "-l", str(self.data.parent / "log"), "start")

    def give(self, name: str, source: Path) -> Path:
        """A copy of a file that only PostgreSQL's user may read."""
        made = self.data / name
        shutil.copy(source, made)
        made.chmod(0o600)
        if self._user:
            shutil.chown(made, self._user, self._user)
        return made

    def reload(self) -> None:
        self.run("pg_ctl", "reload")

    def promote(self) -> None:
        self.run("pg_ctl", "-w", "promote")

    def stop(self) -> None:
        if self._processes:
            self.run("pg_ctl", "-w", "-m", "immediate", "stop")

    def kill(self) -> None:
        """As a machine is lost: all its processes at once, with SIGKILL."""
        psutil.wait_procs(self._signal(signal.SIGKILL), timeout=5)
        for left in (self.data / "postmaster.pid", *self.data.parent.glob(".s.PGSQL.*")):
            left.unlink()  # of what lies in memory or names a process nothing is there any more

    def freeze(self) -> None:
        """Connections stay, and new ones are taken by the kernel; nobody answers any."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def ask(self, sql: str) -> str:
        """The answer of one statement, as text."""
        command = [self._programs / "psql", "-XAtq", self.address, "-c", sql]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def _signal(self, number: signal.Signals) -> list[psutil.Process]:
        processes = self._processes
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(number)
        return processes

    @property
    def _processes(self) -> list[psutil.Process]:
        try:
            first = psutil.Process(int((self.data / "postmaster.pid").read_text().split()[0]))
            return [first, *first.children(recursive=True)]
        except (FileNotFoundError, psutil.NoSuchProcess):
            return []

    def run(self, program: str, *words: str) -> None:
        """A program of PostgreSQL's, on the data of this one."""
        subprocess.run(
            [str(self._programs / program), "-D", str(self.data), *words],
            check=True,
            user=self._user,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=60,
            cwd=self.data.parent,
        )


@contextmanager
def machine(folder: Path, programs: Path) -> Iterator[Machine]:
    """One machine, that runs until the block ends; ``folder`` is a short path."""
    alone = Machine(_place(folder), programs, servers.free_port())
    alone.make()
    alone.start()
    try:
        yield alone
    finally:
        alone.thaw()
        alone.stop()
        shutil.rmtree(folder, ignore_errors=True)


class Pair:
    """A primary and its standby; ``address`` names both machines."""

    def __init__(self, folder: Path) -> None:
        programs = servers.postgresql_programs()
        self.primary, self.standby = (
            Machine(_place(folder / name), programs, servers.free_port())
            for name in ("primary", "standby")
        )

    @property
    def address(self) -> str:
        return f"postgresql://postgres@{self.primary.host},{self.standby.host}/postgres"

    def start(self, *, is_synchronous: bool) -> None:
        self.primary.make()
        if is_synchronous:
            self.primary.configure("synchronous_standby_names = 'standby'\n")
        self.primary.start()
        self.standby.copy(self.primary)
        self.standby.start()

    def fail_over(self) -> None:
        """The standby becomes the primary, and waits for no standby of its own."""
        self.standby.promote()
        self.standby.ask("ALTER SYSTEM SET synchronous_standby_names = ''")
        self.standby.reload()

    def take_back(self) -> None:
        """The machine that was the primary becomes the standby of the new one."""
        self.standby.ask(f"SELECT pg_create_physical_replication_slot('{SLOT}')")
        self.primary.rewind(self.standby)
        self.primary.start()

    def wait_for(self, standby: Machine) -> None:
        """Until a standby has all that its primary has stored."""
        asked = "SELECT count(*) FROM pg_stat_replication WHERE flush_lsn = pg_current_wal_lsn()"
        primary, ends = self._other(standby), time.monotonic() + 20
        while primary.ask(asked) != "1":
            assert time.monotonic() < ends, primary.ask("SELECT * FROM pg_stat_replication")
            time.sleep(0.05)

    def _other(self, one: Machine) -> Machine:
        return self.primary if one is self.standby else self.standby


def _place(folder: Path) -> Path:
    """A folder that PostgreSQL's user may write into."""
    folder.mkdir(parents=True)
    if user := servers.postgresql_user():
        found = pwd.getpwnam(user)
        os.chown(folder, found.pw_uid, found.pw_gid)
    return folder


@contextmanager
def postgresql_pair(folder: Path, *, is_synchronous: bool) -> Iterator[Pair]:
    """Both run until the block ends, if they are there then; skips where none can run."""
    pytest.importorskip("asyncpg", reason="no driver here: pip install tta-rebuild[postgres]")
    try:
        pair = Pair(folder)
    except servers.NotHere as error:
        pytest.skip(str(error))
    try:
        pair.start(is_synchronous=is_synchronous)
        yield pair
    finally:
        for machine in (pair.primary, pair.standby):
            machine.thaw()
            machine.stop()
        shutil.rmtree(folder, ignore_errors=True)
