"""What was taken from somebody stays taken when an older database comes in its place.

Called by ``backup.restore`` with the copy that is about to be put in place: a token that was
revoked since the backup is revoked in the copy, a link that was taken back is taken out of it.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tta_rebuild.storage.story_rows import to_micros


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRestored:
    """Who may come in after a restore; tokens as "id of player", sessions not named.

    Attributes:
        revoked: tokens that are good in the backup, and were revoked since; they stay revoked.
        links: how many links were taken back since the backup; they stay so.
        unchecked: good tokens of the backup of which nothing here says whether they were revoked.
        unchecked_links: links of the backup of which the same is true.
        gone: good tokens that were made since the backup, and are not in it.
    """

    revoked: tuple[str, ...] = ()
    links: int = 0
    unchecked: tuple[str, ...] = ()
    unchecked_links: int = 0
    gone: tuple[str, ...] = ()


def keep_revocations(replaced: Path | None, into: Path, now: datetime) -> AccessRestored:
    """Bring into a copy what was revoked and taken back in the database that it replaces.

    A database that is missing, damaged or older than tokens tells nothing: then all that the copy
    lets in is ``unchecked``. Raises sqlite3.Error where the copy cannot be read or written.
    """
    with closing(sqlite3.connect(into, isolation_level=None)) as copy:
        if not _has_access(copy):
            return AccessRestored()
        at = to_micros(now)
        known, links, stories = _known(replaced)
        good = _good(copy, at)
        revoked = [number for number in known if known[number][1] is not None]
        copy.execute("BEGIN")
        for token_id in revoked:
            copy.execute(
                "UPDATE access_tokens SET revoked_at = ? WHERE token_id = ? AND revoked_at IS NULL",
                (known[token_id][1], token_id),
            )
        taken_back, unchecked_links = 0, 0
        for share_id, story_id in _links(copy):
            if share_id in links:
                continue
            if story_id in stories:
                copy.execute("DELETE FROM shares WHERE share_id = ?", (share_id,))
                taken_back += 1
            else:
                unchecked_links += 1
        copy.execute("COMMIT")
        in_copy = {row[0] for row in copy.execute("SELECT token_id FROM access_tokens")}
    return AccessRestored(
        revoked=tuple(name for token, name in good.items() if token in revoked),
        links=taken_back,
        unchecked=tuple(name for token, name in good.items() if token not in known),
        unchecked_links=unchecked_links,
        gone=tuple(
            name
            for token, (name, revoked_at) in known.items()
            if name and revoked_at is None and token not in in_copy
        ),
    )


_Tokens = dict[str, tuple[str, int | None]]


def _known(replaced: Path | None) -> tuple[_Tokens, set[str], set[str]]:
    """Tokens with when they were revoked, links and stories of the database that is replaced."""
    if replaced is None or not replaced.is_file():
        return {}, set(), set()
    try:
        with closing(sqlite3.connect(replaced, isolation_level=None)) as connection:
            if not _has_access(connection):
                return {}, set(), set()
            rows = connection.execute(
                "SELECT token_id, player_id, parent, revoked_at FROM access_tokens ORDER BY number"
            )
            tokens: _Tokens = {
                token: ("" if parent else f"{token} of {player}", revoked)
                for token, player, parent, revoked in rows
            }
            links = {share for share, _ in _links(connection)}
            stories = {row[0] for row in connection.execute("SELECT story_id FROM stories")}
            return tokens, links, stories
    except sqlite3.Error:  # it may be damaged, which may be why it is replaced
        return {}, set(), set()


def _has_access(connection: sqlite3.Connection) -> bool:
    found = "SELECT 1 FROM sqlite_master WHERE name = 'access_tokens'"
    return connection.execute(found).fetchone() is not None


def _good(connection: sqlite3.Connection, at: int) -> dict[str, str]:
    """Token → what it is called, of those that let somebody in at a time."""
    rows = connection.execute(
        "SELECT token_id, player_id FROM access_tokens WHERE parent IS NULL AND revoked_at IS NULL "
        "AND (expires_at IS NULL OR expires_at > ?) ORDER BY number",
        (at,),
    )
    return {token: f"{token} of {player}" for token, player in rows}


def _links(connection: sqlite3.Connection) -> list[tuple[str, str]]:
    """(Link, its story), of all links."""
    rows = connection.execute(
        "SELECT share_id, story_id FROM shares JOIN stories ON stories.number = shares.story"
    )
    return rows.fetchall()
