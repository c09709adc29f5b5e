"""Who may come in, whose a story is, and who may read along: values, and where they are kept.

Of a token or a link the store knows the digest alone; who holds the database holds no key.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Mapping, Set
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol, TypeAlias, get_args

Role: TypeAlias = Literal["player", "author", "operator"]
ROLES: tuple[Role, ...] = get_args(Role)
"""Each may do what those before it may, and more."""

SECRET_BYTES = 32


def new_secret(prefix: str) -> str:
    """An unguessable text to be shown once: a ``prefix`` that says what it is, and 256 bits."""
    return f"{prefix}_{secrets.token_urlsafe(SECRET_BYTES)}"


def digest_of(secret: str) -> str:
    """What is kept of a secret; 256 random bits need no slow digest."""
    return hashlib.sha256(secret.encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessToken:
    """What a player shows to come in; its secret is known to them alone.

    Attributes:
        token_id: names it where it is listed and revoked.
        is_session: made from another token by a browser, and worth no more than that one.
        expires_at: None is never.
        used_at: about when it was last shown, to the minute.
    """

    token_id: str
    player_id: str
    role: Role
    created_at: datetime
    expires_at: datetime | None = None
    used_at: datetime | None = None
    revoked_at: datetime | None = None
    is_session: bool = False

    def is_good(self, at: datetime) -> bool:
        """Whether it opens the door then."""
        return self.revoked_at is None and (self.expires_at is None or at < self.expires_at)


def operators_of(tokens: Iterable[AccessToken], at: datetime) -> list[AccessToken]:
    """The tokens of operators that open the door then, without sessions of browsers."""
    return [t for t in tokens if t.role == "operator" and t.is_good(at) and not t.is_session]


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedLink:
    """A link by which anybody who has it may read a story."""

    share_id: str
    story_id: str
    created_at: datetime


class AccessRecords(Protocol):
    """Where it is kept: beside the stories, so that what belongs to a story goes with it."""

    async def add(self, token: AccessToken, secret: str, *, made_from: str = "") -> None:
        """Keep a token; ``made_from`` is the id of that which a session is made from."""
        ...

    async def token(self, secret: str) -> AccessToken | None:
        """The token of a secret, good or not; None for none.

        A session ends with what it was made from: it is given with the nearer of both ends.
        """
        ...

    async def tokens(self) -> list[AccessToken]:
        """All tokens but sessions, in the order in which they were made."""
        ...

    async def used(self, token_id: str, at: datetime) -> None:
        """Note when a token was last shown; of a session also on what it was made from."""
        ...

    async def revoke(self, name: str, at: datetime) -> list[AccessToken]:
        """Let a token, or all of a player's, open nothing any more; gives those that did."""
        ...

    async def limit(self, player_id: str, usd_a_day: float | None) -> None:
        """Let a player spend no more than so much a day (UTC); None: as much as all others."""
        ...

    async def limits(self) -> Mapping[str, float]:
        """What the players that have a limit of their own may spend a day, in US dollars."""
        ...

    async def limit_story(self, story_id: str, usd: float | None) -> None:
        """Let a story cost no more than so much in all; None: no more than the settings say.

        Raises StoryNotFound.
        """
        ...

    async def story_limits(self) -> Mapping[str, float]:
        """What the stories that have a budget of their own may cost, in US dollars, by id."""
        ...

    async def own(self, story_id: str, player_id: str) -> None:
        """Make a story a player's. Raises StoryNotFound."""
        ...

    async def owner(self, story_id: str) -> str | None:
        """Whose a story is: "" if it is nobody's, None if there is no such story."""
        ...

    async def owned(self, player_id: str) -> Set[str]:
        """The ids of a player's stories; for "" of those that are nobody's."""
        ...

    async def share(self, share: SharedLink, secret: str) -> None:
        """Keep a link. Raises StoryNotFound."""
        ...

    async def shared(self, secret: str) -> SharedLink | None:
        """What a link's secret gives to read."""
        ...

    async def shares(self, story_id: str) -> list[SharedLink]:
        """The links to a story. Raises StoryNotFound."""
        ...

    async def unshare(self, story_id: str, share_id: str) -> bool:
        """Let a link lead nowhere any more; whether there was one."""
        ...

    def together(self) -> AbstractAsyncContextManager[None]:
        """All that this task stores in the block is kept when it ends, or nothing is."""
        ...
