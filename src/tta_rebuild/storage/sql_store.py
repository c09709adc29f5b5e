"""Stories kept in SQLite or PostgreSQL.

The engine's default. Every statement is the same SQL for both databases, except the search for
words (``sql_search``). What an append costs does not depend on a story's length: the
length of a branch stands in its row, ancestors' spans are computed in Python and asked for as plain
ranges.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from cachetools import LRUCache

from tta_rebuild.core.errors import (
    PositionConflict,
    PositionNotFound,
    StoreDamaged,
    StoryError,
)
from tta_rebuild.core.events import Event, EventCodec, RecordedEvent
from tta_rebuild.storage.branch_path import BranchPath, Span
from tta_rebuild.storage.connection import Connection, Row, inserting
from tta_rebuild.storage.database import Database, open_database
from tta_rebuild.storage.prose import phrases_in
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

_CHUNK = 1_000
"""Events that a long reading fetches at once."""

_PATHS_KEPT = 256

_PLAYED = (
    "UPDATE stories SET updated_at = CASE WHEN updated_at > :at THEN updated_at ELSE :at END, "
    "turns = CASE WHEN turns > :turn THEN turns ELSE :turn END WHERE number = :number"
)
"""A story's latest time and turn; SQLite and PostgreSQL have no common function for it."""


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
            taken = "SELECT 1 FROM stories WHERE story_id = :id"
            if await connection.row(taken, id=story_id) is not None:
                raise StoryError(f"a story '{story_id}' exists already; choose another id")
            story = await connection.insert(
                "stories",
                story_id=story_id,
                title=title,
                created_at=micros,
                updated_at=micros,
                branches=1,
                turns=0,
            )
            number = await connection.insert(
                "branches",
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
        latest = "SELECT * FROM stories ORDER BY updated_at DESC, number DESC"
        async with self._database.reading() as connection:
            return [as_story(row) for row in await connection.rows(latest)]

    async def story(self, story_id: str) -> StoryRow:
        """See ``StoryStore.story``."""
        async with self._database.reading() as connection:
            return as_story(await story_row(connection, story_id))

    async def rename(self, story_id: str, title: str) -> None:
        """See ``StoryStore.rename``."""
        async with self._database.writing() as connection:
            await story_row(connection, story_id)
            renamed = "UPDATE stories SET title = :title WHERE story_id = :id"
            await connection.rows(renamed, title=title, id=story_id)

    async def delete(self, story_id: str) -> None:
        """See ``StoryStore.delete``. Nothing of its text stays in the file (SQLite)."""
        async with self._database.writing() as connection:
            number = (await story_row(connection, story_id))["number"]
            own = "SELECT number FROM branches WHERE story = :story"
            locked = f"{own} ORDER BY number{connection.for_update}"
            branches = [row["number"] for row in await connection.rows(locked, story=number)]
            await forget_words(connection, branches)
            for which in (
                f"snapshots WHERE branch IN ({own})",
                f"events WHERE branch IN ({own})",
                "branches WHERE story = :story",
                "stories WHERE number = :story",
            ):
                await connection.rows(f"DELETE FROM {which}", story=number)
        await self._database.tidy("TRUNCATE")

    async def branches(self, story_id: str) -> list[Branch]:
        """See ``StoryStore.branches``."""
        async with self._database.reading() as connection:
            story = await story_row(connection, story_id)
            own = f"{BRANCH_ROWS} WHERE b.story = :story ORDER BY b.number"
            return [as_branch(row) for row in await connection.rows(own, story=story["number"])]

    async def branch(self, branch_id: str) -> Branch:
        """See ``StoryStore.branch``."""
        async with self._database.reading() as connection:
            row = await connection.row(f"{BRANCH_ROWS} WHERE b.branch_id = :id", id=branch_id)
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
            if row["length"] != expected:
                raise PositionConflict(branch_id=branch_id, expected=expected, actual=row["length"])
            check_turn(branch_id, turn, row["turn"])
            if not events:
                return expected
            await self._events.store(connection, row["number"], expected, turn, events, micros)
            length = expected + len(events)
            await connection.rows(
                "UPDATE branches SET length = :length, turn = :turn WHERE number = :number",
                length=length,
                turn=turn,
                number=row["number"],
            )
            await connection.rows(_PLAYED, at=micros, turn=turn, number=row["story"])
        return length

    async def fork(
        self, branch_id: str, position: int, *, name: str | None = None, at: datetime
    ) -> Branch:
        """See ``StoryStore.fork``."""
        micros = to_micros(at)
        async with self._database.writing() as connection:
            parent = await branch_row(connection, branch_id, lock=True)
            check_fork(branch_id, position, parent["length"])
            path = await self._path(connection, parent)
            turn = await self._turn_at(connection, branch_id, path, position)
            locked = f"SELECT * FROM stories WHERE number = :number{connection.for_update}"
            [story] = await connection.rows(locked, number=parent["story"])
            ordinal = story["branches"] + 1
            name = await free_name(connection, story["number"], name, ordinal)
            new_id = f"{story['story_id']}.{ordinal}"
            number = await connection.insert(
                "branches",
                branch_id=new_id,
                story=story["number"],
                name=name,
                parent=parent["number"],
                forked_at=position,
                length=position,
                turn=turn,
                created_at=micros,
            )
            await connection.rows(
                "UPDATE stories SET branches = :branches, updated_at = :at WHERE number = :number",
                branches=ordinal,
                at=max(micros, story["updated_at"]),
                number=story["number"],
            )
        self._paths[number] = path.forked(number, position)
        return Branch(
            branch_id=new_id,
            story_id=story["story_id"],
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
        end = row["length"] if upto is None else min(upto, row["length"])
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
            low = max(row["length"] - max(count, 0), 0)
            rows = await event_rows(connection, path.spans(low, row["length"]))
        try:
            return list(self._events.recorded(branch_id, rows, low, row["length"]))
        except StoreDamaged:
            async for _ in self.read(branch_id):
                pass  # says how far the whole path is good, not only its end
            raise

    async def turn_end(self, branch_id: str, turn: int) -> int:
        """See ``StoryStore.turn_end``."""
        async with self._database.reading() as connection:
            row = await branch_row(connection, branch_id)
            path = await self._path(connection, row)
            for spans in batches(list(reversed(path.spans(0, row["length"])))):
                where, values = inside(spans)
                last = await connection.row(
                    f"SELECT max(position) AS last FROM events WHERE turn = :turn AND {where}",
                    turn=turn,
                    **values,
                )
                if last is not None and last["last"] is not None:
                    return int(last["last"])
        raise PositionNotFound(
            f"the branch '{row['name']}' has no turn {turn}; its last is {row['turn']}"
        )

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
            end = row["length"] if upto is None else min(upto, row["length"])
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
            check_fork(branch_id, position, row["length"])
            owner = (await self._path(connection, row)).owner_of(position)
            key = {"branch": owner, "shape": shape, "position": position}
            last_two = (
                "SELECT position FROM snapshots WHERE branch = :branch AND shape = :shape "
                "AND position < :position ORDER BY position DESC LIMIT 2"
            )
            earlier = [row["position"] for row in await connection.rows(last_two, **key)]
            outdated = earlier[0] if too_near(earlier, len(state)) else position
            await connection.rows(
                "DELETE FROM snapshots WHERE branch = :branch "
                "AND (shape <> :shape OR position = :position OR position = :outdated)",
                **key,
                outdated=outdated,
            )
            row_of_it = key | {"state": state}
            await connection.run_for_each(inserting("snapshots", row_of_it), [row_of_it])

    async def latest_snapshot(
        self, branch_id: str, shape: str, *, upto: int | None = None
    ) -> tuple[int, str] | None:
        """See ``StoryStore.latest_snapshot``."""
        async with self._database.reading() as connection:
            row = await branch_row(connection, branch_id)
            path = await self._path(connection, row)
            end = row["length"] if upto is None else min(upto, row["length"])
            for spans in batches(list(reversed(path.spans(0, end)))):
                where, values = inside(spans)
                found = await connection.row(
                    f"SELECT position, state FROM snapshots WHERE shape = :shape AND {where} "
                    "ORDER BY position DESC LIMIT 1",
                    shape=shape,
                    **values,
                )
                if found is not None:
                    return found["position"], found["state"]
        return None

    async def close(self) -> None:
        """See ``StoryStore.close``."""
        await self._database.close()

    # ---------------------------------------------------------------------------- inside

    async def _path(self, connection: Connection, row: Row) -> BranchPath:
        """A branch's path; it never changes, so it is asked for once."""
        number: int = row["number"]
        if number not in self._paths:
            self._paths[number] = await load_path(connection, number)
        return self._paths[number]

    async def _turn_at(
        self, connection: Connection, branch_id: str, path: BranchPath, position: int
    ) -> int:
        if position == 0:
            return 0
        rows = await event_rows(connection, path.spans(position - 1, position))
        if not rows:
            rows = await event_rows(connection, path.spans(0, position))
            for _ in self._events.recorded(branch_id, rows, 0, position):
                pass  # says how far the path is good
        return int(rows[0]["turn"])
