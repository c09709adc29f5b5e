"""The longer statements of the stores; they stand in ``data/queries.toml``."""

from __future__ import annotations

from functools import lru_cache

from tta_rebuild.core.data_files import packaged_toml


@lru_cache(maxsize=500)
def query(name: str, **parts: str | int) -> str:
    """The statement of that name, with the path and its own parts put in."""
    known = packaged_toml("tta_rebuild.storage", "queries")
    text: str = known[name]
    return text.format(path=known["path"], **parts).strip()
