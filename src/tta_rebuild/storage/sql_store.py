"""Stories kept in SQLite or PostgreSQL.

The engine's default. Every statement is SQLAlchemy Core and the same for both databases, except the
search for words (``sql_search``). What an append costs does not depend on a story's length: the
length of a branch stands in its row, ancestors' spans are computed in Python and asked for as plain
ranges.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import sqlalchemy as sa
from cachetools import LRUCache

from tta_rebuild.core.errors import (
    PositionConflict,
    PositionNotFound,
    StoreDamaged,
    StoryError,
)
from tta_rebuild.core.events import Event, EventCodec, RecordedEvent
from tta_rebuild.storage.branch_path import BranchPath, Span
from tta_rebuild.storage.database import Database, open_database
from tta_rebuild.storage.prose import phrases_in
from tta_rebuild.storage.schema import (
    BRANCHES,
    EVENTS,
    SNAPSHOTS,
    STORIES,
)
from tta_rebuild.storage.sql_events import EventRows
from tta_rebuild.storage.sql_ledger import SqlLedger
from tta_rebuild.storage.sql_rows import (
    BRANCH_ROWS,
    as_branch,
    as_story,
    batches,
    branch_row,
    event_rows,
    free_name,
    greater,
    insert,
    inside,
    load_path,
    no_branch,
    story_row,
)
from tta_rebuild.storage.sql_search import forget_words, narrowed, ranked
from tta_rebuild.storage.stored_time import from_micros, to_micros
from tta_rebuild.storage.story_store import (
    MAIN,
    Branch,
    Found,
    StoryRow,
    StoryStore,
    check_fork,
    check_turn,
    too_near,
)

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

_CHUNK = 1_000
"""Events that a long reading fetches at once."""

_PATHS_KEPT = 256


class SqlStoryStore(StoryStore):
    """A ``StoryStore`` in a database.

    Args:
        database: opened with ``open_database``; closed with this store.
        codec: reads and writes events; one with upcasters reads the logs of older programs.
    """

    def __init__(self, database: Database, *, codec: EventCodec | None = None) -> None:
        self._database = database
        self._events = EventRows(codec or EventCodec())
        self._paths: LRUCache[int, BranchPath] = LRUCache(_PATHS_KEPT)

    @classmethod
    async def open(
        cls,
        where: str | Path,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        codec: EventCodec | None = None,
        read_only: bool = False,
    ) -> Self:
        """Open a data directory, a database file (``.db``), or a ``postgresql://`` address.

        ``read_only`` only looks: beside the process that plays, on a read-only or a full disk.
        Errors are those of ``open_database``.
        """
        database = await open_database(where, clock=clock, read_only=read_only)
        return cls(database, codec=codec)

    @property
    def place(self) -> str:
        """Where the stories are: a file, or an address without its password."""
        return self._database.place

    @property
    def note(self) -> str:
        """What the player should know of how the database was found, "" if nothing."""
        return self._database.note

    async def check(self) -> None:
        """See ``StoryStore.check``."""
        await self._database.check()

    @asynccontextmanager
    async def whole(self) -> AsyncIterator[None]:
        """See ``StoryStore.whole``."""
        try:
            async with self._database.writing():
                yield
            await self._database.tidy("PASSIVE")
        except BaseException:
            self._paths.clear()  # the numbers of branches that were not kept are given again
            raise

    def ledger(self) -> SqlLedger:
        """The ledger in the same database; usable until this store is closed."""
        return SqlLedger(self._database)

    # ---------------------------------------------------------------------------- stories

    async def create_story(
        self, story_id: str, title: str, events: Sequence[Event], *, at: datetime
    ) -> Branch:
        """See ``StoryStore.create_story``."""
        micros = to_micros(at)
        async with self._database.writing() as connection:
            taken = sa.select(STORIES.c.number).where(STORIES.c.story_id == story_id)
            if (await connection.execute(taken)).first() is not None:
                raise StoryError(f"a story '{story_id}' exists already; choose another id")
            story = await insert(
                connection,
                STORIES,
                story_id=story_id,
                title=title,
                created_at=micros,
                updated_at=micros,
                branches=1,
                turns=0,
            )
            number = await insert(
                connection,
                BRANCHES,
                branch_id=f"{story_id}.1",
                story=story,
                name=MAIN,
                parent=None,
                forked_at=0,
                length=len(events),
                turn=0,
                created_at=micros,
            )
            await self._events.store(connection, number, 0, 0, events, micros)
        await self._database.tidy("PASSIVE")  # the file alone knows of every story
        return await self.branch(f"{story_id}.1")

    async def stories(self) -> list[StoryRow]:
        """See ``StoryStore.stories``."""
        latest = sa.select(STORIES).order_by(STORIES.c.updated_at.desc(), STORIES.c.number.desc())
        async with self._database.reading() as connection:
            return [as_story(row) for row in await connection.execute(latest)]

    async def story(self, story_id: str) -> StoryRow:
        """See ``StoryStore.story``."""
        async with self._database.reading() as connection:
            return as_story(await story_row(connection, story_id))

    async def rename(self, story_id: str, title: str) -> None:
        """See ``StoryStore.rename``."""
        async with self._database.writing() as connection:
            row = await story_row(connection, story_id)
            await connection.execute(
                sa.update(STORIES).where(STORIES.c.number == row.number).values(title=title)
            )

    async def delete(self, story_id: str) -> None:
        """See ``StoryStore.delete``. Nothing of its text stays in the file (SQLite)."""
        async with self._database.writing() as connection:
            row = await story_row(connection, story_id)
            own = sa.select(BRANCHES.c.number).where(BRANCHES.c.story == row.number)
            locked = own.order_by(BRANCHES.c.number).with_for_update()
            numbers = list((await connection.execute(locked)).scalars())
            await forget_words(connection, numbers)
            for table in (SNAPSHOTS, EVENTS):
                await connection.execute(sa.delete(table).where(table.c.branch.in_(own)))
            await connection.execute(sa.delete(BRANCHES).where(BRANCHES.c.story == row.number))
            await connection.execute(sa.delete(STORIES).where(STORIES.c.number == row.number))
        await self._database.tidy("TRUNCATE")

    async def branches(self, story_id: str) -> list[Branch]:
        """See ``StoryStore.branches``."""
        async with self._database.reading() as connection:
            row = await story_row(connection, story_id)
            own = BRANCH_ROWS.where(BRANCHES.c.story == row.number).order_by(BRANCHES.c.number)
            return [as_branch(found) for found in await connection.execute(own)]

    async def branch(self, branch_id: str) -> Branch:
        """See ``StoryStore.branch``."""
        async with self._database.reading() as connection:
            wanted = BRANCH_ROWS.where(BRANCHES.c.branch_id == branch_id)
            row = (await connection.execute(wanted)).first()
            if row is None:
                raise no_branch(branch_id)
            return as_branch(row)

    # ---------------------------------------------------------------------------- writing

    async def append(
        self, branch_id: str, turn: int, events: Sequence[Event], *, expected: int, at: datetime
    ) -> int:
        """See ``StoryStore.append``."""
        micros = to_micros(at)
        async with self._database.writing() as connection:
            row = await branch_row(connection, branch_id, lock=True)
            if row.length != expected:
                raise PositionConflict(branch_id=branch_id, expected=expected, actual=row.length)
            check_turn(branch_id, turn, row.turn)
            if not events:
                return expected
            await self._events.store(connection, row.number, row.length, turn, events, micros)
            length: int = row.length + len(events)
            await connection.execute(
                sa.update(BRANCHES)
                .where(BRANCHES.c.number == row.number)
                .values(length=length, turn=turn)
            )
            await connection.execute(
                sa.update(STORIES)
                .where(STORIES.c.number == row.story)
                .values(
                    updated_at=greater(STORIES.c.updated_at, micros),
                    turns=greater(STORIES.c.turns, turn),
                )
            )
        return length

    async def fork(
        self, branch_id: str, position: int, *, name: str | None = None, at: datetime
    ) -> Branch:
        """See ``StoryStore.fork``."""
        micros = to_micros(at)
        async with self._database.writing() as connection:
            parent = await branch_row(connection, branch_id, lock=True)
            check_fork(branch_id, position, parent.length)
            path = await self._path(connection, parent)
            turn = await self._turn_at(connection, branch_id, path, position)
            locked = sa.select(STORIES).where(STORIES.c.number == parent.story).with_for_update()
            story = (await connection.execute(locked)).one()
            ordinal = story.branches + 1
            name = await free_name(connection, parent.story, name, ordinal)
            new_id = f"{story.story_id}.{ordinal}"
            number = await insert(
                connection,
                BRANCHES,
                branch_id=new_id,
                story=parent.story,
                name=name,
                parent=parent.number,
                forked_at=position,
                length=position,
                turn=turn,
                created_at=micros,
            )
            await connection.execute(
                sa.update(STORIES)
                .where(STORIES.c.number == parent.story)
                .values(branches=ordinal, updated_at=max(micros, story.updated_at))
            )
        self._paths[number] = path.forked(number, position)
        return Branch(
            branch_id=new_id,
            story_id=story.story_id,
            name=name,
            parent_id=branch_id,
            forked_at=position,
            length=position,
            turn=turn,
            created_at=from_micros(micros),
        )

    # ---------------------------------------------------------------------------- reading

    async def read(
        self, branch_id: str, *, after: int = 0, upto: int | None = None
    ) -> AsyncIterator[RecordedEvent]:
        """See ``StoryStore.read``. No connection is held while the caller works."""
        async with self._database.reading() as connection:
            row = await branch_row(connection, branch_id)
            path = await self._path(connection, row)
        end = row.length if upto is None else min(upto, row.length)
        for low in range(max(after, 0), end, _CHUNK):
            high = min(low + _CHUNK, end)
            async with self._database.reading() as connection:
                rows = await event_rows(connection, path.spans(low, high))
                if len(rows) < high - low:
                    await branch_row(connection, branch_id)  # gone altogether, or damaged?
            for recorded in self._events.recorded(branch_id, rows, low, high):
                yield recorded

    async def tail(self, branch_id: str, count: int) -> list[RecordedEvent]:
        """See ``StoryStore.tail``."""
        async with self._database.reading() as connection:
            row = await branch_row(connection, branch_id)
            path = await self._path(connection, row)
            low = max(row.length - max(count, 0), 0)
            rows = await event_rows(connection, path.spans(low, row.length))
        try:
            return list(self._events.recorded(branch_id, rows, low, row.length))
        except StoreDamaged:
            async for _ in self.read(branch_id):
                pass  # says how far the whole path is good, not only its end
            raise

    async def turn_end(self, branch_id: str, turn: int) -> int:
        """See ``StoryStore.turn_end``."""
        async with self._database.reading() as connection:
            row = await branch_row(connection, branch_id)
            path = await self._path(connection, row)
            for spans in batches(list(reversed(path.spans(0, row.length)))):
                last = sa.select(sa.func.max(EVENTS.c.position)).where(
                    EVENTS.c.turn == turn, inside(EVENTS, spans)
                )
                position = (await connection.execute(last)).scalar()
                if position is not None:
                    return int(position)
        raise PositionNotFound(f"branch {branch_id} has no turn {turn}; its last is {row.turn}")

    async def search(
        self, branch_id: str, words: Sequence[str], *, limit: int = 20, upto: int | None = None
    ) -> list[Found]:
        """See ``StoryStore.search``."""
        phrases = phrases_in(words)
        if not phrases or limit < 1:
            return []
        async with self._database.reading() as connection:
            row = await branch_row(connection, branch_id)
            path = await self._path(connection, row)
            end = row.length if upto is None else min(upto, row.length)
            telling, places = await narrowed(connection, phrases, path.spans(0, end))
            hits = [
                hit
                for spans in batches(places)
                for hit in await ranked(connection, telling, spans, limit)
            ]
            hits = sorted(hits, key=lambda hit: (hit.rank, -hit.position))[:limit]
            found = [Span(hit.branch, hit.position - 1, hit.position) for hit in hits]
            rows = await event_rows(connection, found)
        return self._events.found(hits, rows)

    # ---------------------------------------------------------------------------- snapshots

    async def save_snapshot(self, branch_id: str, position: int, shape: str, state: str) -> None:
        """See ``StoryStore.save_snapshot``."""
        async with self._database.writing() as connection:
            row = await branch_row(connection, branch_id, lock=True)
            check_fork(branch_id, position, row.length)
            owner = (await self._path(connection, row)).owner_of(position)
            own, at = SNAPSHOTS.c.branch == owner, SNAPSHOTS.c.position
            before = sa.select(at).where(own, SNAPSHOTS.c.shape == shape, at < position)
            last_two = await connection.execute(before.order_by(at.desc()).limit(2))
            earlier = list(last_two.scalars())
            outdated = sa.or_(SNAPSHOTS.c.shape != shape, at == position)
            if too_near(earlier, len(state)):
                outdated = sa.or_(outdated, at == earlier[0])
            await connection.execute(sa.delete(SNAPSHOTS).where(own, outdated))
            key = {"branch": owner, "shape": shape, "position": position}
            await connection.execute(sa.insert(SNAPSHOTS).values(**key, state=state))

    async def latest_snapshot(
        self, branch_id: str, shape: str, *, upto: int | None = None
    ) -> tuple[int, str] | None:
        """See ``StoryStore.latest_snapshot``."""
        async with self._database.reading() as connection:
            row = await branch_row(connection, branch_id)
            path = await self._path(connection, row)
            end = row.length if upto is None else min(upto, row.length)
            for spans in batches(list(reversed(path.spans(0, end)))):
                nearest = (
                    sa.select(SNAPSHOTS.c.position, SNAPSHOTS.c.state)
                    .where(SNAPSHOTS.c.shape == shape, inside(SNAPSHOTS, spans))
                    .order_by(SNAPSHOTS.c.position.desc())
                    .limit(1)
                )
                found = (await connection.execute(nearest)).first()
                if found is not None:
                    return found.position, found.state
        return None

    async def close(self) -> None:
        """See ``StoryStore.close``."""
        await self._database.close()

    # ---------------------------------------------------------------------------- inside

    async def _path(self, connection: AsyncConnection, row: sa.Row[Any]) -> BranchPath:
        """A branch's path; it never changes, so it is asked for once."""
        number: int = row.number
        if number not in self._paths:
            self._paths[number] = await load_path(connection, number)
        return self._paths[number]

    async def _turn_at(
        self, connection: AsyncConnection, branch_id: str, path: BranchPath, position: int
    ) -> int:
        if position == 0:
            return 0
        rows = await event_rows(connection, path.spans(position - 1, position))
        if not rows:
            rows = await event_rows(connection, path.spans(0, position))
            for _ in self._events.recorded(branch_id, rows, 0, position):
                pass  # says how far the path is good
        return int(rows[0].turn)
