"""A Redis that is spoken to by TLS: known by who signed its certificate, and whom it is for."""

from __future__ import annotations

import subprocess
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from urllib.parse import quote

import pytest
from tools.cluster import servers

from tta_rebuild.bootstrap.sharing import sharing_state
from tta_rebuild.core.secret import Secret
from tta_rebuild.settings import Settings

pytest.importorskip("redis", reason="no client here: pip install tta-rebuild[cluster]")
pytest.importorskip("h2")
pytest.importorskip("cryptography")
from tests.worker.tls_endpoint import Authority, tls_before


@pytest.fixture(params=["in front", "of its own"])
def way(request: pytest.FixtureRequest) -> str:
    """Whether Redis speaks TLS itself, or something in front of it does."""
    try:
        program = servers.redis_program()
    except servers.NotHere as error:
        pytest.skip(str(error))
    if request.param == "of its own":
        tried = [program, "--tls-port", "0", "--no-such-setting", "1"]
        said = subprocess.run(tried, capture_output=True, check=False, text=True)
        if "'tls-port" in said.stderr + said.stdout:  # the first that it does not know
            pytest.skip(f"{program} speaks no TLS: apt-get install redis-server")
    return str(request.param)


@asynccontextmanager
async def redis_by_tls(way: str, authority: Authority, host: str = "") -> AsyncIterator[str]:
    """Its address, without ``rediss://``."""
    cert, key = authority.certify("redis", host=host)
    more = ["--tls-cert-file", cert, "--tls-key-file", key, "--tls-auth-clients", "no"]
    with ExitStack() as stack:
        if way == "of its own":
            yield stack.enter_context(servers.redis(*map(str, more))).partition("//")[2]
            return
        plain = stack.enter_context(servers.redis()).partition("//")[2].partition("/")[0]
        async with tls_before(plain, authority, host=host) as address:
            yield f"{address}/0"


async def state(address: str, **options: Path | str) -> str:
    said = "&".join(f"{name}={quote(str(value), safe='')}" for name, value in options.items())
    return await sharing_state(Settings(redis_url=Secret(f"{address}?{said}" if said else address)))


async def test_a_redis_by_tls_is_known_by_who_signed_its_certificate(
    way: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    own, stranger = Authority(tmp_path), Authority(tmp_path, "stranger")
    async with redis_by_tls(way, own) as address:
        assert await state(f"rediss://{address}", ssl_ca_certs=own.file) == "used"
        assert await state(f"rediss://{address}", ssl_cert_reqs="none") == "used"

        assert await state(f"rediss://{address}", ssl_ca_certs=stranger.file) == "away"
        assert "certificate verify failed" in caplog.text
        assert await state(f"rediss://{address}") == "away", "nobody that this machine trusts"
        assert await state(f"redis://{address}") == "away"


async def test_its_certificate_must_be_for_the_machine_that_is_named(
    way: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    own = Authority(tmp_path)
    async with redis_by_tls(way, own, host="elsewhere.example") as address:
        assert await state(f"rediss://{address}", ssl_ca_certs=own.file) == "away"
        assert "IP address mismatch" in caplog.text
        how = {"ssl_ca_certs": own.file, "ssl_check_hostname": "False"}
        assert await state(f"rediss://{address}", **how) == "used"
