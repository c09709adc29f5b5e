"""How snapshots of folded states lie in their table: few enough that they stay a cache.

``story_store`` keeps and finds them; a snapshot lies on the branch that owns its position.
"""

from __future__ import annotations

from tta_rebuild.storage.database import Connection, query

SNAPSHOT_CHARS_AN_EVENT = 400
"""Snapshots stay so far apart that they hold no more than this for each event of the log."""


async def keep_snapshot(
    connection: Connection, branch: int, position: int, shape: str, state: str
) -> None:
    """Keep one at a position of a branch's path, and drop those that it makes needless."""
    owner = await connection.row(query("owner"), branch=branch, after=0, upto=position)
    owned_by = owner["branch"] if owner is not None else branch  # of position 0
    key = {"branch": owned_by, "shape": shape, "position": position}
    last_two = await connection.rows(query("snapshots_before"), **key)
    earlier = [one["position"] for one in last_two]
    room = SNAPSHOT_CHARS_AN_EVENT * (earlier[0] - earlier[-1]) if earlier else 0
    is_near = len(earlier) > 1 and room < len(state)
    outdated = earlier[0] if is_near else position
    await connection.rows(query("outdated_snapshots"), **key, outdated=outdated)
    await connection.add_all("snapshots", [{**key, "state": state}])
