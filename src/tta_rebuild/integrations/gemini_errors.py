"""Gemini's errors as ours, by what the caller should do.

The shapes: ``{"error": {code, message, status, details[]}}``, where details hold ``ErrorInfo``
(bad keys), ``QuotaFailure`` (which limit) and ``RetryInfo`` (how long to wait).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from tta_rebuild.core import errors
from tta_rebuild.core.secret import MASK, Secret
from tta_rebuild.integrations.waiting_times import PACIFIC, duration_s, end_of_day, retry_after_s

_NO_LIMIT_AT_ALL = re.compile(r"\blimit: 0\b")


def from_api_error(error: Any, *, model: str, now: datetime, key: Secret) -> errors.ProviderError:
    """One of our errors for the SDK's ``APIError``."""
    named: dict[str, Any] = {"provider": "gemini", "model": model}
    body = error.details if isinstance(error.details, Mapping) else {}
    inner = body.get("error", body)
    inner = inner if isinstance(inner, Mapping) else {}
    said = str(inner.get("message") or error.message or "no reason given")
    if key:
        said = said.replace(key.reveal(), MASK)
    details = [d for d in inner.get("details") or () if isinstance(d, Mapping)]
    reasons = [str(d.get("reason", "")) for d in _of_type(details, "ErrorInfo")]
    code = int(error.code or 0)

    if code == 401 or any(reason.startswith("API_KEY") for reason in reasons):
        return errors.KeyRejected("Gemini refuses the key in GEMINI_API_KEY: replace it", **named)
    if code == 403:
        return errors.KeyRejected(
            f"the key in GEMINI_API_KEY may not use {model}: check its project and restrictions",
            **named,
        )
    if code == 429:
        return _too_many(error, details, said, now, named)
    if code == 404:
        return errors.ModelUnavailable(
            f"Gemini has no model {model}: choose another ({said})", **named
        )
    if code == 413 or (code == 400 and "token count" in said and "exceeds" in said):
        return errors.RequestTooLarge(f"the prompt does not fit {model}: {said}", **named)
    if code == 504:
        return errors.ProviderTimeout(f"{model} did not finish in time: try again", **named)
    if code >= 500 or code in (408, 499):
        return errors.ProviderBusy(
            f"{model} is not answering just now ({code}): try again later",
            retry_after_s=_told_to_wait_s(error, details, now),
            **named,
        )
    if inner.get("status") == "FAILED_PRECONDITION":
        return errors.RequestRejected(
            f"Gemini does not serve this account or region: {said}", **named
        )
    return errors.RequestRejected(f"Gemini will not take this request ({code}): {said}", **named)


def _too_many(
    error: Any,
    details: list[Mapping[str, Any]],
    said: str,
    now: datetime,
    named: dict[str, Any],
) -> errors.ProviderError:
    """Over for today, or only for the minute; a daily 429 also names a delay, which is wrong."""
    learnt_rpm: int | None = None
    over = bool(_NO_LIMIT_AT_ALL.search(said))
    for failure in _of_type(details, "QuotaFailure"):
        for violation in failure.get("violations") or ():
            quota = str(violation.get("quotaId", ""))
            value = str(violation.get("quotaValue", ""))
            over = over or "PerDay" in quota or value == "0"
            if "Requests" in quota and "PerMinute" in quota and value.isdigit():
                learnt_rpm = int(value)
    if over:
        return errors.QuotaExhausted(resets_at=end_of_day(now, PACIFIC), **named)
    return errors.ProviderBusy(
        f"too many requests to {named['model']} in this minute: wait, then try again",
        retry_after_s=_told_to_wait_s(error, details, now),
        learnt_limit_rpm=learnt_rpm,
        **named,
    )


def _told_to_wait_s(error: Any, details: list[Mapping[str, Any]], now: datetime) -> float | None:
    for info in _of_type(details, "RetryInfo"):
        seconds = duration_s(str(info.get("retryDelay", "")))
        if seconds is not None:
            return seconds
    headers = getattr(error.response, "headers", None)
    return retry_after_s(headers, now) if headers is not None else None


def _of_type(details: list[Mapping[str, Any]], name: str) -> Iterator[Mapping[str, Any]]:
    return (d for d in details if str(d.get("@type", "")).endswith(f".{name}"))
