"""The questions that ``story_store`` asks its tables, and how events lie in theirs.

Both databases answer them from an index: ranges with both ends given, no function of a column.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from tta_rebuild.core.errors import BranchNotFound, StoreDamaged, StoryNotFound
from tta_rebuild.core.events import Event, EventCodec, RecordedEvent, prose_of
from tta_rebuild.storage.database import Connection, query
from tta_rebuild.storage.sql_search import keep_words
from tta_rebuild.storage.story_rows import Row, from_micros


async def story_row(connection: Connection, story_id: str) -> Row:
    """A story's row. Raises StoryNotFound."""
    row = await connection.row("SELECT * FROM stories WHERE story_id = :id", id=story_id)
    if row is None:
        raise StoryNotFound(f"no story '{story_id}'; see the list of stories")
    return row


async def branch_row(
    connection: Connection,
    branch_id: str,
    *,
    rows: str = "SELECT * FROM branches AS b",
    lock: bool = False,
) -> Row:
    """A branch's own row, locked until the transaction ends if asked. Raises BranchNotFound."""
    locked = connection.for_update if lock else ""
    row = await connection.row(f"{rows} WHERE b.branch_id = :id{locked}", id=branch_id)
    if row is None:
        raise BranchNotFound(f"no branch '{branch_id}'; see the list of the story's branches")
    return row


async def event_rows(connection: Connection, branch: int, after: int, upto: int) -> Sequence[Row]:
    """The events at the positions in (after, upto] of a branch's path, in order."""
    return await connection.rows(query("events"), branch=branch, after=after, upto=upto)


async def last_row(
    connection: Connection, table: str, branch: int, upto: int, **asked: Any
) -> Row | None:
    """The row of a table with positions that stands last on a path, with what is asked for."""
    tests = " ".join(f"AND {name} = :{name}" for name in asked)
    latest = query("last", table=table, tests=tests)
    return await connection.row(latest, branch=branch, after=0, upto=upto, **asked)


class EventRows:
    """Events to rows and back, as a codec writes and reads them."""

    def __init__(self, codec: EventCodec) -> None:
        self._codec = codec

    async def store(
        self, connection: Connection, branch: Row, turn: int, events: Sequence[Event], micros: int
    ) -> None:
        """Add a turn at the end of a branch, and its words to the index."""
        rows, texts = [], []
        for position, event in enumerate(events, branch["length"] + 1):
            kind, version, data = self._codec.to_json(event)
            row = {"branch": branch["number"], "position": position, "turn": turn, "at": micros}
            rows.append({**row, "kind": kind, "version": version, "data": data})
            if prose := prose_of(event):
                texts.append((position, prose))
        await connection.add_all("events", rows)
        await keep_words(connection, branch["number"], texts)

    def event(self, row: Row) -> Event:
        """The event of a row."""
        return self._codec.from_json(row["kind"], row["version"], row["data"])

    async def turn_at(self, connection: Connection, branch: Row, position: int) -> int:
        """The turn of the event at a position, 0 for none. Raises StoreDamaged."""
        if position == 0:
            return 0
        rows = await event_rows(connection, branch["number"], position - 1, position)
        if not rows:
            rows = await event_rows(connection, branch["number"], 0, position)
            for _ in self.recorded(branch["branch_id"], rows, 0, position):
                pass  # says how far the path is good
        return int(rows[0]["turn"])

    def recorded(
        self, branch_id: str, rows: Sequence[Row], low: int, high: int
    ) -> Iterator[RecordedEvent]:
        """The events at the positions in (low, high], from their rows in order.

        Raises StoreDamaged, after the events before it, where one is missing or unreadable.
        """
        position = low
        for row in rows:
            if row["position"] != position + 1:
                break
            try:
                event = self.event(row)
            except StoreDamaged as error:
                raise _hole(branch_id, position, "cannot be read") from error
            position += 1
            place = {"branch_id": row["branch_id"], "position": position, "turn": row["turn"]}
            yield RecordedEvent(**place, at=from_micros(row["at"]), event=event)
        if position < high:
            raise _hole(branch_id, position, "is missing")


def _hole(branch_id: str, good_upto: int, how: str) -> StoreDamaged:
    told = (
        f"branch {branch_id}: event {good_upto + 1} {how}; the story is whole up to event "
        f"{good_upto}: fork it there to go on from the good part, or restore a backup"
    )
    return StoreDamaged(told, branch_id=branch_id, good_upto=good_upto)
