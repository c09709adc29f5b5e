"""At which turn each branch of a story leaves its parent, for the map of a story.

Most rows say it themselves; it is looked for where a branch was forked off from another's part.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tta_rebuild.storage.database import Connection
from tta_rebuild.storage.sql_rows import EventRows
from tta_rebuild.storage.story_rows import Row


async def fork_turns(
    connection: Connection, events: EventRows, rows: Sequence[Row]
) -> Mapping[int, int]:
    """The turn at which each branch begins, by its number; 0 for one without a parent.

    ``rows`` are all branches of one story, as the query ``map`` gives them. Raises StoreDamaged.
    """
    by_number = {row["number"]: row for row in rows}
    looked_up: dict[tuple[int, int], int] = {}
    found = {}
    for row in rows:
        fork_turn = row["fork_turn"] or 0
        if row["parent"] and row["forked_at"] and row["fork_turn"] is None:
            owner = by_number[row["parent"]]
            while owner["forked_at"] >= row["forked_at"]:
                owner = by_number[owner["parent"]]
            place = (owner["number"], row["forked_at"])
            if place not in looked_up:
                looked_up[place] = await events.turn_at(connection, owner, place[1])
            fork_turn = looked_up[place]
        found[row["number"]] = fork_turn
    return found
