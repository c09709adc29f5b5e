"""The database's shape through time: one SQL file a revision, for SQLite and PostgreSQL alike.

A file that was released never changes. In it ``{key}`` is a number that the database gives itself,
and a statement under ``-- only sqlite`` or ``-- only postgresql`` is for that database alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.resources import files

REVISIONS = ("0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008", "0009")

HEAD = REVISIONS[-1]

_KEYS = {"sqlite": "INTEGER PRIMARY KEY AUTOINCREMENT", "postgresql": "BIGSERIAL PRIMARY KEY"}
_COMMENT = re.compile(r"^\s*--.*$", re.MULTILINE)
_ONLY = re.compile(r"^-- only (\w+)$", re.MULTILINE)


def statements(dialect: str, found: str | None = None, target: str = HEAD) -> Iterator[str]:
    """What brings a database from a revision (None: empty) to another, in one transaction."""
    begin = REVISIONS.index(found) + 1 if found is not None else 0
    for revision in REVISIONS[begin : REVISIONS.index(target) + 1]:
        text = (files(__package__) / f"{revision}.sql").read_text("utf-8")
        for statement in text.split(";\n"):
            only = _ONLY.search(statement)
            sql = _COMMENT.sub("", statement).strip()
            if sql and (only is None or only[1] == dialect):
                yield sql.format(key=_KEYS[dialect])
    yield "DELETE FROM alembic_version"
    yield f"INSERT INTO alembic_version VALUES ('{target}')"
