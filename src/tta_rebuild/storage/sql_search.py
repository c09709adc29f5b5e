"""Searching a story's words: FTS5 in SQLite, a GIN index in PostgreSQL.

The branch is a word of the indexed text (``scope``), so that the index itself passes over all other
stories and branches; filtering afterwards was measured three orders of magnitude slower for rare
words. Asked by ``sql_store`` alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from tta_rebuild.storage.branch_path import Span
from tta_rebuild.storage.schema import PROSE
from tta_rebuild.storage.sql_rows import inside

_MATCHES = sa.literal_column("prose").op("MATCH")
_BM25 = sa.literal_column("bm25(prose, 0.0, 1.0)", sa.Double)
_INDEXED = sa.literal_column(
    "(setweight(to_tsvector('simple', scope), 'A') || to_tsvector('simple', words))", sa.Text
)
_WORDS = sa.literal_column("to_tsvector('simple', words)", sa.Text)


@dataclass(frozen=True, slots=True)
class Hit:
    """An event that holds a phrase; the smaller the rank, the better."""

    branch: int
    position: int
    turn: int
    rank: float


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
        matches = _MATCHES(f"scope : ({scope}) AND words : ({words})")
        rank: sa.ColumnElement[float] = _BM25
    else:
        scope = " | ".join(f"b{owner}:A" for owner in owners)
        words = " | ".join(
            "(" + " <-> ".join(f"'{w}':D" for w in phrase) + ")" for phrase in phrases
        )
        asked = sa.func.to_tsquery("simple", f"({scope}) & ({words})")
        matches = _INDEXED.op("@@")(asked)
        rank = -sa.func.ts_rank(_WORDS, sa.func.to_tsquery("simple", words))
    best = (
        sa.select(PROSE.c.branch, PROSE.c.position, PROSE.c.turn, rank.label("rank"))
        .where(matches, inside(PROSE, spans))
        .order_by(sa.literal_column("rank"), PROSE.c.position.desc())
        .limit(limit)
    )
    return [Hit(*row) for row in await connection.execute(best)]


async def forget_words(connection: AsyncConnection, numbers: Sequence[int]) -> None:
    """Remove all words of these branches from the index, leaving no trace of them in it."""
    if connection.dialect.name != "sqlite":
        await connection.execute(sa.delete(PROSE).where(PROSE.c.branch.in_(numbers)))
        return
    for number in numbers:
        await connection.exec_driver_sql(
            "DELETE FROM prose WHERE rowid IN (SELECT rowid FROM prose WHERE prose MATCH ?)",
            (f'scope : "b{number}"',),
        )
    # a deleted row leaves its words in the index until the segments that hold them are merged
    await connection.exec_driver_sql("INSERT INTO prose(prose) VALUES ('optimize')")
