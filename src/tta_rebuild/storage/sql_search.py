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
from dataclasses import replace
from typing import Any

from tta_rebuild.storage.branch_path import SPANS_AT_ONCE, Span, batches, inside
from tta_rebuild.storage.connection import Connection
from tta_rebuild.storage.story_rows import Row

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
    connection: Connection, phrases: Sequence[tuple[str, ...]], spans: Sequence[Span], limit: int
) -> list[Row]:
    """``branch``, ``position`` and ``rank`` of the best events in these spans, best first.

    An event has to hold one of the phrases, words as ``words_in`` cuts them. The smaller the rank,
    the better; of equal ranks the later event comes first.
    """
    phrases, spans = await _narrowed(connection, phrases, spans)
    hits = [
        row for batch in batches(spans) for row in await _ranked(connection, phrases, batch, limit)
    ]
    return sorted(hits, key=lambda hit: (hit["rank"], -hit["position"]))[:limit]


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
    counts = (
        f"(SELECT count(*) FROM (SELECT 1 FROM prose WHERE {_matches(connection, f'query{n}')} "
        f"LIMIT {COMMON_EVENTS + 1}) AS some{n}) AS count{n}"
        for n in range(len(phrases))
    )
    asked = {f"query{n}": _query(connection, [one], spans) for n, one in enumerate(phrases)}
    row = await connection.row(f"SELECT {', '.join(counts)}", **asked)
    assert row is not None
    rare = [phrase for n, phrase in enumerate(phrases) if row[f"count{n}"] <= COMMON_EVENTS]
    if rare:
        return rare, spans
    near = (replace(span, after=max(span.after, end - NEAR_EVENTS)) for span in spans)
    return phrases, [span for span in near if span.after < span.upto]


async def _ranked(
    connection: Connection, phrases: Sequence[tuple[str, ...]], spans: Sequence[Span], limit: int
) -> Sequence[Row]:
    values: dict[str, Any] = {"query": _query(connection, phrases, spans), "limit": limit}
    if connection.is_sqlite:
        shown = f"rowid >> {_POSITION_BITS} AS branch, rowid & {_POSITIONS} AS position"
        rank = "bm25(prose, 0.0, 1.0)"
        where = " OR ".join(
            f"rowid BETWEEN {_number(s.owner, s.after + 1)} AND {_number(s.owner, s.upto)}"
            for s in spans
        )
    else:
        shown = "branch, position"
        rank = "-ts_rank(to_tsvector('simple', words), to_tsquery('simple', :words))"
        where, numbers = inside(spans)
        values |= {**numbers, "words": _server_words(phrases)}
    return await connection.rows(
        f"SELECT {shown}, {rank} AS rank FROM prose WHERE {_matches(connection, 'query')} "
        f"AND ({where}) ORDER BY rank, position DESC LIMIT :limit",
        **values,
    )


def _matches(connection: Connection, query: str) -> str:
    """The condition that a row is found by the query of that name."""
    if connection.is_sqlite:
        return f"prose MATCH :{query}"
    return f"{_INDEXED} @@ to_tsquery('simple', :{query})"


def _query(
    connection: Connection, phrases: Sequence[tuple[str, ...]], spans: Sequence[Span]
) -> str:
    """Any of the phrases on any of the spans' branches, in the language of the database."""
    owners = dict.fromkeys(span.owner for span in spans)
    if connection.is_sqlite:
        scope = " OR ".join(f'"b{owner}"' for owner in owners)
        words = " OR ".join('"' + " ".join(phrase) + '"' for phrase in phrases)
        return f"scope : ({scope}) AND words : ({words})"
    scope = " | ".join(f"b{owner}:A" for owner in owners)
    return f"({scope}) & ({_server_words(phrases)})"


def _server_words(phrases: Sequence[tuple[str, ...]]) -> str:
    return " | ".join("(" + " <-> ".join(f"'{w}':D" for w in phrase) + ")" for phrase in phrases)


def _number(branch: int, position: int) -> int:
    return (branch << _POSITION_BITS) + position
