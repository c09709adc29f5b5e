"""OpenAI's chat completions, as Ollama, llama.cpp, vLLM and LM Studio speak it too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tools.wire.faults import Fault
from tools.wire.protocol import Ask, Protocol, Refusal

_FINISH = {
    "stop": "stop",
    "max_tokens": "length",
    "safety": "content_filter",
    "recitation": "content_filter",
    "other": "stop",
    "unknown_finish": "eclipse",
    "malformed_response": "function_call",
    "empty": "stop",
    "blocked": "content_filter",
}


def _error(
    status: int,
    kind: str,
    message: str,
    code: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Refusal:
    error = {"message": message, "type": kind, "param": None, "code": code}
    return Refusal(status, {"error": error}, headers or {})


class OpenAI(Protocol):
    name = "openai"
    window = 4096

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.usage_wanted = bool(
            (self.record.body.get("stream_options") or {}).get("include_usage")
        )

    @staticmethod
    def read(body: Mapping[str, Any], path: Mapping[str, str]) -> Ask:
        form = body.get("response_format") or {}
        asked = form.get("type", "")
        schema = form["json_schema"]["schema"] if asked == "json_schema" else None
        names = ("temperature", "stream_options", "max_completion_tokens", "max_tokens", "top_p")
        texts = []
        for message in body["messages"]:
            content = message["content"]
            if isinstance(content, list):
                content = "".join(part.get("text", "") for part in content)
            texts.append(content)
        return Ask(
            model=body["model"],
            prompt="\n\n".join(texts),
            stream=bool(body.get("stream")),
            schema=schema,
            asked="" if asked == "text" else asked,
            max_tokens=body.get("max_completion_tokens") or body.get("max_tokens"),
            used=frozenset({n for n in names if n in body} | ({asked} if asked else set())),
        )

    def refusal(self, fault: Fault) -> Refusal:
        model = self.record.model
        headers = {}
        if fault.retry_after_s is not None:
            headers["retry-after"] = f"{fault.retry_after_s:g}"
        match fault.kind:
            case "rate_limit" | "quota_zero":
                limit = 0 if fault.kind == "quota_zero" else fault.limit_rpm
                headers["x-ratelimit-limit-requests"] = str(limit)
                text = (
                    f"Rate limit reached for {model} in organization org-x on requests per min "
                    f"(RPM): Limit {limit}, Used {limit}, Requested 1."
                )
                code = "rate_limit_exceeded"
                return _error(429, "requests", text, code, headers)
            case "daily_quota":
                text = (
                    f"Rate limit reached for {model} in organization org-x on requests per day "
                    "(RPD): Limit 200, Used 200, Requested 1. Please try again in 7m12s."
                )
                headers["x-ratelimit-reset-requests"] = "7m12s"
                return _error(429, "requests", text, "rate_limit_exceeded", headers)
            case "rate_limit_bare":
                return _error(429, "rate_limit", "Too many requests", headers=headers)
            case "no_credit":
                text = "You exceeded your current quota, please check your plan and billing."
                return _error(429, "insufficient_quota", text, "insufficient_quota")
            case "internal":
                return _error(500, "server_error", "The server had an error.")
            case "unavailable":
                text = "The engine is currently overloaded, please try again later."
                return _error(503, "server_error", text, headers=headers)
            case "deadline":
                return _error(504, "server_error", "Gateway timeout.")
            case "bad_key":
                text = "Incorrect API key provided: " + self.record.headers.get("key_shown", "?")
                return _error(401, "invalid_request_error", text, "invalid_api_key")
            case "forbidden":
                text = f"Project does not have access to model {model}"
                return _error(403, "invalid_request_error", text, "model_not_found")
            case "not_found":
                text = f"The model `{model}` does not exist or you do not have access to it."
                return _error(404, "invalid_request_error", text, "model_not_found")
            case "region":
                text = "Country, region, or territory not supported"
                return _error(
                    403, "request_forbidden", text, "unsupported_country_region_territory"
                )
            case "too_large":
                text = "This model's maximum context length is 8192 tokens."
                return _error(400, "invalid_request_error", text, "context_length_exceeded")
            case "proxy_no_model":
                text = (
                    f"{{'error': '/chat/completions: Invalid model name passed in model={model}. "
                    "Call `/v1/models` to view available models for your key.'}"
                )
                return _error(400, "None", text, "400")
            case "proxy_too_large":
                text = (
                    "litellm.ContextWindowExceededError: litellm.BadRequestError: "
                    "ContextWindowExceededError: OpenAIException - This model's maximum context "
                    f"length is {self.window} tokens. However, your messages resulted in 9000 "
                    f"tokens. Received Model Group={model}\nAvailable Model Group Fallbacks=None"
                )
                return _error(400, "None", text, "400")
            case "llamacpp_too_large":
                error = {
                    "code": 400,
                    "message": "the request exceeds the available context size, try increasing it",
                    "type": "exceed_context_size_error",
                    "n_prompt_tokens": 9000,
                    "n_ctx": self.window,
                }
                return Refusal(400, {"error": error}, headers)
            case _:
                text = f"Unsupported value or parameter ({self.field})"
                return _error(400, "invalid_request_error", text, "unsupported_parameter")

    def _usage(self) -> dict[str, Any]:
        record = self.record
        output = record.output_tokens + record.thinking_tokens
        return {
            "prompt_tokens": record.input_tokens,
            "completion_tokens": output,
            "total_tokens": record.input_tokens + output,
            "prompt_tokens_details": {"cached_tokens": record.cached_tokens},
            "completion_tokens_details": {"reasoning_tokens": record.thinking_tokens},
        }

    def _head(self, kind: str) -> dict[str, Any]:
        return {
            "id": f"chatcmpl-{self.record.number}",
            "object": kind,
            "created": 1_750_000_000,
            "model": self.model,
        }

    def whole(self, text: str, finish: str) -> Mapping[str, Any]:
        reply = self._head("chat.completion")
        message = {"role": "assistant", "content": text, "refusal": None}
        if finish == "blocked":
            message |= {"content": None, "refusal": "I can't help with that."}
        reply["choices"] = [
            {"index": 0, "message": message, "logprobs": None, "finish_reason": _FINISH[finish]}
        ]
        if finish == "empty":
            reply["choices"] = []
        if self.send_usage:
            reply["usage"] = self._usage()
        return reply

    def _chunk(self, delta: Mapping[str, Any], finish: str | None = None) -> str:
        value = self._head("chat.completion.chunk")
        value["choices"] = [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}]
        return self.event(value)

    def opening(self) -> str:
        return self._chunk({"role": "assistant", "content": ""})

    def piece(self, text: str) -> str:
        return self._chunk({"content": text})

    def ending(self, finish: str) -> str:
        end = ""
        if finish == "blocked":
            end += self._chunk({"refusal": "I can't help with that."})
        end += self._chunk({}, _FINISH[finish])
        if self.send_usage and self.usage_wanted:
            end += self.event(
                {**self._head("chat.completion.chunk"), "choices": [], "usage": self._usage()}
            )
        return end + "data: [DONE]\n\n"

    def broken(self) -> str:
        return self.event(self.refusal(Fault("unavailable")).body)
