"""Lists of words, kept in ``data``: what this folder reads by rule knows these and no others."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def word_table(name: str) -> dict[str, Any]:
    """The lists of one file of ``data`` by their names, as they stand there."""
    file = files("tta_rebuild.storyteller") / "data" / f"{name}.toml"
    return tomllib.loads(file.read_text("utf-8"))


@cache
def word_list(name: str) -> frozenset[str]:
    """The words of one list of ``words.toml``."""
    return frozenset(word_table("words")[name].split())
