"""The story log: stories, their branches, events and snapshots, and the index of words."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    _stories_and_branches()
    _events_and_snapshots()
    _prose_index()


def _stories_and_branches() -> None:
    op.create_table(
        "stories",
        sa.Column("number", _NUMBER, primary_key=True),
        sa.Column("story_id", sa.Text, nullable=False, unique=True),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("updated_at", sa.BigInteger, nullable=False),
        sa.Column("branches", sa.Integer, nullable=False),
        sa.Column("turns", sa.Integer, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "branches",
        sa.Column("number", _NUMBER, primary_key=True),
        sa.Column("branch_id", sa.Text, nullable=False, unique=True),
        sa.Column("story", _NUMBER, sa.ForeignKey("stories.number"), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("parent", _NUMBER, sa.ForeignKey("branches.number"), nullable=True),
        sa.Column("forked_at", sa.BigInteger, nullable=False),
        sa.Column("length", sa.BigInteger, nullable=False),
        sa.Column("turn", sa.Integer, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("story", "name", name="branches_story_name"),
        sqlite_autoincrement=True,
    )
    op.create_index("branches_parent", "branches", ["parent"])


def _events_and_snapshots() -> None:
    op.create_table(
        "events",
        sa.Column("branch", _NUMBER, sa.ForeignKey("branches.number"), primary_key=True),
        sa.Column("position", sa.BigInteger, primary_key=True),
        sa.Column("turn", sa.Integer, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("data", sa.Text, nullable=False),
    )
    op.create_index("events_turn", "events", ["branch", "turn", "position"])
    op.create_table(
        "snapshots",
        sa.Column("branch", _NUMBER, sa.ForeignKey("branches.number"), primary_key=True),
        sa.Column("shape", sa.Text, primary_key=True),
        sa.Column("position", sa.BigInteger, primary_key=True),
        sa.Column("state", sa.Text, nullable=False),
    )


def _prose_index() -> None:
    if op.get_bind().dialect.name == "sqlite":
        # scope holds the branch as a word of its own, so that the index itself leaves out the rest
        op.execute(
            "CREATE VIRTUAL TABLE prose USING fts5("
            "scope, words, tokenize = 'unicode61 remove_diacritics 0')"
        )
    else:
        op.create_table(
            "prose",
            sa.Column("branch", _NUMBER, sa.ForeignKey("branches.number"), primary_key=True),
            sa.Column("position", sa.BigInteger, primary_key=True),
            sa.Column("scope", sa.Text, nullable=False),
            sa.Column("words", sa.Text, nullable=False),
        )
        op.execute(
            "CREATE INDEX prose_words ON prose USING gin "
            "((setweight(to_tsvector('simple', scope), 'A') || to_tsvector('simple', words)))"
        )
