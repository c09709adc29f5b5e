"""Anthropic's Claude, through Anthropic's own SDK.

The stable part of a prompt is sent as a system block that Anthropic keeps in its cache (five
minutes), where it is long enough to pay: writing costs a quarter more than reading afresh, reading
it again a tenth.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from typing import Any, ClassVar

from tta_rebuild.core.usage import Usage
from tta_rebuild.integrations.adapter import Chunk
from tta_rebuild.integrations.llm_provider import CHARS_PER_TOKEN
from tta_rebuild.integrations.parameters import Asked
from tta_rebuild.integrations.sdk_adapter import SdkAdapter

_HOME = "https://api.anthropic.com"

CACHED_FROM_CHARS = 8_000
"""Stable parts shorter than this (some 2,000 tokens) are below what Anthropic's cache keeps."""

_FINISH = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "tool_use": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "refusal": "safety",
}


class AnthropicProvider(SdkAdapter):
    """Anthropic's models. JSON is asked for by schema, or as a tool's input on older models."""

    vendor: ClassVar[str] = "anthropic"
    provider = "anthropic"
    sdk: ClassVar[str] = "anthropic"
    extra: ClassVar[str] = "anthropic"
    default_model: ClassVar[str] = "claude-haiku-4-5"
    key_variable = "ANTHROPIC_API_KEY"

    def _connect(self, sdk: Any) -> Any:
        import httpx2

        self._vendor_errors = (sdk.AnthropicError, httpx2.HTTPError, ValueError, OSError)
        # The address is said explicitly, so that no environment variable sends the key elsewhere.
        return sdk.AsyncAnthropic(
            api_key=self._key.reveal(),
            base_url=self.base_url or _HOME,
            max_retries=0,
            timeout=None,
            open_telemetry=False,
        )

    async def _disconnect(self, client: Any) -> None:
        await client.close()

    def _body(self, asked: Asked) -> dict[str, Any]:
        body: dict[str, Any] = {
            "model": asked.model,
            "max_tokens": asked.max_tokens,
            "messages": [{"role": "user", "content": asked.prompt}],
        }
        if asked.system:
            block: dict[str, Any] = {"type": "text", "text": asked.system}
            if len(asked.system) >= CACHED_FROM_CHARS:
                block["cache_control"] = {"type": "ephemeral"}
            body["system"] = [block]
        # The SDK has dropped these two with the newer models; the older ones still take one of
        # them, and a temperature of at most 1.
        if asked.temperature is not None:
            body["extra_body"] = {"temperature": min(1.0, asked.temperature)}
        elif asked.top_p is not None:
            body["extra_body"] = {"top_p": asked.top_p}
        output: dict[str, Any] = {}
        if "thinking" not in asked.refused:
            output |= asked.traits.thinking
        if asked.structured == "schema":
            from anthropic import transform_schema

            schema = transform_schema(dict(asked.request.schema or {}))
            output["format"] = {"type": "json_schema", "schema": schema}
        elif asked.structured == "tool":
            tool = {"name": "reply", "description": "Give the answer as this tool's input."}
            body["tools"] = [{**tool, "input_schema": asked.request.schema}]
            body["tool_choice"] = {"type": "tool", "name": "reply"}
        if output:
            body["output_config"] = output
        return body

    async def _whole(self, asked: Asked) -> Chunk:
        answer = await self._client.messages.create(**self._body(asked))
        if isinstance(answer, str):
            raise ValueError("the server answered with text instead of JSON")
        parts = []
        for block in answer.content or ():
            if block.type == "text":
                parts.append(block.text)
            elif block.type == "tool_use":
                parts.append(json.dumps(block.input, ensure_ascii=False))
        return _chunk(
            "".join(parts), _usage(answer.usage), answer.stop_reason or "", answer.model or ""
        )

    async def _chunks(self, asked: Asked) -> AsyncGenerator[Chunk, None]:
        stream = await self._client.messages.create(**self._body(asked), stream=True)
        counted: Usage | None = None
        chars = 0
        try:
            async for event in stream:
                if event.type == "message_start":
                    counted = _usage(event.message.usage)
                    yield Chunk(model=event.message.model)
                elif event.type == "content_block_delta":
                    delta = event.delta
                    text = getattr(delta, "text", None) or getattr(delta, "partial_json", None)
                    if text:
                        chars += len(text)
                        yield Chunk(text=text, usage=_so_far(counted, chars))
                elif event.type == "message_delta":
                    counted = _usage(event.usage, counted)
                    yield _chunk("", counted, event.delta.stop_reason or "", "")
        finally:
            await stream.close()


def _chunk(text: str, usage: Usage | None, reason: str, model: str) -> Chunk:
    return Chunk(
        text=text,
        usage=usage,
        finish=_FINISH.get(reason, "other") if reason else "",
        vendor_finish=reason,
        model=model,
        refusal=reason if reason == "refusal" else "",
    )


def _usage(counts: Any, before: Usage | None = None) -> Usage:
    """The counts of a message, or the final ones of a stream, where the input may be left out."""
    read = counts.cache_read_input_tokens
    written = counts.cache_creation_input_tokens
    if counts.input_tokens is None and before is not None:
        read, written = before.cached_tokens, before.cache_write_tokens
        total = before.input_tokens
    else:
        total = (counts.input_tokens or 0) + (read or 0) + (written or 0)
    details = getattr(counts, "output_tokens_details", None)
    thinking = getattr(details, "thinking_tokens", None) or 0
    return Usage(
        input_tokens=total,
        cached_tokens=read or 0,
        cache_write_tokens=written or 0,
        output_tokens=max(0, (counts.output_tokens or 0) - thinking),
        thinking_tokens=thinking,
    )


def _so_far(started: Usage | None, chars: int) -> Usage | None:
    """The input as counted at the start, and the output guessed from its length."""
    if started is None:
        return None
    return Usage(
        input_tokens=started.input_tokens,
        cached_tokens=started.cached_tokens,
        cache_write_tokens=started.cache_write_tokens,
        output_tokens=max(1, round(chars / CHARS_PER_TOKEN)),
        estimated=True,
    )
