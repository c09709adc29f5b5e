"""Anthropic's Claude, through Anthropic's own SDK, which keeps long stable parts of prompts."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping
from dataclasses import replace
from typing import Any, ClassVar

from tta_rebuild.core.usage import Usage, estimated_tokens
from tta_rebuild.integrations.adapter import Chunk
from tta_rebuild.integrations.openai_provider import SdkAdapter
from tta_rebuild.integrations.parameters import Asked

CACHED_FROM_CHARS = 8_000
"""Stable parts shorter than this (some 2,000 tokens) are below what Anthropic's cache keeps."""


class AnthropicProvider(SdkAdapter):
    """Anthropic's models. JSON is asked for by schema, or as a tool's input on older models."""

    vendor: ClassVar[str] = "anthropic"
    provider = "anthropic"
    sdk: ClassVar[str] = "anthropic"
    sdk_name: ClassVar[str] = "Anthropic"
    client_options: ClassVar[Mapping[str, Any]] = {"open_telemetry": False}
    default_model: ClassVar[str] = "claude-haiku-4-5"
    home: ClassVar[str] = "https://api.anthropic.com"
    key_variable = "ANTHROPIC_API_KEY"

    def _body(self, asked: Asked) -> dict[str, Any]:
        body: dict[str, Any] = {
            "model": asked.model,
            "max_tokens": asked.max_tokens,
            "messages": [{"role": "user", "content": asked.prompt}],
        }
        if asked.request.system:
            block: dict[str, Any] = {"type": "text", "text": asked.request.system}
            if len(asked.request.system) >= CACHED_FROM_CHARS:
                block["cache_control"] = {"type": "ephemeral"}
            body["system"] = [block]
        # The SDK has dropped it and top_p; older models still take one of them, this of at most 1.
        if asked.temperature is not None:
            body["extra_body"] = {"temperature": min(1.0, asked.temperature)}
        output = dict(asked.thinking)
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

    async def _chunks(self, asked: Asked) -> AsyncGenerator[Chunk, None]:
        create = self._client.messages.create
        if asked.is_whole:
            yield _read(await create(**self._body(asked)))
            return
        counted = Usage()
        chars = 0
        async with await create(**self._body(asked), stream=True) as stream:
            async for event in stream:
                if event.type == "message_start":
                    counted = _usage(event.message.usage)
                    yield Chunk(model=event.message.model)
                elif event.type == "content_block_delta":
                    delta = event.delta
                    text = getattr(delta, "text", None) or getattr(delta, "partial_json", None)
                    if text:
                        # The output is counted at the end alone: until then by its length.
                        chars += len(text)
                        told = estimated_tokens(chars)
                        so_far = replace(counted, output_tokens=told, estimated=True)
                        yield Chunk(text=text, usage=so_far)
                elif event.type == "message_delta":
                    usage = _usage(event.usage, counted)
                    yield Chunk(usage=usage, finish=event.delta.stop_reason or "")


def _read(answer: Any) -> Chunk:
    """A whole answer. Raises ValueError where it is none."""
    if isinstance(answer, str):
        raise ValueError("the server answered with text instead of JSON")
    text = ""
    for block in answer.content or ():
        if block.type == "text":
            text += block.text
        elif block.type == "tool_use":
            text += json.dumps(block.input, ensure_ascii=False)
    finish, model = answer.stop_reason or "", answer.model or ""
    return Chunk(text=text, usage=_usage(answer.usage), finish=finish, model=model)


def _usage(counts: Any, before: Usage | None = None) -> Usage:
    """The counts of a message, or the final ones of a stream, where the input may be left out."""
    if counts.input_tokens is None and before is not None:
        prompt = before
    else:
        read = counts.cache_read_input_tokens or 0
        written = counts.cache_creation_input_tokens or 0
        prompt = Usage(
            input_tokens=(counts.input_tokens or 0) + read + written,
            cached_tokens=read,
            cache_write_tokens=written,
        )
    details = getattr(counts, "output_tokens_details", None)
    thinking = getattr(details, "thinking_tokens", None) or 0
    told = max(0, (counts.output_tokens or 0) - thinking)
    return replace(prompt, output_tokens=told, thinking_tokens=thinking, estimated=False)
