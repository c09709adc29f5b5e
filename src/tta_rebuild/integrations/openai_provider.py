"""OpenAI, and every server that speaks its chat completions: Ollama, llama.cpp, vLLM, LM Studio.

Servers differ in what they refuse (JSON schemas, usage in streams, the name of the token limit);
what one has refused is left out from then on (see ``Adapter``).
"""

from __future__ import annotations

import ipaddress
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, ClassVar
from urllib.parse import urlsplit

from tta_rebuild.core.errors import KeyMissing
from tta_rebuild.core.secret import Secret, reveal
from tta_rebuild.core.usage import Usage
from tta_rebuild.integrations.adapter import NEARBY, Adapter, Chunk, Patience
from tta_rebuild.integrations.llm_provider import CHARS_PER_TOKEN, LLMConfig
from tta_rebuild.integrations.model_traits import ModelTraits, traits_of
from tta_rebuild.integrations.parameters import Asked
from tta_rebuild.integrations.sdk_adapter import SdkAdapter

_HOME = "https://api.openai.com/v1"
_NO_KEY = "none"

_FINISH = {"stop": "stop", "length": "length", "content_filter": "safety", "eos": "stop"}


class OpenAIProvider(SdkAdapter):
    """OpenAI's models, or those of the server at ``base_url`` (its path included: ``…/v1``).

    A server on this machine or in its private network needs no key. The key in
    ``OPENAI_API_KEY`` is sent to OpenAI alone: for any other server give ``api_key``.

    Args (besides ``Adapter``'s):
        provider: the name for prices and quotas; without it ``"local"`` for a server nearby, which
            is taken to cost nothing, and ``"openai"`` for any other.
    """

    vendor: ClassVar[str] = "openai"
    sdk: ClassVar[str] = "openai"
    extra: ClassVar[str] = "openai"
    default_model: ClassVar[str] = "gpt-5.4-mini"
    optional: ClassVar[frozenset[str]] = Adapter.optional | {"stream_options", "max_tokens"}
    key_variable = "OPENAI_API_KEY"
    provider = "openai"

    def __init__(
        self,
        api_key: str | Secret | None = None,
        model: str | None = None,
        *,
        config: LLMConfig | None = None,
        base_url: str | None = None,
        provider: str | None = None,
        piece_timeout_s: float | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.compatible = base_url is not None and not _is_openai(base_url)
        self.patience = patience_with(base_url or "")
        self.provider = provider or ("local" if self.patience is NEARBY else "openai")
        super().__init__(
            api_key,
            model,
            config=config,
            base_url=base_url,
            piece_timeout_s=piece_timeout_s,
            now=now,
        )

    def _find_key(self, api_key: str | Secret | None) -> str:
        if not self.compatible or self.base_url is None:
            return super()._find_key(api_key)
        given = reveal(api_key)
        if not given and not is_near(self.base_url):
            raise KeyMissing(self.key_variable, provider=self.provider)
        return given

    def _traits(self, model: str) -> ModelTraits:
        return traits_of("compatible", model) if self.compatible else super()._traits(model)

    def _connect(self, sdk: Any) -> Any:
        import httpx2

        self._vendor_errors = (sdk.OpenAIError, httpx2.HTTPError, ValueError, OSError)
        # The address is said explicitly, so that no environment variable sends the key elsewhere.
        return sdk.AsyncOpenAI(
            api_key=self._key.reveal() or _NO_KEY,
            base_url=self.base_url or _HOME,
            max_retries=0,
            timeout=None,
        )

    async def _disconnect(self, client: Any) -> None:
        await client.close()

    def _body(self, asked: Asked) -> dict[str, Any]:
        messages = [{"role": "user", "content": asked.prompt}]
        if asked.system:
            messages.insert(0, {"role": "system", "content": asked.system})
        body: dict[str, Any] = {"model": asked.model, "messages": messages}
        old_name = self.compatible and "max_tokens" not in asked.refused
        body["max_tokens" if old_name else "max_completion_tokens"] = asked.max_tokens
        if asked.temperature is not None:
            body["temperature"] = asked.temperature
        if asked.top_p is not None:
            body["top_p"] = asked.top_p
        if "thinking" not in asked.refused:
            body |= asked.traits.thinking
        if asked.structured == "object":
            body["response_format"] = {"type": "json_object"}
        elif asked.structured == "schema":
            schema = asked.request.schema
            body["response_format"] = {
                "type": "json_schema",
                "json_schema": {"name": "reply", "schema": schema, "strict": _is_strict(schema)},
            }
        return body

    async def _whole(self, asked: Asked) -> Chunk:
        answer = await self._client.chat.completions.create(**self._body(asked))
        if isinstance(answer, str):
            raise ValueError("the server answered with text instead of JSON")
        return _read(answer, "message")

    async def _chunks(self, asked: Asked) -> AsyncGenerator[Chunk, None]:
        body = self._body(asked)
        if "stream_options" not in asked.refused:
            body["stream_options"] = {"include_usage": True}
        stream = await self._client.chat.completions.create(**body, stream=True)
        asked_chars = len(asked.system) + len(asked.prompt)
        told_chars = 0
        try:
            async for part in stream:
                chunk = _read(part, "delta")
                if chunk.text and chunk.usage is None:
                    # Counts come at the end alone; a stream that is left is charged by length.
                    told_chars += len(chunk.text)
                    chunk = replace(chunk, usage=_guessed(asked_chars, told_chars))
                yield chunk
        finally:
            await stream.close()


def is_near(base_url: str) -> bool:
    """True for an address on this machine or in its private network."""
    host = urlsplit(base_url).hostname or ""
    if host == "localhost" or host.endswith((".localhost", ".local")):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or address.is_private


def patience_with(base_url: str) -> Patience:
    """How long a server at this address is waited for; "" is a vendor's own."""
    return NEARBY if base_url and is_near(base_url) else Patience()


def _is_openai(base_url: str) -> bool:
    host = urlsplit(base_url).hostname or ""
    return host == "openai.com" or host.endswith(".openai.com")


def _is_strict(schema: Any) -> bool:
    """True where every object of the schema is closed and requires all it names.

    Only such schemas may be asked for strictly.
    """
    if isinstance(schema, list):
        return all(_is_strict(part) for part in schema)
    if not isinstance(schema, Mapping):
        return True
    if schema.get("type") == "object" or "properties" in schema:
        names = set(schema.get("properties", {}))
        if schema.get("additionalProperties") is not False:
            return False
        if names != set(schema.get("required", ())):
            return False
    return all(_is_strict(part) for part in schema.values())


def _read(part: Any, where: str) -> Chunk:
    """A whole answer (``where`` is "message") or one chunk of a stream ("delta")."""
    choices = getattr(part, "choices", None) or ()
    counts = getattr(part, "usage", None)
    usage = _usage(counts) if counts is not None else None
    model = getattr(part, "model", None) or ""
    if not choices:
        return Chunk(usage=usage, model=model)
    said = getattr(choices[0], where, None)
    reason = choices[0].finish_reason or ""
    text = getattr(said, "content", None) or ""
    refused = getattr(said, "refusal", None) or reason == "content_filter"
    return Chunk(
        text=text,
        usage=usage,
        finish=(_FINISH.get(reason, "other") if reason else ""),
        vendor_finish=reason,
        model=model,
        refusal=(reason if reason == "content_filter" else "refusal") if refused else "",
    )


def _guessed(asked_chars: int, told_chars: int) -> Usage:
    return Usage(
        input_tokens=max(1, round(asked_chars / CHARS_PER_TOKEN)),
        output_tokens=max(1, round(told_chars / CHARS_PER_TOKEN)),
        estimated=True,
    )


def _usage(counts: Any) -> Usage:
    prompt = getattr(counts, "prompt_tokens_details", None)
    completion = getattr(counts, "completion_tokens_details", None)
    thinking = getattr(completion, "reasoning_tokens", None) or 0
    return Usage(
        input_tokens=counts.prompt_tokens or 0,
        cached_tokens=getattr(prompt, "cached_tokens", None) or 0,
        output_tokens=max(0, (counts.completion_tokens or 0) - thinking),
        thinking_tokens=thinking,
    )
