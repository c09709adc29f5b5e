"""Ratings, experiments and their plays, in the story database."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from tta_rebuild.core.errors import StoryError
from tta_rebuild.core.records import ExperimentRecord, PlayRecord, SceneRating
from tta_rebuild.storage.database import Database, query
from tta_rebuild.storage.sql_rows import story_row
from tta_rebuild.storage.story_rows import from_micros, to_micros

_RATED = ("branch_id", "turn", "player_id", "rating", "comment")
_PLAYED = ("variant", "premise", "seed", "player", "story_id")


class SqlRecords:
    """The ``core.records.LabRecords`` of SQLite and PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def rate(self, rating: SceneRating) -> None:
        """See ``LabRecords.rate``."""
        said: dict[str, Any] = {name: getattr(rating, name) for name in _RATED}
        async with self._database.writing() as connection:
            story = await story_row(connection, rating.story_id)
            said |= {"story": story["number"], "at": to_micros(rating.at)}
            await connection.rows(query("rate"), **said)

    async def ratings(self, story_id: str | None = None) -> Sequence[SceneRating]:
        """See ``LabRecords.ratings``."""
        where = "" if story_id is None else "WHERE stories.story_id = :story_id"
        values = {} if story_id is None else {"story_id": story_id}
        async with self._database.reading() as connection:
            rows = await connection.rows(query("ratings", where=where), **values)
        plain = ("story_id", *_RATED)
        return [
            SceneRating(**{name: row[name] for name in plain}, at=from_micros(row["at"]))
            for row in rows
        ]

    async def begin(self, experiment: ExperimentRecord) -> ExperimentRecord:
        """See ``LabRecords.begin``."""
        row = {name: getattr(experiment, name) for name in ("name", "digest", "plan")}
        row |= {"created_at": to_micros(experiment.created_at)}
        async with self._database.writing() as connection:
            await connection.rows(query("begin_experiment"), **row)
        return next(one for one in await self.experiments() if one.name == experiment.name)

    async def experiments(self) -> Sequence[ExperimentRecord]:
        """See ``LabRecords.experiments``."""
        async with self._database.reading() as connection:
            rows = await connection.rows(query("experiments"))
        plain = ("name", "digest", "plan", "plays")
        return [
            ExperimentRecord(
                **{name: row[name] for name in plain}, created_at=from_micros(row["created_at"])
            )
            for row in rows
        ]

    async def keep(self, experiment: str, play: PlayRecord) -> None:
        """See ``LabRecords.keep``."""
        row: dict[str, Any] = {name: getattr(play, name) for name in _PLAYED}
        row |= {"at": to_micros(play.at), "outcome": json.dumps(dict(play.outcome))}
        async with self._database.writing() as connection:
            numbered = "SELECT number FROM experiments WHERE name = :name"
            found = await connection.row(numbered, name=experiment)
            if found is None:
                raise StoryError(f"there is no experiment '{experiment}'")
            await connection.add_all("plays", [row | {"experiment": found["number"]}])

    async def plays(self, experiment: str) -> Sequence[PlayRecord]:
        """See ``LabRecords.plays``."""
        async with self._database.reading() as connection:
            rows = await connection.rows(query("plays"), name=experiment)
        return [
            PlayRecord(
                **{name: row[name] for name in _PLAYED},
                at=from_micros(row["at"]),
                outcome=json.loads(row["outcome"]),
            )
            for row in rows
        ]

    async def forget(self, experiment: str) -> None:
        """See ``LabRecords.forget``."""
        own = "(SELECT number FROM experiments WHERE name = :name)"
        async with self._database.writing() as connection:
            await connection.rows(f"DELETE FROM plays WHERE experiment = {own}", name=experiment)
            await connection.rows("DELETE FROM experiments WHERE name = :name", name=experiment)
