"""Who asks, and whether they may: tokens and sessions, roles, whose a story is, who reads along.

``Authentication`` finds out who asks; ``allowed`` stands before every route and looks up its rule
in ``data/access.toml``. Another's story is answered for as if it were not there.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, TypeVar

from fastapi import Depends, FastAPI, Request
from fastapi.routing import iter_route_contexts
from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Receive, Scope, Send

from tta_rebuild.core.access import ROLES, AccessRecords, AccessToken, Role, digest_of
from tta_rebuild.core.data_files import packaged_toml
from tta_rebuild.core.errors import StoreError, StoryNotFound, TurnNotFound
from tta_rebuild.engine.messages import message
from tta_rebuild.engine.turn_values import error_values
from tta_rebuild.server.browser_safety import SAFE_METHODS
from tta_rebuild.server.problems import Problem, answer, body_of, problem_of
from tta_rebuild.server.resources import ID, serving_of

COOKIE = "tta_session"
SHARE_HEADER = "X-TTA-Share"
LOOKS = ("/api/v1/health", "/metrics")
"""What says how the server is, to operators, also while the database with their tokens is away."""
LATELY = timedelta(hours=1)
"""How long who was an operator may go on to look at that meanwhile."""
AWAY_AFTER_S = 1.0
NOT_KNOWN = (
    "the database does not answer, so no token can be looked up; /healthz and /readyz ask for none"
)
NOTED_EVERY = timedelta(minutes=1)
"""How exactly the time of a token's last use is kept."""

LOOKED_EVERY = timedelta(seconds=2)
"""How soon a server that was open sees that another machine made the first token."""
LOOK_S = 1.0

Row = TypeVar("Row")

_log = logging.getLogger("tta_rebuild.server")


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who asks.

    Attributes:
        player_id: "" for the one person of a server without accounts, and for nobody.
        role: None for somebody who has shown no token that is good.
        owns_all: on a server without accounts.
        reads: the id of the story that a link gives to read.
        token: what was shown.
    """

    player_id: str = ""
    role: Role | None = None
    owns_all: bool = False
    reads: str = ""
    token: AccessToken | None = None

    def has(self, role: Role) -> bool:
        """Whether they have that role, or one above it."""
        return self.role is not None and ROLES.index(self.role) >= ROLES.index(role)

    def owns(self, owner: str) -> bool:
        """Whether a story of that owner's is theirs; what is nobody's is the operators'."""
        return (
            self.owns_all or owner == self.player_id != "" or (not owner and self.has("operator"))
        )

    def key(self, key: str) -> str:
        """A key of theirs as the runner knows it: nobody else's can be the same."""
        return f"{self.player_id}\n{key}" if self.player_id else key


ANYBODY = Principal(role="operator", owns_all=True)


class Access:
    """Finds out who asks; where no ``accounts`` are kept, everybody is the one player.

    ``may_begin``: other machines share the tokens, and may make the first one.
    """

    def __init__(
        self,
        records: AccessRecords,
        *,
        accounts: bool,
        may_begin: bool = False,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.records, self.accounts, self.now = records, accounts, now
        self._may_begin, self._looked_at = may_begin, datetime.min.replace(tzinfo=UTC)
        self._lately: dict[str, tuple[datetime, Principal]] = {}

    async def principal(self, headers: Headers) -> Principal:
        """Who sends a request with these headers."""
        if not self.accounts and not await self._have_begun():
            return ANYBODY
        token = await self.good(_bearer(headers) or _cookie(headers))
        link = headers.get(SHARE_HEADER, "")
        share = await self.records.shared(link) if link else None
        reads = share.story_id if share else ""
        if token is None:
            return Principal(reads=reads)
        if token.used_at is None or self.now() - token.used_at >= NOTED_EVERY:
            await self.records.used(token.token_id, self.now())
        return Principal(player_id=token.player_id, role=token.role, reads=reads, token=token)

    async def _have_begun(self) -> bool:
        """Whether there are tokens by now. A database that is away has nothing to show either."""
        if not self._may_begin or self.now() - self._looked_at < LOOKED_EVERY:
            return False
        self._looked_at = self.now()
        with suppress(StoreError, TimeoutError):
            self.accounts = bool(await asyncio.wait_for(self.records.tokens(), LOOK_S))
        if self.accounts:
            _log.warning("the first token was made: players show tokens from now on")
        return self.accounts

    async def principal_of_look(self, headers: Headers) -> Principal:
        """Who asks how the server is: while the database is away, by who they were lately."""
        secret = _bearer(headers) or _cookie(headers)
        try:
            found = await asyncio.wait_for(self.principal(headers), AWAY_AFTER_S)
        except (StoreError, TimeoutError) as error:
            at, known = self._lately.get(digest_of(secret), (datetime.min, Principal()))
            is_good = known.token is not None and known.token.is_good(self.now())
            if not is_good or self.now() - at > LATELY:
                raise StoreError(NOT_KNOWN) from error
            return known
        if found.token is not None:
            self._lately = {
                d: one for d, one in self._lately.items() if one[1].token != found.token
            }
            self._lately[digest_of(secret)] = self.now(), found
        return found

    async def good(self, secret: str) -> AccessToken | None:
        """The token of a secret, if it opens the door now."""
        found = await self.records.token(secret) if secret else None
        return found if found is not None and found.is_good(self.now()) else None

    async def is_still(self, principal: Principal, headers: Headers) -> bool:
        """Whether the token by which somebody came in with these headers is still good."""
        token = await self.good(_bearer(headers) or _cookie(headers))
        known = principal.token.token_id if principal.token else ""
        return not self.accounts or (token is not None and token.token_id == known)

    async def visible(self, principal: Principal, rows: Iterable[Row]) -> list[Row]:
        """Those of some stories that are a player's own."""
        if principal.owns_all:
            return list(rows)
        own = set(await self.records.owned(principal.player_id))
        if principal.has("operator"):
            own |= await self.records.owned("")
        return [row for row in rows if getattr(row, "story_id", "") in own]


def _bearer(headers: Headers) -> str:
    scheme, _, secret = headers.get("authorization", "").partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else ""


def _cookie(headers: Headers) -> str:
    return cookie_parser(headers.get("cookie", "")).get(COOKIE, "")


class Authentication:
    """Puts who asks into the request's state, as ``principal`` and ``player``."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app, self._access = app, access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on with who asks; a browser's must come from our own page."""
        if scope["type"] != "http" or not scope["path"].startswith(("/api/", "/v1/", "/metrics")):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        is_look = scope["path"] in LOOKS
        whose = self._access.principal_of_look if is_look else self._access.principal
        try:
            principal = await whose(headers)
        except StoreError as error:  # the handlers of errors stand further inside
            await answer(problem_of(error_values(error)))(scope, receive, send)
            return
        is_by_cookie = principal.role and self._access.accounts and not _bearer(headers)
        if is_by_cookie and scope["method"] not in SAFE_METHODS and not _says_from_where(headers):
            # BrowserSafety has seen that it is ours, if it says so at all
            said = "A session of a browser changes something from the server's own pages alone."
            do = "A program sends its token as 'Authorization: Bearer'."
            refusal = answer(body_of(403, "From nowhere", said, do=do, kind="OriginRefused"))
            await refusal(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        state["principal"], state["player"] = principal, principal.player_id
        await self._app(scope, receive, send)


def _says_from_where(headers: Headers) -> bool:
    return "origin" in headers or "sec-fetch-site" in headers


def principal_of(request: Request) -> Principal:
    """Who asks; nobody where nothing has found out."""
    principal: Principal = getattr(request.state, "principal", None) or Principal()
    return principal


async def _principal(request: Request) -> Principal:
    return principal_of(request)  # async: FastAPI takes a thread for what is not


Asking = Annotated[Principal, Depends(_principal)]


def access_of(request: Request) -> Access:
    """What finds out who asks."""
    access: Access = request.app.state.access
    return access


async def _access(request: Request) -> Access:
    return access_of(request)


TheAccess = Annotated[Access, Depends(_access)]


def not_signed_in() -> Problem:
    """What is said to who shows no token that is good."""
    do = "Send a token as 'Authorization: Bearer', or sign in; an operator gives tokens."
    headers = {"WWW-Authenticate": "Bearer"}
    said = "No token was shown that is known, has not expired and was not revoked."
    return Problem(401, "Who are you?", said, do=do, kind="NotSignedIn", headers=headers)


@dataclass(frozen=True, slots=True)
class Watch:
    """Whether somebody may still follow what they asked for, to be looked at now and then."""

    may_follow: Callable[[], Awaitable[bool]]
    looked_s: float


def watch_of(request: Request) -> Watch | None:
    """For a long answer to a request; None where nobody's token can end."""
    access, principal = access_of(request), principal_of(request)
    if not access.accounts:
        return None
    looked_s = request.app.state.options.looked_s
    return Watch(lambda: access.is_still(principal, request.headers), looked_s)


def operations(app: FastAPI) -> Mapping[tuple[Any, str], str]:
    """(Endpoint, method) → the operation, as ``GET /api/v1/stories``, for all routes."""
    found = {}
    for route in iter_route_contexts(app.routes):
        for method in sorted(route.methods or ()):
            found[route.endpoint, method] = f"{method} {route.path_format or route.path}"
    return found


async def allowed(request: Request) -> None:
    """Raise Problem or the error of what is not there, unless who asks may.

    A route without a rule is refused to all.
    """
    state, principal = request.app.state, principal_of(request)
    if not hasattr(state, "operations"):
        state.operations = operations(request.app)
    operation = state.operations.get((request.scope.get("endpoint"), request.method), "")
    rule = packaged_toml("tta_rebuild.server", "access").get(operation, "nobody")
    if rule == "everybody":
        return
    if rule == "reader":
        if principal.reads and request.path_params.get("story") == principal.reads:
            return
        if principal.reads and principal.role is None:
            raise _no_story(request)
        rule = "player"
    is_of_any_story = rule == "operator of any story"
    if is_of_any_story:
        rule = "operator"
    if rule in ROLES and principal.role is None:
        raise not_signed_in()
    if rule in ROLES and not principal.has(rule):
        said, do = f"That is for {rule}s.", "Ask an operator for another role."
        raise Problem(403, "Not for this role", said, do=do, kind="RoleRefused")
    if rule not in ROLES:
        said, do = "No rule says who may ask for that.", "Tell those who run the server."
        raise Problem(403, "For nobody", said, do=do, kind="NoRule")
    if not (principal.owns_all or is_of_any_story):
        await _check_owner(request, principal)


async def _check_owner(request: Request, principal: Principal) -> None:
    """Raise what is raised where there is no such story or turn, unless it is theirs."""
    story_id, turn_id = (request.path_params.get(name) for name in ("story", "turn_id"))
    if turn_id is not None:
        story_id = (await serving_of(request).runner.turn(turn_id)).request.story_id
    if story_id is None or not re.fullmatch(ID, story_id):
        return
    owner = await access_of(request).records.owner(story_id)
    if owner is None or not principal.owns(owner):
        raise _no_story(request)


def _no_story(request: Request) -> Exception:
    if "turn_id" in request.path_params:
        return TurnNotFound(message("no_turn"))
    story_id = request.path_params.get("story", "")
    return StoryNotFound(f"no story '{story_id}'; see the list of stories")
