"""Bounds on what one sender may ask of the server: the size of a body, and requests a minute.

The number of turns at once is the runner's bound (``TooManyTurns``).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tta_rebuild.core.clock import Clock
from tta_rebuild.server.problems import answer, body_of

MOST_SENDERS = 10_000
"""Senders whose requests are counted; who has asked for nothing longest is forgotten."""

_TOO_LARGE = "A body here has at most {most} bytes."
_TOO_MANY_AT_ONCE = (
    "At most {burst} requests at once are answered, and these were more. From then on there is "
    "room for {rate} a minute, evenly spread."
)
_TOO_MANY_A_MINUTE = (
    "At most {rate} requests a minute are answered, evenly spread, and more have come for some "
    "time. After a pause {burst} at once are answered again."
)


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


@dataclass(frozen=True, slots=True)
class _Room:
    """How many requests a sender had ``left`` at a time, and when it last was all of them."""

    left: float
    at: float
    full_at: float

    @property
    def has_place(self) -> bool:
        """Whether there is one for another request."""
        return self.left >= 1


class RateLimit:
    """Refuses requests of a sender who asks too much; files are not counted.

    A sender is the ``player`` in the request's state, where something put one there, else the
    address that the request comes from.
    """

    def __init__(self, app: ASGIApp, limits: RequestLimits, clock: Clock) -> None:
        self._app, self._clock = app, clock
        self._each_s = limits.requests_a_minute / 60
        self._most = max(1.0, limits.requests_a_minute / 4)
        self._left: OrderedDict[str, _Room] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on if there is room."""
        is_counted = scope["type"] == "http" and scope["path"].startswith(("/api/", "/v1/"))
        room = self._room(_sender(scope)) if is_counted and self._each_s else None
        if room is None or room.has_place:
            await self._app(scope, receive, send)
            return
        burst, rate = f"{self._most:.0f}", f"{self._each_s * 60:.0f}"
        is_burst = room.at - room.full_at <= self._most / self._each_s
        limit, said = (
            ("requests_at_once", _TOO_MANY_AT_ONCE)
            if is_burst
            else ("requests_a_minute", _TOO_MANY_A_MINUTE)
        )
        do = "Come again after the time in Retry-After."
        body = body_of(
            429,
            "Too many requests",
            said.format(burst=burst, rate=rate),
            do=do,
            kind="TooManyRequests",
            limit=limit,
            retry_after_s=(1 - room.left) / self._each_s,
        )
        await answer(body)(scope, receive, send)

    def _room(self, sender: str) -> _Room:
        """What a sender had left for a request now; it is taken where there was enough."""
        now = self._clock.now()
        known = self._left.pop(sender, None) or _Room(self._most, now, now)
        left = min(self._most, known.left + (now - known.at) * self._each_s)
        room = _Room(left, now, now if left >= self._most else known.full_at)
        self._left[sender] = replace(room, left=left - 1) if room.has_place else room
        if len(self._left) > MOST_SENDERS:
            self._left.popitem(last=False)
        return room


def _sender(scope: Scope) -> str:
    state: Mapping[str, Any] = scope.get("state") or {}
    client = scope.get("client")
    return str(state.get("player") or (client[0] if client else ""))
