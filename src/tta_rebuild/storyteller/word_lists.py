"""Lists of words, kept in ``data``: what this folder reads by rule knows these and no others."""

from __future__ import annotations

from functools import cache
from typing import Any

from tta_rebuild.core.data_files import packaged_toml


def word_table(name: str) -> dict[str, Any]:
    """The lists of one file of ``data`` by their names, as they stand there."""
    return packaged_toml("tta_rebuild.storyteller", name)


@cache
def word_list(name: str) -> frozenset[str]:
    """The words of one list of ``words.toml``."""
    return frozenset(word_table("words")[name].split())
