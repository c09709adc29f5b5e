"""Local servers are found by asking loopback addresses, shortly and without a key."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator

import pytest
from tools.wire import Fault, WireServer

from tests.integrations.adapter_tests import request
from tta_rebuild.core.errors import ModelUnavailable
from tta_rebuild.core.secret import Secret
from tta_rebuild.integrations.local_discovery import (
    USUAL_SERVERS,
    LocalServer,
    ask_server,
    choose_local,
    find_local_servers,
    is_loopback,
)
from tta_rebuild.integrations.openai_provider import OpenAIProvider


@pytest.fixture
async def mute() -> AsyncIterator[str]:
    """A server that takes connections and never says a word."""

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    server.close()


async def test_a_server_is_found_with_the_models_that_can_write(wire: WireServer) -> None:
    wire.settings.models = ("mistral:7b", "nomic-embed-text:latest", "llama3.2:3b")
    (found,) = await find_local_servers({"Ollama": wire.url + "/v1"})
    assert found.name == "Ollama"
    assert found.models == ("mistral:7b", "llama3.2:3b")


async def test_what_is_silent_or_absent_or_something_else_is_passed_over(
    wire: WireServer, mute: str
) -> None:
    servers = {
        "silent": mute,
        "absent": "http://127.0.0.1:9/v1",
        "something else": wire.url + "/v2",
        "here": wire.url + "/v1",
    }
    found = await find_local_servers(servers, timeout_s=0.2)
    assert [server.name for server in found] == ["here"]


async def test_only_this_machine_is_asked() -> None:
    with pytest.raises(ValueError, match="not on this machine"):
        await find_local_servers({"far": "http://192.168.1.20:8000/v1"})
    assert all(is_loopback(address) for address in USUAL_SERVERS.values())
    assert not is_loopback("http://127.0.0.1.example.org/v1")


async def test_a_model_may_be_named_without_its_tag(wire: WireServer) -> None:
    wire.settings.models = ("mistral:7b", "llama3.2:3b")
    servers = {"Ollama": wire.url + "/v1"}
    assert (await choose_local("", servers))[1] == "mistral:7b"
    assert (await choose_local("llama3.2", servers))[1] == "llama3.2:3b"
    assert (await choose_local("llama3.2:3b", servers))[1] == "llama3.2:3b"


async def test_without_a_match_it_says_what_there_is(wire: WireServer) -> None:
    servers = {"Ollama": wire.url + "/v1"}
    with pytest.raises(ModelUnavailable, match="small-model, large-model"):
        await choose_local("another", servers)
    wire.settings.models = ()
    with pytest.raises(ModelUnavailable, match="load one"):
        await choose_local("", servers)
    with pytest.raises(ModelUnavailable, match="start one"):
        await choose_local("", {"Ollama": "http://127.0.0.1:9/v1"})


async def test_a_found_server_tells_a_story_at_no_cost(wire: WireServer) -> None:
    server, model = await choose_local("", {"Ollama": wire.url + "/v1"})
    provider = OpenAIProvider(model=model, base_url=server.base_url)
    wire.faults.next(None, Fault("internal"))
    response = await provider.complete(request())
    assert response.provider == "local"
    assert response.model == model
    await provider.aclose()


async def test_a_named_server_tells_its_models_and_their_windows_to_its_own_key(
    wire: WireServer,
) -> None:
    key = secrets.token_hex(12)
    wire.keys.add(key)
    wire.settings.windows = {"small-model": 2048}
    found = await ask_server("studio", wire.url + "/v1", Secret(key))
    assert isinstance(found, LocalServer)
    assert found.models == ("small-model", "large-model")
    assert found.windows == {"small-model": 2048}
    assert await ask_server("studio", wire.url + "/v1", Secret("other")) == "refuses the key"
    assert "wants a key" in str(await ask_server("studio", wire.url + "/v1", Secret("")))


async def test_a_named_server_that_cannot_tell_says_why_within_its_time(
    wire: WireServer, mute: str
) -> None:
    nobody = Secret("")
    silent = await ask_server("a", mute, nobody, timeout_s=0.1)
    assert silent == "does not answer within 0.1 s"
    assert "cannot be reached" in str(await ask_server("b", "http://127.0.0.1:9/v1", nobody))
    assert "answers 404" in str(await ask_server("c", wire.url + "/v2", nobody))
