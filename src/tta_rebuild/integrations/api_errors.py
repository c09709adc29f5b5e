"""What an error that a server answered with means for the caller, by its status and its words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from tta_rebuild.core import errors
from tta_rebuild.core.data_files import packaged_toml


def api_words() -> dict[str, Any]:
    """What servers and transports say, and what it means (``api_words.toml``)."""
    return packaged_toml("tta_rebuild.integrations", "api_words")


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
    named = {"provider": provider, "model": model}
    if answer.status in (401, 403) and not key_variable:
        why = f"{provider} wants a key: name the environment variable that holds it as "
        why += f"key_variable under [servers.{provider}] in the configuration file"
        return errors.KeyRejected(why, **named)
    if answer.resets_at is not None:
        return errors.QuotaExhausted(resets_at=answer.resets_at, **named)
    kind, says = _meaning(answer)
    if kind is errors.ProviderBusy and answer.limit_rpm == 0:
        kind = errors.ModelUnavailable
        says = "this account's limit for {model} is 0: choose another model"
    why = says.format(said=answer.said, status=answer.status, variable=key_variable, **named)
    failure = kind(why, **named)
    if isinstance(failure, errors.ProviderBusy):
        failure.retry_after_s, failure.learnt_limit_rpm = answer.retry_after_s, answer.limit_rpm
    elif isinstance(failure, errors.RequestTooLarge):
        failure.window_tokens = answer.window_tokens
    elif isinstance(failure, errors.ContentRefused):
        failure.reason = (answer.kind.split() or ["content"])[-1]
    return failure


def _meaning(answer: ErrorAnswer) -> tuple[type[errors.ProviderError], str]:
    """The error that an answer is, by its status or its words, and the message to be filled in."""
    words = api_words()
    hints = f"{answer.kind} {answer.said}".lower()
    is_final = 400 <= answer.status < 500 and answer.status not in (409, 425, 499)
    found: Mapping[str, str] = words["final" if is_final else "passing"]
    for row in words["meaning"]:
        signs = row.get("signs")
        if answer.status in row.get("statuses", ()) or (signs and re.search(signs, hints)):
            found = row
            break
    return getattr(errors, found["error"]), found["says"]
