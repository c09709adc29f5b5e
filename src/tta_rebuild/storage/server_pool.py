"""PostgreSQL through asyncpg, loaded only where an address of a server is given."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import lru_cache
from typing import Any, ClassVar

import asyncpg

from tta_rebuild.storage.connection import Connection
from tta_rebuild.storage.story_rows import Row

_NAME = re.compile(r"(?<!:):([a-z]\w*)")


class ServerPool:
    """Connections to one server, opened when they are needed; see ``Pool``."""

    is_sqlite: ClassVar[bool] = False
    errors: ClassVar[tuple[type[Exception], ...]] = (asyncpg.PostgresError, asyncpg.InterfaceError)

    def __init__(self, address: str, *, most: int) -> None:
        self._pool = asyncpg.create_pool(address, min_size=0, max_size=most)

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[Connection]:
        """See ``Pool.connect``."""
        await self._pool  # nothing from the second time on
        async with self._pool.acquire() as raw:
            yield Connection(self, raw)

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Connection]:
        """See ``Pool.begin``."""
        async with self.connect() as connection, connection.raw.transaction():
            yield connection

    async def execute(self, raw: Any, sql: str, values: Mapping[str, Any]) -> Sequence[Row]:
        """See ``Pool.execute``."""
        text, names = _numbered(sql)
        found: Sequence[Row] = await raw.fetch(text, *(values[name] for name in names))
        return found

    async def execute_many(self, raw: Any, sql: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """See ``Pool.execute_many``."""
        text, names = _numbered(sql)
        await raw.executemany(text, [[row[name] for name in names] for row in rows])

    async def close(self) -> None:
        """See ``Pool.close``."""
        await self._pool.close()


@lru_cache(maxsize=500)
def _numbered(sql: str) -> tuple[str, tuple[str, ...]]:
    """The statement with ``$1``, ``$2`` … for the names of its values, and the names in order."""
    names = tuple(dict.fromkeys(_NAME.findall(sql)))
    return _NAME.sub(lambda found: f"${names.index(found[1]) + 1}", sql), names
