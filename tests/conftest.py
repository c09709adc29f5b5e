"""Fixtures for every room's tests."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import settings
from tools.cluster import servers
from tools.wire import WireServer

from tests.redis_server import RedisServer
from tests.temporal_server import temporal_server
from tta_rebuild.canon import Canon
from tta_rebuild.core.events import FactAsserted
from tta_rebuild.core.story import Claim

settings.register_profile("tta", deadline=None)  # a busy machine is no failure
settings.load_profile("tta")


@pytest.fixture
async def wire() -> AsyncIterator[WireServer]:
    """A loopback server that speaks Gemini, OpenAI and Anthropic (see ``tools.wire``)."""
    async with WireServer() as server:
        yield server


@pytest.fixture
def canon_of() -> Callable[..., Canon]:
    """A canon in which these (subject, relation, value) hold, in this order, at events 1, 2 …"""

    def make(*facts: tuple[str, str, str]) -> Canon:
        canon = Canon()
        for subject, relation, value in facts:
            canon.apply(
                canon.position + 1,
                FactAsserted(claim=Claim(subject=subject, relation=relation, value=value)),
            )
        return canon

    return make


@pytest.fixture
def small_disk(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """A file system of 2 MB, unless a test asks for another size."""
    size = getattr(request, "param", "2m")
    place = tmp_path / "small"
    place.mkdir()
    if sys.platform != "linux":
        pytest.skip("mounts a file system as Linux does")
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("may not mount a file system here")
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The address of a real server that runs as long as the tests; skips where none can run."""
    pytest.importorskip("asyncpg", reason="no driver here: pip install tta-rebuild[postgres]")
    try:
        servers.postgresql_module()
    except servers.NotHere as error:
        pytest.skip(str(error))
    folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)  # a short socket path
    with folder as home, servers.postgresql(Path(home)) as address:
        yield address


@pytest.fixture
async def postgresql_database(postgresql: str) -> str:
    """The address of an empty database of its own."""
    import asyncpg

    name = "stories_of_a_test"
    connection = await asyncpg.connect(postgresql)
    await connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    await connection.execute(f"CREATE DATABASE {name}")
    await connection.close()
    return urlsplit(postgresql)._replace(path=f"/{name}").geturl()


@pytest.fixture(scope="session")
def temporal() -> Iterator[str]:
    """The address of a real Temporal server that runs as long as the tests; or skips."""
    with temporal_server() as (address, _):
        yield address


@pytest.fixture(scope="session")
def redis_process() -> Iterator[RedisServer]:
    """A real Redis that runs as long as the tests; skips where none can run."""
    pytest.importorskip("redis", reason="no client here: pip install tta-rebuild[cluster]")
    with tempfile.TemporaryDirectory() as home, RedisServer(Path(home)) as server:
        yield server


@pytest.fixture
async def redis_url(redis_process: RedisServer) -> str:
    """The address of an empty Redis."""
    from redis.asyncio import Redis

    async with Redis.from_url(redis_process.url) as client:
        await client.flushall()
    return redis_process.url


@pytest.fixture
def own_redis() -> Iterator[RedisServer]:
    """A real Redis that the test alone has, to stop and start."""
    pytest.importorskip("redis", reason="no client here: pip install tta-rebuild[cluster]")
    with tempfile.TemporaryDirectory() as home, RedisServer(Path(home)) as server:
        yield server
