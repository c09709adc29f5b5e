"""Claude: the contract of all adapters, and what only Anthropic does."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from tools.wire import Fault, WireServer

from tests.integrations.adapter_contract import AdapterContract
from tests.integrations.adapter_stream_contract import AdapterStreamContract
from tests.integrations.adapter_tests import both_ways, failure, request, told
from tta_rebuild.core.errors import ModelUnavailable, ProviderBusy, QuotaExhausted
from tta_rebuild.integrations.anthropic_provider import CACHED_FROM_CHARS, AnthropicProvider


class TestAnthropic(AdapterContract, AdapterStreamContract):
    adapter_class = AnthropicProvider
    provider_name = "anthropic"
    key_variable = "ANTHROPIC_API_KEY"
    warm_model = "claude-haiku-4-5"

    async def test_the_environment_cannot_redirect_the_key(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", "http://127.0.0.1:9/elsewhere")
        adapter = AnthropicProvider("any")
        await adapter.warm()
        assert str(adapter._client.base_url).rstrip("/") == "https://api.anthropic.com"
        await adapter.aclose()

    @both_ways
    async def test_overloaded_says_when_to_come_back(self, wire: WireServer, stream: bool) -> None:
        adapter = self.make(wire)
        wire.faults.next(Fault("unavailable", retry_after_s=7))
        error = await failure(adapter, request(), stream=stream)
        assert isinstance(error, ProviderBusy)
        assert error.retry_after_s == 7
        assert wire.records[0].status == 529
        await adapter.aclose()

    async def test_a_spending_limit_is_over_until_the_date_it_names(self, wire: WireServer) -> None:
        adapter = self.make(wire)
        wire.faults.next(Fault("daily_quota"))
        error = await failure(adapter, request(), stream=False)
        assert isinstance(error, QuotaExhausted)
        assert error.resets_at == datetime(2099, 1, 1, tzinfo=UTC)
        await adapter.aclose()

    async def test_an_account_without_credit_means_another_model(self, wire: WireServer) -> None:
        adapter = self.make(wire)
        wire.faults.next(Fault("no_credit"))
        assert isinstance(await failure(adapter, request(), stream=False), ModelUnavailable)
        await adapter.aclose()

    @both_ways
    async def test_an_older_model_answers_as_a_tools_input(
        self, wire: WireServer, stream: bool
    ) -> None:
        adapter = self.make(wire)
        asked = request(model="claude-3-haiku-20240307")
        response = (await told(adapter, asked))[1] if stream else await adapter.complete(asked)
        assert wire.records[0].asked == "tool"
        assert json.loads(response.text)["passages"]
        assert response.finish_reason == "stop"
        await adapter.aclose()

    async def test_newer_models_get_an_effort_and_no_temperature(self, wire: WireServer) -> None:
        adapter = self.make(wire)
        await adapter.complete(request(model="claude-sonnet-5-5"))
        body = wire.records[0].body
        assert body["output_config"]["effort"] == "low"
        assert "temperature" not in body
        await adapter.aclose()

    async def test_a_long_stable_part_is_put_into_the_providers_cache(
        self, wire: WireServer
    ) -> None:
        adapter = self.make(wire)
        await adapter.complete(request(system="x" * CACHED_FROM_CHARS))
        await adapter.complete(request(system="short"))
        blocks = [record.body["system"][0] for record in wire.records]
        assert blocks[0]["cache_control"] == {"type": "ephemeral"}
        assert "cache_control" not in blocks[1]
        await adapter.aclose()

    async def test_pieces_carry_the_counted_input_and_the_guessed_output(
        self, wire: WireServer
    ) -> None:
        adapter = self.make(wire)
        pieces, _ = await told(adapter, request())
        fifth = pieces[4].usage
        assert fifth is not None
        assert fifth.estimated
        assert fifth.input_tokens == wire.records[0].input_tokens
        assert fifth.output_tokens == 5 * wire.settings.piece_chars / 4
        await adapter.aclose()
