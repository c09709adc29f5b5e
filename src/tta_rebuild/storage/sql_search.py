"""Searching a story's words: FTS5 in SQLite, a GIN index in PostgreSQL; words are cut here.

The branch is a word of the indexed text (``scope``), so that the index itself passes over other
stories: filtering afterwards was measured three orders of magnitude slower for rare words. In
SQLite a row's number holds branch and position, so that it need not be read to be dropped.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Any

from tta_rebuild.storage.database import Connection, query
from tta_rebuild.storage.story_rows import Row

_WORD = re.compile(r"[^\W_]+")
_POSSESSIVE = re.compile(r"(?<=\w)['\u2019]s\b")
NEAR_EVENTS = 5_000
"""About five hundred turns: as far back as a search looks for words that are everywhere."""

COMMON_EVENTS = 500
"""A word that more events of a long story hold tells little about where to look."""

_POSITIONS = (1 << 32) - 1


def words_in(text: str) -> list[str]:
    """The words of a text in order, folded: no case, no accents, no possessive, singular.

    Plurals by the S-stemmer (D. Harman, "How effective is suffixing?", JASIS 42, 1991).
    """
    folded = unicodedata.normalize("NFKD", _POSSESSIVE.sub("", text)).casefold()
    plain = "".join(c for c in folded if not unicodedata.combining(c))
    return [_singular(word) for word in _WORD.findall(plain)]


def phrases_in(words: Sequence[str]) -> list[tuple[str, ...]]:
    """What a search asks for: each entry's words, in order; entries without a word are dropped."""
    phrases = dict.fromkeys(tuple(words_in(entry)) for entry in words)
    return [phrase for phrase in phrases if phrase]


def _singular(word: str) -> str:
    if len(word) < 4:
        return word
    if word.endswith("ies") and word[-4] not in "ae":
        return word[:-3] + "y"
    if word.endswith("es") and word[-3] not in "aeo":
        return word[:-1]
    if word.endswith("s") and word[-2] not in "us":
        return word[:-1]
    return word


async def keep_words(connection: Connection, branch: int, texts: Sequence[tuple[int, str]]) -> None:
    """Add (position, text) of a branch's own events to the index."""
    rows: list[dict[str, int | str]] = []
    for position, text in texts:
        row = {"scope": f"b{branch}", "words": " ".join(words_in(text))}
        place = {"branch": branch, "position": position}
        rows.append(row | ({"rowid": _number(**place)} if connection.is_sqlite else place))
    await connection.add_all("prose", rows)


async def forget_words(connection: Connection, branches: Sequence[int]) -> None:
    """Remove all words of these branches from the index, leaving no trace of them in it."""
    for branch in branches:
        own = f"branch = {branch:d}"
        if connection.is_sqlite:
            own = f"rowid BETWEEN {_number(branch, 0)} AND {_number(branch, _POSITIONS)}"
        await connection.rows(f"DELETE FROM prose WHERE {own}")
    if connection.is_sqlite:
        # a deleted row leaves its words in the index until the segments with them are merged
        await connection.rows("INSERT INTO prose(prose) VALUES ('optimize')")


async def best_hits(
    connection: Connection, phrases: Sequence[tuple[str, ...]], branch: int, upto: int, limit: int
) -> Sequence[Row]:
    """The best events on a path that hold a phrase, by ``rank`` (small is good), then latest."""
    values = {"branch": branch, "upto": upto}
    phrases, after = await _narrowed(connection, phrases, values)
    ranked = query("sqlite_ranked" if connection.is_sqlite else "server_ranked")
    best = query("best", ranked=ranked, matches=_matches(connection, "words"))
    words = _asked(connection, phrases)
    return await connection.rows(best, **values, after=after, words=words, limit=limit)


async def _narrowed(
    connection: Connection, phrases: Sequence[tuple[str, ...]], values: dict[str, Any]
) -> tuple[Sequence[tuple[str, ...]], int]:
    """Which phrases to rank, and after which position, so that a long story takes no longer.

    On a path longer than ``NEAR_EVENTS``, phrases that more than ``COMMON_EVENTS`` hold are left
    out; if there are no others, its last ``NEAR_EVENTS`` are searched. Counting costs little.
    """
    if values["upto"] <= NEAR_EVENTS:
        return phrases, 0
    counts = (
        query("count", matches=_matches(connection, f"words{n}"), limit=COMMON_EVENTS + 1, n=n)
        for n in range(len(phrases))
    )
    asked = {f"words{n}": _asked(connection, [one]) for n, one in enumerate(phrases)}
    counted = query("path") + f" SELECT {', '.join(counts)}"
    [row] = await connection.rows(counted, **values, **asked, after=0)
    rare = [phrase for n, phrase in enumerate(phrases) if row[f"count{n}"] <= COMMON_EVENTS]
    return (rare, 0) if rare else (phrases, values["upto"] - NEAR_EVENTS)


def _matches(connection: Connection, words: str) -> str:
    return query("sqlite_matches" if connection.is_sqlite else "server_matches", words=words)


def _asked(connection: Connection, phrases: Sequence[tuple[str, ...]]) -> str:
    if connection.is_sqlite:
        return " OR ".join('"' + " ".join(phrase) + '"' for phrase in phrases)
    return " | ".join("(" + " <-> ".join(f"'{w}':D" for w in phrase) + ")" for phrase in phrases)


def _number(branch: int, position: int) -> int:
    return (branch << 32) + position
