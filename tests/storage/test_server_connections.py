"""Which machine of an address is connected to, and how: standbys, silent machines, TLS."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from tests.postgresql_pair import Machine, Pair, machine, postgresql_pair
from tools.cluster import servers

from tta_rebuild.core.errors import StoreAway, StoreError

pytest.importorskip("asyncpg", reason="no driver here: pip install tta-rebuild[postgres]")
pytest.importorskip("cryptography")

from tests.worker.tls_endpoint import Authority

from tta_rebuild.storage.server_connections import SILENT_S, ServerAddress, ServerConnections
from tta_rebuild.storage.server_database import ServerDatabase

PASSWORD = "%40".join(("said", "nowhere"))
SSL_REQUEST = b"\x00\x00\x00\x08\x04\xd2\x16\x2f"


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A short path, that PostgreSQL's user may enter."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        os.chmod(home, 0o755)
        yield Path(home)


@pytest.fixture
def pair(folder: Path) -> Iterator[Pair]:
    with postgresql_pair(folder / "pair", is_synchronous=True) as found:
        yield found


def at(*hosts: str) -> str:
    return f"postgresql://postgres@{','.join(hosts)}/postgres"


def connections(*hosts: str, **how: Any) -> ServerConnections:
    return ServerConnections(ServerAddress.of(at(*hosts)), writes=True, **how)


@asynccontextmanager
async def opened(address: str) -> AsyncIterator[ServerDatabase]:
    database = ServerDatabase(address, writes=True)
    yield database
    await database.close()


async def port_of(database: ServerDatabase) -> int:
    """The port of the machine that a statement goes to."""
    async with database.reading() as connection:
        [row] = await connection.rows("SELECT current_setting('port') AS port")
    return int(row["port"])


async def refusal(address: str) -> str:
    async with opened(address) as database:
        with pytest.raises(StoreError) as refused:
            await port_of(database)
    return str(refused.value)


@pytest.mark.parametrize(
    ("whole", "shown", "hosts"),
    [
        ("postgresql://u@h/n", "postgresql://u@h/n", [("h", None)]),
        (
            f"postgres://u:{PASSWORD}@one:1,two:2/n?sslmode=require",
            "postgresql://u:***@one:1,two:2/n",
            [("one", 1), ("two", 2)],
        ),
        ("postgresql://[::1]:5,h/n", "postgresql://[::1]:5,h/n", [("::1", 5), ("h", None)]),
        ("postgresql:///n?host=a,b&port=1,2", "postgresql:///n", [("a", 1), ("b", 2)]),
        ("postgresql:///n?host=a,/run&port=7", "postgresql:///n", [("a", 7), ("/run", 7)]),
        ("postgresql://%2Frun%2Fpg/n", "postgresql://%2Frun%2Fpg/n", [("/run/pg", None)]),
        ("postgresql:///n", "postgresql:///n", []),
    ],
)
def test_an_address_names_its_machines_and_is_shown_without_a_password(
    whole: str, shown: str, hosts: list[tuple[str, int | None]]
) -> None:
    found = ServerAddress.of(whole)
    assert (found.shown, list(found.hosts)) == (shown, hosts)


@pytest.mark.parametrize(
    "wrong",
    [
        f"mysql://u:{PASSWORD}@h/n",
        f"postgresql://u:{PASSWORD}/x@h/n",
        "postgresql:///n?host=a,b&port=1,2,3",
    ],
)
def test_what_is_no_address_is_refused_without_a_word_of_it(wrong: str) -> None:
    with pytest.raises(StoreError, match="postgresql://user@host/name") as refused:
        ServerAddress.of(wrong)
    assert "nowhere" not in str(refused.value)


async def test_the_standby_is_passed_over_until_it_is_promoted(pair: Pair) -> None:
    primary, standby = pair.primary, pair.standby
    async with opened(at(standby.host, primary.host)) as database:
        assert await port_of(database) == primary.port
        before = database.timeline
        primary.kill()
        with pytest.raises(StoreAway):
            await port_of(database)  # the connection that it had
        with pytest.raises(StoreAway, match="no machine there can be written to") as refused:
            await port_of(database)
        pair.fail_over()
        assert await port_of(database) == standby.port
        after = database.timeline

    assert refused.value.retry_after_s == 2.0
    assert (before, after) == ("00000001", "00000002")


async def test_a_standby_alone_serves_who_only_looks(pair: Pair) -> None:
    looking = ServerDatabase(at(pair.standby.host), writes=False)
    assert await port_of(looking) == pair.standby.port
    await looking.close()
    assert "can be written to" in await refusal(at(pair.standby.host))
    anyone = f"{at(pair.standby.host)}?target_session_attrs=any"
    async with opened(anyone) as database:
        assert await port_of(database) == pair.standby.port, "as the address says"


async def test_a_primary_that_became_read_only_is_left_for_the_new_one(folder: Path) -> None:
    # Not synchronous: what the old primary still takes would wait for its lost standby, for ever.
    with postgresql_pair(folder / "pair", is_synchronous=False) as pair:
        primary, standby = pair.primary, pair.standby
        async with opened(pair.address) as database:
            assert await port_of(database) == primary.port
            pair.fail_over()
            primary.ask("ALTER SYSTEM SET default_transaction_read_only = on")
            primary.reload()
            with pytest.raises(StoreAway, match="read-only"):
                while True:  # until the setting has come to the connection
                    await database.write("CREATE TABLE seen (n INT)")
                    await database.write("DROP TABLE seen")
            await database.write("CREATE TABLE seen (n INT)")
            assert await port_of(database) == standby.port


async def test_a_silent_machine_costs_its_time_once_and_is_asked_last_from_then_on(
    postgresql: str,
) -> None:
    came = list[asyncio.StreamWriter]()

    async def silent(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.append(writer)

    folder_of_sockets = ServerAddress.of(postgresql).hosts[0][0]
    async with (
        asyncio.timeout(20),
        await asyncio.start_server(silent, "127.0.0.1", 0) as listening,
    ):
        port = listening.sockets[0].getsockname()[1]
        where = (
            f"postgresql://postgres@/postgres?host=127.0.0.1,{folder_of_sockets}&port={port},5432"
        )
        asked = ServerConnections(ServerAddress.of(where), writes=True, answers_s=0.3)
        for _ in range(3):
            found = await asked.open()
            assert await found.fetchval("SELECT 1") == 1
            await found.close()
        for writer in came:
            writer.close()
    assert len(came) == 1


async def test_a_connection_is_given_up_when_its_machine_confirms_nothing(pair: Pair) -> None:
    async with opened(pair.address) as database, database.reading() as connection:
        line: Any = connection.raw._transport.get_extra_info("socket")
        assert line.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            after_ms = line.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)
            assert after_ms == SILENT_S * 1000
            assert line.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) < SILENT_S


def programs_with_tls() -> Path | None:
    """PostgreSQL of this machine, which speaks TLS; that of the wheel does not."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    return found[-1].parent if found else None


@asynccontextmanager
async def tls_before(target: Machine, cert: Path, key: Path) -> AsyncIterator[str]:
    """The host at which TLS is spoken in front of a PostgreSQL that speaks none."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    tasks = set[asyncio.Task[Any]]()

    async def passed_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(task := asyncio.current_task())  # type: ignore[arg-type]
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            if await reader.readexactly(8) != SSL_REQUEST:
                raise ConnectionError  # only TLS is allowed
            writer.write(b"S")
            await writer.start_tls(context)
            to_reader, to_writer = await asyncio.open_connection("127.0.0.1", target.port)
            await asyncio.gather(copied(reader, to_writer), copied(to_reader, writer))
        writer.close()
        tasks.discard(task)

    async def copied(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65_536):
                writer.write(data)
                await writer.drain()
        writer.close()

    async with await asyncio.start_server(passed_on, "127.0.0.1", 0) as listening:
        yield f"127.0.0.1:{listening.sockets[0].getsockname()[1]}"
        for task in tasks:
            task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@pytest.fixture(params=["in front", "of its own"])
async def tls_host(
    request: pytest.FixtureRequest, folder: Path, tmp_path: Path
) -> AsyncIterator[tuple[str, Authority]]:
    """A PostgreSQL that is spoken to by TLS alone, and who signed its certificate."""
    authority = Authority(tmp_path)
    cert, key = authority.certify("server")
    programs = servers.postgresql_programs()
    if request.param == "of its own":
        if (own := programs_with_tls()) is None:
            pytest.skip("no PostgreSQL with TLS here: apt-get install postgresql")
        programs = own
    with machine(folder / "tls", programs) as server:
        if request.param == "in front":
            async with tls_before(server, cert, key) as host:
                yield host, authority
            return
        server.give("server.crt", cert), server.give("server.key", key)
        server.configure("ssl = on\n")
        (server.data / "pg_hba.conf").write_text("hostssl all all 127.0.0.1/32 trust\n")
        server.stop()
        server.start()
        yield server.host, authority


async def test_a_server_is_known_by_who_signed_its_certificate(
    tls_host: tuple[str, Authority], tmp_path: Path
) -> None:
    host, own = tls_host
    stranger = Authority(tmp_path, "stranger")

    def by(mode: str, file: Path | str = "") -> str:
        return f"{at(host)}?sslmode={mode}" + (f"&sslrootcert={file}" if file else "")

    for good in (by("require"), by("verify-ca", own.file), by("verify-full", own.file)):
        async with opened(good) as database, database.reading() as connection:
            assert await connection.rows("SELECT 1")
            assert connection.raw._transport.get_extra_info("cipher"), "by TLS"
    changing = tmp_path / "changing.pem"
    changing.write_bytes(own.file.read_bytes())
    async with opened(by("verify-full", changing)) as database, database.reading():
        changing.write_bytes(stranger.file.read_bytes())
        with pytest.raises(StoreError, match="certificate is not good"):
            await port_of(database)  # by another connection: the file is read for each
    unknown = await refusal(by("verify-full", stranger.file))
    plain = await refusal(by("disable"))
    missing = await refusal(by("verify-full", tmp_path / "none.pem"))
    without = await refusal(by("verify-full"))
    wrong = await refusal(by("sure"))

    assert "its certificate is not good: unable to get local issuer" in unknown
    assert host in plain
    assert f"sslrootcert: {tmp_path / 'none.pem'} cannot be read" in missing
    assert "root certificate file" in without
    assert "sslmode" in wrong


async def test_the_certificate_must_be_for_the_machine_that_the_address_names(
    folder: Path, tmp_path: Path
) -> None:
    own = Authority(tmp_path)
    cert, key = own.certify("server", host="elsewhere.example")
    with machine(folder / "tls", servers.postgresql_programs()) as server:
        async with tls_before(server, cert, key) as host:
            where = f"{at(host)}?sslrootcert={own.file}"
            async with opened(f"{where}&sslmode=verify-ca") as database:
                assert await port_of(database) == server.port
            other = await refusal(f"{where}&sslmode=verify-full")
        none = await refusal(f"{at(server.host)}?sslmode=require")

    assert "its certificate is not good: IP address mismatch" in other
    assert "does not speak TLS" in none
