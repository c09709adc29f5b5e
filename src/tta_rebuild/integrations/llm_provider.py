"""The one seam to language models: request, response, stream, provider, wrapper base."""

from __future__ import annotations

import asyncio
import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from tta_rebuild.core.base_primitive import TTAContext
from tta_rebuild.core.checks import check_number, check_text
from tta_rebuild.core.errors import ProviderBusy, ProviderError, StreamBroken, ValidationError
from tta_rebuild.core.usage import Usage, estimated_tokens

if TYPE_CHECKING:
    from tta_rebuild.integrations.prices import Price

FRAME_TOKENS, SCHEMA_IN_WORDS_TOKENS = 64, 256
"""What roles and turns add to a prompt, and an adapter that puts a schema into words, at most."""

SILENT = "silent"
"""Finish reason of an answer that went silent after enough of it had come to be kept."""


@dataclass(frozen=True, kw_only=False)
class LLMConfig:
    """How to call a model: ``temperature`` in [0, 2], ``top_p`` in [0, 1], time to first piece."""

    model: str
    max_tokens: int = 2000
    temperature: float = 0.7
    top_p: float = 1.0
    timeout_seconds: float = 30.0

    def __post_init__(self) -> None:
        check_text("model", self.model)
        for name, bounds in _KNOBS.items():
            check_number(name, getattr(self, name), **bounds)


_KNOBS: dict[str, dict[str, Any]] = {
    "max_tokens": {"least": 1, "whole": True},
    "temperature": {"least": 0, "most": 2},
    "top_p": {"least": 0, "most": 1},
    "timeout_seconds": {"above": 0},
}
"""What the knobs of a call may be set to."""

_ASKED = ("system", "prompt", "task", "template", "variables", "schema", "model", "max_tokens",
          "temperature", "top_p")  # fmt: skip
"""What of a request decides its answer."""

RETOLD = "is_retold"
"""In the session state of a request's context: what was answered to the same before is known."""


@dataclass(frozen=True, slots=True)
class PassedOver:
    """The place in a chain of a model whose answer was of no use, and why: the next one answers."""

    place: int
    error: ProviderError


class CallWatch(Protocol):
    """Who is told how a call goes, by the wrapper that books its attempts."""

    async def sending(self, provider: str, model: str, most_output_tokens: int) -> None:
        """A request that may be billed is about to leave; it leaves when this has returned."""
        ...

    def heard(self, chars: int, usage: Usage | None) -> None:
        """So many more characters of its answer have come, and what is counted so far."""
        ...


@dataclass(frozen=True, kw_only=True)
class LLMRequest:
    """Everything about one logical call; wrappers and adapters take nothing else.

    Attributes:
        system: the stable part (instructions, world): sent first, so that provider caches hit.
        task: see ``core.tasks``; "" for a bare prompt.
        template: ``name@version`` of the template that made the prompt, filled with ``variables``.
        schema: JSON schema of the answer, None for prose.
        model: overrides the provider's model; max_tokens … likewise, None keeps the config's.
        story_id, branch_id, turn: where in which story, for the ledger.
        attempt: 1 for the first try; set by the retrying wrapper.
        call_id: names the logical call that its attempts belong to; set by the cost wrappers.
        passed_over: the model of a chain after which this request begins, None for the first.
        watch: who is told how it goes, None for nobody.
    """

    prompt: str
    context: TTAContext
    system: str = ""
    task: str = ""
    template: str = ""
    variables: Mapping[str, Any] = field(default_factory=dict)
    schema: Mapping[str, Any] | None = None
    model: str | None = None
    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    timeout_seconds: float | None = None
    story_id: str = ""
    branch_id: str = ""
    turn: int = 0
    attempt: int = 1
    call_id: str = ""
    passed_over: PassedOver | None = None
    watch: CallWatch | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        if not isinstance(self.prompt, str):
            raise ValidationError(f"prompt must be a text, not {type(self.prompt).__name__}")
        for name, value in self.overrides().items():
            if name == "model":
                check_text(name, value)
            else:
                check_number(name, value, **_KNOBS[name])

    def overrides(self) -> dict[str, Any]:
        """What this request sets otherwise than the provider's config, by name."""
        values = {name: getattr(self, name) for name in ("model", *_KNOBS)}
        return {name: value for name, value in values.items() if value is not None}

    @property
    def full_text(self) -> str:
        """Stable part and prompt as one text."""
        return f"{self.system}\n\n{self.prompt}" if self.system else self.prompt

    @property
    def likely_input_tokens(self) -> int:
        """About as many tokens as a provider counts, with a tenth to spare; in any script."""
        return round(1.1 * estimated_tokens(self.size_bytes)) + 8

    @property
    def most_input_tokens(self) -> int:
        """A count that no tokenizer exceeds: they give at most one token per byte of UTF-8."""
        in_words = 0 if self.schema is None else SCHEMA_IN_WORDS_TOKENS
        return self.size_bytes + FRAME_TOKENS + in_words

    @cached_property
    def size_bytes(self) -> int:
        """Of all that is sent, in UTF-8."""
        schema = "" if self.schema is None else json.dumps(self.schema)
        return len((self.full_text + schema).encode("utf-8", "surrogatepass"))

    def key(self) -> str:
        """Equal for requests that ask the same of the same model, whoever asks; SHA-256, hex."""
        return self._key

    @cached_property
    def _key(self) -> str:
        asked = {name: getattr(self, name) for name in _ASKED}
        if self.passed_over is not None:
            asked["passed_over"] = True
        canonical = json.dumps(asked, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, kw_only=True)
class LLMResponse:
    """A whole answer, of the ``model`` that gave it.

    Attributes:
        finish_reason: ``"stop"``, ``"length"``, ``"safety"``, ``"recitation"``, ``"silent"`` (what
            had come when a stream went silent) or ``"other"``.
        usage: tokens by kind; ``tokens_used`` is their sum.
        cost_usd: US dollars, 0.0 where nothing is billed or nobody counted.
        degraded: "" or, in plain words, what was not as configured (another model took over …).
    """

    text: str
    tokens_used: int
    model: str
    finish_reason: str
    metadata: dict[str, Any] = field(default_factory=dict)
    usage: Usage = field(default_factory=Usage)
    cost_usd: float = 0.0
    provider: str = ""
    degraded: str = ""


@dataclass(frozen=True, slots=True)
class TextPiece:
    """Some more text of the answer; ``usage`` is what the provider has counted so far, or None."""

    text: str
    usage: Usage | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class StreamRestarted:
    """Forget all pieces so far: the answer begins anew (``reason`` in plain words)."""

    reason: str
    provider: str = ""


@dataclass(frozen=True, slots=True)
class StreamEnded:
    """The last item of every stream that did not fail; ``response.text`` is all of the text."""

    response: LLMResponse


StreamItem: TypeAlias = TextPiece | StreamRestarted | StreamEnded
Items: TypeAlias = AsyncGenerator[StreamItem, None]


class LLMProvider(ABC):
    """A language model; outside code may implement ``generate`` and ``generate_stream`` alone."""

    price: Price | None = None
    """What a provider of one's own costs; None is nothing, or what its model is known to cost."""
    provider: str = ""
    """Whose model it is, as prices and quotas know it; "" where nobody says."""

    def __init__(self, config: LLMConfig) -> None:
        if not isinstance(config, LLMConfig):
            raise ValidationError(f"a provider takes an LLMConfig, not {config!r}")
        self.config = config

    @abstractmethod
    async def generate(self, prompt: str, context: TTAContext, **overrides: Any) -> LLMResponse:
        """The whole answer to a bare prompt; overrides are fields of ``LLMRequest``."""

    @abstractmethod
    def generate_stream(
        self, prompt: str, context: TTAContext, **overrides: Any
    ) -> AsyncIterator[str]:
        """The answer in pieces; iterate with ``async for`` directly."""

    async def complete(self, request: LLMRequest) -> LLMResponse:
        """The whole answer to a request. Raises ``ProviderError``."""
        return await self.generate(request.full_text, request.context, **request.overrides())

    async def stream(self, request: LLMRequest) -> Items:
        """The answer in pieces, ``StreamEnded`` last. Raises ``ProviderError``."""
        text = ""
        pieces = self.generate_stream(request.full_text, request.context, **request.overrides())
        async for piece in pieces:
            text += piece
            yield TextPiece(piece)
        usage = estimated_usage(request.full_text, text)
        yield StreamEnded(self._answered(text, usage, self.config.model, "stop", {}))

    def items(self, request: LLMRequest, *, whole: bool = False) -> Items:
        """The answer in pieces, or its end alone; closing it early ends the call behind it."""
        return _completed(self, request) if whole else self.stream(request)

    def _answered(
        self, text: str, usage: Usage, model: str, finish: str, metadata: dict[str, Any]
    ) -> LLMResponse:
        return LLMResponse(
            text=text,
            tokens_used=usage.total_tokens,
            model=model,
            finish_reason=finish,
            metadata=metadata,
            usage=usage,
            provider=self.provider,
        )

    async def warm(self) -> None:
        """Load what the first call needs, so that it need not; sends nothing."""

    async def aclose(self) -> None:
        """Release connections; safe to call twice."""


class RequestProvider(LLMProvider):
    """A provider written against the request object; the bare-prompt methods follow from it."""

    @abstractmethod
    async def complete(self, request: LLMRequest) -> LLMResponse:
        """The whole answer to a request. Raises ``ProviderError``."""

    @abstractmethod
    def stream(self, request: LLMRequest) -> Items:
        """The answer in pieces, ``StreamEnded`` last. Raises ``ProviderError``."""

    async def generate(self, prompt: str, context: TTAContext, **overrides: Any) -> LLMResponse:
        """The whole answer to a bare prompt; overrides are fields of ``LLMRequest``."""
        return await self.complete(LLMRequest(prompt=prompt, context=context, **overrides))

    async def generate_stream(
        self, prompt: str, context: TTAContext, **overrides: Any
    ) -> AsyncGenerator[str, None]:
        """The answer in pieces, restarts passed over; StreamBroken where the model went silent."""
        request = LLMRequest(prompt=prompt, context=context, **overrides)
        async with aclosing(self.stream(request)) as items:
            async for item in items:
                if isinstance(item, TextPiece):
                    yield item.text
                elif isinstance(item, StreamEnded) and item.response.finish_reason == SILENT:
                    raise StreamBroken(item.response.degraded, text=item.response.text)


async def _completed(provider: LLMProvider, request: LLMRequest) -> Items:
    yield StreamEnded(await provider.complete(request))


class ItemsProvider(RequestProvider):
    """A provider that writes whole answers and streams alike, in ``items``."""

    @abstractmethod
    def items(self, request: LLMRequest, *, whole: bool = False) -> Items:
        """See ``LLMProvider``."""

    async def complete(self, request: LLMRequest) -> LLMResponse:
        """The whole answer to a request. Raises ``ProviderError``."""
        async with aclosing(self.items(request, whole=True)) as items:
            async for item in items:
                if isinstance(item, StreamEnded):
                    response = item.response
        return response

    def stream(self, request: LLMRequest) -> Items:
        """The answer in pieces, ``StreamEnded`` last. Raises ``ProviderError``."""
        return self.items(request)


class WrapperProvider(ItemsProvider):
    """A provider that changes one thing about another; by default it changes nothing."""

    def __init__(self, wrapped: LLMProvider) -> None:
        if not isinstance(wrapped, LLMProvider):
            raise ValidationError(f"{type(self).__name__} takes a provider, not {wrapped!r}")
        super().__init__(wrapped.config)
        self.wrapped = wrapped
        self.provider = wrapped.provider
        self.price = wrapped.price

    def items(self, request: LLMRequest, *, whole: bool = False) -> Items:
        """What the wrapped provider answers."""
        return self.wrapped.items(request, whole=whole)

    async def warm(self) -> None:
        """Load what is wrapped."""
        await self.wrapped.warm()

    async def aclose(self) -> None:
        """Close what is wrapped."""
        await self.wrapped.aclose()


def estimated_usage(prompt: str, text: str) -> Usage:
    """Token counts guessed from lengths, marked as estimated."""
    given, told = (max(1, estimated_tokens(len(part))) for part in (prompt, text))
    return Usage(input_tokens=given, output_tokens=told, estimated=True)


class MockLLMProvider(LLMProvider):
    """Answers with one settable text after a while, or raises ``ProviderBusy``; for tests."""

    provider = "mock"

    def __init__(
        self,
        config: LLMConfig | None = None,
        response: str = "Once upon a time, a story began.",
        latency_ms: float = 100,
        should_fail: bool = False,
    ) -> None:
        super().__init__(config or LLMConfig(model="mock-model"))
        self.response = response
        self.latency_ms = latency_ms
        self.should_fail = should_fail
        self.call_count = 0
        self.last_prompt = ""

    async def generate(self, prompt: str, context: TTAContext, **overrides: Any) -> LLMResponse:
        """The settable text."""
        self.last_prompt = LLMRequest(prompt=prompt, context=context, **overrides).full_text
        self.call_count += 1
        call_count = self.call_count
        await asyncio.sleep(self.latency_ms / 1000)
        if self.should_fail:
            model = self.config.model
            raise ProviderBusy("Mock LLM provider failure", provider="mock", model=model)
        counted = {"call_count": call_count, "simulated_latency_ms": self.latency_ms}
        usage = estimated_usage(prompt, self.response)
        return self._answered(self.response, usage, self.config.model, "stop", counted)

    async def generate_stream(
        self, prompt: str, context: TTAContext, **overrides: Any
    ) -> AsyncGenerator[str, None]:
        """The settable text in pieces of a few characters, at least three of them."""
        text = (await self.generate(prompt, context, **overrides)).text
        size = max(1, min(12, len(text) // 3))
        for start in range(0, len(text), size):
            yield text[start : start + size]
