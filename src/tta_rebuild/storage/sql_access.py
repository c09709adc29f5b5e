"""Tokens, owners and links, in the story database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Set
from contextlib import asynccontextmanager
from datetime import datetime

from tta_rebuild.core.access import AccessToken, SharedLink, digest_of
from tta_rebuild.storage.database import Connection, Database, query
from tta_rebuild.storage.sql_rows import story_row
from tta_rebuild.storage.story_rows import Row, from_micros, to_micros


class SqlAccess:
    """The ``core.access.AccessRecords`` of SQLite and PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, token: AccessToken, secret: str, *, made_from: str = "") -> None:
        """See ``AccessRecords.add``."""
        async with self._database.writing() as connection:
            parent = await _token_number(connection, made_from)
            await connection.insert(
                "access_tokens",
                token_id=token.token_id,
                digest=digest_of(secret),
                parent=parent,
                player_id=token.player_id,
                role=token.role,
                created_at=to_micros(token.created_at),
                expires_at=to_micros(token.expires_at) if token.expires_at else None,
            )

    async def token(self, secret: str) -> AccessToken | None:
        """See ``AccessRecords.token``."""
        async with self._database.reading() as connection:
            row = await connection.row(query("token"), digest=digest_of(secret))
        return _token(row) if row is not None else None

    async def tokens(self) -> list[AccessToken]:
        """See ``AccessRecords.tokens``."""
        async with self._database.reading() as connection:
            return [_token(row) for row in await connection.rows(query("tokens"))]

    async def used(self, token_id: str, at: datetime) -> None:
        """See ``AccessRecords.used``."""
        async with self._database.writing() as connection:
            await connection.rows(query("token_used"), id=token_id, at=to_micros(at))

    async def revoke(self, name: str, at: datetime) -> list[AccessToken]:
        """See ``AccessRecords.revoke``."""
        async with self._database.writing() as connection:
            rows = await connection.rows(query("revocable"), name=name)
            for row in rows:
                values = {"number": row["number"], "at": to_micros(at)}
                await connection.rows(query("revoke_token"), **values)
        return [_token(row) for row in rows]

    async def limit(self, player_id: str, usd_a_day: float | None) -> None:
        """See ``AccessRecords.limit``."""
        async with self._database.writing() as connection:
            gone = "DELETE FROM player_budgets WHERE player_id = :player"
            await connection.rows(gone, player=player_id)
            if usd_a_day is not None:
                row = {"player_id": player_id, "usd_a_day": usd_a_day}
                await connection.add_all("player_budgets", [row])

    async def limits(self) -> Mapping[str, float]:
        """See ``AccessRecords.limits``."""
        async with self._database.reading() as connection:
            rows = await connection.rows("SELECT player_id, usd_a_day FROM player_budgets")
        return {row["player_id"]: row["usd_a_day"] for row in rows}

    async def limit_story(self, story_id: str, usd: float | None) -> None:
        """See ``AccessRecords.limit_story``."""
        async with self._database.writing() as connection:
            story = (await story_row(connection, story_id))["number"]
            await connection.rows("DELETE FROM story_budgets WHERE story = :story", story=story)
            if usd is not None:
                await connection.add_all("story_budgets", [{"story": story, "usd": usd}])

    async def story_limits(self) -> Mapping[str, float]:
        """See ``AccessRecords.story_limits``."""
        async with self._database.reading() as connection:
            rows = await connection.rows(query("story_limits"))
        return {row["story_id"]: row["usd"] for row in rows}

    async def own(self, story_id: str, player_id: str) -> None:
        """See ``AccessRecords.own``."""
        async with self._database.writing() as connection:
            story = (await story_row(connection, story_id))["number"]
            await connection.rows("DELETE FROM story_owners WHERE story = :story", story=story)
            if player_id:
                row = {"story": story, "player_id": player_id}
                await connection.add_all("story_owners", [row])

    async def owner(self, story_id: str) -> str | None:
        """See ``AccessRecords.owner``."""
        async with self._database.reading() as connection:
            row = await connection.row(query("owner_of_story"), id=story_id)
        return None if row is None else row["player_id"] or ""

    async def owned(self, player_id: str) -> Set[str]:
        """See ``AccessRecords.owned``."""
        which = query("owned" if player_id else "unowned")
        values = {"player": player_id} if player_id else {}
        async with self._database.reading() as connection:
            return {row["story_id"] for row in await connection.rows(which, **values)}

    async def share(self, share: SharedLink, secret: str) -> None:
        """See ``AccessRecords.share``."""
        async with self._database.writing() as connection:
            story = (await story_row(connection, share.story_id))["number"]
            await connection.insert(
                "shares",
                share_id=share.share_id,
                digest=digest_of(secret),
                story=story,
                created_at=to_micros(share.created_at),
            )

    async def shared(self, secret: str) -> SharedLink | None:
        """See ``AccessRecords.shared``."""
        async with self._database.reading() as connection:
            row = await connection.row(query("shared"), digest=digest_of(secret))
        return _share(row) if row is not None else None

    async def shares(self, story_id: str) -> list[SharedLink]:
        """See ``AccessRecords.shares``."""
        async with self._database.reading() as connection:
            await story_row(connection, story_id)
            rows = await connection.rows(query("shares_of_story"), id=story_id)
        return [_share(row) for row in rows]

    async def unshare(self, story_id: str, share_id: str) -> bool:
        """See ``AccessRecords.unshare``."""
        async with self._database.writing() as connection:
            values = {"id": story_id, "share": share_id}
            return bool(await connection.rows(query("unshare"), **values))

    @asynccontextmanager
    async def together(self) -> AsyncIterator[None]:
        """See ``AccessRecords.together``."""
        async with self._database.writing():
            yield


async def _token_number(connection: Connection, token_id: str) -> int | None:
    if not token_id:
        return None
    found = "SELECT number FROM access_tokens WHERE token_id = :id"
    row = await connection.row(found, id=token_id)
    return row["number"] if row is not None else None


def _token(row: Row) -> AccessToken:
    ends, revoked = row["expires_at"], row["revoked_at"]
    return AccessToken(
        token_id=row["token_id"],
        player_id=row["player_id"],
        role=row["role"],
        created_at=from_micros(row["created_at"]),
        expires_at=from_micros(ends) if ends is not None else None,
        used_at=from_micros(row["used_at"]) if row["used_at"] is not None else None,
        revoked_at=from_micros(revoked) if revoked is not None else None,
        is_session=row["parent"] is not None,
    )


def _share(row: Row) -> SharedLink:
    return SharedLink(
        share_id=row["share_id"],
        story_id=row["story_id"],
        created_at=from_micros(row["created_at"]),
    )
