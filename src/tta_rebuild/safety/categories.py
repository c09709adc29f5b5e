"""The kinds of heavy matter, and the words for how much of each a player allows.

Read from ``data/``: one file per category, the phobias in one. A category that no file knows is
taken at its word: the boundary ``{"dragons": "none"}`` keeps out the word and its family.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from tta_rebuild.core.data_files import packaged_toml
from tta_rebuild.core.errors import ValidationError
from tta_rebuild.safety.phrases import HARMLESS, BoundaryPhrase, PhraseIndex, own_phrase, phrases_of

NONE, HIGH = "none", "high"
THRESHOLDS: dict[str, int] = {NONE: 1, "low": 2, "medium": 3, HIGH: 4}
"""Level → the weight from which on a text is held back (4: nothing is)."""

EVERY = "*"
"""The category of phrases that are harmless whatever is looked for."""

_WEIGHTS = {"touches": 1, "shows": 2, "dwells": 3, "harmless": HARMLESS}
_COMMENT = re.compile(r"#[^\n]*")
_JOINED = re.compile(r"\s*[/,;&+]\s*|_and_|_or_")
_AROUND = re.compile(r"^(?:fear_of_|phobia_of_|graphic_|explicit_)|(?:_content|_scenes|_themes)$")
_NO = "no_"
_LONGEST_NAME = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """One kind of heavy matter, and what a player has set for it.

    Attributes:
        warn: the weight from which a player who set no boundary for it is warned.
        negatable, names: whether "nobody was …" is one step lighter; words that are names too.
        threshold: the weight from which a text is held back; ``level`` the player's word for it.
    """

    name: str
    warn: int = 3
    negatable: bool = True
    names: frozenset[str] = frozenset()
    threshold: int = THRESHOLDS[HIGH]
    level: str = ""


@cache
def table() -> tuple[dict[str, Category], PhraseIndex]:
    """The data of the package, read on first use: name or alias → category, and the phrases."""
    known: dict[str, Category] = {}
    lexicon = PhraseIndex()
    entries: dict[str, dict[str, Any]] = {EVERY: packaged_toml("tta_rebuild.safety", "idioms")}
    for file in (files("tta_rebuild.safety") / "data" / "categories").iterdir():
        entries[file.name.removesuffix(".toml")] = tomllib.loads(file.read_text("utf-8"))
    entries |= packaged_toml("tta_rebuild.safety", "phobias")
    for name, raw in sorted(entries.items()):
        lexicon.masked.update(raw.get("masked", "").split())
        for key, weight in _WEIGHTS.items():
            for text in _COMMENT.sub("", raw.get(key, "")).replace("\n", ",").split(","):
                for phrase in phrases_of(name, weight, text) if text.strip() else ():
                    lexicon.add(phrase)
        if name != EVERY:
            given = {part: raw[part] for part in ("warn", "negatable") if part in raw}
            names = frozenset(raw.get("names", "").split())
            category = Category(name=name, names=names, **given)
            known |= dict.fromkeys((name, *raw.get("aliases", ())), category)
    return known, lexicon


def category_names() -> list[str]:
    """The categories that the data know, without their aliases."""
    return sorted({category.name for category in table()[0].values()})


def categories_of(name: str) -> Iterator[tuple[Category, list[BoundaryPhrase]]]:
    """The categories that a boundary's name means, with phrases that the table does not hold.

    A known name or alias is one category; ``fear/horror`` is both; anything else is taken at its
    word. A "no" before it is left out. Raises ValidationError: it has no word in it, or too many.
    """
    key = _key(name).strip("_").removeprefix(_NO)
    if not any(c.isalpha() for c in key) or len(key) > _LONGEST_NAME:
        raise ValidationError(
            f"boundary '{name[:_LONGEST_NAME]}': name what to keep out in a word or two, such as "
            "violence or spiders"
        )
    bare = _AROUND.sub("", key) or key
    known = table()[0].get(key) or table()[0].get(bare)
    parts = [part for part in _JOINED.split(bare) if part]
    if known is not None:
        yield known, []
    elif len(parts) > 1:
        for part in parts:
            yield from categories_of(part)
    else:
        yield Category(name=bare, warn=4), [own_phrase(bare)]


def level_of(category: str, level: object) -> str:
    """The level that a word or value means: ``none``, ``low``, ``medium`` or ``high``.

    After a "no" before the category it is turned around: ``no_violence: yes`` means none of it.
    Raises ValidationError: it means none of these.
    """
    key = _key(str(level))
    levels = packaged_toml("tta_rebuild.safety", "words")["levels"].items()
    found = next((name for name, words in levels if key in words.split()), None)
    if level is None or found is None:
        raise ValidationError(
            f"boundary {category}={level}: the level must be none, low, medium or high "
            "(off, mild, moderate, strong, yes and no are understood too)"
        )
    if not _key(category).startswith(_NO):
        return str(found)
    if found != HIGH:
        without = category.strip()[len(_NO) :]
        raise ValidationError(
            f"boundary {category}={level}: say it without the 'no', such as {without}=none"
        )
    return NONE


def _key(text: str) -> str:
    return re.sub(r"[\s-]+", "_", text.strip().casefold())
