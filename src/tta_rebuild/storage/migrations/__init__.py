"""The database's shape through time: one set of Alembic revisions for SQLite and PostgreSQL.

``database`` runs them when a store is opened. Alembic is only loaded when there is something to
do; ``REVISIONS`` says so without it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import Connection

REVISIONS = ("0001", "0002")
"""Every revision that this program knows, oldest first."""

HEAD = REVISIONS[-1]


def migrate(connection: Connection, target: str = HEAD) -> None:
    """Bring the database to ``target``, inside the transaction that is open on ``connection``."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", f"{__package__}:")
    config.attributes["connection"] = connection
    command.upgrade(config, target)
