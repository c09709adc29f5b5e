"""What can go wrong on the wire, as data, and the script that says when."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

BEFORE_THE_ANSWER = (
    "rate_limit",  # 429 per minute, with RetryInfo and QuotaFailure / Retry-After
    "rate_limit_bare",  # 429 without any detail
    "daily_quota",  # 429 per day, with a RetryInfo that lies
    "quota_zero",  # 429 with a limit of 0: this project may never call this model
    "no_credit",  # 429 insufficient_quota (OpenAI), 400 credit balance (Anthropic), 429 per day
    "internal",  # 500
    "bad_gateway",  # 502 with an HTML body
    "unavailable",  # 503; 529 overloaded_error at Anthropic
    "deadline",  # 504
    "bad_key",  # 400 API_KEY_INVALID / 401
    "forbidden",  # 403
    "not_found",  # 404
    "region",  # 400 FAILED_PRECONDITION
    "invalid",  # 400 INVALID_ARGUMENT
    "too_large",  # 400 the prompt does not fit the context window
    "proxy_no_model",  # 400 of LiteLLM's proxy: it has no such model (OpenAI's protocol)
    "proxy_too_large",  # 400 of LiteLLM's proxy: ContextWindowExceededError
    "llamacpp_too_large",  # 400 of llama.cpp's server, with n_ctx
    "reset",  # the connection is reset before any byte
    "hang",  # no byte until released, the client leaves, or `seconds` are over
    "wrong_content_type",  # 200 text/html
    "bad_body",  # 200 application/json that is no JSON
)
IN_THE_STREAM = (
    "slow_first_byte",  # the first byte after `seconds`
    "stall",  # silence after `after_pieces`, until released or `seconds` are over
    "cut",  # the connection closes after `after_pieces`
    "quiet_cut",  # the stream ends properly after `after_pieces`, but without its end marker
    "stream_error",  # an error object in mid-stream after `after_pieces`
    "max_tokens",  # ends after `after_pieces`: token limit
    "safety",  # ends after `after_pieces`: content
    "recitation",
    "other",
    "unknown_finish",  # a finish reason that nobody has heard of
    "malformed_response",
    "blocked",  # the prompt is blocked, no candidates (a refusal elsewhere)
    "empty",  # no candidates, or a candidate without text
)
ENDED_BY = (
    "max_tokens",
    "safety",
    "recitation",
    "other",
    "unknown_finish",
    "malformed_response",
    "blocked",
    "empty",
)
"""Those of a stream that the answer gives as the reason of its end."""

IN_THE_TEXT = (
    "malformed_json",
    "truncated_json",
    "fenced_json",
    "extra_fields",
    "missing_fields",
    "prose",
)
KINDS = (*BEFORE_THE_ANSWER, *IN_THE_STREAM, *IN_THE_TEXT)

SOAK_KINDS = (
    "rate_limit",
    "rate_limit_bare",
    "internal",
    "unavailable",
    "deadline",
    "reset",
    "cut",
    "quiet_cut",
    "stream_error",
    "max_tokens",
    "safety",
    "empty",
    "wrong_content_type",
    "bad_body",
    *IN_THE_TEXT,
)


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong.

    Attributes:
        kind: one of ``KINDS``.
        retry_after_s: what the 429 or 503 tells the caller to wait, None for no word of it.
        limit_rpm: the ``quotaValue`` of a 429.
        after_pieces: pieces sent before the fault, for faults in mid-stream.
        seconds: how long ``hang``, ``stall`` and ``slow_first_byte`` last; None: until released.
    """

    kind: str
    retry_after_s: float | None = None
    limit_rpm: int = 15
    after_pieces: int = 3
    seconds: float | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"unknown fault {self.kind!r}, one of: {', '.join(KINDS)}")

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


class FaultScript:
    """Says for each request, in order of arrival, what goes wrong with it, if anything."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Nothing goes wrong any more."""
        self._queue: deque[Fault | None] = deque()
        self._always: dict[str, Fault] = {}
        self._rate = 0.0
        self._kinds: Sequence[Fault] = ()
        self._random = random.Random(0)

    def next(self, *faults: Fault | None) -> None:
        """Queue faults for the next requests; None lets a request pass."""
        self._queue.extend(faults)

    def always(self, fault: Fault | None, *, model: str = "*") -> None:
        """From now on, whenever the queue is empty; ``model`` narrows it to one model's name."""
        if fault is None:
            self._always.pop(model, None)
        else:
            self._always[model] = fault

    def sometimes(self, rate: float, faults: Iterable[Fault] = (), *, seed: int = 0) -> None:
        """A fault in this share of all requests, chosen by a seeded random source."""
        self._rate = rate
        self._kinds = tuple(faults) or tuple(
            Fault(kind, retry_after_s=0.01 if kind == "rate_limit" else None) for kind in SOAK_KINDS
        )
        self._random = random.Random(seed)

    def take(self, model: str) -> Fault | None:
        """The fault of the request that arrives now."""
        if self._queue:
            return self._queue.popleft()
        fault = self._always.get(model) or self._always.get("*")
        if fault is not None:
            return fault
        if self._rate and self._random.random() < self._rate:
            return self._random.choice(self._kinds)
        return None

    def load(self, order: Mapping[str, Any]) -> None:
        """The same as JSON: ``next``, ``always``, ``rate``, ``faults``, ``seed``, ``clear``."""
        if order.get("clear"):
            self.clear()
        self.next(*(Fault(**f) if f else None for f in order.get("next", ())))
        for model, fault in order.get("always", {}).items():
            self.always(Fault(**fault) if fault else None, model=model)
        if "rate" in order:
            self.sometimes(
                order["rate"],
                [Fault(**f) for f in order.get("faults", ())],
                seed=order.get("seed", 0),
            )
