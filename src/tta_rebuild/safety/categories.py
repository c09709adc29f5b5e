"""The categories of heavy matter, read from ``data/boundaries.toml``.

``safety.gate`` is the only user. A category that is not in the table is taken at its word: the
boundary ``{"spiders": "none"}`` keeps out the word itself.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

LEVELS: dict[str, int] = {"none": 1, "off": 1, "low": 2, "medium": 3, "moderate": 3, "high": 4}
"""A boundary's level → the weight from which on a text is held back (4: nothing is)."""


@dataclass(frozen=True, slots=True)
class Category:
    """One kind of heavy matter.

    Attributes:
        by_weight: weight (1 touches it, 2 shows it, 3 dwells on it) → what matches it.
        harmless: phrases in which the words mean something else, or None.
    """

    name: str
    by_weight: dict[int, re.Pattern[str]]
    harmless: re.Pattern[str] | None


def _pattern(words: list[str]) -> re.Pattern[str]:
    ordered = sorted(words, key=len, reverse=True)
    parts = [
        re.escape(word).replace(r"\*", r"[\w'-]*").replace(r"\ ", r"[\s-]+") for word in ordered
    ]
    return re.compile(rf"(?<!\w)(?:{'|'.join(parts)})(?!\w)")


@cache
def _table() -> dict[str, Category]:
    raw = tomllib.loads(
        (files("tta_rebuild.safety") / "data" / "boundaries.toml").read_text("utf-8")
    )
    table: dict[str, Category] = {}
    for name, entry in raw.items():
        weights = {int(k): _pattern(v) for k, v in entry.items() if k.isdigit()}
        harmless = _pattern(entry["harmless"]) if entry.get("harmless") else None
        category = Category(name, weights, harmless)
        for key in (name, *entry.get("aliases", ())):
            table[key] = category
    return table


def category_names() -> list[str]:
    """The categories that the table knows, without their aliases."""
    return sorted({category.name for category in _table().values()})


def category(name: str) -> Category:
    """The category of that name or alias; an unknown one is taken at its word."""
    key = re.sub(r"[\s-]+", "_", name.strip().casefold())
    known = _table().get(key)
    if known is not None:
        return known
    word = key.replace("_", " ")
    stem = word[:-1] if word.endswith("s") and len(word) > 3 else word
    return Category(key, {1: _pattern([stem, f"{stem}s", f"{stem}es"])}, None)
