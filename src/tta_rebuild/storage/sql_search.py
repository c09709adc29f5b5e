"""Searching a story's words: FTS5 in SQLite, a GIN index in PostgreSQL.

The branch is a word of the indexed text (``scope``), so that the index itself passes over all other
stories and branches; filtering afterwards was measured three orders of magnitude slower for rare
words. In SQLite a row's number holds branch and position, so that a match outside the path is
dropped without reading its row. Asked by ``sql_store`` alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from tta_rebuild.storage.branch_path import Span
from tta_rebuild.storage.prose import words_in
from tta_rebuild.storage.sql_rows import inside

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


async def ranked(
    connection: AsyncConnection,
    phrases: Sequence[tuple[str, ...]],
    spans: Sequence[Span],
    limit: int,
) -> list[Hit]:
    """The best events in these spans that hold any of the phrases; words as ``words_in`` cuts."""
    owners = list(dict.fromkeys(span.owner for span in spans))
    if connection.dialect.name == "sqlite":
        scope = " OR ".join(f'"b{owner}"' for owner in owners)
        words = " OR ".join('"' + " ".join(phrase) + '"' for phrase in phrases)
        number = _SQLITE.c.rowid
        best = (
            sa.select(number, _BM25.label("rank"))
            .where(
                _MATCHES(f"scope : ({scope}) AND words : ({words})"),
                sa.or_(
                    *(number.between(_number(s, s.after + 1), _number(s, s.upto)) for s in spans)
                ),
            )
            .order_by(sa.literal_column("rank"), number.op("&")(_POSITIONS).desc())
            .limit(limit)
        )
        return [
            Hit(row.rowid >> _POSITION_BITS, row.rowid & _POSITIONS, row.rank)
            for row in await connection.execute(best)
        ]
    scope = " | ".join(f"b{owner}:A" for owner in owners)
    words = " | ".join("(" + " <-> ".join(f"'{w}':D" for w in phrase) + ")" for phrase in phrases)
    asked = sa.func.to_tsquery("simple", f"({scope}) & ({words})")
    rank = -sa.func.ts_rank(_WORDS, sa.func.to_tsquery("simple", words))
    best = (
        sa.select(_SERVER.c.branch, _SERVER.c.position, rank.label("rank"))
        .where(_INDEXED.op("@@")(asked), inside(_SERVER, spans))
        .order_by(sa.literal_column("rank"), _SERVER.c.position.desc())
        .limit(limit)
    )
    return [Hit(*row) for row in await connection.execute(best)]


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
