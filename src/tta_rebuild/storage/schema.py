"""The tables, for SQLite and PostgreSQL alike, as they are now; the stores query them.

``migrations`` makes them where there are none, and lifts older ones to this shape.

Times are whole microseconds (``stored_time``). The
index of words is a virtual FTS5 table in SQLite and a plain table with a GIN index in PostgreSQL,
made with the rest by ``METADATA.create_all``; ``sql_search`` knows both.
"""

from __future__ import annotations

import sqlalchemy as sa

METADATA = sa.MetaData()

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
"""A key that SQLite can number by itself and PostgreSQL keeps in 64 bits."""

STORIES = sa.Table(
    "stories",
    METADATA,
    sa.Column("number", NUMBER, primary_key=True),
    sa.Column("story_id", sa.Text, nullable=False, unique=True),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("updated_at", sa.BigInteger, nullable=False),
    sa.Column("branches", sa.Integer, nullable=False),
    sa.Column("turns", sa.Integer, nullable=False),
    sqlite_autoincrement=True,
)

BRANCHES = sa.Table(
    "branches",
    METADATA,
    sa.Column("number", NUMBER, primary_key=True),
    sa.Column("branch_id", sa.Text, nullable=False, unique=True),
    sa.Column("story", NUMBER, sa.ForeignKey("stories.number"), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("parent", NUMBER, sa.ForeignKey("branches.number"), nullable=True),
    sa.Column("forked_at", sa.BigInteger, nullable=False),
    sa.Column("length", sa.BigInteger, nullable=False),
    sa.Column("turn", sa.Integer, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.UniqueConstraint("story", "name", name="branches_story_name"),
    sa.Index("branches_parent", "parent"),
    sqlite_autoincrement=True,
)

EVENTS = sa.Table(
    "events",
    METADATA,
    sa.Column("branch", NUMBER, sa.ForeignKey("branches.number"), primary_key=True),
    sa.Column("position", sa.BigInteger, primary_key=True),
    sa.Column("turn", sa.Integer, nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("data", sa.Text, nullable=False),
    sa.Index("events_turn", "branch", "turn", "position"),
)

SNAPSHOTS = sa.Table(
    "snapshots",
    METADATA,
    sa.Column("branch", NUMBER, sa.ForeignKey("branches.number"), primary_key=True),
    sa.Column("shape", sa.Text, primary_key=True),
    sa.Column("position", sa.BigInteger, primary_key=True),
    sa.Column("state", sa.Text, nullable=False),
)

ATTEMPTS = sa.Table(
    "attempts",
    METADATA,
    sa.Column("number", NUMBER, primary_key=True),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("provider", sa.Text, nullable=False),
    sa.Column("model", sa.Text, nullable=False),
    sa.Column("task", sa.Text, nullable=False),
    sa.Column("outcome", sa.Text, nullable=False),
    sa.Column("input_tokens", sa.BigInteger, nullable=False),
    sa.Column("output_tokens", sa.BigInteger, nullable=False),
    sa.Column("cached_tokens", sa.BigInteger, nullable=False),
    sa.Column("cache_write_tokens", sa.BigInteger, nullable=False),
    sa.Column("thinking_tokens", sa.BigInteger, nullable=False),
    sa.Column("estimated", sa.Boolean, nullable=False),
    sa.Column("cost_usd", sa.Double, nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("priced", sa.Boolean, nullable=False),
    sa.Column("story_id", sa.Text, nullable=False),
    sa.Column("branch_id", sa.Text, nullable=False),
    sa.Column("turn", sa.Integer, nullable=False),
    sa.Column("player_id", sa.Text, nullable=False),
    sa.Column("session_id", sa.Text, nullable=False),
    sa.Column("correlation_id", sa.Text, nullable=False),
    sa.Column("latency_s", sa.Double, nullable=False),
    sa.Column("first_piece_s", sa.Double, nullable=True),
    sa.Column("prompt_version", sa.Text, nullable=False),
    sa.Index("attempts_at", "at", "cost_usd"),
    sa.Index("attempts_story", "story_id", "at", "cost_usd"),
    sa.Index("attempts_player", "player_id", "at", "cost_usd"),
    sa.Index("attempts_session", "session_id", "at", "cost_usd"),
    sqlite_autoincrement=True,
)

_PROSE = {
    # scope holds the branch as a word of its own, so that the index itself leaves out the rest
    "sqlite": (
        "CREATE VIRTUAL TABLE prose USING fts5("
        "scope, words, tokenize = 'unicode61 remove_diacritics 0')",
    ),
    "postgresql": (
        "CREATE TABLE prose (branch BIGINT NOT NULL REFERENCES branches (number), "
        "position BIGINT NOT NULL, scope TEXT NOT NULL, words TEXT NOT NULL, "
        "PRIMARY KEY (branch, position))",
        "CREATE INDEX prose_words ON prose USING gin "
        "((setweight(to_tsvector('simple', scope), 'A') || to_tsvector('simple', words)))",
    ),
}


@sa.event.listens_for(METADATA, "after_create")
def _make_prose(_target: object, connection: sa.Connection, **_: object) -> None:
    for statement in _PROSE[connection.dialect.name]:
        connection.exec_driver_sql(statement)
