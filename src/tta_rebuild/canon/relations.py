"""The relations between things in a story: how many values each takes, and what may change.

The tables are ``data/relations.toml`` and ``data/groups.toml``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Literal

from tta_rebuild.core.data_files import packaged_toml
from tta_rebuild.core.english import number_in

Slot = Literal["one", "value", "of", "number", "group"]
Change = Literal["never", "narrated", "freely"]

_ARTICLES = re.compile(r"^(?:the|a|an|his|her|their|its|my|our|your)\s+")
_POSSESSIVE = re.compile(r"^([^,]+?)['’]s?\s+([^,]+)$")
"""“Rui's brother”, as against “brother of Rui”."""
_DENIAL = re.compile(r"^(?:not_|no_|never_|cannot_|can't_|can_not_)+")


@lru_cache(maxsize=8192)
def key_of(name: str) -> str:
    """The id under which a name is kept: lower case, no article, words joined by ``_``."""
    text = _ARTICLES.sub("", name.strip().lower().replace("_", " "))
    return "_".join(text.replace("’", "'").split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """One relation and its rules; the head of ``data/relations.toml`` says what each means."""

    name: str
    label: str = "{subject}: {value}"
    slot: Slot = "one"
    change: Change = "narrated"
    volatile: bool = False
    final: tuple[str, ...] = ()
    endless: bool = False
    momentary: bool = False
    inverse: str = ""
    symmetric: bool = False
    excludes: tuple[str, ...] = ()
    implies: str = ""
    person: bool = False
    living: tuple[str, ...] = ()
    rising: bool = False
    indexed: bool = False
    subject: str = "any"
    value: str = "text"
    alike: Literal["", "suffix", "prefix", "either_end", "word"] = ""
    nested: bool = False
    once: tuple[str, ...] = ()
    restored: tuple[str, ...] = ()
    needs: str = ""
    denies: str = ""
    of_lost_things: bool = False
    opposed: tuple[list[str], ...] = ()
    final_kind: str = ""
    label_false: str = ""
    also: tuple[str, ...] = ()
    falls: bool = False
    lifts: tuple[str, ...] = ()
    fades: bool = False
    nothing: tuple[str, ...] = ()
    steady: bool = False
    strips: tuple[str, ...] = ()
    said_by: tuple[str, ...] = ()
    of_the_dead: tuple[str, ...] = ()
    contradiction: str = "fact_changed"

    def say(self, subject: str, value: str) -> str:
        """The fact in plain words."""
        label = self.label_false if self.label_false and value == "false" else self.label
        return label.format(subject=subject.replace("_", " "), value=value.replace("_", " "))


class Relations:
    """The table. An unknown relation is an open one, with any number of values side by side."""

    def __init__(self) -> None:
        rows = packaged_toml("tta_rebuild.canon", "relations").items()
        self._table = {name: Relation(name=name, **_columns(row)) for name, row in rows}
        self._groups: dict[str, dict[str, list[list[str]]]] = packaged_toml(
            "tta_rebuild.canon", "groups"
        )
        self._sides = {
            relation: {
                key_of(word): (group, number)
                for group, sides in named.items()
                for number, side in enumerate(sides)
                for word in side
            }
            for relation, named in self._groups.items()
        }
        self._normalised = lru_cache(maxsize=50_000)(self._normalise)
        self._also = {other: name for name, r in self._table.items() for other in r.also}

    def understood(self, relation: str, value: str, ends: bool) -> tuple[str, str, bool]:
        """A relation, value and ending as a model wrote them, in the words of this table.

        "weekday" → ``day``; an ended yes-or-no is its opposite (``alive`` → ``alive: false``).
        """
        name = key_of(relation)
        name = name if name in self._table else self._also.get(name, name)
        for other, one in self._table.items():
            if name in one.said_by and self.side(other, value) is not None:
                name = other
        if self[name].value != "yes_no":
            return name, value, ends
        normal = self.normal(name, value or "true")[1]
        if ends:
            return name, "false" if normal == "true" else "true", False
        return name, normal, False

    def __getitem__(self, name: str) -> Relation:
        return self._table.get(name) or _open_relation(name)

    def described(self) -> list[str]:
        """All names, as a storyteller is told of them: ``alive (true or false)``."""
        kinds = {"yes_no": " (true or false)", "number": " (a number)"}
        return [name + kinds.get(one.value, "") for name, one in self._table.items()]

    def normal(self, relation: str, value: str) -> tuple[str, str]:
        """Slot and normal form of a value: values of one slot and unlike form exclude each other.

        "not swim" and "swim" share a slot, as do "green eyes" and "blue eyes".
        """
        return self._normalised(relation, value)

    def same(self, relation: str, one: str, other: str) -> bool:
        """Whether two values say the same, in whatever words."""
        return self.normal(relation, one)[1] == self.normal(relation, other)[1]

    def side(self, relation: str, word: str) -> tuple[str, int] | None:
        """Group and side of an opposed word, None if it belongs to no group."""
        return self._sides.get(relation, {}).get(key_of(word))

    def sides(self, relation: str, one: str, other: str) -> bool:
        """Whether two normal forms of a slot lie on different sides of what excludes each other."""
        if f"not {one}" == other or f"not {other}" == one:
            return True
        last = (value.partition(" of ")[0].rsplit("_", 1)[-1] for value in (one, other))
        mine, theirs = (self.side(relation, word) for word in last)
        return mine is not None and theirs is not None and mine != theirs

    def _normalise(self, name: str, value: str) -> tuple[str, str]:
        relation = self[name]
        if relation.slot == "one":
            if relation.rising:
                return "", number_in(value) or key_of(value)
            side = self.side(name, value)
            return "", self._said_first(name, *side) if side else key_of(value)
        if relation.slot == "of":
            role, _, other = value.partition(" of ")
            if owned := _POSSESSIVE.match(value):
                other, role = owned.groups()
            return key_of(other), f"{key_of(role)} of {key_of(other)}" if other else key_of(value)
        if relation.slot == "number":
            words = [w for w in re.findall(r"[a-z]+", value.lower()) if not number_in(w)]
            thing = "_".join(w for w in words if w not in ("and", "of", "the", "exactly"))
            return thing.removesuffix("s"), f"{number_in(value) or '?'} {thing}".strip()
        key = key_of(value)
        base = _DENIAL.sub("", key)
        denied = base != key
        for prefix in relation.strips:
            base = base.removeprefix(f"{prefix}_")
        said = f"not {base}" if denied else base
        found = self.side(name, base) if relation.slot == "group" else None
        if found is not None:
            group, number = found
            if not denied:
                return group, self._said_first(name, group, number)
            is_pair = len(self._groups[name][group]) == 2
            return group, self._said_first(name, group, 1 - number) if is_pair else said
        what, _, part = base.rpartition("_")  # "green eyes" and "blue eyes" share a slot
        if name == "trait" and what and part in self._groups["parts"]["words"][0]:
            return part.removesuffix("s"), said
        return base, said

    def _said_first(self, relation: str, group: str, side: int) -> str:
        """The first word of a side, which stands for all of it."""
        return key_of(self._groups[relation][group][side][0])


@cache
def _open_relation(name: str) -> Relation:
    label = "{subject} " + name.replace("_", " ") + " {value}"
    return Relation(name=name, label=label, slot="value")


@cache
def built_in() -> Relations:
    """The table, read once."""
    return Relations()


def _columns(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(v) if isinstance(v, list) else v for name, v in row.items()}
