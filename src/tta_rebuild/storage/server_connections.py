"""Connections to the machines that an address of PostgreSQL names: ``host1,host2`` and its like.

Each machine has a time of its own in which to answer (the driver's is for all together, so one that
is gone would use it up), and who answered last is asked first. ``server_database`` pools them.
"""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import asyncpg

from tta_rebuild.core.errors import StoreError
from tta_rebuild.storage.failures import failure

ANSWERS_S = 5.0
"""How long one machine may take to answer before the next is asked, seconds."""

SILENT_S = 10
"""A connection to a machine that confirms nothing for so long is lost, seconds."""

_FILES = ("sslrootcert", "sslcert", "sslkey", "sslcrl")
_ATTRIBUTE = "target_session_attrs"
_NOT_THIS_ONE = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.TargetServerAttributeNotMatched,
)
"""What says that another machine is to be asked."""


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """What an address says; ``shown`` is it without a password, ``hosts`` are its machines.

    A host is a name, a number or a folder of sockets, with a port (None: the usual one); without
    hosts the driver knows where to look.
    """

    whole: str
    shown: str
    hosts: tuple[tuple[str, int | None], ...]
    options: dict[str, str]

    @classmethod
    def of(cls, whole: str) -> ServerAddress:
        """Raises StoreError, without a word of the address, where it cannot be one."""
        try:
            parts = urlsplit(whole)
            if parts.scheme not in ("postgresql", "postgres"):
                raise ValueError(parts.scheme)
            known = parse_qs(parts.query, strict_parsing=True) if parts.query else {}
            options = {name: values[-1] for name, values in known.items()}
            user, _, named = parts.netloc.rpartition("@")
            hosts = _hosts(named, options)
        except ValueError:  # from None: its message may hold the password
            raise StoreError(
                "the address of the store must be a directory, a file, or "
                "postgresql://user@host/name; in a user's name or password, write / : @ as "
                "%2F %3A %40"
            ) from None
        name, _, password = user.partition(":")
        shown = f"{name}{':***' if password else ''}{'@' if user else ''}{named}{parts.path}"
        return cls(whole, f"postgresql://{shown}", hosts, options)


def _hosts(named: str, options: dict[str, str]) -> tuple[tuple[str, int | None], ...]:
    """Raises ValueError."""
    if named:
        return tuple(_host(one) for one in named.split(","))
    if not (named := options.get("host", "")):
        return ()
    ports: list[int | None] = [int(one) for one in options.get("port", "").split(",") if one]
    names = named.split(",")
    if len(ports) not in (0, 1, len(names)):
        raise ValueError("ports")
    each = ports * len(names) if len(ports) == 1 else ports or [None] * len(names)
    return tuple((name, port) for name, port in zip(names, each, strict=True) if name)


def _host(one: str) -> tuple[str, int | None]:
    parts = urlsplit(f"//{one}")
    if not parts.hostname:
        raise ValueError("no name")
    if "%" in parts.hostname:  # a folder of sockets, written as a name
        return unquote(one.partition(":")[0]), parts.port
    return parts.hostname, parts.port


class ServerConnections:
    """Opens connections, one at a time, to whichever machine may be used.

    ``timeline`` is PostgreSQL's number of the history that was seen last, "" where it is not told:
    another one after a standby was promoted, which may not have the last transactions.
    """

    def __init__(
        self, address: ServerAddress, *, writes: bool, answers_s: float = ANSWERS_S
    ) -> None:
        self.address, self.timeline = address, ""
        self._answers_s = answers_s
        self._hosts: list[tuple[str, int | None] | None] = [*address.hosts] or [None]
        is_said = _ATTRIBUTE in address.options or "PGTARGETSESSIONATTRS" in os.environ
        self._writes = writes
        self._wanted = {_ATTRIBUTE: "read-write"} if writes and not is_said else {}

    async def open(self, *_: object, **options: Any) -> asyncpg.Connection:
        """A connection to the first machine that answers and may be written to.

        Raises what the driver raises, and StoreError: a file that the address names cannot be read,
        or no machine that answers can be written to.
        """
        self._look_at_files()
        errors = list[Exception]()
        for host in list(self._hosts):
            where = {} if host is None else {"host": host[0], "port": host[1]}
            try:
                found = await asyncpg.connect(
                    self.address.whole,
                    timeout=self._answers_s,
                    **{**self._wanted, **where, **options},
                )
            except _NOT_THIS_ONE as error:
                errors.append(error)
                continue
            self._hosts.remove(host)
            self._hosts.insert(0, host)
            try:
                if self._writes:
                    await self._note_timeline(found)
            except BaseException:  # cancelled, say: nobody else knows of it
                found.terminate()
                raise
            return found
        raise self._why_none(errors) from errors[-1]

    def _why_none(self, errors: Sequence[Exception]) -> Exception:
        """The error of the first machine, but that one is up that cannot be written to."""
        first, shown = errors[0], self.address.shown
        if any(isinstance(one, asyncpg.TargetServerAttributeNotMatched) for one in errors):
            return failure("no_primary", shown)
        if isinstance(first, ssl.SSLCertVerificationError):
            return failure("certificate", shown, why=first.verify_message)
        if type(first) is ConnectionError:  # the driver's own, when it is refused TLS
            return failure("no_tls", shown)
        return first

    def _look_at_files(self) -> None:
        """The driver does not say which file it cannot read."""
        for name in _FILES:
            if path := self.address.options.get(name):
                try:
                    with Path(path).open("rb"):
                        pass
                except OSError as error:
                    raise failure(
                        "no_file", self.address.shown, option=name, path=path, why=error.strerror
                    ) from None

    async def _note_timeline(self, connection: asyncpg.Connection) -> None:
        asked = "SELECT substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8)"
        try:
            self.timeline = await connection.fetchval(asked)
        except asyncpg.PostgresError:  # a service that is no PostgreSQL of its own
            self.timeline = ""


def give_up_when_silent(line: socket.socket | None) -> None:
    """Have a connection end where its machine is gone: without this, only after a quarter hour."""
    if line is None or line.family not in (socket.AF_INET, socket.AF_INET6):
        return
    line.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    third = max(1, SILENT_S // 3)
    for name, value in (
        ("TCP_KEEPIDLE", third),
        ("TCP_KEEPINTVL", third),
        ("TCP_KEEPCNT", 2),
        ("TCP_USER_TIMEOUT", SILENT_S * 1000),
    ):
        if hasattr(socket, name):  # Linux has them all
            line.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
