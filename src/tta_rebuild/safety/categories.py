"""The kinds of heavy matter, and the words for how much of each a player allows.

Read from ``data/``: one file per category, the phobias in one. A category that no file knows is
taken at its word: the boundary ``{"dragons": "none"}`` keeps out the word and its family.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from tta_rebuild.core.data_files import packaged_toml
from tta_rebuild.core.english import singular
from tta_rebuild.core.errors import ValidationError
from tta_rebuild.safety.phrases import (
    HARMLESS,
    BoundaryPhrase,
    PhraseIndex,
    PhraseParser,
    Step,
    family_of,
)

NONE, LOW, MEDIUM, HIGH = "none", "low", "medium", "high"

THRESHOLDS: dict[str, int] = {NONE: 1, LOW: 2, MEDIUM: 3, HIGH: 4}
"""Level → the weight from which on a text is held back (4: nothing is)."""

EVERY = "*"
"""The category of phrases that are harmless whatever is looked for."""

_WEIGHTS = {"touches": 1, "shows": 2, "dwells": 3, "harmless": HARMLESS}
_COMMENT = re.compile(r"#[^\n]*")
_JOINED = re.compile(r"\s*[/,;&+]\s*|_and_|_or_")
_AROUND = re.compile(r"^(?:fear_of_|phobia_of_|graphic_|explicit_)|(?:_content|_scenes|_themes)$")
_LONGEST_NAME = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """One kind of heavy matter.

    Attributes:
        warn: the weight from which a player who set no boundary for it is warned.
        negatable: True if "nobody was …" makes it one step lighter.
        names: words that are also people's and places' names.
    """

    name: str
    warn: int = 3
    negatable: bool = True
    names: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """All categories of the data, and the phrases of all of them."""

    categories: Mapping[str, Category]
    aliases: Mapping[str, str]
    lexicon: PhraseIndex
    grammar: PhraseParser


@cache
def table() -> Table:
    """The data of the package, read on first use."""
    home = files("tta_rebuild.safety") / "data"
    grammar = _grammar(packaged_toml("tta_rebuild.safety", "classes"))
    lexicon = PhraseIndex()
    categories: dict[str, Category] = {}
    aliases: dict[str, str] = {}
    entries: dict[str, dict[str, Any]] = {}
    for entry in (home / "categories").iterdir():
        if entry.name.endswith(".toml"):
            entries[entry.name.removesuffix(".toml")] = tomllib.loads(entry.read_text("utf-8"))
    entries |= packaged_toml("tta_rebuild.safety", "phobias")
    for name, raw in sorted(entries.items()):
        categories[name] = Category(
            name=name,
            warn=int(raw.get("warn", 3)),
            negatable=bool(raw.get("negatable", True)),
            names=frozenset(raw.get("names", "").split()),
        )
        aliases |= dict.fromkeys((name, *raw.get("aliases", ())), name)
        lexicon.masked.update(raw.get("masked", "").split())
        for phrase in _phrases(grammar, name, raw):
            lexicon.add(phrase)
    idioms = packaged_toml("tta_rebuild.safety", "idioms")
    for phrase in _phrases(grammar, EVERY, idioms):
        lexicon.add(phrase)
    return Table(categories=categories, aliases=aliases, lexicon=lexicon, grammar=grammar)


def _grammar(raw: Mapping[str, Any]) -> PhraseParser:
    irregular = {word: frozenset(forms.split()) for word, forms in raw["irregular"].items()}
    classes: dict[str, Step] = {}
    grammar = PhraseParser(irregular=irregular, classes=classes)
    for name, words in raw["classes"].items():
        classes[name] = grammar.step("|".join(words.split()))[0]
    return grammar


def _phrases(
    grammar: PhraseParser, category: str, raw: Mapping[str, Any]
) -> Iterator[BoundaryPhrase]:
    for key, weight in _WEIGHTS.items():
        for text in _COMMENT.sub("", raw.get(key, "")).replace("\n", ",").split(","):
            if text.strip():
                yield from grammar.phrases(category, weight, text)


def category_names() -> list[str]:
    """The categories that the data know, without their aliases."""
    return sorted(table().categories)


def categories_of(name: str) -> Iterator[tuple[Category, list[BoundaryPhrase]]]:
    """The categories that a boundary's name means, with phrases that the table does not hold.

    A known name or alias is one category; ``fear/horror`` is both; anything else is taken at its
    word.

    Raises:
        ValidationError: the name has no word in it, or is too long for one.
    """
    key = re.sub(r"[\s-]+", "_", name.strip().casefold()).strip("_")
    if not any(c.isalpha() for c in key) or len(key) > _LONGEST_NAME:
        raise ValidationError(
            f"boundary '{name[:_LONGEST_NAME]}': name what to keep out in a word or two, such as "
            "violence or spiders"
        )
    bare = _AROUND.sub("", key) or key
    for candidate in (key, bare):
        known = table().aliases.get(candidate)
        if known is not None:
            yield table().categories[known], []
            return
    parts = [part for part in _JOINED.split(bare) if part]
    if len(parts) > 1:
        for part in parts:
            yield from categories_of(part)
        return
    yield Category(name=bare, warn=4, names=frozenset()), [_at_its_word(bare)]


def _at_its_word(key: str) -> BoundaryPhrase:
    words = re.findall(r"[^\W_]+", key)
    irregular = table().grammar.irregular
    steps = [Step(frozenset({word, singular(word)})) for word in words[:-1]]
    steps.append(Step(family_of(words[-1], irregular)))
    return BoundaryPhrase(key, 1, tuple(steps))


def level_of(category: str, level: object) -> str:
    """The level that a word or value means: ``none``, ``low``, ``medium`` or ``high``.

    Raises:
        ValidationError: it means none of these.
    """
    key = re.sub(r"[\s-]+", "_", str(level).strip().casefold())
    meant = packaged_toml("tta_rebuild.safety", "words")["levels"].items()
    found = next((name for name, words in meant if key in words.split()), None)
    if level is None or found is None:
        raise ValidationError(
            f"boundary {category}={level}: the level must be none, low, medium or high "
            "(off, mild, moderate, strong, yes and no are understood too)"
        )
    return str(found)
