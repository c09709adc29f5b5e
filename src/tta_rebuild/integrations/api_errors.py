"""What an error that a server answered with means for the caller, by its status and its words.

The adapters read such an answer out of their SDKs' exceptions and ask here. Servers that speak
OpenAI's protocol fill in less of it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
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


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorAnswer:
    """An answer that is an error.

    Attributes:
        kind: the server's words for it: type, code, reasons.
        said: its message.
        retry_after_s: how long it wants to be left alone, where it says so.
        resets_at: when the day's quota begins anew, where that is used up.
        limit_rpm: the requests per minute that it allows, where it says so.
        window_tokens: the size of the context that was exceeded, where it says so.
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


def _account_error(
    status: int, kind: str, hints: str, provider: str, key_variable: str
) -> tuple[type[errors.ProviderError], str] | None:
    """What is wrong with the key or the account, None if it is something else."""
    if status in (401, 403) and not key_variable:
        return errors.KeyRejected, (
            f"{provider} wants a key: name the environment variable that holds it as key_variable "
            f"under [servers.{provider}] in the configuration file"
        )
    if status == 401 or "authentication_error" in kind or "api_key_" in kind:
        return errors.KeyRejected, f"{provider} refuses the key in {key_variable}: replace it"
    if status == 402 or any(word in hints for word in _NO_CREDIT):
        return errors.ModelUnavailable, (
            f"the {provider} account has no credit left: add some, or use another model"
        )
    return None


def error_of(
    answer: ErrorAnswer, *, provider: str, model: str, key_variable: str
) -> errors.ProviderError:
    """One of our errors, by what the caller should do."""
    named: dict[str, Any] = {"provider": provider, "model": model}
    status, said, kind = answer.status, answer.said, answer.kind.lower()
    hints = f"{kind} {said}".lower()

    refused = _account_error(status, kind, hints, provider, key_variable)
    if refused:
        refuses, why = refused
        return refuses(why, **named)
    if answer.resets_at is not None:
        return errors.QuotaExhausted(resets_at=answer.resets_at, **named)
    if any(word in hints for word in _REGION):
        return errors.RequestRejected(
            f"{provider} does not serve this region or account: {said}", **named
        )
    if status == 404 or any(word in hints for word in _NO_MODEL):
        return errors.ModelUnavailable(
            f"no model {model} for this key: choose another ({said})", **named
        )
    if status == 403 or "permission_error" in kind:
        return errors.KeyRejected(
            f"the key in {key_variable} may not use {model}: check its permissions", **named
        )
    if status == 413 or _TOO_LARGE.search(hints):
        too_large = errors.RequestTooLarge(f"the prompt does not fit {model}: {said}", **named)
        too_large.window_tokens = answer.window_tokens
        return too_large
    if status == 429 or "rate_limit" in kind:
        if answer.limit_rpm == 0:
            return errors.ModelUnavailable(
                f"this account's limit for {model} is 0: choose another model", **named
            )
        return errors.ProviderBusy(
            f"too many requests to {model} just now: wait, then try again",
            retry_after_s=answer.retry_after_s,
            learnt_limit_rpm=answer.limit_rpm,
            **named,
        )
    if status in (408, 504) or "timeout_error" in kind:
        return errors.ProviderTimeout(f"{model} did not finish in time: try again", **named)
    if any(word in hints for word in _CONTENT):
        return errors.ContentRefused(
            f"{model} refused this for its content: say it more softly, or use another model",
            reason=(answer.kind.split() or ["content"])[-1],
            **named,
        )
    if status >= 500 or status < 400 or status in (409, 425, 499):
        return errors.ProviderBusy(
            f"{model} is not answering just now ({said}): try again later",
            retry_after_s=answer.retry_after_s,
            **named,
        )
    return errors.RequestRejected(
        f"{provider} will not take this request ({status}): {said}", **named
    )
