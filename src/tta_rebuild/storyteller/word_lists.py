"""Words, patterns and rules, kept in ``data``: what this folder reads by rule knows no others."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from tta_rebuild.core.data_files import packaged_toml, parse_yaml

Weights = Mapping[str, Mapping[str, float]]
"""Feature → label → weight."""


def word_table(name: str) -> dict[str, Any]:
    """The lists of one file of ``data`` by their names, as they stand there."""
    return packaged_toml("tta_rebuild.storyteller", name)


@cache
def word_list(name: str) -> frozenset[str]:
    """The words of one list of ``words.toml``."""
    return frozenset(word_table("words")["words"][name].split())


def is_one(word: str, names: str) -> bool:
    """True for a word of one of those lists."""
    return any(word in word_list(name) for name in names.split())


@cache
def fact_words(name: str) -> frozenset[str]:
    """The words of one list of ``facts.toml``."""
    return frozenset(str(word_table("facts")[name]).split())


@cache
def pattern(name: str) -> re.Pattern[str]:
    """A pattern of ``patterns.toml``."""
    return re.compile(word_table("patterns")[name])


@cache
def _mends(name: str) -> Sequence[tuple[re.Pattern[str], str]]:
    return [(re.compile(seen), told) for seen, told in word_table("patterns")["mends"][name]]


def mended(text: str, name: str) -> str:
    """A text with what one list of ``mends`` finds in it replaced, one after the other."""
    for seen, told in _mends(name):
        text = seen.sub(told, text)
    return text


@cache
def packaged_yaml(name: str) -> dict[str, Any]:
    """What one of the package's YAML files holds; {} if there is none of that name."""
    file = files("tta_rebuild.storyteller").joinpath(f"{name}.yaml")
    read = parse_yaml(file.read_text("utf-8"), file.name, is_ours=True) if file.is_file() else {}
    return dict(read)


@cache
def learned_weights(name: str) -> Weights:
    """What one model of ``data`` has learned: a feature, then label:hundredths, tab by tab."""
    data = files("tta_rebuild.storyteller").joinpath(f"data/{name}.txt")
    found = dict[str, dict[str, float]]()
    for line in data.read_text("utf-8").splitlines()[1:]:
        feature, *rows = line.split("\t")
        pairs = (row.rsplit(":", 1) for row in rows)
        found[feature] = {label: int(weight) / 100 for label, weight in pairs}
    return found


def rules_of(family: str) -> dict[str, Any]:
    """The rules of one family of acts; those of "do" for a family without a file."""
    return packaged_yaml(f"data/acts/{family}") or packaged_yaml("data/acts/do")


def common(name: str) -> Any:
    """One of the lists that all acts share."""
    return rules_of("_common")[name]
