"""What the adapters of OpenAI and Anthropic share: the client, and how its errors become ours.

Both SDKs come from one generator, so their clients and exceptions have one shape: a status, a body
with ``type``, ``code`` and ``message``, and the response's headers. Servers that speak OpenAI's
protocol fill in less of it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any, ClassVar

from tta_rebuild.core import errors
from tta_rebuild.core.secret import MASK
from tta_rebuild.integrations.adapter import Adapter
from tta_rebuild.integrations.parameters import Asked
from tta_rebuild.integrations.waiting_times import duration_s, retry_after_s

_NO_CREDIT = ("insufficient_quota", "billing_error", "billing_not_active", "credit balance is too")
_TOO_LARGE = ("context_length_exceeded", "prompt is too long", "request_too_large",
              "maximum context length", "exceed_context_size", "contextwindowexceeded",
              "available context size", "context length of only", "context overflow")  # fmt: skip
_NO_MODEL = ("invalid model name passed", "model_not_found", "not_found_error",
             "invalid model identifier", "no healthy deployments", "no models loaded")  # fmt: skip
_WINDOW = re.compile(
    r"(?:maximum context length (?:is|of)|available context size \(|context length of only)"
    r"\s*(\d{3,8})",
    re.IGNORECASE,
)
_CONTENT = ("content_policy_violation", "content_filter", "moderation_blocked")
_REGION = ("unsupported_country_region_territory", "request not allowed")
_ACCESS_AGAIN = re.compile(r"regain access on (\d{4}-\d\d-\d\d) at (\d\d:\d\d) UTC")
_TRY_AGAIN_IN = re.compile(r"try again in ((?:\d+(?:\.\d+)?(?:ms|[smhd]))+)", re.IGNORECASE)
_PER_DAY = re.compile(r"\bper day\b|\((?:RPD|TPD)\)", re.IGNORECASE)
_PER_MINUTE = re.compile(r"\brequests per min|\(RPM\)", re.IGNORECASE)
_LIMIT_HEADERS = ("anthropic-ratelimit-requests-limit", "x-ratelimit-limit-requests")


class SdkAdapter(Adapter):
    """An adapter over one of these SDKs, whose module and names its class attributes give."""

    client_class: ClassVar[str]
    error_class: ClassVar[str]
    client_options: ClassVar[Mapping[str, Any]] = {}

    def _connect(self, sdk: Any) -> Any:
        import httpx2

        sdks_own = getattr(sdk, self.error_class)
        self._vendor_errors = (sdks_own, httpx2.HTTPError, ValueError, OSError)
        return getattr(sdk, self.client_class)(
            api_key=self._key.reveal() or "none",
            base_url=self.base_url or self.home,
            max_retries=0,
            timeout=None,
            **self.client_options,
        )

    async def _disconnect(self, client: Any) -> None:
        await client.close()

    def _translated(self, error: Exception, asked: Asked) -> errors.ProviderError:
        sdk = import_module(self.sdk)

        if isinstance(error, sdk.APITimeoutError):
            return errors.ProviderTimeout(
                f"{asked.model} did not answer in time: try again", **self._named(asked)
            )
        if isinstance(error, sdk.APIConnectionError):
            return self._no_connection(error, asked)
        if isinstance(error, (sdk.APIResponseValidationError, ValueError)):
            return self._no_answer(error, asked)
        if isinstance(error, sdk.APIError):
            return self._from_api_error(error, asked.model)
        return self._no_connection(error, asked)

    def _from_api_error(self, error: Any, model: str) -> errors.ProviderError:
        """One of our errors for an SDK's ``APIError`` that carries an answer of the server."""
        provider, key_variable, now = self.provider, self.key_variable, self._now()
        named: dict[str, Any] = {"provider": provider, "model": model}
        status = int(getattr(error, "status_code", 0) or 0)
        headers = getattr(getattr(error, "response", None), "headers", None) or {}
        body = error.body if isinstance(error.body, Mapping) else {}
        inner = body.get("error", body)
        inner = inner if isinstance(inner, Mapping) else {"message": str(inner)}
        kind = f"{inner.get('type') or ''} {inner.get('code') or ''}"
        said = str(inner.get("message") or f"HTTP {status}")
        if self._key:
            said = said.replace(self._key.reveal(), MASK)
        hints = f"{kind} {said}".lower()

        if status == 401 or "authentication_error" in kind:
            return errors.KeyRejected(
                f"{provider} refuses the key in {key_variable}: replace it", **named
            )
        if status == 402 or any(word in hints for word in _NO_CREDIT):
            return errors.ModelUnavailable(
                f"the {provider} account has no credit left: add some, or use another model",
                **named,
            )
        again = _ACCESS_AGAIN.search(said)
        if again:
            resets_at = datetime.strptime(" ".join(again.groups()), "%Y-%m-%d %H:%M")
            return errors.QuotaExhausted(resets_at=resets_at.replace(tzinfo=UTC), **named)
        if any(word in hints for word in _REGION):
            return errors.RequestRejected(f"{provider} does not serve this region: {said}", **named)
        if status == 404 or any(word in hints for word in _NO_MODEL):
            return errors.ModelUnavailable(
                f"no model {model} for this key: choose another ({said})", **named
            )
        if status == 403 or "permission_error" in kind:
            return errors.KeyRejected(
                f"the key in {key_variable} may not use {model}: check its permissions", **named
            )
        if status == 413 or any(word in hints for word in _TOO_LARGE):
            too_large = errors.RequestTooLarge(f"the prompt does not fit {model}: {said}", **named)
            found = _WINDOW.search(said)
            told = str(inner.get("n_ctx") or (found[1] if found else ""))
            too_large.window_tokens = int(told) if told.isdigit() else None
            return too_large
        if status == 429 or "rate_limit" in kind:
            return _too_many(said, headers, now, named)
        if status in (408, 504) or "timeout_error" in kind:
            return errors.ProviderTimeout(f"{model} did not finish in time: try again", **named)
        if any(word in hints for word in _CONTENT):
            return errors.ContentRefused(
                f"{model} refused this for its content: say it more softly, or use another model",
                reason=str(inner.get("code") or inner.get("type")),
                **named,
            )
        if status >= 500 or status < 400 or status in (409, 425, 499):
            return errors.ProviderBusy(
                f"{model} is not answering just now ({said}): try again later",
                retry_after_s=retry_after_s(headers, now),
                **named,
            )
        return errors.RequestRejected(
            f"{provider} will not take this request ({status}): {said}", **named
        )


def _too_many(
    said: str, headers: Mapping[str, str], now: datetime, named: dict[str, Any]
) -> errors.ProviderError:
    limit = next((headers[name] for name in _LIMIT_HEADERS if name in headers), "")
    if limit == "0":
        return errors.ModelUnavailable(
            f"this account's limit for {named['model']} is 0: choose another model", **named
        )
    hint = _TRY_AGAIN_IN.search(said)
    wait_s = retry_after_s(headers, now)
    if wait_s is None and hint:
        wait_s = duration_s(hint.group(1))
    if _PER_DAY.search(said):
        if wait_s is None:
            wait_s = duration_s(headers.get("x-ratelimit-reset-requests", ""))
        reset = timedelta(seconds=wait_s) if wait_s is not None else timedelta(days=1)
        return errors.QuotaExhausted(resets_at=now + reset, **named)
    per_minute = "anthropic-ratelimit-requests-limit" in headers or _PER_MINUTE.search(said)
    return errors.ProviderBusy(
        f"too many requests to {named['model']} just now: wait, then try again",
        retry_after_s=wait_s,
        learnt_limit_rpm=int(limit) if limit.isdigit() and per_minute else None,
        **named,
    )
