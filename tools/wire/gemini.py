"""Gemini's generateContent and streamGenerateContent?alt=sse."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tools.wire.faults import Fault
from tools.wire.protocol import Ask, Protocol, Refusal

_FINISH = {
    "stop": "STOP",
    "max_tokens": "MAX_TOKENS",
    "safety": "SAFETY",
    "recitation": "RECITATION",
    "other": "OTHER",
    "unknown_finish": "MOON_IN_THE_WRONG_HOUSE",
    "malformed_response": "MALFORMED_RESPONSE",
}
_TYPE = "type.googleapis.com/google.rpc."


def _error(code: int, status: str, message: str, *details: Mapping[str, Any]) -> Refusal:
    error: dict[str, Any] = {"code": code, "message": message, "status": status}
    if details:
        error["details"] = list(details)
    return Refusal(code, {"error": error}, {})


def _quota(model: str, quota_id: str, value: int, retry: str | None) -> Refusal:
    violation = {
        "quotaMetric": "generativelanguage.googleapis.com/generate_content_free_tier_requests",
        "quotaId": quota_id,
        "quotaDimensions": {"location": "global", "model": model},
        "quotaValue": str(value),
    }
    details: list[Mapping[str, Any]] = [
        {"@type": _TYPE + "QuotaFailure", "violations": [violation]},
        {"@type": _TYPE + "Help", "links": [{"description": "Learn more", "url": "about:blank"}]},
    ]
    if retry is not None:
        details.append({"@type": _TYPE + "RetryInfo", "retryDelay": retry})
    return _error(
        429,
        "RESOURCE_EXHAUSTED",
        "You exceeded your current quota, please check your plan and billing details.",
        *details,
    )


class Gemini(Protocol):
    name = "gemini"
    line_end = "\r\n\r\n"

    @staticmethod
    def read(body: Mapping[str, Any], path: Mapping[str, str]) -> Ask:
        config = body.get("generationConfig", {})
        system = body.get("systemInstruction") or {"parts": []}
        parts = [p for c in (system, *body["contents"]) for p in c["parts"]]
        used = {"temperature"} if "temperature" in config else set()
        if "thinkingConfig" in config:
            used.add("thinking")
        schema = config.get("responseJsonSchema") or config.get("responseSchema")
        asked = ""
        if config.get("responseMimeType") == "application/json":
            asked = "json_schema" if schema else "json_object"
            used.add(asked)
        return Ask(
            model=path["model"],
            prompt="\n\n".join(p.get("text", "") for p in parts),
            stream=path["method"] == "streamGenerateContent",
            schema=schema,
            asked=asked,
            max_tokens=config.get("maxOutputTokens"),
            used=frozenset(used),
        )

    def refusal(self, fault: Fault) -> Refusal:
        model = self.record.model
        retry = None if fault.retry_after_s is None else f"{fault.retry_after_s:.9g}s"
        match fault.kind:
            case "rate_limit":
                name = "GenerateRequestsPerMinutePerProjectPerModel-FreeTier"
                return _quota(model, name, fault.limit_rpm, retry)
            case "daily_quota" | "no_credit":
                name = "GenerateRequestsPerDayPerProjectPerModel-FreeTier"
                return _quota(model, name, 250, retry or "34.07s")
            case "quota_zero":
                name = "GenerateRequestsPerMinutePerProjectPerModel-FreeTier"
                return _quota(model, name, 0, retry or "12s")
            case "rate_limit_bare":
                return _error(429, "RESOURCE_EXHAUSTED", "Resource has been exhausted.")
            case "internal":
                return _error(500, "INTERNAL", "An internal error has occurred. Please retry.")
            case "unavailable":
                text = "The model is overloaded. Please try again later."
                return _error(503, "UNAVAILABLE", text)
            case "deadline":
                return _error(504, "DEADLINE_EXCEEDED", "Deadline expired before completion.")
            case "bad_key":
                info = {
                    "@type": _TYPE + "ErrorInfo",
                    "reason": "API_KEY_INVALID",
                    "domain": "googleapis.com",
                    "metadata": {"service": "generativelanguage.googleapis.com"},
                }
                text = "API key not valid. Please pass a valid API key."
                return _error(400, "INVALID_ARGUMENT", text, info)
            case "forbidden":
                return _error(403, "PERMISSION_DENIED", "The caller does not have permission")
            case "not_found":
                text = f"models/{model} is not found for API version v1beta"
                return _error(404, "NOT_FOUND", text)
            case "region":
                text = "User location is not supported for the API use."
                return _error(400, "FAILED_PRECONDITION", text)
            case "too_large":
                text = "The input token count exceeds the maximum number of tokens allowed 1048576."
                return _error(400, "INVALID_ARGUMENT", text)
            case _:
                text = f"Invalid value ({self.field}) at 'generation_config'"
                return _error(400, "INVALID_ARGUMENT", text)

    def _usage(self) -> dict[str, Any]:
        record = self.record
        usage: dict[str, Any] = {
            "promptTokenCount": record.input_tokens,
            "candidatesTokenCount": record.output_tokens,
            "totalTokenCount": record.input_tokens + record.output_tokens + record.thinking_tokens,
            "promptTokensDetails": [{"modality": "TEXT", "tokenCount": record.input_tokens}],
        }
        if record.cached_tokens:
            usage["cachedContentTokenCount"] = record.cached_tokens
        if record.thinking_tokens:
            usage["thoughtsTokenCount"] = record.thinking_tokens
        return usage

    def _reply(self, text: str | None, finish: str | None) -> dict[str, Any]:
        reply: dict[str, Any] = {"modelVersion": self.model, "responseId": f"r{self.record.number}"}
        if finish == "blocked":
            reply["promptFeedback"] = {"blockReason": "PROHIBITED_CONTENT"}
        elif finish == "empty":
            reply["candidates"] = []
        else:
            candidate: dict[str, Any] = {"index": 0}
            if text is not None:
                candidate["content"] = {"parts": [{"text": text}], "role": "model"}
            if finish is not None:
                candidate["finishReason"] = _FINISH[finish]
            reply["candidates"] = [candidate]
        if self.send_usage:
            reply["usageMetadata"] = self._usage()
        return reply

    def whole(self, text: str, finish: str) -> Mapping[str, Any]:
        return self._reply(text or None, finish)

    def opening(self) -> str:
        return ""

    def piece(self, text: str) -> str:
        return self.event(self._reply(text, None))

    def ending(self, finish: str) -> str:
        return self.event(self._reply("" if finish == "stop" else None, finish))

    def broken(self) -> str:
        body = self.refusal(Fault("unavailable")).body
        return self.event(body)
