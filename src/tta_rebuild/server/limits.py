"""Bounds on what one sender may ask of the server: the size of a body, and requests a minute.

The number of turns at once is the runner's bound (``TooManyTurns``).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tta_rebuild.core.clock import Clock
from tta_rebuild.server.problems import answer, body_of

MOST_SENDERS = 10_000
"""Senders whose requests are counted; who has asked for nothing longest is forgotten."""

_TOO_LARGE = "A body here has at most {most} bytes."


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestLimits:
    """Bounds; 0 for a rate is no bound.

    Attributes:
        body_bytes: of a request's body; ``import_bytes`` of a story that is taken in,
            ``chat_bytes`` of a chat client's, which sends its whole history.
        requests_a_minute: of one sender, spread evenly, up to a quarter of it at once.
        turns_at_once: over all senders.
    """

    body_bytes: int = 262_144
    import_bytes: int = 64_000_000
    chat_bytes: int = 8_000_000
    requests_a_minute: int = 1_200
    turns_at_once: int = 256


class BodyLimit:
    """Refuses a body that is too large, before it is read."""

    def __init__(self, app: ASGIApp, limits: RequestLimits) -> None:
        self._app, self._limits = app, limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, its body counted."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_import = scope["path"].endswith("/stories/import")
        most = self._limits.import_bytes if is_import else self._limits.body_bytes
        most = self._limits.chat_bytes if scope["path"].startswith("/v1/") else most
        said = _TOO_LARGE.format(most=f"{most:,}")
        length = dict(scope["headers"]).get(b"content-length", b"0")
        if length.isdigit() and int(length[:12]) > most:
            do = "Send less, or send it in parts."
            refusal = answer(body_of(413, "The body is too large", said, do=do, kind="TooLarge"))
            await refusal(scope, receive, send)
            return
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > most:
                raise HTTPException(413, said)
            return message

        await self._app(scope, counted, send)


class RateLimit:
    """Refuses requests of a sender who asks too much; files are not counted.

    A sender is the ``player`` in the request's state, where something put one there, else the
    address that the request comes from.
    """

    def __init__(self, app: ASGIApp, limits: RequestLimits, clock: Clock) -> None:
        self._app, self._clock = app, clock
        self._each_s = limits.requests_a_minute / 60
        self._most = max(1.0, limits.requests_a_minute / 4)
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on if there is room."""
        is_counted = scope["type"] == "http" and scope["path"].startswith(("/api/", "/v1/"))
        wait_s = self._wait_s(_sender(scope)) if is_counted and self._each_s else 0.0
        if wait_s <= 0:
            await self._app(scope, receive, send)
            return
        said = (
            f"At most {self._most:.0f} requests at once are answered, and from then on "
            f"{self._each_s * 60:.0f} a minute, evenly spread."
        )
        do = "Come again after the time in Retry-After."
        body = body_of(429, "Too many requests", said, do=do, kind="TooManyRequests")
        await answer(body | {"retry_after_s": wait_s})(scope, receive, send)

    def _wait_s(self, sender: str) -> float:
        """Seconds until there is room for another request; 0 takes it."""
        now = self._clock.now()
        left, at = self._left.pop(sender, (self._most, now))
        left = min(self._most, left + (now - at) * self._each_s)
        has_room = left >= 1
        self._left[sender] = (left - 1 if has_room else left, now)
        if len(self._left) > MOST_SENDERS:
            self._left.popitem(last=False)
        return 0.0 if has_room else (1 - left) / self._each_s


def _sender(scope: Scope) -> str:
    state: Mapping[str, Any] = scope.get("state") or {}
    client = scope.get("client")
    return str(state.get("player") or (client[0] if client else ""))
