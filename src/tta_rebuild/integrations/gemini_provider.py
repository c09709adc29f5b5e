"""Gemini, through Google's own SDK (google-genai, with its aiohttp transport).

What it would do by itself is off: continuing an answer at the token limit (up to four billed
requests), calling functions, retrying, and being redirected by the environment.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncGenerator, Iterator, Mapping
from datetime import datetime
from typing import Any, ClassVar
from urllib.request import getproxies

from tta_rebuild.core.errors import ProviderError
from tta_rebuild.core.usage import Usage
from tta_rebuild.integrations.adapter import Adapter, Chunk
from tta_rebuild.integrations.api_errors import ErrorAnswer, duration_s, inner_of, retry_after_s
from tta_rebuild.integrations.parameters import Asked
from tta_rebuild.integrations.rate_limiter import end_of_day


class GeminiLLMProvider(Adapter):
    """Google's models, at Google's Gemini API."""

    vendor: ClassVar[str] = "gemini"
    provider = "gemini"
    sdk: ClassVar[str] = "google.genai"
    default_model: ClassVar[str] = "gemini-3.5-flash-lite"
    home: ClassVar[str] = "https://generativelanguage.googleapis.com/"
    key_variable = "GEMINI_API_KEY"
    _session: Any = None

    def _connect(self, sdk: Any) -> Any:
        import aiohttp
        import httpx2
        from google.genai import errors

        self._vendor_errors = (
            errors.APIError, OSError, ValueError, aiohttp.ClientError, httpx2.HTTPError
        )  # fmt: skip
        # A session of ours: aiohttp disapproves of the SDK's subclass. Pacing is a wrapper's work.
        # Where there are no proxies aiohttp need not ask a thread for them every time.
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0),
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=bool(getproxies()),
        )
        options = {
            "aiohttp_client": self._session,
            # One attempt, said explicitly: without it the SDK repeats by itself on aiohttp.
            "retry_options": {"attempts": 1},
            "base_url": self.base_url or self.home,
            "api_version": "v1beta",
        }
        return sdk.Client(api_key=self._key.reveal(), vertexai=False, http_options=options)

    async def _disconnect(self, client: Any) -> None:
        await client.aio.aclose()
        client.close()
        await self._session.close()

    def _put(self, asked: Asked, **more: Any) -> dict[str, Any]:
        """What the SDK is called with."""
        is_json = asked.structured in ("schema", "object")
        config = dict(
            **more,
            max_output_tokens=asked.max_tokens,
            automatic_continuation=False,
            automatic_function_calling={"disable": True},
            system_instruction=asked.request.system or None,
            temperature=asked.temperature,
            top_p=asked.top_p,
            thinking_config=dict(asked.thinking) or None,
            response_mime_type="application/json" if is_json else None,
            response_json_schema=asked.request.schema if asked.structured == "schema" else None,
        )
        return {"model": asked.model, "contents": asked.prompt, "config": config}

    async def _chunks(self, asked: Asked) -> AsyncGenerator[Chunk, None]:
        models = self._client.aio.models
        if asked.is_whole:
            # The raw body: the SDK's own model of it costs a fifth of the whole call's CPU and
            # complains about finish reasons that it does not know.
            put = self._put(asked, should_return_http_response=True)
            answer = await models.generate_content(**put)
            body = json.loads(answer.sdk_http_response.body, object_hook=_Body)
            if not isinstance(body, _Body):
                raise ValueError("the body is no JSON object")
            yield _read(body)
            return
        stream = await models.generate_content_stream(**self._put(asked))
        ended = False
        try:
            async for part in stream:
                yield _read(part)
            ended = True
        finally:
            if not ended:
                await _close_by_cancelling(stream)

    def _translated(self, error: Exception, asked: Asked) -> ProviderError:
        from google.genai import errors

        if isinstance(error, errors.APIError):
            return self._refused(_answer(error, self._now()), asked)
        if isinstance(error, ValueError):
            return self._no_answer(error, asked)
        return self._no_connection(error, asked)


async def _close_by_cancelling(stream: AsyncGenerator[Any, None]) -> None:
    """Close the SDK's stream, which does not pass its closing on to the connection.

    Only a cancellation that reaches the innermost read does, so the next read is begun and
    cancelled; else the rest of the answer would be sent and billed.
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


class _Body(dict[str, Any]):
    """A JSON object, read as the SDK's own models are: by their names, None where missing."""

    def __getattr__(self, name: str) -> Any:
        first, *others = name.split("_")
        return self.get(first + "".join(map(str.title, others)))


def _read(part: Any) -> Chunk:
    """A whole answer, or one chunk of a stream."""
    first = part.candidates[0] if part.candidates else _Body()
    parts = first.content.parts if first.content else None
    counts = part.usage_metadata
    return Chunk(
        text="".join(p.text or "" for p in parts or () if not p.thought),
        usage=None if counts is None else _usage(counts),
        finish=_word(first.finish_reason),
        model=part.model_version or "",
        refusal=_word(part.prompt_feedback.block_reason) if part.prompt_feedback else "",
    )


def _word(reason: Any) -> str:
    """A reason by its name; the SDK's models have an enumeration."""
    return getattr(reason, "value", reason) or ""


def _usage(counts: Any) -> Usage:
    return Usage(
        input_tokens=(counts.prompt_token_count or 0) + (counts.tool_use_prompt_token_count or 0),
        cached_tokens=counts.cached_content_token_count or 0,
        output_tokens=counts.candidates_token_count or 0,
        thinking_tokens=counts.thoughts_token_count or 0,
    )


def _answer(error: Any, now: datetime) -> ErrorAnswer:
    """What the server answered; a 429 of the day also names a delay, which is wrong."""
    inner = inner_of(error.details)
    details = [d for d in inner.get("details") or () if isinstance(d, Mapping)]

    def of_type(name: str) -> Iterator[Mapping[str, Any]]:
        return (d for d in details if str(d.get("@type", "")).endswith(f".{name}"))

    said = str(inner.get("message") or error.message or "no reason given")
    code = int(error.code or 0)
    is_over = re.search(r"\blimit: 0\b", said) is not None
    limit_rpm: int | None = None
    for violation in (v for q in of_type("QuotaFailure") for v in q.get("violations") or ()):
        quota, value = str(violation.get("quotaId", "")), str(violation.get("quotaValue", ""))
        is_over = is_over or "PerDay" in quota or value == "0"
        if "Requests" in quota and "PerMinute" in quota and value.isdigit():
            limit_rpm = int(value)
    told = [duration_s(str(info.get("retryDelay", ""))) for info in of_type("RetryInfo")]
    wait_s = next((s for s in told if s is not None), None)
    if wait_s is None:
        wait_s = retry_after_s(getattr(error.response, "headers", None) or {}, now)
    reasons = (str(info.get("reason", "")) for info in of_type("ErrorInfo"))
    return ErrorAnswer(
        status=code,
        kind=" ".join((str(inner.get("status") or ""), *reasons)),
        said=said,
        retry_after_s=wait_s,
        resets_at=end_of_day(now) if is_over and code == 429 else None,
        limit_rpm=limit_rpm,
    )
