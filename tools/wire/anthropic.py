"""Anthropic's messages, whole and as typed server-sent events."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tools.wire.faults import Fault
from tools.wire.protocol import Ask, Protocol, Refusal

_FINISH = {
    "stop": "end_turn",
    "max_tokens": "max_tokens",
    "safety": "refusal",
    "recitation": "refusal",
    "other": "stop_sequence",
    "unknown_finish": "eclipse",
    "malformed_response": "pause_turn",
    "empty": "end_turn",
    "blocked": "refusal",
}


def _error(
    status: int, kind: str, message: str, headers: Mapping[str, str] | None = None
) -> Refusal:
    body = {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_1"}
    return Refusal(status, body, headers or {})


def _texts(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "".join(block.get("text", "") for block in content)


class Anthropic(Protocol):
    name = "anthropic"

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.tool = self.record.asked == "tool"

    @staticmethod
    def read(body: Mapping[str, Any], path: Mapping[str, str]) -> Ask:
        form = (body.get("output_config") or {}).get("format") or body.get("output_format")
        schema = form["schema"] if form else None
        asked = "json_schema" if form else ""
        if schema is None and body.get("tools"):
            schema, asked = body["tools"][0]["input_schema"], "tool"
        texts = [_texts(body.get("system", ""))] + [_texts(m["content"]) for m in body["messages"]]
        names = ("temperature", "top_p", "top_k", "tools", "thinking")
        return Ask(
            model=body["model"],
            prompt="\n\n".join(t for t in texts if t),
            stream=bool(body.get("stream")),
            schema=schema,
            asked=asked,
            max_tokens=body["max_tokens"],
            used=frozenset({n for n in names if n in body} | ({asked} if asked else set())),
        )

    def refusal(self, fault: Fault) -> Refusal:
        headers = {}
        if fault.retry_after_s is not None:
            headers["retry-after"] = f"{fault.retry_after_s:g}"
        match fault.kind:
            case "rate_limit" | "quota_zero":
                limit = 0 if fault.kind == "quota_zero" else fault.limit_rpm
                headers["anthropic-ratelimit-requests-limit"] = str(limit)
                text = f"This request would exceed the rate limit of {limit} requests per minute."
                return _error(429, "rate_limit_error", text, headers)
            case "daily_quota":
                text = (
                    "You have reached your specified API usage limits. "
                    "You will regain access on 2099-01-01 at 00:00 UTC."
                )
                return _error(400, "invalid_request_error", text)
            case "rate_limit_bare":
                return _error(429, "rate_limit_error", "Too many requests.")
            case "no_credit":
                text = "Your credit balance is too low to access the Anthropic API."
                return _error(400, "invalid_request_error", text)
            case "internal":
                return _error(500, "api_error", "Internal server error")
            case "unavailable":
                return _error(529, "overloaded_error", "Overloaded", headers)
            case "deadline":
                return _error(504, "timeout_error", "Request timed out")
            case "bad_key":
                return _error(401, "authentication_error", "invalid x-api-key")
            case "forbidden":
                text = "Your API key does not have permission to use the specified resource"
                return _error(403, "permission_error", text)
            case "not_found":
                return _error(404, "not_found_error", f"model: {self.record.model}")
            case "region":
                return _error(403, "forbidden", "Request not allowed")
            case "too_large":
                text = "prompt is too long: 212345 tokens > 200000 maximum"
                return _error(400, "invalid_request_error", text)
            case _:
                text = f"{self.field}: Extra inputs are not permitted"
                return _error(400, "invalid_request_error", text)

    def _usage(self) -> dict[str, Any]:
        record = self.record
        return {
            "input_tokens": record.input_tokens - record.cached_tokens,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": record.cached_tokens,
            "output_tokens": record.output_tokens + record.thinking_tokens,
        }

    def _message(self, content: list[Any], stop: str | None) -> dict[str, Any]:
        return {
            "id": f"msg_{self.record.number}",
            "type": "message",
            "role": "assistant",
            "model": self.model,
            "content": content,
            "stop_reason": stop,
            "stop_sequence": None,
            "usage": self._usage(),
        }

    def whole(self, text: str, finish: str) -> Mapping[str, Any]:
        block: dict[str, Any] = {"type": "text", "text": text}
        stop = _FINISH[finish]
        if self.tool and finish != "blocked":
            try:
                value = json.loads(text)
            except ValueError:
                value = {}
            block = {"type": "tool_use", "id": "toolu_1", "name": "reply", "input": value}
            stop = "tool_use" if finish == "stop" else stop
        none = finish in ("empty", "blocked") or not text
        return self._message([] if none else [block], stop)

    def opening(self) -> str:
        block: dict[str, Any] = {"type": "text", "text": ""}
        if self.tool:
            block = {"type": "tool_use", "id": "toolu_1", "name": "reply", "input": {}}
        start = {"type": "message_start", "message": self._message([], None)}
        begin = {"type": "content_block_start", "index": 0, "content_block": block}
        return (
            self.event(start, "message_start")
            + self.event(begin, "content_block_start")
            + self.event({"type": "ping"}, "ping")
        )

    def piece(self, text: str) -> str:
        delta: dict[str, Any] = {"type": "text_delta", "text": text}
        if self.tool:
            delta = {"type": "input_json_delta", "partial_json": text}
        value = {"type": "content_block_delta", "index": 0, "delta": delta}
        return self.event(value, "content_block_delta")

    def ending(self, finish: str) -> str:
        stop = "tool_use" if self.tool and finish == "stop" else _FINISH[finish]
        delta = {
            "type": "message_delta",
            "delta": {"stop_reason": stop, "stop_sequence": None},
            "usage": self._usage(),
        }
        return (
            self.event({"type": "content_block_stop", "index": 0}, "content_block_stop")
            + self.event(delta, "message_delta")
            + self.event({"type": "message_stop"}, "message_stop")
        )

    def broken(self) -> str:
        return self.event(self.refusal(Fault("unavailable")).body, "error")
