"""What an error that a server answered with means for the caller, by its status and its words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from tta_rebuild.core import errors

_NO_CREDIT = ("insufficient_quota", "billing_error", "billing_not_active", "credit balance is too")
_TOO_LARGE = re.compile(
    r"context_length_exceeded|prompt is too long|request_too_large|maximum context length"
    r"|exceed_context_size|contextwindowexceeded|available context size|context length of only"
    r"|context overflow|token count.* exceeds"
)
_NO_MODEL = ("invalid model name passed", "model_not_found", "not_found_error",
             "invalid model identifier", "no healthy deployments", "no models loaded")  # fmt: skip
_CONTENT = ("content_policy_violation", "content_filter", "moderation_blocked")
_REGION = ("unsupported_country_region_territory", "request not allowed", "failed_precondition")

SOFTEN = "say it more softly, or use another model"

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorAnswer:
    """An answer that is an error; None is what the server does not say.

    Attributes:
        kind: the server's words for it: type, code, reasons.
        said: its message.
        resets_at: when the day's quota begins anew, where that is used up.
        limit_rpm: the requests per minute that it allows.
        window_tokens: the size of the context that was exceeded.
    """

    status: int
    kind: str
    said: str
    retry_after_s: float | None = None
    resets_at: datetime | None = None
    limit_rpm: int | None = None
    window_tokens: int | None = None


def inner_of(body: Any) -> Mapping[str, Any]:
    """The error in the body of an answer, or an empty one."""
    inner = body.get("error", body) if isinstance(body, Mapping) else {}
    return inner if isinstance(inner, Mapping) else {"message": str(inner)}


def duration_s(text: str) -> float | None:
    """Seconds of ``"34.07s"``, ``"7m12s"``, ``"250ms"``; None where it is no such text."""
    parts = _PART.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text.strip():
        return None
    return float(sum(float(number) * _UNITS[unit] for number, unit in parts))


def retry_after_s(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds named by ``Retry-After`` (or ``retry-after-ms``), None where it is not said."""
    milliseconds = headers.get("retry-after-ms", "")
    if milliseconds.isdigit():
        return int(milliseconds) / 1000
    said = headers.get("retry-after", "").strip()
    try:
        if said[:1].isdigit():
            return float(said)
        return max(0.0, (parsedate_to_datetime(said) - now).total_seconds())
    except (ValueError, TypeError):
        return None


def error_of(
    answer: ErrorAnswer, provider: str, model: str, key_variable: str
) -> errors.ProviderError:
    """One of our errors, by what the caller should do."""
    status, said, words = answer.status, answer.said, answer.kind.lower()
    hints = f"{words} {said}".lower()
    named = {"provider": provider, "model": model}
    kind: type[errors.ProviderError] = errors.RequestRejected
    why = f"{provider} will not take this request ({status}): {said}"
    facts: dict[str, Any] = {}

    def has(*signs: str) -> bool:
        return any(sign in hints for sign in signs)

    if status in (401, 403) and not key_variable:
        kind, why = errors.KeyRejected, f"{provider} wants a key: name the environment variable "
        why += f"that holds it as key_variable under [servers.{provider}] in the configuration file"
    elif status == 401 or "authentication_error" in words or "api_key_" in words:
        kind, why = errors.KeyRejected, f"{provider} refuses the key in {key_variable}: replace it"
    elif status == 402 or has(*_NO_CREDIT):
        kind = errors.ModelUnavailable
        why = f"the {provider} account has no credit left: add some, or use another model"
    elif answer.resets_at is not None:
        return errors.QuotaExhausted(resets_at=answer.resets_at, **named)
    elif has(*_REGION):
        why = f"{provider} does not serve this region or account: {said}"
    elif status == 404 or has(*_NO_MODEL):
        kind = errors.ModelUnavailable
        why = f"no model {model} for this key: choose another ({said})"
    elif status == 403 or "permission_error" in words:
        kind = errors.KeyRejected
        why = f"the key in {key_variable} may not use {model}: check its permissions"
    elif status == 413 or _TOO_LARGE.search(hints):
        too_large = errors.RequestTooLarge(f"the prompt does not fit {model}: {said}", **named)
        too_large.window_tokens = answer.window_tokens
        return too_large
    elif status == 429 or "rate_limit" in words:
        kind, why = errors.ProviderBusy, f"too many requests to {model} just now: "
        why += "wait, then try again"
        facts = {"retry_after_s": answer.retry_after_s, "learnt_limit_rpm": answer.limit_rpm}
        if answer.limit_rpm == 0:
            kind, facts = errors.ModelUnavailable, {}
            why = f"this account's limit for {model} is 0: choose another model"
    elif status in (408, 504) or "timeout_error" in words:
        kind, why = errors.ProviderTimeout, f"{model} did not finish in time: try again"
    elif has(*_CONTENT):
        kind, why = errors.ContentRefused, f"{model} refused this for its content: {SOFTEN}"
        facts = {"reason": (answer.kind.split() or ["content"])[-1]}
    elif status >= 500 or status < 400 or status in (409, 425, 499):
        kind = errors.ProviderBusy
        why = f"{model} is not answering just now ({said}): try again later"
        facts = {"retry_after_s": answer.retry_after_s}
    return kind(why, **named, **facts)
