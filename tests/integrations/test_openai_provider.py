"""OpenAI and its kin: the contract of all adapters, and what local servers do differently."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import ClassVar

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from tools.wire import Fault, WireServer

from tests.integrations.adapter_contract import AdapterContract
from tests.integrations.adapter_stream_contract import AdapterStreamContract
from tests.integrations.adapter_tests import NOON, both_ways, failure, request, told
from tta_rebuild.core.errors import (
    KeyMissing,
    ModelUnavailable,
    ProviderError,
    QuotaExhausted,
    RequestTooLarge,
)
from tta_rebuild.integrations.llm_provider import LLMConfig
from tta_rebuild.integrations.openai_provider import OpenAIProvider, is_near


class TestOpenAI(AdapterContract, AdapterStreamContract):
    adapter_class = OpenAIProvider
    provider_name = "local"
    key_variable = "OPENAI_API_KEY"
    base_path = "/v1"
    # OpenAI says with 403 that a project has no access to a model.
    expected: ClassVar[dict[str, type[ProviderError]]] = {"forbidden": ModelUnavailable}

    @pytest.mark.parametrize("stream", [True, False])
    @pytest.mark.parametrize(
        ("kind", "expected", "window"),
        [
            ("proxy_no_model", ModelUnavailable, None),
            ("proxy_too_large", RequestTooLarge, 4096),
            ("llamacpp_too_large", RequestTooLarge, 4096),
        ],
    )
    async def test_what_proxies_and_local_servers_say_with_400_is_of_the_right_kind(
        self,
        wire: WireServer,
        kind: str,
        expected: type[ProviderError],
        window: int | None,
        stream: bool,
    ) -> None:
        adapter = self.make(wire)
        wire.faults.next(Fault(kind))
        error = await failure(adapter, request(), stream=stream)
        assert type(error) is expected
        assert getattr(error, "window_tokens", None) == window
        await adapter.aclose()

    async def test_a_server_nearby_is_waited_for_longer(self, wire: WireServer) -> None:
        near = OpenAIProvider(model="m", base_url=wire.url + "/v1")
        far = OpenAIProvider("any", model="m", base_url="https://models.example.org/v1")
        assert near.config.timeout_seconds == 180
        assert near.piece_timeout_s == 60
        assert far.config.timeout_seconds == far.piece_timeout_s == 30

    def test_a_server_on_this_machine_needs_no_key(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("OPENAI_API_KEY", raising=False)
        OpenAIProvider(base_url="http://localhost:11434/v1")
        with pytest.raises(KeyMissing):
            OpenAIProvider(base_url="https://models.example.org/v1")

    async def test_the_key_for_openai_is_not_sent_to_other_servers(
        self, wire: WireServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("OPENAI_API_KEY", "made-up-for-this-test")
        adapter = OpenAIProvider(model="m", base_url=wire.url + "/v1")
        await adapter.complete(request())
        assert "made-up" not in repr(wire.records[0].headers)
        with pytest.raises(KeyMissing):
            OpenAIProvider(base_url="https://models.example.org/v1")
        await adapter.aclose()

    async def test_a_key_given_for_another_server_is_sent_to_it(self, wire: WireServer) -> None:
        key = os.urandom(8).hex()
        adapter = OpenAIProvider(key, model="m", base_url=wire.url + "/v1")
        await adapter.complete(request())
        assert f"Bearer {key}" in repr(wire.records[0].headers)
        await adapter.aclose()

    async def test_a_page_in_place_of_an_answer_is_called_one(self, wire: WireServer) -> None:
        adapter = self.make(wire)
        wire.faults.next(Fault("wrong_content_type"))
        assert "sign-in page" in str(await failure(adapter, request(), stream=False))
        await adapter.aclose()

    async def test_thinking_is_counted_apart_from_the_answer(self, wire: WireServer) -> None:
        wire.settings.thinking_tokens = 11
        adapter = self.make(wire)
        usage = (await adapter.complete(request())).usage
        assert (usage.output_tokens, usage.thinking_tokens) == (wire.records[0].output_tokens, 11)
        await adapter.aclose()

    async def test_the_environment_cannot_redirect_the_key(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/elsewhere")
        adapter = OpenAIProvider("any")
        await adapter.warm()
        assert str(adapter._client.base_url) == "https://api.openai.com/v1/"
        await adapter.aclose()

    async def test_what_a_request_asks_for_goes_before_what_is_configured(
        self, wire: WireServer
    ) -> None:
        adapter = self.make(wire, config=LLMConfig(model="m", temperature=0.9, top_p=0.8))
        for changes in ({}, {"temperature": 0.2, "top_p": 0.5}):
            await adapter.complete(request(schema=None, **changes))
        sent = [(record.body["temperature"], record.body["top_p"]) for record in wire.records]
        assert sent == [(0.9, 0.8), (0.2, 0.5)]
        await adapter.aclose()

    @both_ways
    async def test_an_account_without_credit_means_another_model(
        self, wire: WireServer, stream: bool
    ) -> None:
        adapter = self.make(wire)
        wire.faults.next(Fault("no_credit"))
        error = await failure(adapter, request(), stream=stream)
        assert isinstance(error, ModelUnavailable)
        assert "credit" in str(error)
        await adapter.aclose()

    async def test_a_daily_limit_is_over_until_the_time_it_names(self, wire: WireServer) -> None:
        adapter = self.make(wire)
        wire.faults.next(Fault("daily_quota"))
        error = await failure(adapter, request(), stream=False)
        assert isinstance(error, QuotaExhausted)
        assert error.resets_at == NOON + timedelta(minutes=7, seconds=12)
        await adapter.aclose()

    async def test_a_server_without_schemas_is_asked_for_any_object_and_then_in_words(
        self, wire: WireServer
    ) -> None:
        adapter = self.make(wire)
        wire.settings.refuses = ("json_schema", "json_object")
        response = await adapter.complete(request())
        assert response.metadata["http_requests"] == 3
        assert [record.asked for record in wire.records] == ["json_schema", "json_object", ""]
        assert '"required":["passages"' in wire.records[-1].body["messages"][-1]["content"]
        again = await adapter.complete(request())
        assert again.metadata["http_requests"] == 1
        await adapter.aclose()

    async def test_a_stream_learns_what_its_server_refuses_before_the_first_piece(
        self, wire: WireServer
    ) -> None:
        adapter = self.make(wire)
        wire.settings.refuses = ("stream_options", "json_schema")
        pieces, response = await told(adapter, request())
        assert "".join(piece.text for piece in pieces) == response.text
        assert response.metadata["http_requests"] == 3
        assert response.usage.estimated, "without stream_options nobody counts"
        await adapter.aclose()

    async def test_the_token_limit_goes_by_its_new_name_where_the_old_one_is_refused(
        self, wire: WireServer
    ) -> None:
        adapter = self.make(wire)
        wire.settings.refuses = ("max_tokens",)
        await adapter.complete(request())
        assert "max_completion_tokens" in wire.records[-1].body
        assert "max_tokens" not in wire.records[-1].body
        await adapter.aclose()

    async def test_thinking_models_of_openai_get_an_effort_and_no_temperature(
        self, wire: WireServer
    ) -> None:
        adapter = self.make(wire, config=LLMConfig(model="gpt-5.4-mini"))
        adapter.compatible = False
        await adapter.complete(request())
        body = wire.records[0].body
        assert body["reasoning_effort"] == "low"
        assert "temperature" not in body
        await adapter.aclose()


@pytest.mark.parametrize(
    ("address", "near"),
    [
        ("http://localhost:11434/v1", True),
        ("http://127.0.0.1:8080/v1", True),
        ("http://[::1]:8080/v1", True),
        ("http://192.168.1.20:8000/v1", True),
        ("http://studio.local:1234/v1", True),
        ("https://openrouter.ai/api/v1", False),
        ("https://localhost.example.org/v1", False),
        ("http://8.8.8.8/v1", False),
    ],
)
def test_near_is_this_machine_and_its_private_network(address: str, near: bool) -> None:
    assert is_near(address) is near


async def test_a_chunk_of_a_stream_is_read_without_the_classes_of_the_sdk(
    wire: WireServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They take three times the CPU of a stream; a turn has hundreds of chunks."""
    from openai.types.chat import ChatCompletionChunk

    def refused(*_: object, **__: object) -> None:
        raise AssertionError("a chunk became an object of the SDK")

    monkeypatch.setattr(ChatCompletionChunk, "construct", refused)
    adapter = OpenAIProvider(base_url=f"{wire.url}/v1", model="small-model")
    items = [item async for item in adapter.stream(request())]
    await adapter.aclose()
    assert len(items) > 5


@pytest.mark.parametrize("body", ["[]", '{"choices": {}}', '{"choices": [null], "usage": []}'])
async def test_an_answer_of_another_shape_is_an_error_of_the_provider(
    wire: WireServer, body: str
) -> None:
    async def odd(_: web.Request) -> web.Response:
        return web.Response(text=body, content_type="application/json")

    app = web.Application()
    app.router.add_post("/v1/chat/completions", odd)
    async with TestServer(app) as server:
        adapter = OpenAIProvider(base_url=str(server.make_url("/v1")), model="small-model")
        with pytest.raises(ProviderError):
            await adapter.complete(request())
        await adapter.aclose()
