"""The state of a storyteller's world: one flat table of values, with conditions and effects on it.

Everything that can change has a key: ``here`` (the player's place), ``lamp.at`` (where or with whom
a thing or person is), ``lamp.lit``, ``bee.trust``, ``storm``. Scene files and rules ask and change
it in two small notations:

- a condition is a list of terms, all of which must hold: ``bee.here, !lamp.lit, storm>=3``;
  ``a/b`` is one term that holds where either does, so ``a, b/c`` is a and (b or c);
- ``deed.kiss.bee`` holds once the player has kissed her, ``deed.kiss`` once they kissed anybody;
- an effect is a list of changes: ``key.at=you, bee.trust+1, door.open, !lamp.lit``.

A word that no key has is itself (``here=yard``); a key that was never set is 0, false and "".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import TypeAlias

Value: TypeAlias = int | str | bool

YOU, NOWHERE = "you", "nowhere"

_TERM = re.compile(r"(!?)([a-z_][\w.:]*)(?:\s*(!=|>=|<=|=|>|<)\s*([\w.:-]*))?")
_CHANGE = re.compile(r"(!?)([a-z_][\w.]*)(?:\s*([=+-])\s*([\w.]+))?")


class NotationError(ValueError):
    """A condition or an effect that cannot be read."""


@lru_cache(maxsize=8_000)
def _terms(condition: str) -> tuple[tuple[tuple[str, str, str, str], ...], ...]:
    return tuple(
        tuple(_part(_TERM, way, condition) for way in term.split("/"))
        for term in condition.split(",")
        if term.strip()
    )


def idle_terms(condition: str) -> list[str]:
    """The alternatives of a condition that another term asks for in any case.

    ``a, b/a, c`` is "a, and b or a, and c": commas part before slashes, so that b means nothing.
    """
    terms = [[way.strip() for way in term.split("/")] for term in condition.split(",")]
    alone = {ways[0] for ways in terms if len(ways) == 1}
    return [way for ways in terms if len(ways) > 1 for way in ways if way in alone]


@lru_cache(maxsize=8_000)
def _changes(effects: str) -> tuple[tuple[str, str, str, str], ...]:
    return tuple(_part(_CHANGE, one, effects) for one in effects.split(",") if one.strip())


def _part(shape: re.Pattern[str], text: str, whole: str) -> tuple[str, str, str, str]:
    found = shape.fullmatch(text.strip())
    if found is None:
        raise NotationError(f"'{text.strip()}' cannot be read in: {whole}")
    bang, key, sign, value = found.groups()
    if bang and sign:
        raise NotationError(f"'{text.strip()}' cannot be read in: {whole} (write != for not equal)")
    return bang, key, sign or "", value or ""


def keys_of(notation: str, *, is_effect: bool = False, is_so: bool = False) -> set[str]:
    """The keys that a condition asks for or an effect changes. Raises NotationError.

    Args:
        is_so: leaves out those that must not hold.
    """
    if is_effect:
        return {key for _, key, _, _ in _changes(notation)}
    return {key for ways in _terms(notation) for bang, key, _, _ in ways if not (bang and is_so)}


class WorldState:
    """Values by key, and names that stand for others while a rule is looked at.

    Args:
        values: the state; changed in place.
        bound: names such as ``object`` or ``npc`` → the id that they mean now, "" for nobody.
    """

    def __init__(self, values: dict[str, Value], bound: Mapping[str, str] | None = None) -> None:
        self.values = values
        self.bound = dict(bound or {})

    def get(self, key: str) -> Value:
        """What a key says: 0 if it was never set.

        ``X.here`` is whether X is where the player is or with the player; ``deed.kiss.X`` the turn
        in which the player last kissed X (``deeds``).
        """
        first, dot, rest = key.partition(".")
        if first == "deed":
            deed, _, whom = rest.partition(".")
            meant = self.bound.get(whom, whom)
            return self.values.get(f"deed.{deed}.{meant}" if whom else key, 0)
        if first in self.bound:
            first = self.bound[first]
            if not dot or not first:
                return 0 if dot else first
        key = f"{first}.{rest}" if dot else first
        return self.is_here(first) if rest == "here" else self.values.get(key, 0)

    def is_here(self, entity: str) -> bool:
        """Whether somebody or something is with the player, by way of its holder if need be.

        A room of the place where the story plays (``within``) is near all that is there.
        """
        here = self.values.get("here")
        near = {YOU, here, self.values["home"]} if self.values.get("within") else {YOU, here}
        seen, at = set[str](), entity
        while at not in near and at not in seen:  # a box in a sack in the box is nowhere
            seen.add(at)
            at = str(self.values.get(f"{at}.at", NOWHERE))
        return at in near

    def is_seen(self, entity: str) -> bool:
        """Whether somebody or something is here and not hidden."""
        return self.is_here(entity) and not self.get(f"{entity}.hidden")

    def is_any(self, entity: str, *properties: str) -> bool:
        """Whether one of these properties is true of somebody or something."""
        return any(self.values.get(f"{entity}.{one}") for one in properties)

    def holds(self, condition: str) -> bool:
        """Whether every term holds; an empty condition does. Raises NotationError."""
        return all(any(self._is(*way) for way in ways) for ways in _terms(condition))

    def _is(self, bang: str, key: str, sign: str, wanted: str) -> bool:
        value = self.get(key)
        if not sign:
            return bool(value) != bool(bang)
        if sign in ("=", "!="):
            other: Value = self._value(wanted)
            same = _plain(value) == _plain(other)
            return same == (sign == "=")
        have = _number(value)
        want = _number(wanted) if wanted.lstrip("-").isdigit() else _number(self.get(wanted))
        return {">": have > want, "<": have < want, ">=": have >= want, "<=": have <= want}[sign]

    def _value(self, text: str) -> Value:
        if text.lstrip("-").isdigit():
            return int(text)
        if text in self.bound:
            return self.bound[text]
        return self.values.get(text, text) if text in ("here", "home") else text

    def apply(self, effects: str) -> None:
        """Change the state. Raises NotationError."""
        for bang, key, sign, wanted in _changes(effects):
            first, dot, rest = key.partition(".")
            if first in self.bound:
                if not self.bound[first]:
                    continue
                key = f"{self.bound[first]}{dot}{rest}"
            if not sign:
                self.values[key] = not bang
            elif sign == "=":
                if key.endswith(".at"):
                    self._take_out(key.removesuffix(".at"), str(self._value(wanted)))
                self.values[key] = self._value(wanted)
            else:
                step = _number(self._value(wanted)) * (1 if sign == "+" else -1)
                self.values[key] = _number(self.values.get(key, 0)) + step

    def _take_out(self, entity: str, holder: str) -> None:
        """Before somebody or something goes into what it holds itself: that comes out of it."""
        if self.values.get(f"{holder}.at") == entity:
            self.values[f"{holder}.at"] = self.values.get(f"{entity}.at", NOWHERE)


def _plain(value: Value) -> str:
    return {"True": "yes", "False": "", "0": ""}.get(str(value), str(value))


def _number(value: Value) -> int:
    return value if isinstance(value, int) else int(value) if value.lstrip("-").isdigit() else 0
