"""Log lines for whoever runs the server: requests that were refused, and why.

Named are the route, who asked and the kind of problem; no path, token or word of a story's.
"""

from __future__ import annotations

import logging
from collections import OrderedDict

from fastapi.routing import iter_route_contexts
from starlette.datastructures import Headers
from starlette.routing import compile_path
from starlette.types import Scope

from tta_rebuild.core.clock import Clock
from tta_rebuild.server.presenting import API

SECONDS_BETWEEN = 60.0
"""Between two lines about the same refusal of the same sender."""
MOST_KNOWN = 1_000
_LEVELS = {401: logging.INFO, 403: logging.WARNING, 429: logging.WARNING, 503: logging.WARNING}
_NAMED = {"HostRefused": "host", "OriginRefused": "origin"}
"""The header that a kind of problem is about."""

_log = logging.getLogger("tta_rebuild.server")


def route_of(scope: Scope) -> str:
    """The template of a request's path; ``other`` where no route of ours takes it.

    Also of one that was refused before it came to its route.
    """
    route: str = getattr(scope.get("route"), "path", "") or _template(scope) or "other"
    is_ours = scope["path"].startswith(f"{API}/") and route != "other"
    return f"{API}{route.removeprefix(API)}" if is_ours else route


def _template(scope: Scope) -> str:
    """The template that a path would have come to, "" for none."""
    app = scope.get("app")
    if app is None or not scope["path"].startswith((f"{API}/", "/v1/")):
        return ""
    if not hasattr(app.state, "templates"):
        paths = dict.fromkeys(
            one.path_format or one.path for one in iter_route_contexts(app.routes)
        )
        app.state.templates = [(compile_path(path)[0], path) for path in paths if path]
    found = (path for pattern, path in app.state.templates if pattern.match(scope["path"]))
    return next(found, "")


class Refusals:
    """Logs refusals, of each kind and sender at most one a minute; says how many were not."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._known: OrderedDict[tuple[int, str, str], tuple[float, int]] = OrderedDict()

    def note(self, scope: Scope, status: int, route: str) -> None:
        """Take down how a request was answered, if that was a refusal."""
        if (level := _LEVELS.get(status)) is None or not _log.isEnabledFor(level):
            return
        state, client = scope.get("state") or {}, scope.get("client")
        kind, player = state.get("problem", ""), state.get("player", "")
        address = client[0] if client else ""
        key, now_s = (status, kind, player or address), self._clock.now()
        since_s, untold = self._known.pop(key, (now_s - SECONDS_BETWEEN, 0))
        is_told = now_s - since_s >= SECONDS_BETWEEN
        self._known[key] = (now_s, 0) if is_told else (since_s, untold + 1)
        if len(self._known) > MOST_KNOWN:
            self._known.popitem(last=False)
        if not is_told:
            return
        about = _NAMED.get(kind, "")
        named = ascii(Headers(scope=scope).get(about, ""))[1:-1][:80] if about else ""
        told = f"{status} {kind} for {scope['method']} {route} from {player or address}"
        told += f" ({about} {named or 'none'})" if about else ""
        told += f" and {untold} more since the last line" if untold else ""
        extra = {"status": status, "problem": kind, "route": route, "player": player}
        _log.log(level, "%s", told, extra=extra | {"address": address, "untold": untold or None})
