"""The connection to Temporal: TLS, certificates, keys and namespaces, against a real server."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.duration_pb2 import Duration
from temporalio.api.workflowservice.v1 import RegisterNamespaceRequest
from tools.cluster import servers
from tools.cluster.servers import free_port

import tta_rebuild as tta
from tests.worker.one_process import first_turn, server_and_worker
from tta_rebuild.bootstrap.temporal_link import connected, tls_of
from tta_rebuild.core.errors import SettingsError
from tta_rebuild.engine.temporal_names import QUEUE
from tta_rebuild.engine.turn_workflows import TurnWorkflows

pytest.importorskip("h2")
pytest.importorskip("cryptography")
from tests.worker.tls_endpoint import Authority, tls_before


@pytest.fixture
def redis_address() -> Iterator[str]:
    with servers.redis() as url:
        yield url.removeprefix("redis://").partition("/")[0]


DATABASE = "postgresql://nobody@127.0.0.1/none"


def settings_of(address: str, **more: Any) -> tta.Settings:
    return tta.Settings(database_url=DATABASE, temporal_address=address, **more)


async def is_let_in(address: str, **more: Any) -> bool:
    async with asyncio.timeout(20):
        client = await connected(settings_of(address, **more))
        return await client.service_client.check_health()


async def refusal(address: str, **more: Any) -> str:
    async with asyncio.timeout(20):
        with pytest.raises(SettingsError) as refused:
            await connected(settings_of(address, **more))
    return str(refused.value)


@pytest.mark.cluster
async def test_a_server_that_speaks_tls_is_known_by_who_signed_its_certificate(
    temporal: str, tmp_path: Path
) -> None:
    own, other = Authority(tmp_path), Authority(tmp_path, "stranger")
    async with tls_before(temporal, own) as address:
        assert await is_let_in(address, temporal_ca_file=own.file)

        unknown = await refusal(address, temporal_ca_file=other.file)
        system = await refusal(address, temporal_tls=True)
        plain = await refusal(address)
    without = await refusal(temporal, temporal_ca_file=own.file)

    assert "TTA_TEMPORAL_CA_FILE: does not hold who signed the certificate" in unknown
    assert address in unknown
    assert "TTA_TEMPORAL_CA_FILE" in system
    assert "TTA_TEMPORAL_TLS" in plain
    assert "may want TLS" in plain
    assert "TTA_TEMPORAL_TLS" in without
    assert "does not speak TLS" in without


@pytest.mark.cluster
async def test_a_server_that_wants_a_certificate_lets_in_who_shows_it(
    temporal: str, tmp_path: Path
) -> None:
    own, other = Authority(tmp_path), Authority(tmp_path, "stranger")
    cert, key = own.certify("worker")
    strange, strange_key = other.certify("somebody")
    async with tls_before(temporal, own, wants_certificate=True) as address:

        def shown(cert: Path, key: Path) -> dict[str, Path]:
            ca = own.file
            return {
                "temporal_ca_file": ca,
                "temporal_cert_file": cert,
                "temporal_key_file": key,
            }

        assert await is_let_in(address, **shown(cert, key))

        none = await refusal(address, temporal_ca_file=own.file)
        unknown = await refusal(address, **shown(strange, strange_key))
        mixed = await refusal(address, **shown(cert, strange_key))

    assert "TTA_TEMPORAL_CERT_FILE" in none
    assert "may want a certificate" in none
    assert "TTA_TEMPORAL_CERT_FILE" in unknown
    assert "does not accept" in unknown
    assert f"TTA_TEMPORAL_KEY_FILE: is not the private key of the certificate in {cert}" in mixed


@pytest.mark.cluster
async def test_an_api_key_goes_over_tls_and_is_shown_nowhere(temporal: str, tmp_path: Path) -> None:
    own, key, wrong = Authority(tmp_path), secrets.token_hex(16), secrets.token_hex(16)
    async with tls_before(temporal, own, wanted_key=key) as address:
        assert await is_let_in(address, temporal_ca_file=own.file, temporal_api_key=key)

        refused = await refusal(address, temporal_ca_file=own.file, temporal_api_key=wrong)
        none = await refusal(address, temporal_ca_file=own.file)
    plain = await refusal(temporal, temporal_api_key=key)

    assert "TTA_TEMPORAL_API_KEY" in refused
    assert "refuses this key" in refused
    assert wrong not in refused
    assert "TTA_TEMPORAL_API_KEY" in none
    assert "TTA_TEMPORAL_TLS" in plain, "a key never goes without it, unless that is asked for"
    assert await is_let_in(temporal, temporal_api_key=key, temporal_tls=False)


@pytest.mark.cluster
async def test_a_server_is_asked_for_by_the_name_that_its_certificate_is_for(
    temporal: str, tmp_path: Path
) -> None:
    own = Authority(tmp_path)
    name = {"temporal_server_name": "temporal.example"}
    here: dict[str, Any] = {"host": "temporal.example"}
    said = list[str]()
    for how in (here, {**here, "is_asked_by_name": True}):
        async with tls_before(temporal, own, **how) as address:
            assert await is_let_in(address, temporal_ca_file=own.file, **name)

            other = {"temporal_server_name": "other.example"}
            said.append(await refusal(address, temporal_ca_file=own.file, **other))
            said.append(await refusal(address, temporal_ca_file=own.file))

    assert all("TTA_TEMPORAL_SERVER_NAME" in one for one in said), said
    assert "has none for other.example" in said[0]
    assert "has none for 127.0.0.1" in said[1]
    assert "hangs up: it may not be other.example" in said[2]


@pytest.mark.cluster
async def test_a_namespace_that_is_not_there_is_named(temporal: str) -> None:
    said = await refusal(temporal, temporal_namespace="elsewhere")

    assert "TTA_TEMPORAL_NAMESPACE" in said
    assert f"{temporal} has no namespace elsewhere" in said


async def test_where_nobody_listens_the_address_is_wrong() -> None:
    address = f"127.0.0.1:{free_port()}"

    assert f"TTA_TEMPORAL_ADDRESS: no Temporal server answers at {address}" in await refusal(
        address
    )


@pytest.mark.cluster
async def test_what_answers_but_is_no_temporal_is_told_by_what_it_is(redis_address: str) -> None:
    async def page(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()
        writer.close()

    web = await asyncio.start_server(page, "127.0.0.1", 0)
    async with web:
        other = f"127.0.0.1:{web.sockets[0].getsockname()[1]}"
        told = await refusal(other)

    assert "TTA_TEMPORAL_ADDRESS: a web server answers" in told
    assert f"TTA_TEMPORAL_ADDRESS: a Redis answers at {redis_address}" in await refusal(
        redis_address
    )


def test_a_file_that_is_no_certificate_is_named_before_anybody_is_asked(tmp_path: Path) -> None:
    own, words = Authority(tmp_path), tmp_path / "words"
    words.write_text("no certificate")
    cert, key = own.certify("worker")
    where = {"temporal_cert_file": cert, "temporal_key_file": key}

    def said(**files: Path) -> str:
        with pytest.raises(SettingsError) as refused:
            tls_of(settings_of("h:1", **files))
        return str(refused.value)

    assert "TTA_TEMPORAL_CA_FILE" in said(temporal_ca_file=tmp_path / "none")
    assert f"{words} holds no certificate" in said(temporal_ca_file=words)
    assert "holds no private key" in said(**where | {"temporal_key_file": cert})
    assert "TTA_TEMPORAL_KEY_FILE: goes with" in said(temporal_cert_file=cert)
    assert "TTA_TEMPORAL_CERT_FILE: goes with" in said(temporal_key_file=key)


def test_files_lie_beside_the_file_that_names_them(tmp_path: Path) -> None:
    config = tmp_path / "here" / "config.toml"
    config.parent.mkdir()
    config.write_text('temporal_ca_file = "ca.pem"\ntemporal_queue = "ours"\n')

    settings = tta.load_settings(
        {"TTA_TEMPORAL_CERT_FILE": "cert.pem"}, cwd=tmp_path, config_file=config
    )

    assert settings.temporal_ca_file == config.parent / "ca.pem"
    assert settings.temporal_cert_file == tmp_path / "cert.pem"
    assert (settings.temporal_queue, settings.temporal_key_file) == ("ours", None)


def test_the_queue_is_the_one_that_the_programs_know_unless_it_is_set() -> None:
    assert tta.Settings().temporal_queue == QUEUE
    with pytest.raises(SettingsError, match="TTA_TEMPORAL_QUEUE: must be a name"):
        tta.load_settings({"TTA_TEMPORAL_QUEUE": "a queue"})
    with pytest.raises(SettingsError, match="TTA_TEMPORAL_DEPLOYMENT: must be a name without dots"):
        tta.load_settings({"TTA_TEMPORAL_DEPLOYMENT": "tta.1"})


@pytest.mark.cluster
async def test_turns_are_played_by_tls_in_a_namespace_and_a_queue_of_ones_own(
    temporal: str, postgresql_database: str, tmp_path: Path
) -> None:
    own = Authority(tmp_path)
    cert, key = own.certify("worker")
    plain = await connected(settings_of(temporal))
    day = Duration(seconds=86_400)
    await plain.workflow_service.register_namespace(
        RegisterNamespaceRequest(namespace="ours", workflow_execution_retention_period=day)
    )
    async with (
        tls_before(temporal, own, wants_certificate=True) as address,
        server_and_worker(
            address,
            postgresql_database,
            tmp_path,
            temporal_ca_file=own.file,
            temporal_cert_file=cert,
            temporal_key_file=key,
            temporal_namespace="ours",
            temporal_queue="our-turns",
        ) as web,
    ):
        told = await first_turn(web)
        health = (await web.get("/api/v1/health")).json()

    elsewhere = TurnWorkflows(plain, "our-turns")
    assert "event: stored" in told
    assert health["queue"] == {"workers": 1, "running": 0, "waiting": 0, "longest_s": 0.0}
    assert await elsewhere.takers() == set()
