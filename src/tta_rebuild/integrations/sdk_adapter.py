"""What the adapters of OpenAI and Anthropic share: the client, and how its errors are read.

Both SDKs come from one generator, so their clients and exceptions have one shape: a status, a body
with ``type``, ``code`` and ``message``, and the response's headers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any, ClassVar

from tta_rebuild.core import errors
from tta_rebuild.integrations.adapter import Adapter
from tta_rebuild.integrations.api_errors import ErrorAnswer, duration_s, inner_of, retry_after_s
from tta_rebuild.integrations.parameters import Asked

_WINDOW = re.compile(
    r"(?:maximum context length (?:is|of)|available context size \(|context length of only)"
    r"\s*(\d{3,8})",
    re.IGNORECASE,
)
_ACCESS_AGAIN = re.compile(r"regain access on (\d{4}-\d\d-\d\d) at (\d\d:\d\d) UTC")
_TRY_AGAIN_IN = re.compile(r"try again in ((?:\d+(?:\.\d+)?(?:ms|[smhd]))+)", re.IGNORECASE)
_PER_DAY = re.compile(r"\bper day\b|\((?:RPD|TPD)\)", re.IGNORECASE)
_PER_MINUTE = re.compile(r"\brequests per min|\(RPM\)", re.IGNORECASE)


class SdkAdapter(Adapter):
    """An adapter over one of these SDKs; ``sdk_name`` is in the names of its classes."""

    sdk_name: ClassVar[str]
    client_options: ClassVar[Mapping[str, Any]] = {}

    def _connect(self, sdk: Any) -> Any:
        import httpx2

        sdks_own = getattr(sdk, f"{self.sdk_name}Error")
        self._vendor_errors = (sdks_own, httpx2.HTTPError, ValueError, OSError)
        return getattr(sdk, f"Async{self.sdk_name}")(
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
        if isinstance(error, sdk.APIConnectionError):
            return self._no_connection(error, asked)
        if isinstance(error, (sdk.APIResponseValidationError, ValueError)):
            return self._no_answer(error, asked)
        if isinstance(error, sdk.APIError):
            return self._refused(_answer(error, self._now()), asked)
        return self._no_connection(error, asked)


def _answer(error: Any, now: datetime) -> ErrorAnswer:
    """What the server answered, out of an SDK's ``APIError``."""
    status = int(getattr(error, "status_code", 0) or 0)
    headers: Mapping[str, str] = getattr(getattr(error, "response", None), "headers", None) or {}
    inner = inner_of(error.body)
    kind = f"{inner.get('type') or ''} {inner.get('code') or ''}"
    said = str(inner.get("message") or f"HTTP {status}")
    hint, window = _TRY_AGAIN_IN.search(said), _WINDOW.search(said)
    wait_s = retry_after_s(headers, now)
    if wait_s is None and hint:
        wait_s = duration_s(hint.group(1))
    resets_at = None
    if again := _ACCESS_AGAIN.search(said):
        resets_at = datetime.strptime(" ".join(again.groups()), "%Y-%m-%d %H:%M")
        resets_at = resets_at.replace(tzinfo=UTC)
    elif status == 429 and _PER_DAY.search(said):
        if wait_s is None:
            wait_s = duration_s(headers.get("x-ratelimit-reset-requests", ""))
        reset = timedelta(days=1) if wait_s is None else timedelta(seconds=wait_s)
        resets_at = now + reset
    ours = headers.get("anthropic-ratelimit-requests-limit", "")
    limit = ours or headers.get("x-ratelimit-limit-requests", "")
    # What OpenAI's header limits is said in the message alone.
    is_per_minute = bool(ours) or limit == "0" or _PER_MINUTE.search(said) is not None
    tokens = str(inner.get("n_ctx") or (window[1] if window else ""))
    return ErrorAnswer(
        status=status,
        kind=kind,
        said=said,
        retry_after_s=wait_s,
        resets_at=None if limit == "0" else resets_at,
        limit_rpm=int(limit) if limit.isdigit() and is_per_minute else None,
        window_tokens=int(tokens) if tokens.isdigit() else None,
    )
