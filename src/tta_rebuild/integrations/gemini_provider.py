"""Gemini, through Google's own SDK (google-genai, with its aiohttp transport).

Which transport, measured on two shared cores against a loopback server (CPU per call about equal:
2.0-2.7 ms on aiohttp, 2.1-2.5 ms on httpx2, of which most is the SDK's own conversion): aiohttp,
because an abandoned stream closes its connection at once and cleanly; under httpx2 the SDK read
on for some chunks and the event loop complained about a generator that was already running.

What the SDK would do by itself is off: continuing an answer at the token limit (up to four billed
requests for one call), calling functions, retrying (on aiohttp it repeats after a connection
error even without retry options, unseen), and being redirected by the environment.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar

from tta_rebuild.core.errors import ProviderError
from tta_rebuild.core.secret import Secret
from tta_rebuild.core.usage import Usage
from tta_rebuild.integrations.adapter import Adapter, Chunk
from tta_rebuild.integrations.gemini_errors import from_api_error
from tta_rebuild.integrations.llm_provider import LLMConfig
from tta_rebuild.integrations.parameters import Asked

_HOME = "https://generativelanguage.googleapis.com/"

_FINISH = {
    "STOP": "stop",
    "MAX_TOKENS": "length",
    "CONTINUATION": "length",
    "SAFETY": "safety",
    "BLOCKLIST": "safety",
    "PROHIBITED_CONTENT": "safety",
    "SPII": "safety",
    "ESCALATION": "safety",
    "MODEL_ARMOR": "safety",
    "RECITATION": "recitation",
}
_REFUSALS = frozenset(name for name, said in _FINISH.items() if said in ("safety", "recitation"))


class GeminiLLMProvider(Adapter):
    """Google's models. Takes what ``Adapter`` takes, and for Vertex AI:

    Args:
        vertex: ``{"project": ..., "location": ...}`` calls Vertex AI with the machine's Google
            credentials instead of a key.
        http_options: further fields of the SDK's ``HttpOptions`` (headers, a proxy …).
    """

    vendor: ClassVar[str] = "gemini"
    provider = "gemini"
    sdk: ClassVar[str] = "google.genai"
    extra: ClassVar[str] = "gemini"
    default_model: ClassVar[str] = "gemini-3.5-flash-lite"
    key_variable = "GEMINI_API_KEY"

    def __init__(
        self,
        api_key: str | Secret | None = None,
        model: str | None = None,
        *,
        config: LLMConfig | None = None,
        base_url: str | None = None,
        vertex: Mapping[str, Any] | None = None,
        http_options: Mapping[str, Any] | None = None,
        piece_timeout_s: float | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._vertex = dict(vertex) if vertex is not None else None
        self._http_options = dict(http_options or {})
        self._session: Any = None
        self._make_config: Callable[..., Any] = dict
        super().__init__(
            api_key,
            model,
            config=config,
            base_url=base_url,
            piece_timeout_s=piece_timeout_s,
            now=now,
        )

    def _find_key(self, api_key: str | Secret | None) -> str:
        return "" if self._vertex is not None else super()._find_key(api_key)

    def _connect(self, sdk: Any) -> Any:
        from google.genai import errors

        self._vendor_errors = (errors.APIError, OSError, ValueError, *_transport_errors())
        self._session = _session()
        self._make_config = _config_class()
        # One attempt, said explicitly: without it the SDK repeats by itself on aiohttp.
        options = {
            "aiohttp_client": self._session,
            **self._http_options,
            "retry_options": {"attempts": 1},
        }
        if self._vertex is not None:
            if self.base_url:
                options["base_url"] = self.base_url
            return sdk.Client(vertexai=True, http_options=options, **self._vertex)
        # Said explicitly too, so that no environment variable sends the key elsewhere.
        options |= {"base_url": self.base_url or _HOME, "api_version": "v1beta"}
        return sdk.Client(api_key=self._key.reveal(), vertexai=False, http_options=options)

    async def _disconnect(self, client: Any) -> None:
        await client.aio.aclose()
        client.close()
        if self._session is not None:
            await self._session.close()

    def _config(self, asked: Asked, **more: Any) -> Any:
        config: dict[str, Any] = {
            **more,
            "max_output_tokens": asked.max_tokens,
            "automatic_continuation": False,
            "automatic_function_calling": {"disable": True},
        }
        if asked.system:
            config["system_instruction"] = asked.system
        if asked.temperature is not None:
            config["temperature"] = asked.temperature
        if asked.top_p is not None:
            config["top_p"] = asked.top_p
        if asked.traits.thinking and "thinking" not in asked.refused:
            config["thinking_config"] = dict(asked.traits.thinking)
        if asked.structured in ("schema", "object"):
            config["response_mime_type"] = "application/json"
        if asked.structured == "schema":
            config["response_json_schema"] = asked.request.schema
        return self._make_config(**config)

    async def _whole(self, asked: Asked) -> Chunk:
        # The raw body: the SDK's own model of it costs a fifth of the whole call's CPU and
        # complains about finish reasons that it does not know.
        config = self._config(asked, should_return_http_response=True)
        answer = await self._client.aio.models.generate_content(
            model=asked.model, contents=asked.prompt, config=config
        )
        body = json.loads(answer.sdk_http_response.body)
        if not isinstance(body, dict):
            raise ValueError("the body is no JSON object")
        return _read(body)

    async def _chunks(self, asked: Asked) -> AsyncGenerator[Chunk, None]:
        stream = await self._client.aio.models.generate_content_stream(
            model=asked.model, contents=asked.prompt, config=self._config(asked)
        )
        ended = False
        try:
            async for part in stream:
                yield _read_part(part)
            ended = True
        finally:
            if not ended:
                await _close_by_cancelling(stream)

    def _translated(self, error: Exception, asked: Asked) -> ProviderError:
        from google.genai import errors

        if isinstance(error, errors.APIError):
            return from_api_error(error, model=asked.model, now=self._now(), key=self._key)
        if isinstance(error, ValueError):
            return self._no_answer(error, asked)
        return self._no_connection(error, asked)


async def _close_by_cancelling(stream: AsyncGenerator[Any, None]) -> None:
    """Close the SDK's stream that does not pass its closing on to the connection.

    google-genai leaves the connection open when its generator is closed, and the rest of the
    answer is sent and billed; only a cancellation that reaches the innermost read closes it. So
    the next read is begun and cancelled. Reading in a task all the time would do the same, and
    cost a switch of tasks per piece.
    """
    while True:
        reading = asyncio.ensure_future(anext(stream, None))
        await asyncio.sleep(0)
        if not reading.done():
            reading.cancel()
            await asyncio.wait((reading,))
        ended = reading.cancelled() or reading.exception() is not None
        if ended or reading.result() is None:
            break
    await stream.aclose()


def _config_class() -> type[Any]:
    """The SDK's configuration of a call, as quick to read as it can be.

    The SDK asks for each of some forty fields with ``in`` before it takes the attribute; on a
    pydantic model that walks all fields, never finds one, and is a quarter of the call's CPU. And
    it copies deeply what was made for this one call.
    """
    from google.genai import types

    class CallConfig(types.GenerateContentConfig):
        def __contains__(self, _name: object) -> bool:
            return False

        def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Any:
            return super().model_copy(update=update)

    return CallConfig


def _session() -> Any:
    """A session of ours: the SDK's own is a subclass, of which aiohttp disapproves aloud.

    No limit to connections (pacing is a wrapper's work), no cookies. The environment's proxies
    count where there are any; without one aiohttp need not ask a thread for them at every call.
    None without aiohttp, when the SDK uses httpx2.
    """
    from urllib.request import getproxies

    try:
        import aiohttp
    except ImportError:
        return None
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0),
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=bool(getproxies()),
    )


def _transport_errors() -> tuple[type[Exception], ...]:
    """What the transports of the SDK raise; one of them may not be installed."""
    found: list[type[Exception]] = []
    try:
        import aiohttp

        found.append(aiohttp.ClientError)
    except ImportError:
        pass
    try:
        import httpx2

        found.append(httpx2.HTTPError)
    except ImportError:
        pass
    return tuple(found)


def _finish(reason: str) -> str:
    return _FINISH.get(reason, "other") if reason else ""


def _usage(count: Callable[[str], int]) -> Usage:
    """``count`` gives the API's figure by its name, 0 where it is missing."""
    return Usage(
        input_tokens=count("promptTokenCount") + count("toolUsePromptTokenCount"),
        cached_tokens=count("cachedContentTokenCount"),
        output_tokens=count("candidatesTokenCount"),
        thinking_tokens=count("thoughtsTokenCount"),
    )


def _read(body: Mapping[str, Any]) -> Chunk:
    """The body of a whole answer."""
    candidates = body.get("candidates") or [{}]
    first = candidates[0]
    parts = (first.get("content") or {}).get("parts") or []
    reason = first.get("finishReason") or ""
    blocked = (body.get("promptFeedback") or {}).get("blockReason") or ""
    counts = body.get("usageMetadata")
    return Chunk(
        text="".join(part.get("text") or "" for part in parts if not part.get("thought")),
        usage=None if counts is None else _usage(lambda name: counts.get(name) or 0),
        finish=_finish(reason),
        vendor_finish=reason,
        model=body.get("modelVersion") or "",
        refusal=blocked or (reason if reason in _REFUSALS else ""),
    )


def _read_part(part: Any) -> Chunk:
    """One chunk of a stream, as the SDK's object."""
    first = part.candidates[0] if part.candidates else None
    text = ""
    if first is not None and first.content is not None:
        text = "".join(p.text or "" for p in first.content.parts or () if not p.thought)
    reason = first.finish_reason.value if first is not None and first.finish_reason else ""
    feedback = part.prompt_feedback
    blocked = feedback.block_reason.value if feedback and feedback.block_reason else ""
    counts = part.usage_metadata
    return Chunk(
        text=text,
        usage=None if counts is None else _usage(lambda name: getattr(counts, _SNAKE[name]) or 0),
        finish=_finish(reason),
        vendor_finish=reason,
        model=part.model_version or "",
        refusal=blocked or (reason if reason in _REFUSALS else ""),
    )


_SNAKE = {
    "promptTokenCount": "prompt_token_count",
    "toolUsePromptTokenCount": "tool_use_prompt_token_count",
    "cachedContentTokenCount": "cached_content_token_count",
    "candidatesTokenCount": "candidates_token_count",
    "thoughtsTokenCount": "thoughts_token_count",
}
