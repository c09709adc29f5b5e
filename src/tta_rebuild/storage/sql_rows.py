"""The questions that ``sql_store`` asks its tables, and what their rows mean.

Written so that SQLite and PostgreSQL answer them from an index: ranges with both ends given, no
function of a column, never more rows than asked for.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence

from tta_rebuild.core.errors import BranchNotFound, StoreDamaged, StoryError, StoryNotFound
from tta_rebuild.storage.branch_path import BranchPath, Span
from tta_rebuild.storage.connection import Connection, Row
from tta_rebuild.storage.stored_time import from_micros
from tta_rebuild.storage.story_store import Branch, StoryRow

SPANS_AT_ONCE = 200
"""Ranges in one statement; SQLite allows an expression a depth of 1,000."""

BRANCH_ROWS = (
    "SELECT b.*, stories.story_id, parents.branch_id AS parent_id FROM branches AS b "
    "JOIN stories ON stories.number = b.story LEFT JOIN branches AS parents "
    "ON parents.number = b.parent"
)
"""Branches (``b``) with the ids of their story and parent; see ``as_branch``."""

_LINE = (
    "WITH RECURSIVE line AS ("
    "SELECT number, parent, forked_at, 0 AS back FROM branches WHERE number = :number UNION ALL "
    "SELECT b.number, b.parent, b.forked_at, line.back + 1 FROM branches AS b "
    "JOIN line ON b.number = line.parent) "
    "SELECT number, forked_at FROM line ORDER BY back DESC"
)
"""A branch and its ancestors, the oldest first."""


async def story_row(connection: Connection, story_id: str) -> Row:
    """A story's row. Raises StoryNotFound."""
    row = await connection.row("SELECT * FROM stories WHERE story_id = :id", id=story_id)
    if row is None:
        raise StoryNotFound(f"no story '{story_id}'; see the list of stories")
    return row


async def branch_row(connection: Connection, branch_id: str, *, lock: bool = False) -> Row:
    """A branch's own row, locked until the transaction ends if asked. Raises BranchNotFound."""
    locked = connection.for_update if lock else ""
    row = await connection.row(
        f"SELECT * FROM branches WHERE branch_id = :id{locked}", id=branch_id
    )
    if row is None:
        raise no_branch(branch_id)
    return row


async def event_rows(connection: Connection, spans: Iterable[Span]) -> list[Row]:
    """The events in these spans, in order of position."""
    rows: list[Row] = []
    for batch in batches(list(spans)):
        where, values = inside(batch)
        wanted = (
            "SELECT events.*, branches.branch_id FROM events JOIN branches ON "
            f"branches.number = events.branch WHERE {where} ORDER BY position"
        )
        rows.extend(await connection.rows(wanted, **values))
    return rows


async def load_path(connection: Connection, number: int) -> BranchPath:
    """A branch's path from its ancestors' rows."""
    path = BranchPath((), ())
    for row in await connection.rows(_LINE, number=number):
        path = path.forked(row["number"], row["forked_at"])
    return path


async def free_name(connection: Connection, story: int, name: str | None, ordinal: int) -> str:
    """The name asked for, or one that is free. Raises StoryError if it is taken."""
    candidates = [name] if name is not None else (f"branch-{n}" for n in itertools.count(ordinal))
    for candidate in candidates:
        named = "SELECT 1 FROM branches WHERE story = :story AND name = :name"
        if await connection.row(named, story=story, name=candidate) is None:
            return candidate
    raise StoryError(f"a branch '{name}' exists already in this story; choose another name")


def inside(spans: Sequence[Span]) -> tuple[str, dict[str, int]]:
    """A condition for the rows of a table that lie in one of the spans, and its values."""
    numbers = range(len(spans))
    ways = (f"(branch = :b{n} AND position > :a{n} AND position <= :u{n})" for n in numbers)
    values: dict[str, int] = {}
    for n, span in enumerate(spans):
        values |= {f"b{n}": span.owner, f"a{n}": span.after, f"u{n}": span.upto}
    return f"({' OR '.join(ways)})", values


def batches(spans: Sequence[Span]) -> Iterator[Sequence[Span]]:
    """As many spans at once as one statement takes."""
    for begin in range(0, len(spans), SPANS_AT_ONCE):
        yield spans[begin : begin + SPANS_AT_ONCE]


def as_story(row: Row) -> StoryRow:
    """A row of ``stories`` as the interface gives it."""
    return StoryRow(
        story_id=row["story_id"],
        title=row["title"],
        created_at=from_micros(row["created_at"]),
        updated_at=from_micros(row["updated_at"]),
        branches=row["branches"],
        turns=row["turns"],
    )


def as_branch(row: Row) -> Branch:
    """A row of ``BRANCH_ROWS`` as the interface gives it."""
    return Branch(
        branch_id=row["branch_id"],
        story_id=row["story_id"],
        name=row["name"],
        parent_id=row["parent_id"],
        forked_at=row["forked_at"],
        length=row["length"],
        turn=row["turn"],
        created_at=from_micros(row["created_at"]),
    )


def no_branch(branch_id: str) -> BranchNotFound:
    """The error for an unknown branch."""
    return BranchNotFound(f"no branch '{branch_id}'; see the list of the story's branches")


def hole(branch_id: str, position: int, good_upto: int, how: str = "is missing") -> StoreDamaged:
    """The error for a path that cannot be read on."""
    return StoreDamaged(
        f"branch {branch_id}: event {position} {how}; the story is whole up to event {good_upto}: "
        "fork it there to go on from the good part, or restore the database from a backup",
        branch_id=branch_id,
        good_upto=good_upto,
    )
