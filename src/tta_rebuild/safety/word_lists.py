"""Lists of words, kept in ``data/words.toml``: what the gate reads by rule knows no others."""

from __future__ import annotations

from functools import cache

from tta_rebuild.core.data_files import packaged_toml


@cache
def word_list(name: str) -> frozenset[str]:
    """The words of one list."""
    return frozenset(packaged_toml("tta_rebuild.safety", "words")[name].split())
