"""Searching a story's words: FTS5 in SQLite, a GIN index in PostgreSQL.

The branch is a word of the indexed text (``scope``), so that the index itself passes over all other
stories and branches; filtering afterwards was measured three orders of magnitude slower for rare
words. In SQLite a row's number holds branch and position, so that a match outside the path is
dropped without reading its row. Words are cut here, so that a search finds the same in both.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tta_rebuild.storage.branch_path import SPANS_AT_ONCE, Span, batches, inside
from tta_rebuild.storage.connection import Connection, inserting

_WORD = re.compile(r"[^\W_]+")
_POSSESSIVE = re.compile(r"(?<=\w)['\u2019]s\b")
NEAR_EVENTS = 5_000
"""About five hundred turns: as far back as a search looks for words that are everywhere."""

COMMON_EVENTS = 500
"""A word that more events of a long story hold tells little about where to look."""

_POSITION_BITS = 32
_POSITIONS = (1 << _POSITION_BITS) - 1

_INDEXED = "(setweight(to_tsvector('simple', scope), 'A') || to_tsvector('simple', words))"


def words_in(text: str) -> list[str]:
    """The words of a text in order, folded: no case, no accents, no possessive, singular.

    Plurals are folded by the S-stemmer (D. Harman, "How effective is suffixing?", JASIS 42, 1991),
    which is wrong seldom enough to need no list of exceptions.
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


@dataclass(frozen=True, slots=True)
class Hit:
    """An event that holds a phrase; the smaller the rank, the better."""

    branch: int
    position: int
    rank: float


async def keep_words(connection: Connection, branch: int, texts: Sequence[tuple[int, str]]) -> None:
    """Add (position, text) of a branch's own events to the index."""
    if not texts:
        return
    rows = []
    for position, text in texts:
        row = {"scope": f"b{branch}", "words": " ".join(words_in(text))}
        if connection.is_sqlite:
            rows.append({"rowid": _number(branch, position), **row})
        else:
            rows.append({"branch": branch, "position": position, **row})
    await connection.run_for_each(inserting("prose", rows[0]), rows)


async def best_hits(
    connection: Connection, phrases: Sequence[tuple[str, ...]], spans: Sequence[Span], limit: int
) -> list[Hit]:
    """The best events in these spans that hold any of the phrases, best first.

    Words are as ``words_in`` cuts them. Of equal ranks the later event comes first.
    """
    telling, places = await _narrowed(connection, phrases, spans)
    hits = [
        hit for batch in batches(places) for hit in await _ranked(connection, telling, batch, limit)
    ]
    return sorted(hits, key=lambda hit: (hit.rank, -hit.position))[:limit]


async def _narrowed(
    connection: Connection, phrases: Sequence[tuple[str, ...]], spans: Sequence[Span]
) -> tuple[Sequence[tuple[str, ...]], Sequence[Span]]:
    """What to rank, so that a search does not take longer the longer the story is.

    Ranking costs time for every event that holds a phrase; counting costs a twentieth of it and can
    stop. On a path longer than ``NEAR_EVENTS``, phrases that more than ``COMMON_EVENTS`` hold are
    left out, for they tell little; if there are no others, the last ``NEAR_EVENTS`` are searched.
    """
    end = spans[-1].upto if spans else 0
    if end <= NEAR_EVENTS or len(spans) > SPANS_AT_ONCE:
        return phrases, spans
    query = _file_query if connection.is_sqlite else _server_query
    asked = {f"query{n}": query([phrase], spans) for n, phrase in enumerate(phrases)}
    row = await connection.row(_counting(len(phrases), connection), **asked)
    assert row is not None
    rare = [phrase for n, phrase in enumerate(phrases) if row[f"count{n}"] <= COMMON_EVENTS]
    if rare:
        return rare, spans
    near = (replace(span, after=max(span.after, end - NEAR_EVENTS)) for span in spans)
    return phrases, [span for span in near if span.after < span.upto]


async def _ranked(
    connection: Connection,
    phrases: Sequence[tuple[str, ...]],
    spans: Sequence[Span],
    limit: int,
) -> list[Hit]:
    if connection.is_sqlite:
        ways = " OR ".join(
            f"rowid BETWEEN {_number(s.owner, s.after + 1)} AND {_number(s.owner, s.upto)}"
            for s in spans
        )
        best = (
            "SELECT rowid, bm25(prose, 0.0, 1.0) AS rank FROM prose "
            f"WHERE prose MATCH :query AND ({ways}) "
            f"ORDER BY rank, rowid & {_POSITIONS} DESC LIMIT :limit"
        )
        found = await connection.rows(best, query=_file_query(phrases, spans), limit=limit)
        return [
            Hit(row["rowid"] >> _POSITION_BITS, row["rowid"] & _POSITIONS, row["rank"])
            for row in found
        ]
    where, values = inside(spans)
    best = (
        "SELECT branch, position, "
        "-ts_rank(to_tsvector('simple', words), to_tsquery('simple', :words)) AS rank FROM prose "
        f"WHERE {_INDEXED} @@ to_tsquery('simple', :query) AND {where} "
        "ORDER BY rank, position DESC LIMIT :limit"
    )
    found = await connection.rows(
        best,
        words=_server_words(phrases),
        query=_server_query(phrases, spans),
        limit=limit,
        **values,
    )
    return [Hit(row["branch"], row["position"], row["rank"]) for row in found]


def _counting(phrases: int, connection: Connection) -> str:
    """How many rows each of so many queries finds, counted up to one over ``COMMON_EVENTS``."""
    match = (
        "prose MATCH {}" if connection.is_sqlite else f"{_INDEXED} @@ to_tsquery('simple', {{}})"
    )
    counts = (
        "(SELECT count(*) FROM (SELECT 1 FROM prose WHERE "
        f"{match.format(f':query{n}')} LIMIT {COMMON_EVENTS + 1}) AS some{n}) AS count{n}"
        for n in range(phrases)
    )
    return f"SELECT {', '.join(counts)}"


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


async def forget_words(connection: Connection, branches: Sequence[int]) -> None:
    """Remove all words of these branches from the index, leaving no trace of them in it."""
    for branch in branches:
        if connection.is_sqlite:
            own = f"rowid BETWEEN {_number(branch, 0)} AND {_number(branch, _POSITIONS)}"
        else:
            own = f"branch = {branch:d}"
        await connection.rows(f"DELETE FROM prose WHERE {own}")
    if connection.is_sqlite:
        # a deleted row leaves its words in the index until the segments with them are merged
        await connection.rows("INSERT INTO prose(prose) VALUES ('optimize')")


def _number(branch: int, position: int) -> int:
    return (branch << _POSITION_BITS) + position
