"""Gemini: the contract of all adapters, and what only Gemini does."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from tools.wire import Fault, WireServer

from tests.integrations.adapter_contract import AdapterContract
from tests.integrations.adapter_stream_contract import AdapterStreamContract
from tests.integrations.adapter_tests import NOON, both_ways, failure, request, told
from tta_rebuild.core.errors import KeyRejected, ProviderBusy, QuotaExhausted
from tta_rebuild.integrations.gemini_provider import GeminiLLMProvider
from tta_rebuild.integrations.rate_limiter import end_of_day


class TestGemini(AdapterContract, AdapterStreamContract):
    adapter_class = GeminiLLMProvider
    provider_name = "gemini"
    key_variable = "GEMINI_API_KEY"

    @both_ways
    @pytest.mark.parametrize("kind", ["daily_quota", "quota_zero"])
    async def test_a_daily_quota_is_over_until_midnight_pacific_whatever_the_delay_says(
        self, wire: WireServer, stream: bool, kind: str
    ) -> None:
        adapter = self.make(wire)
        wire.faults.next(Fault(kind, retry_after_s=3.0))
        error = await failure(adapter, request(), stream=stream)
        assert isinstance(error, QuotaExhausted)
        assert error.resets_at == datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
        await adapter.aclose()

    @both_ways
    async def test_recitation_is_told_apart_from_safety(
        self, wire: WireServer, stream: bool
    ) -> None:
        adapter = self.make(wire)
        wire.faults.next(Fault("recitation", after_pieces=2))
        asked = request(schema=None)
        response = (await told(adapter, asked))[1] if stream else await adapter.complete(asked)
        assert response.finish_reason == "recitation"
        assert response.metadata["finish"] == "RECITATION"
        await adapter.aclose()

    async def test_every_piece_carries_the_usage_so_far(self, wire: WireServer) -> None:
        adapter = self.make(wire)
        pieces, _ = await told(adapter, request())
        counted = [piece.usage.output_tokens for piece in pieces if piece.usage]
        assert len(counted) == len(pieces)
        assert counted == sorted(counted)
        assert pieces[0].usage
        assert pieces[0].usage.input_tokens == wire.records[0].input_tokens
        await adapter.aclose()

    async def test_the_stable_part_goes_first_as_the_system_instruction(
        self, wire: WireServer
    ) -> None:
        adapter = self.make(wire)
        await adapter.complete(request())
        body = wire.records[0].body
        assert body["systemInstruction"]["parts"][0]["text"] == "You tell stories."
        assert list(body).index("systemInstruction") >= 0
        assert body["contents"][0]["parts"][0]["text"].startswith("Tell the next scene")
        await adapter.aclose()

    @pytest.mark.parametrize(
        ("model", "temperature", "thinking"),
        [
            ("gemini-2.5-flash", True, {"thinking_budget": 0}),
            ("gemini-2.5-flash-lite", True, {"thinking_budget": 0}),
            ("gemini-3.8-flash", False, {"thinking_level": "LOW"}),
        ],
    )
    async def test_each_model_gets_the_parameters_it_takes(
        self, wire: WireServer, model: str, temperature: bool, thinking: dict[str, object]
    ) -> None:
        adapter = self.make(wire)
        await adapter.complete(request(model=model))
        config = wire.records[0].body["generationConfig"]
        assert ("temperature" in config) is temperature
        assert config["thinkingConfig"] == thinking
        await adapter.aclose()

    async def test_the_key_goes_into_its_header_and_nowhere_else(self, wire: WireServer) -> None:
        adapter = self.make(wire, key="made-up-for-this-test")
        await adapter.complete(request())
        (record,) = wire.records
        holders = [name for name, value in record.headers.items() if "made-up" in value]
        assert holders == ["x-goog-api-key"]
        assert "made-up" not in repr(record.body)
        await adapter.aclose()

    async def test_the_environment_cannot_redirect_the_key(
        self, wire: WireServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", "http://127.0.0.1:9/elsewhere")
        monkeypatch.setenv("GOOGLE_GENAI_USE_VERTEXAI", "true")
        adapter = self.make(wire)
        assert (await adapter.complete(request())).text
        await adapter.aclose()
        at_home = GeminiLLMProvider("any")
        await at_home.warm()
        options = at_home._client._api_client._http_options
        assert options.base_url == "https://generativelanguage.googleapis.com/"
        await at_home.aclose()

    async def test_an_expired_key_is_a_refused_key(self, wire: WireServer) -> None:
        adapter = self.make(wire)
        wire.faults.next(Fault("bad_key"))
        assert isinstance(await failure(adapter, request(), stream=False), KeyRejected)
        await adapter.aclose()

    async def test_a_429_without_details_names_no_time_and_no_limit(self, wire: WireServer) -> None:
        adapter = self.make(wire)
        wire.faults.next(Fault("rate_limit_bare"))
        error = await failure(adapter, request(), stream=False)
        assert isinstance(error, ProviderBusy)
        assert error.retry_after_s is None
        assert error.learnt_limit_rpm is None
        await adapter.aclose()


def test_midnight_in_california_follows_daylight_saving() -> None:
    assert end_of_day(NOON) == datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
    july = datetime(2026, 7, 4, 6, 59, tzinfo=UTC)
    assert end_of_day(july) == datetime(2026, 7, 4, 7, 0, tzinfo=UTC)
