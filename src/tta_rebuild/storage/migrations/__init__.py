"""The database's shape through time: one set of Alembic revisions for SQLite and PostgreSQL.

``database`` runs them when a store is opened. Alembic takes as long to load as everything else
together, so it is loaded only where a database of an older revision is found.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import Connection

REVISIONS = ("0001", "0002")
"""Every revision that this program knows, oldest first."""

HEAD = REVISIONS[-1]


def migrate(connection: Connection, target: str = HEAD) -> None:
    """Bring the database to ``target``, inside the transaction that is open on ``connection``.

    An empty one gets the tables as they are now at once; only older ones need Alembic.
    """
    from sqlalchemy import inspect, text

    if target == HEAD and not inspect(connection).has_table("alembic_version"):
        from tta_rebuild.storage.schema import METADATA

        METADATA.create_all(connection, checkfirst=False)
        connection.execute(
            text(
                "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, "
                "CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))"
            )
        )
        connection.execute(text("INSERT INTO alembic_version VALUES (:head)"), {"head": HEAD})
        return
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", f"{__package__}:")
    config.attributes["connection"] = connection
    command.upgrade(config, target)
