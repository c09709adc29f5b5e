"""The questions that ``sql_store`` asks its tables, and what their rows mean.

Written so that SQLite and PostgreSQL answer them from an index: ranges with both ends given, no
function of a column, never more rows than asked for.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from tta_rebuild.core.errors import BranchNotFound, StoreDamaged, StoryError, StoryNotFound
from tta_rebuild.storage.branch_path import BranchPath, Span
from tta_rebuild.storage.schema import BRANCHES, EVENTS, STORIES
from tta_rebuild.storage.stored_time import from_micros
from tta_rebuild.storage.story_store import Branch, StoryRow

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

SPANS_AT_ONCE = 200
"""Ranges in one statement; SQLite allows an expression a depth of 1,000."""

_PARENT = BRANCHES.alias("parent")

BRANCH_ROWS = sa.select(
    BRANCHES, STORIES.c.story_id, _PARENT.c.branch_id.label("parent_id")
).select_from(
    BRANCHES.join(STORIES, BRANCHES.c.story == STORIES.c.number).outerjoin(
        _PARENT, BRANCHES.c.parent == _PARENT.c.number
    )
)
"""Branches with the ids of their story and parent; see ``as_branch``."""


async def story_row(connection: AsyncConnection, story_id: str) -> sa.Row[Any]:
    """A story's row. Raises StoryNotFound."""
    wanted = sa.select(STORIES).where(STORIES.c.story_id == story_id)
    row = (await connection.execute(wanted)).first()
    if row is None:
        raise StoryNotFound(f"no story '{story_id}'; see the list of stories")
    return row


async def branch_row(
    connection: AsyncConnection, branch_id: str, *, lock: bool = False
) -> sa.Row[Any]:
    """A branch's own row, locked until the transaction ends if asked. Raises BranchNotFound."""
    wanted = sa.select(BRANCHES).where(BRANCHES.c.branch_id == branch_id)
    row = (await connection.execute(wanted.with_for_update() if lock else wanted)).first()
    if row is None:
        raise no_branch(branch_id)
    return row


async def event_rows(connection: AsyncConnection, spans: Iterable[Span]) -> list[sa.Row[Any]]:
    """The events in these spans, in order of position."""
    rows: list[sa.Row[Any]] = []
    for batch in batches(list(spans)):
        wanted = (
            sa.select(EVENTS, BRANCHES.c.branch_id)
            .join(BRANCHES, EVENTS.c.branch == BRANCHES.c.number)
            .where(inside(EVENTS, batch))
            .order_by(EVENTS.c.position)
        )
        rows.extend(await connection.execute(wanted))
    return rows


async def load_path(connection: AsyncConnection, number: int) -> BranchPath:
    """A branch's path from its ancestors' rows."""
    columns = (BRANCHES.c.number, BRANCHES.c.parent, BRANCHES.c.forked_at)
    line = (
        sa.select(*columns, sa.literal(0).label("back"))
        .where(BRANCHES.c.number == number)
        .cte("line", recursive=True)
    )
    line = line.union_all(
        sa.select(*columns, line.c.back + 1).join(line, BRANCHES.c.number == line.c.parent)
    )
    oldest_first = sa.select(line).order_by(line.c.back.desc())
    path = BranchPath((), ())
    for row in await connection.execute(oldest_first):
        path = path.forked(row.number, row.forked_at)
    return path


async def insert(connection: AsyncConnection, table: sa.Table, **values: Any) -> int:
    """Add one row; gives its number."""
    result = await connection.execute(sa.insert(table).values(**values))
    key = result.inserted_primary_key
    assert key is not None
    return int(key[0])


async def free_name(connection: AsyncConnection, story: int, name: str | None, ordinal: int) -> str:
    """The name asked for, or one that is free. Raises StoryError if it is taken."""
    candidates = [name] if name is not None else (f"branch-{n}" for n in itertools.count(ordinal))
    for candidate in candidates:
        taken = sa.select(BRANCHES.c.number).where(
            BRANCHES.c.story == story, BRANCHES.c.name == candidate
        )
        if (await connection.execute(taken)).first() is None:
            return candidate
    raise StoryError(f"a branch '{name}' exists already in this story; choose another name")


def inside(table: sa.Table | sa.TableClause, spans: Sequence[Span]) -> sa.ColumnElement[bool]:
    """True for the rows of a table that lie in one of the spans."""
    return sa.or_(
        *(
            sa.and_(
                table.c.branch == span.owner,
                table.c.position > span.after,
                table.c.position <= span.upto,
            )
            for span in spans
        )
    )


def batches(spans: Sequence[Span]) -> Iterator[Sequence[Span]]:
    """As many spans at once as one statement takes."""
    for begin in range(0, len(spans), SPANS_AT_ONCE):
        yield spans[begin : begin + SPANS_AT_ONCE]


def greater(column: sa.Column[int], value: int) -> sa.Case[int]:
    """The greater of both; SQLite and PostgreSQL have no common function for it."""
    return sa.case((column > value, column), else_=value)


def as_story(row: sa.Row[Any]) -> StoryRow:
    """A row of ``STORIES`` as the interface gives it."""
    return StoryRow(
        story_id=row.story_id,
        title=row.title,
        created_at=from_micros(row.created_at),
        updated_at=from_micros(row.updated_at),
        branches=row.branches,
        turns=row.turns,
    )


def as_branch(row: sa.Row[Any]) -> Branch:
    """A row of ``BRANCH_ROWS`` as the interface gives it."""
    return Branch(
        branch_id=row.branch_id,
        story_id=row.story_id,
        name=row.name,
        parent_id=row.parent_id,
        forked_at=row.forked_at,
        length=row.length,
        turn=row.turn,
        created_at=from_micros(row.created_at),
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
