"""OpenAI, and every server that speaks its chat completions: Ollama, llama.cpp, vLLM, LM Studio."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import AsyncGenerator, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from importlib import import_module
from typing import Any, ClassVar
from urllib.parse import urlsplit

from tta_rebuild.core import errors
from tta_rebuild.core.secret import Secret, reveal
from tta_rebuild.core.usage import Usage
from tta_rebuild.integrations.adapter import NEARBY, Adapter, Chunk, Patience
from tta_rebuild.integrations.api_errors import (
    ErrorAnswer,
    api_words,
    duration_s,
    inner_of,
    retry_after_s,
)
from tta_rebuild.integrations.parameters import Asked


class SdkAdapter(Adapter):
    """What OpenAI and Anthropic share: their SDKs come from one generator, so have one shape."""

    sdk_name: ClassVar[str]
    client_options: ClassVar[Mapping[str, Any]] = {}

    def _connect(self, sdk: Any) -> Any:
        import httpx2

        sdks_own = getattr(sdk, f"{self.sdk_name}Error")
        self._vendor_errors = (sdks_own, httpx2.HTTPError, ValueError, OSError)
        return getattr(sdk, f"Async{self.sdk_name}")(
            api_key=self._key.reveal() or "none",
            base_url=self.base_url or self.home,
            max_retries=0,
            timeout=None,
            **self.client_options,
        )

    async def _disconnect(self, client: Any) -> None:
        await client.close()

    def _translated(self, error: Exception, asked: Asked) -> errors.ProviderError:
        sdk = import_module(self.sdk)
        if isinstance(error, sdk.APIConnectionError):
            return self._no_connection(error, asked)
        if isinstance(error, (sdk.APIResponseValidationError, ValueError)):
            return self._no_answer(error, asked)
        if isinstance(error, sdk.APIError):
            return self._refused(_answer(error, self._now()), asked)
        return self._no_connection(error, asked)


class OpenAIProvider(SdkAdapter):
    """OpenAI's models, or those of the server at ``base_url`` (its path included: ``…/v1``).

    A server on this machine or in its private network needs no key. The key in ``OPENAI_API_KEY``
    is sent to OpenAI alone: for any other server give ``api_key``. ``provider`` is the name for
    prices and quotas: unless said ``"local"`` for a server nearby, which is free, or ``"openai"``.
    """

    vendor: ClassVar[str] = "openai"
    provider = "openai"
    sdk: ClassVar[str] = "openai"
    sdk_name: ClassVar[str] = "OpenAI"
    default_model: ClassVar[str] = "gpt-5.4-mini"
    home: ClassVar[str] = "https://api.openai.com/v1"
    optional: ClassVar[frozenset[str]] = Adapter.optional | {"stream_options", "max_tokens"}
    key_variable = "OPENAI_API_KEY"

    def __init__(
        self,
        api_key: str | Secret | None = None,
        model: str | None = None,
        *,
        base_url: str | None = None,
        provider: str | None = None,
        key_variable: str | None = None,
        **options: Any,
    ) -> None:
        if key_variable is not None:
            self.key_variable = key_variable
        host = urlsplit(base_url or self.home).hostname or ""
        self.compatible = host != "openai.com" and not host.endswith(".openai.com")
        self.patience = patience_with(base_url or "")
        self.provider = provider or ("local" if self.patience is NEARBY else "openai")
        super().__init__(api_key, model, base_url=base_url, **options)

    def _find_key(self, api_key: str | Secret | None) -> str:
        if not self.compatible or self.base_url is None:
            return super()._find_key(api_key)
        given = reveal(api_key)
        if not given and not is_near(self.base_url):
            raise errors.KeyMissing(self.key_variable, provider=self.provider)
        return given

    def _body(self, asked: Asked) -> dict[str, Any]:
        messages = [{"role": "user", "content": asked.prompt}]
        if asked.request.system:
            messages.insert(0, {"role": "system", "content": asked.request.system})
        old_name = self.compatible and "max_tokens" not in asked.refused
        limit = "max_tokens" if old_name else "max_completion_tokens"
        body = {"model": asked.model, "messages": messages, limit: asked.max_tokens}
        if asked.temperature is not None:
            body["temperature"] = asked.temperature
        if asked.top_p is not None:
            body["top_p"] = asked.top_p
        body |= asked.thinking
        if asked.structured == "object":
            body["response_format"] = {"type": "json_object"}
        elif asked.structured == "schema":
            named = {"name": "reply", "schema": asked.request.schema}
            body["response_format"] = {"type": "json_schema", "json_schema": named}
        return body

    async def _chunks(self, asked: Asked) -> AsyncGenerator[Chunk, None]:
        # As plain values: the SDK's own classes for them take three times the CPU of a stream.
        post = partial(self._client.post, "/chat/completions", cast_to=object)
        body = self._body(asked)
        if asked.is_whole:
            answer = await post(body=body)
            if isinstance(answer, str):
                raise ValueError("the server answered with text instead of JSON")
            yield _read(answer, "message")
            return
        if "stream_options" not in asked.refused:
            body["stream_options"] = {"include_usage": True}
        stream_kind = import_module(self.sdk).AsyncStream[object]
        asking = post(body=body | {"stream": True}, stream=True, stream_cls=stream_kind)
        async with await asking as stream:
            async for part in stream:
                yield _read(part, "delta")


def is_near(base_url: str) -> bool:
    """True for an address on this machine or in its private network."""
    host = urlsplit(base_url).hostname or ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith((".localhost", ".local"))
    return address.is_loopback or address.is_private


def patience_with(base_url: str) -> Patience:
    """How long a server at this address is waited for; "" is a vendor's own."""
    return NEARBY if base_url and is_near(base_url) else Patience()


def _read(part: object, where: str) -> Chunk:
    """A whole answer (``where`` is "message") or one chunk of a stream ("delta")."""
    choices, counts = _of(part, "choices"), _of(part, "usage")
    first = choices[0] if isinstance(choices, list) and choices else None
    said = _of(first, where)
    return Chunk(
        text=_of(said, "content") or "",
        usage=_usage(counts) if counts is not None else None,
        finish=_of(first, "finish_reason") or "",
        model=_of(part, "model") or "",
        refusal="refusal" if _of(said, "refusal") else "",
    )


def _usage(counts: object) -> Usage:
    thinking = _of(_of(counts, "completion_tokens_details"), "reasoning_tokens") or 0
    return Usage(
        input_tokens=_of(counts, "prompt_tokens") or 0,
        cached_tokens=_of(_of(counts, "prompt_tokens_details"), "cached_tokens") or 0,
        output_tokens=max(0, (_of(counts, "completion_tokens") or 0) - thinking),
        thinking_tokens=thinking,
    )


def _of(value: object, name: str) -> Any:
    """A member of a JSON object; None where there is none, or no object."""
    return value.get(name) if isinstance(value, Mapping) else None


def _answer(error: Any, now: datetime) -> ErrorAnswer:
    """What the server answered, out of an SDK's ``APIError``."""
    status = int(getattr(error, "status_code", 0) or 0)
    headers: Mapping[str, str] = getattr(getattr(error, "response", None), "headers", None) or {}
    inner = inner_of(error.body)
    kind = f"{inner.get('type') or ''} {inner.get('code') or ''}"
    said = str(inner.get("message") or f"HTTP {status}")
    found = {n: re.search(sign, said, re.IGNORECASE) for n, sign in api_words()["said"].items()}
    hint, window = found["try_again_in"], found["window"]
    wait_s = retry_after_s(headers, now)
    if wait_s is None and hint:
        wait_s = duration_s(hint.group(1))
    resets_at = None
    if again := found["access_again"]:
        resets_at = datetime.strptime(" ".join(again.groups()), "%Y-%m-%d %H:%M")
        resets_at = resets_at.replace(tzinfo=UTC)
    elif status == 429 and found["per_day"]:
        if wait_s is None:
            wait_s = duration_s(headers.get("x-ratelimit-reset-requests", ""))
        reset = timedelta(days=1) if wait_s is None else timedelta(seconds=wait_s)
        resets_at = now + reset
    ours = headers.get("anthropic-ratelimit-requests-limit", "")
    limit = ours or headers.get("x-ratelimit-limit-requests", "")
    # What OpenAI's header limits is said in the message alone.
    is_per_minute = bool(ours) or limit == "0" or found["per_minute"] is not None
    tokens = str(inner.get("n_ctx") or (window[1] if window else ""))
    return ErrorAnswer(
        status=status,
        kind=kind,
        said=said,
        retry_after_s=wait_s,
        resets_at=None if limit == "0" else resets_at,
        limit_rpm=int(limit) if limit.isdigit() and is_per_minute else None,
        window_tokens=int(tokens) if tokens.isdigit() else None,
    )
