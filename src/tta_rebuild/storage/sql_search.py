"""Searching a story's words: FTS5 in SQLite, a GIN index in PostgreSQL.

The branch is a word of the indexed text (``scope``), so that the index itself passes over all other
stories and branches; filtering afterwards was measured three orders of magnitude slower for rare
words. In SQLite a row's number holds branch and position, so that a match outside the path is
dropped without reading its row. Asked by ``sql_store`` alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from tta_rebuild.storage.branch_path import Span
from tta_rebuild.storage.prose import words_in
from tta_rebuild.storage.sql_rows import SPANS_AT_ONCE, inside

NEAR_EVENTS = 5_000
"""About five hundred turns: as far back as a search looks for words that are everywhere."""

COMMON_EVENTS = 500
"""A word that more events of a long story hold tells little about where to look."""

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

_POSITION_BITS = 32
_POSITIONS = (1 << _POSITION_BITS) - 1

_SQLITE = sa.table("prose", sa.column("rowid"), sa.column("scope"), sa.column("words"))
_MATCHES = sa.literal_column("prose").op("MATCH")
_BM25 = sa.literal_column("bm25(prose, 0.0, 1.0)", sa.Double)

_SERVER = sa.table(
    "prose",
    sa.column("branch", sa.BigInteger),
    sa.column("position", sa.BigInteger),
    sa.column("scope", sa.Text),
    sa.column("words", sa.Text),
)
_INDEXED = sa.literal_column(
    "(setweight(to_tsvector('simple', scope), 'A') || to_tsvector('simple', words))", sa.Text
)
_WORDS = sa.literal_column("to_tsvector('simple', words)", sa.Text)


@dataclass(frozen=True, slots=True)
class Hit:
    """An event that holds a phrase; the smaller the rank, the better."""

    branch: int
    position: int
    rank: float


async def keep_words(
    connection: AsyncConnection, branch: int, texts: Sequence[tuple[int, str]]
) -> None:
    """Add (position, text) of a branch's own events to the index."""
    if not texts:
        return
    rows = [{"scope": f"b{branch}", "words": " ".join(words_in(text))} for _, text in texts]
    if connection.dialect.name == "sqlite":
        first = branch << _POSITION_BITS
        numbered = [
            {"rowid": first + position, **row}
            for (position, _), row in zip(texts, rows, strict=True)
        ]
        await connection.execute(sa.insert(_SQLITE), numbered)
    else:
        placed = [
            {"branch": branch, "position": position, **row}
            for (position, _), row in zip(texts, rows, strict=True)
        ]
        await connection.execute(sa.insert(_SERVER), placed)


async def narrowed(
    connection: AsyncConnection, phrases: Sequence[tuple[str, ...]], spans: Sequence[Span]
) -> tuple[Sequence[tuple[str, ...]], Sequence[Span]]:
    """What to rank, so that a search does not take longer the longer the story is.

    Ranking costs time for every event that holds a phrase; counting costs a twentieth of it and can
    stop. On a path longer than ``NEAR_EVENTS``, phrases that more than ``COMMON_EVENTS`` hold are
    left out, for they tell little; if there are no others, the last ``NEAR_EVENTS`` are searched.
    """
    end = spans[-1].upto if spans else 0
    if end <= NEAR_EVENTS or len(spans) > SPANS_AT_ONCE:
        return phrases, spans
    on_server = connection.dialect.name != "sqlite"
    query = _server_query if on_server else _file_query
    asked = {f"query_{n}": query([phrase], spans) for n, phrase in enumerate(phrases)}
    row = (await connection.execute(_counting(len(phrases), on_server=on_server), asked)).one()
    rare = [phrase for phrase, count in zip(phrases, row, strict=True) if count <= COMMON_EVENTS]
    if rare:
        return rare, spans
    near = (replace(span, after=max(span.after, end - NEAR_EVENTS)) for span in spans)
    return phrases, [span for span in near if span.after < span.upto]


async def ranked(
    connection: AsyncConnection,
    phrases: Sequence[tuple[str, ...]],
    spans: Sequence[Span],
    limit: int,
) -> list[Hit]:
    """The best events in these spans that hold any of the phrases; words as ``words_in`` cuts."""
    if connection.dialect.name == "sqlite":
        number = _SQLITE.c.rowid
        places = (number.between(_number(s, s.after + 1), _number(s, s.upto)) for s in spans)
        best = (
            sa.select(number, _BM25.label("rank"))
            .where(_MATCHES(_file_query(phrases, spans)), sa.or_(*places))
            .order_by(sa.literal_column("rank"), number.op("&")(_POSITIONS).desc())
            .limit(limit)
        )
        return [
            Hit(row.rowid >> _POSITION_BITS, row.rowid & _POSITIONS, row.rank)
            for row in await connection.execute(best)
        ]
    asked = sa.func.to_tsquery("simple", _server_query(phrases, spans))
    rank = -sa.func.ts_rank(_WORDS, sa.func.to_tsquery("simple", _server_words(phrases)))
    best = (
        sa.select(_SERVER.c.branch, _SERVER.c.position, rank.label("rank"))
        .where(_INDEXED.op("@@")(asked), inside(_SERVER, spans))
        .order_by(sa.literal_column("rank"), _SERVER.c.position.desc())
        .limit(limit)
    )
    return [Hit(*row) for row in await connection.execute(best)]


@lru_cache
def _counting(phrases: int, *, on_server: bool) -> sa.Select[Any]:
    """How many rows each of so many queries finds, counted up to one over ``COMMON_EVENTS``."""
    counts = []
    for number in range(phrases):
        query = sa.bindparam(f"query_{number}", type_=sa.Text)
        hits = sa.select(sa.literal(1)).select_from(_SERVER if on_server else _SQLITE)
        if on_server:
            hits = hits.where(_INDEXED.op("@@")(sa.func.to_tsquery("simple", query)))
        else:
            hits = hits.where(_MATCHES(query))
        some = hits.limit(COMMON_EVENTS + 1).subquery()
        counts.append(sa.select(sa.func.count()).select_from(some).scalar_subquery())
    return sa.select(*counts)


def _file_query(phrases: Sequence[tuple[str, ...]], spans: Sequence[Span]) -> str:
    """Any of the phrases on any of the spans' branches, in the language of FTS5."""
    scope = " OR ".join(f'"b{owner}"' for owner in dict.fromkeys(span.owner for span in spans))
    words = " OR ".join('"' + " ".join(phrase) + '"' for phrase in phrases)
    return f"scope : ({scope}) AND words : ({words})"


def _server_query(phrases: Sequence[tuple[str, ...]], spans: Sequence[Span]) -> str:
    """The same in the language of PostgreSQL."""
    scope = " | ".join(f"b{owner}:A" for owner in dict.fromkeys(span.owner for span in spans))
    return f"({scope}) & ({_server_words(phrases)})"


def _server_words(phrases: Sequence[tuple[str, ...]]) -> str:
    return " | ".join("(" + " <-> ".join(f"'{w}':D" for w in phrase) + ")" for phrase in phrases)


async def forget_words(connection: AsyncConnection, branches: Sequence[int]) -> None:
    """Remove all words of these branches from the index, leaving no trace of them in it."""
    if connection.dialect.name != "sqlite":
        await connection.execute(sa.delete(_SERVER).where(_SERVER.c.branch.in_(branches)))
        return
    for branch in branches:
        first = branch << _POSITION_BITS
        own = _SQLITE.c.rowid.between(first, first + _POSITIONS)
        await connection.execute(sa.delete(_SQLITE).where(own))
    # a deleted row leaves its words in the index until the segments that hold them are merged
    await connection.exec_driver_sql("INSERT INTO prose(prose) VALUES ('optimize')")


def _number(span: Span, position: int) -> int:
    return (span.owner << _POSITION_BITS) + position
