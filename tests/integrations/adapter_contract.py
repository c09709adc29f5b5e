"""What every adapter to a vendor's SDK must do, run with the unmodified SDK on the loopback server.

Subclasses say how the adapter is made; everything else is the same for all of them.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import traceback

import pytest
from tools.wire import Fault, WireServer

from tests.integrations.adapter_tests import (
    AdapterTests,
    both_ways,
    context,
    failure,
    request,
    told,
)
from tta_rebuild.core.errors import (
    ContentRefused,
    KeyMissing,
    KeyRejected,
    ModelUnavailable,
    ProviderBusy,
    ProviderError,
    ProviderTimeout,
    ReplyUnusable,
    RequestRejected,
    RequestTooLarge,
    SdkMissing,
)
from tta_rebuild.integrations.llm_provider import (
    LLMConfig,
)


class AdapterContract(AdapterTests):
    """Subclass it, with ``AdapterStreamContract``, as ``TestX``."""

    # ----------------------------------------------------------------------- keys and imports

    def test_without_a_key_it_says_at_construction_which_variable_to_set(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv(self.key_variable, raising=False)
        with pytest.raises(KeyMissing, match=self.key_variable):
            self.adapter_class()

    def test_an_empty_key_is_no_key(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(self.key_variable, "  ")
        with pytest.raises(KeyMissing):
            self.adapter_class("")

    async def test_without_the_sdk_it_says_how_to_install_it(
        self, wire: WireServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(self.adapter_class, "sdk", "an_sdk_that_is_not_here")
        with pytest.raises(
            SdkMissing, match=rf"pip install 'tta-rebuild\[{self.adapter_class.vendor}\]'"
        ):
            await self.make(wire).complete(request())

    def test_the_sdk_is_not_imported_before_the_first_call(self) -> None:
        module, name = self.adapter_class.__module__, self.adapter_class.__name__
        program = (
            f"import sys; from {module} import {name}; {name}('k'); "
            f"sys.exit({self.adapter_class.sdk!r} in sys.modules)"
        )
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
        done = subprocess.run([sys.executable, "-c", program], check=False, env=environment)
        assert done.returncode == 0

    @both_ways
    async def test_a_refused_key_is_named_by_its_variable_and_never_shown(
        self, wire: WireServer, stream: bool
    ) -> None:
        key = "canary-" + secrets.token_hex(12)
        adapter = self.make(wire, key=key)
        wire.faults.next(Fault("bad_key"))
        error = await failure(adapter, request(), stream=stream)
        assert isinstance(error, KeyRejected), repr(error)
        assert self.key_variable in str(error)
        told_all = "".join(traceback.format_exception(error)) + repr(vars(error)) + repr(adapter)
        assert key not in told_all
        assert error.__context__ is None
        assert key not in repr(vars(adapter)["_key"])
        await adapter.aclose()

    # ------------------------------------------------------------------------ what comes back

    @both_ways
    async def test_a_scene_comes_back_with_its_usage_and_the_model_that_answered(
        self, wire: WireServer, stream: bool
    ) -> None:
        wire.settings.cached_share = 0.4
        wire.settings.thinking_tokens = 11
        wire.settings.model_version = "some-model-0815"
        adapter = self.make(wire)
        response = (
            (await told(adapter, request()))[1] if stream else await adapter.complete(request())
        )
        await wire.settled()
        (record,) = wire.records
        assert json.loads(response.text)["passages"]
        assert response.finish_reason == "stop"
        assert response.model == "some-model-0815"
        assert response.provider == self.provider_name
        usage = response.usage
        assert usage.input_tokens == record.input_tokens
        assert usage.cached_tokens == record.cached_tokens > 0
        assert usage.output_tokens + usage.thinking_tokens == record.output_tokens + 11
        assert not usage.estimated
        assert response.tokens_used == usage.total_tokens
        assert record.asked == self.asked_as
        await adapter.aclose()

    async def test_pieces_join_to_the_text_and_come_while_the_answer_grows(
        self, wire: WireServer
    ) -> None:
        adapter = self.make(wire)
        pieces, response = await told(adapter, request())
        assert "".join(piece.text for piece in pieces) == response.text
        assert len(pieces) > 10
        await adapter.aclose()

    async def test_prose_is_asked_for_without_any_json(self, wire: WireServer) -> None:
        adapter = self.make(wire)
        response = await adapter.complete(request(schema=None, prompt="Say a line.", system=""))
        assert wire.records[0].asked == ""
        assert not response.text.startswith("{")
        await adapter.aclose()

    async def test_a_bare_prompt_works_too(self, wire: WireServer) -> None:
        adapter = self.make(wire)
        response = await adapter.generate("Say a line.", context())
        text = "".join([piece async for piece in adapter.generate_stream("Say a line.", context())])
        assert text == response.text
        await adapter.aclose()

    async def test_the_request_overrides_model_and_limits(self, wire: WireServer) -> None:
        adapter = self.make(wire)
        response = await adapter.complete(request(model="another", max_tokens=20, schema=None))
        (record,) = wire.records
        assert record.model == "another"
        assert response.finish_reason == "length"
        assert response.usage.output_tokens == 20
        await adapter.aclose()

    async def test_without_counts_from_the_server_usage_is_estimated_and_says_so(
        self, wire: WireServer
    ) -> None:
        if self.provider_name == "anthropic":
            pytest.skip("Anthropic always counts")
        wire.settings.send_usage = False
        adapter = self.make(wire)
        response = await adapter.complete(request())
        assert response.usage.estimated
        assert response.usage.output_tokens > 0
        await adapter.aclose()

    @pytest.mark.filterwarnings("ignore:.* is not a valid FinishReason")
    @both_ways
    @pytest.mark.parametrize(
        ("kind", "finish"),
        [("max_tokens", "length"), ("unknown_finish", "other"), ("safety", "safety")],
    )
    async def test_the_reason_for_an_early_end_is_told_and_the_text_kept(
        self, wire: WireServer, stream: bool, kind: str, finish: str
    ) -> None:
        adapter = self.make(wire)
        wire.faults.next(Fault(kind, after_pieces=4))
        asked = request(schema=None)
        response = (await told(adapter, asked))[1] if stream else await adapter.complete(asked)
        assert response.finish_reason == finish
        assert len(response.text) == 4 * wire.settings.piece_chars
        await adapter.aclose()

    # ----------------------------------------------------------------------------- refusals

    @both_ways
    async def test_a_blocked_prompt_is_refused_for_its_content(
        self, wire: WireServer, stream: bool
    ) -> None:
        adapter = self.make(wire)
        wire.faults.next(Fault("blocked"))
        error = await failure(adapter, request(), stream=stream)
        assert isinstance(error, ContentRefused)
        assert error.reason
        await adapter.aclose()

    @both_ways
    async def test_safety_without_any_text_is_a_refusal(
        self, wire: WireServer, stream: bool
    ) -> None:
        adapter = self.make(wire)
        wire.faults.next(Fault("safety", after_pieces=0))
        error = await failure(adapter, request(), stream=stream)
        assert isinstance(error, ContentRefused)
        await adapter.aclose()

    @both_ways
    @pytest.mark.parametrize(
        ("kind", "expected"),
        [
            ("rate_limit_bare", ProviderBusy),
            ("internal", ProviderBusy),
            ("bad_gateway", ProviderBusy),
            ("unavailable", ProviderBusy),
            ("deadline", ProviderTimeout),
            ("reset", ProviderBusy),
            ("forbidden", KeyRejected),
            ("not_found", ModelUnavailable),
            ("invalid", RequestRejected),
            ("too_large", RequestTooLarge),
            ("region", RequestRejected),
            ("empty", ReplyUnusable),
            ("wrong_content_type", ReplyUnusable),
            ("bad_body", ReplyUnusable),
        ],
    )
    async def test_each_failure_says_what_to_do(
        self, wire: WireServer, stream: bool, kind: str, expected: type[ProviderError]
    ) -> None:
        adapter = self.make(wire)
        wire.faults.next(Fault(kind))
        error = await failure(adapter, request(), stream=stream)
        assert type(error) is self.expected.get(kind, expected)
        assert error.provider == self.provider_name
        assert error.model == "some-model"
        assert len(wire.records) == 1, "the SDK must not repeat anything by itself"
        await adapter.aclose()

    @both_ways
    async def test_the_time_to_wait_and_the_limit_are_passed_on(
        self, wire: WireServer, stream: bool
    ) -> None:
        adapter = self.make(wire)
        wire.faults.next(Fault("rate_limit", retry_after_s=34.0, limit_rpm=15))
        error = await failure(adapter, request(), stream=stream)
        assert type(error) is ProviderBusy
        assert error.retry_after_s == 34.0
        assert error.learnt_limit_rpm == 15
        await adapter.aclose()

    async def test_a_server_that_is_not_there_is_busy(self, wire: WireServer) -> None:
        adapter = self.make(wire)
        await wire.__aexit__()
        error = await failure(adapter, request(), stream=False)
        assert type(error) is ProviderBusy
        await adapter.aclose()

    # --------------------------------------------------------- what a server turns out to refuse

    async def test_a_parameter_that_is_refused_is_left_out_from_then_on(
        self, wire: WireServer
    ) -> None:
        adapter = self.make(wire, config=LLMConfig(model=self.warm_model, temperature=0.9))
        wire.settings.refuses = ("temperature",)
        first = await adapter.complete(request(schema=None))
        second = await adapter.complete(request(schema=None))
        assert first.metadata["http_requests"] == 2
        assert second.metadata["http_requests"] == 1
        assert [record.status for record in wire.records] == [400, 200, 200]
        await adapter.aclose()
