"""How events lie in their table: written as a codec says, read back in order, without a gap.

Used by ``sql_store`` alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tta_rebuild.core.errors import StoreDamaged
from tta_rebuild.core.events import Event, EventCodec, RecordedEvent, prose_of
from tta_rebuild.storage.connection import Connection, Row, inserting
from tta_rebuild.storage.sql_rows import hole
from tta_rebuild.storage.sql_search import Hit, keep_words
from tta_rebuild.storage.stored_time import from_micros
from tta_rebuild.storage.story_store import Found


class EventRows:
    """Events to rows and back.

    Args:
        codec: knows the events' shapes, old ones too if it has upcasters.
    """

    def __init__(self, codec: EventCodec) -> None:
        self._codec = codec

    async def store(
        self,
        connection: Connection,
        branch: int,
        length: int,
        turn: int,
        events: Sequence[Event],
        micros: int,
    ) -> None:
        """Add a turn after position ``length`` of a branch, and its words to the index."""
        rows, texts = [], []
        for position, event in enumerate(events, length + 1):
            kind, version, data = self._codec.to_json(event)
            row = {"branch": branch, "position": position, "turn": turn, "at": micros}
            rows.append({**row, "kind": kind, "version": version, "data": data})
            prose = prose_of(event)
            if prose:
                texts.append((position, prose))
        if rows:
            await connection.run_for_each(inserting("events", rows[0]), rows)
            await keep_words(connection, branch, texts)

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
                event = self._codec.from_json(row["kind"], row["version"], row["data"])
            except StoreDamaged as error:
                raise hole(branch_id, position + 1, position, "cannot be read") from error
            position += 1
            yield RecordedEvent(
                branch_id=row["branch_id"],
                position=position,
                turn=row["turn"],
                at=from_micros(row["at"]),
                event=event,
            )
        if position < high:
            raise hole(branch_id, position + 1, position)

    def found(self, hits: Sequence[Hit], rows: Sequence[Row]) -> list[Found]:
        """What a search found, with the text from the events' rows."""
        by_position = {row["position"]: row for row in rows}
        found = []
        for hit in hits:
            row = by_position.get(hit.position)
            if row is not None:
                text = prose_of(self._codec.from_json(row["kind"], row["version"], row["data"]))
                found.append(
                    Found(position=hit.position, turn=row["turn"], text=text, rank=hit.rank)
                )
        return found
