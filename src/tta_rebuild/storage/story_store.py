"""Where stories are kept: the room's face to the engine, in SQLite or PostgreSQL.

A story is an append-only list of events; a branch is (parent, position) and never changes once
made. An append costs the same however long a story is: a branch's length stands in its row.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Self

from tta_rebuild.core.errors import PositionConflict, PositionNotFound, StoreError, StoryError
from tta_rebuild.core.events import Event, EventCodec, RecordedEvent, prose_of
from tta_rebuild.storage import sql_rows
from tta_rebuild.storage.database import Connection, Database, query
from tta_rebuild.storage.sql_access import SqlAccess
from tta_rebuild.storage.sql_conversations import SqlConversations
from tta_rebuild.storage.sql_ledger import SqlLedger
from tta_rebuild.storage.sql_map import fork_turns
from tta_rebuild.storage.sql_records import SqlRecords
from tta_rebuild.storage.sql_search import best_hits, forget_words, phrases_in
from tta_rebuild.storage.sql_snapshots import SNAPSHOT_CHARS_AN_EVENT, keep_snapshot
from tta_rebuild.storage.sql_turn_calls import SqlTurnCalls
from tta_rebuild.storage.sql_turn_updates import SqlTurnUpdates
from tta_rebuild.storage.sql_turns import SqlTurns, forget_turns
from tta_rebuild.storage.sql_worker_lives import SqlWorkerLives
from tta_rebuild.storage.sqlite_database import SqliteDatabase
from tta_rebuild.storage.sqlite_file import file_of
from tta_rebuild.storage.sqlite_list import LATEST_FIRST
from tta_rebuild.storage.story_rows import (
    MAIN,
    Branch,
    Found,
    MapBranch,
    StoryRow,
    as_branch,
    as_map_branch,
    as_story,
    to_micros,
)

__all__ = [
    "MAIN",
    "SNAPSHOT_CHARS_AN_EVENT",
    "Branch",
    "Found",
    "MapBranch",
    "StoryRow",
    "StoryStore",
]

_CHUNK = 1_000


class StoryStore:
    """Keeps stories. All methods may raise ``StoreError``; none leaves half a change behind.

    Times are aware (they have a zone). Branch ids are ``<story_id>.<n>``, n counting from 1 in the
    order in which they were made. ``place`` is a file, or an address without its password, and
    ``note`` what the player should know of how it was found. A ``codec`` may read older events.
    """

    def __init__(self, database: Database, *, codec: EventCodec | None = None) -> None:
        self._database = database
        self.place, self.note = database.place, database.note
        self._events = sql_rows.EventRows(codec or EventCodec())

    @classmethod
    async def open(
        cls,
        where: str | Path,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        codec: EventCodec | None = None,
        read_only: bool = False,
    ) -> StoryStore:
        """Open a data directory, a database file (``.db``), or a ``postgresql://`` address.

        It is made where there is none and upgraded where it is older. ``read_only`` only looks,
        also beside the process that plays or on a full disk. Raises StoreMissing (nothing was kept
        yet), StoreLocked, StoreReadOnly, StoreFull, StoreNewer, StoreDamaged; StoreError:
        unreachable.
        """
        address = str(where)
        if "://" in address and not address.startswith("sqlite:"):
            try:
                from tta_rebuild.storage.server_database import ServerDatabase
            except ModuleNotFoundError as error:
                raise StoreError(
                    "PostgreSQL needs the driver asyncpg: install tta-rebuild[postgres]"
                ) from error
            database: Database = ServerDatabase(address, writes=not read_only)
        else:
            database = SqliteDatabase.at(file_of(where), writes=not read_only)
        async with AsyncExitStack() as failing:
            failing.push_async_callback(database.close)
            await database.prepare(clock)
            failing.pop_all()
        return StoryStore(database, codec=codec)

    @classmethod
    def over(cls, store: StoryStore) -> Self:
        """A store of this class over the database of another, which stays its owner."""
        made = cls(store._database)
        made._events = store._events
        return made

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def check(self) -> None:
        """Look for damage. Raises StoreDamaged."""
        await self._database.check()

    @asynccontextmanager
    async def whole(self) -> AsyncIterator[None]:
        """All that this task does to the store in the block is kept when it ends, or nothing is."""
        async with self._database.writing():
            yield
        await self._database.tidy("PASSIVE")

    def ledger(self) -> SqlLedger:
        """The ledger in the same database; usable until this store is closed."""
        return SqlLedger(self._database)

    def records(self) -> SqlRecords:
        """Ratings and experiments in the same database; usable until this store is closed."""
        return SqlRecords(self._database)

    def access(self) -> SqlAccess:
        """Tokens, owners and links in the same database; usable until this store is closed."""
        return SqlAccess(self._database)

    def conversations(self) -> SqlConversations:
        """Chat clients' conversations in the same database; usable until this store is closed."""
        return SqlConversations(self._database)

    def turns(self) -> SqlTurns:
        """Turns that several machines play, in the same database; usable until this is closed."""
        return SqlTurns(self._database)

    def turn_calls(self) -> SqlTurnCalls:
        """Their calls to models, in the same database; usable until this store is closed."""
        return SqlTurnCalls(self._database)

    def worker_lives(self) -> SqlWorkerLives:
        """When their workers ended, in the same database; usable until this store is closed."""
        return SqlWorkerLives(self._database)

    def turn_updates(self) -> SqlTurnUpdates:
        """What is seen of such turns, in the same database; usable until this store is closed."""
        return SqlTurnUpdates(self._database)

    async def close(self) -> None:
        """Release files and locks; safe to call twice."""
        await self._database.close()

    async def create_story(
        self, story_id: str, title: str, events: Sequence[Event], *, at: datetime
    ) -> Branch:
        """A new story, its opening (turn 0) on ``main``. Raises StoryError: the id is taken."""
        micros = to_micros(at)
        async with self._database.writing() as connection:
            taken = "SELECT 1 FROM stories WHERE story_id = :id"
            if await connection.row(taken, id=story_id) is not None:
                raise StoryError(f"a story '{story_id}' exists already; choose another id")
            row = {"story_id": story_id, "title": title, "branches": 1, "turns": 0}
            now = {"created_at": micros, "updated_at": micros}
            story = await connection.insert("stories", **row, **now)
            branch = {"branch_id": f"{story_id}.1", "story": story, "name": MAIN, "parent": None}
            ends = {"forked_at": 0, "length": len(events), "turn": 0, "created_at": micros}
            number = await connection.insert("branches", **branch, **ends)
            opening = {"number": number, "length": 0}
            await self._events.store(connection, opening, 0, events, micros)
        await self._database.tidy("PASSIVE")  # the file alone knows of every story
        return await self.branch(f"{story_id}.1")

    async def stories(self) -> list[StoryRow]:
        """All stories, the latest played first."""
        async with self._database.reading() as connection:
            return [as_story(row) for row in await connection.rows(LATEST_FIRST)]

    async def story(self, story_id: str) -> StoryRow:
        """One story. Raises StoryNotFound."""
        async with self._database.reading() as connection:
            return as_story(await sql_rows.story_row(connection, story_id))

    @property
    def timeline(self) -> str:
        """See ``Database.timeline``."""
        return self._database.timeline

    async def rename(self, story_id: str, title: str) -> None:
        """Give it another title. Raises StoryNotFound."""
        async with self._database.writing() as connection:
            await sql_rows.story_row(connection, story_id)
            renamed = "UPDATE stories SET title = :title WHERE story_id = :id"
            await connection.rows(renamed, title=title, id=story_id)

    async def delete(self, story_id: str) -> None:
        """Remove it for good; nothing of its text stays in the file. Raises StoryNotFound."""
        async with self._database.writing() as connection:
            number = (await sql_rows.story_row(connection, story_id))["number"]
            own = "SELECT number FROM branches WHERE story = :story"
            talks = "SELECT number FROM conversations WHERE story = :story"
            locked = f"{own} ORDER BY number{connection.for_update}"
            branches = [row["number"] for row in await connection.rows(locked, story=number)]
            await forget_words(connection, branches)
            await forget_turns(connection, "story_id = :value", story_id)
            for which in (
                f"snapshots WHERE branch IN ({own})",
                f"events WHERE branch IN ({own})",
                "ratings WHERE story = :story",
                "story_owners WHERE story = :story",
                "story_budgets WHERE story = :story",
                "shares WHERE story = :story",
                f"conversation_moves WHERE conversation IN ({talks})",
                "conversations WHERE story = :story",
                "branches WHERE story = :story",
                "stories WHERE number = :story",
            ):
                await connection.rows(f"DELETE FROM {which}", story=number)
        await self._database.tidy("TRUNCATE")

    async def branches(self, story_id: str) -> list[Branch]:
        """All branches, in the order they were made. Raises StoryNotFound."""
        async with self._database.reading() as connection:
            own = f"{query('branches')} WHERE stories.story_id = :id ORDER BY b.number"
            rows = await connection.rows(own, id=story_id)
            if not rows:  # a story has one at least
                await sql_rows.story_row(connection, story_id)
            return [as_branch(row) for row in rows]

    async def map(self, story_id: str) -> list[MapBranch]:
        """All branches as a map shows them, in the order they were made. Raises StoryNotFound."""
        async with self._database.reading() as connection:
            story = await sql_rows.story_row(connection, story_id)
            rows = await connection.rows(query("map"), story=story["number"])
            turns = await fork_turns(connection, self._events, rows)
        return [as_map_branch(row, turns[row["number"]]) for row in rows]

    async def branch(self, branch_id: str) -> Branch:
        """One branch as it stands now. Raises BranchNotFound."""
        async with self._database.reading() as connection:
            rows = query("branches")
            return as_branch(await sql_rows.branch_row(connection, branch_id, rows=rows))

    async def append(
        self, branch_id: str, turn: int, events: Sequence[Event], *, expected: int, at: datetime
    ) -> int:
        """Store one whole turn or nothing; gives the branch's new length.

        Raises PositionConflict (its length is not ``expected``), BranchNotFound, and StoryError
        (``turn`` is before the branch's last turn).
        """
        micros = to_micros(at)
        async with self._database.writing() as connection:
            row = await sql_rows.branch_row(connection, branch_id, lock=True)
            if row["length"] != expected:
                raise PositionConflict(branch_id=branch_id, expected=expected, actual=row["length"])
            if turn < row["turn"]:
                raise StoryError(
                    f"branch {branch_id} is already in turn {row['turn']}, turn {turn} cannot "
                    "follow; fork before it to tell it again"
                )
            if not events:
                return expected
            await self._events.store(connection, row, turn, events, micros)
            length = expected + len(events)
            grown = "UPDATE branches SET length = :length, turn = :turn WHERE number = :number"
            await connection.rows(grown, length=length, turn=turn, number=row["number"])
            await connection.rows(query("played"), at=micros, turn=turn, number=row["story"])
        return length

    async def fork(
        self, branch_id: str, position: int, *, name: str | None = None, at: datetime
    ) -> Branch:
        """A new branch that shares the path up to ``position``; without a name one is chosen.

        Raises PositionNotFound, BranchNotFound, StoryError (the name is taken).
        """
        micros = to_micros(at)
        async with self._database.writing() as connection:
            parent = await sql_rows.branch_row(connection, branch_id, lock=True)
            _check_position(branch_id, position, parent["length"])
            turn = await self._events.turn_at(connection, parent, position)
            locked = f"SELECT * FROM stories WHERE number = :number{connection.for_update}"
            [story] = await connection.rows(locked, number=parent["story"])
            ordinal = story["branches"] + 1
            new_id = f"{story['story_id']}.{ordinal}"
            is_taken = "SELECT 1 FROM branches WHERE story = :story AND name = :name"
            for chosen in [name] if name is not None else (f"branch-{n}" for n in count(ordinal)):
                if not await connection.row(is_taken, story=story["number"], name=chosen):
                    break
            else:
                raise StoryError(
                    f"a branch '{name}' exists already in this story; choose another name"
                )
            branch = {"branch_id": new_id, "story": story["number"], "name": chosen}
            begins = {"parent": parent["number"], "forked_at": position, "length": position}
            await connection.insert("branches", **branch, **begins, turn=turn, created_at=micros)
            forked = "UPDATE stories SET branches = :branches WHERE number = :number"
            await connection.rows(forked, branches=ordinal, number=story["number"])
            await connection.rows(query("played"), at=micros, turn=0, number=story["number"])
        return await self.branch(new_id)

    async def read(
        self, branch_id: str, *, after: int = 0, upto: int | None = None
    ) -> AsyncIterator[RecordedEvent]:
        """The path's events in (after, upto], in order. Raises StoreDamaged where it has a hole."""
        async with self._database.reading() as connection:
            branch, end = await self._path_end(connection, branch_id, upto)
        for low in range(max(after, 0), end, _CHUNK):
            high = min(low + _CHUNK, end)
            async with self._database.reading() as connection:
                rows = await sql_rows.event_rows(connection, branch, low, high)
                if len(rows) < high - low:
                    await sql_rows.branch_row(connection, branch_id)  # gone altogether, or damaged?
            for recorded in self._events.recorded(branch_id, rows, low, high):
                yield recorded

    async def turn_end(self, branch_id: str, turn: int) -> int:
        """The position of a turn's last event on the path. Raises PositionNotFound."""
        async with self._database.reading() as connection:
            branch = await sql_rows.branch_row(connection, branch_id)
            number, end = branch["number"], branch["length"]
            last = await sql_rows.last_row(connection, "events", number, end, turn=turn)
        if last is None:
            raise PositionNotFound(
                f"the branch '{branch['name']}' has no turn {turn}; its last is {branch['turn']}"
            )
        return int(last["position"])

    async def search(
        self, branch_id: str, words: Sequence[str], *, limit: int = 20, upto: int | None = None
    ) -> list[Found]:
        """Events on the path whose prose has any of these words, the best first, then the latest.

        Prose is what scenes tell and what the player said. Case, accents, possessives and plural
        endings do not matter; an entry of several words is a phrase. On a long path, words that
        hundreds of events hold may be passed over, or looked for in its last part alone.
        """
        phrases = phrases_in(words)
        if not phrases or limit < 1:
            return []
        async with self._database.reading() as connection:
            branch, end = await self._path_end(connection, branch_id, upto)
            rows = await best_hits(connection, phrases, branch, end, limit) if end > 0 else ()
        texts = (prose_of(self._events.event(row)) for row in rows)
        return [
            Found(position=row["position"], turn=row["turn"], text=text, rank=row["rank"])
            for row, text in zip(rows, texts, strict=True)
        ]

    async def save_snapshot(self, branch_id: str, position: int, shape: str, state: str) -> None:
        """Keep a folded state as a cache; ``shape`` names the fold and its version.

        Other shapes on the branch go; older ones stay ``SNAPSHOT_CHARS_AN_EVENT`` apart, so that a
        fork finds one near. Raises PositionNotFound, BranchNotFound.
        """
        async with self._database.writing() as connection:
            row = await sql_rows.branch_row(connection, branch_id, lock=True)
            _check_position(branch_id, position, row["length"])
            await keep_snapshot(connection, row["number"], position, shape, state)

    async def latest_snapshot(
        self, branch_id: str, shape: str, *, upto: int | None = None
    ) -> tuple[int, str] | None:
        """The nearest snapshot on the branch's path at or before ``upto``."""
        async with self._database.reading() as connection:
            branch, end = await self._path_end(connection, branch_id, upto)
            found = await sql_rows.last_row(connection, "snapshots", branch, end, shape=shape)
        return (found["position"], found["state"]) if found is not None else None

    async def _path_end(
        self, connection: Connection, branch_id: str, upto: int | None
    ) -> tuple[int, int]:
        """A branch's number, and where a reading of its path up to a position ends."""
        row = await sql_rows.branch_row(connection, branch_id)
        return row["number"], row["length"] if upto is None else min(upto, row["length"])


def _check_position(branch_id: str, position: int, length: int) -> None:
    if not 0 <= position <= length:
        raise PositionNotFound(
            f"branch {branch_id} has no event {position}; it has {length}, counted from 1"
        )
