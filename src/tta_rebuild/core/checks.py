"""What is refused of values that anybody may give: named, with what is allowed."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import fields
from numbers import Real
from typing import Any

from tta_rebuild.core.errors import ValidationError


def check_number(
    name: str,
    value: object,
    *,
    least: float = -math.inf,
    most: float = math.inf,
    above: float = -math.inf,
    whole: bool = False,
) -> None:
    """Refuse what is no number (True is none), not finite, or outside [least, most].

    ``above`` leaves its own value out. Raises ValidationError.
    """
    is_number = isinstance(value, int if whole else Real) and not isinstance(value, bool)
    if is_number and least <= value <= most and above < value < math.inf:  # type: ignore[operator]
        return
    allowed = ["a whole number" if whole else "a number"]
    for words, bound in (("above", above), ("at least", least), ("at most", most)):
        if math.isfinite(bound):
            allowed.append(f"{words} {bound:g}")
    raise ValidationError(f"{name} must be {' and '.join(allowed)}, not {value!r:.60}")


def check_text(name: str, value: object) -> None:
    """Refuse what is no text, or is blank. Raises ValidationError."""
    if not isinstance(value, str) or not value.strip():
        raise ValidationError(f"{name} must be a text that is not empty, not {value!r:.60}")


def missing(given: object, *names: str) -> str:
    """Which required text is missing, empty or no text at all, in plain words; "" if none is."""
    for name in names:
        value = getattr(given, name)
        if not isinstance(value, str) or not value.strip():
            return f"{name} is required"
    return ""


def _is_list(value: object) -> bool:
    return isinstance(value, (Sequence, Set)) and not isinstance(value, (str, bytes))


def _is_dictionary(value: object) -> bool:
    return isinstance(value, Mapping)


_KINDS: Mapping[str, tuple[str, Callable[[Any], bool]]] = {
    "str": ("a text", lambda value: isinstance(value, str)),
    "int": ("a whole number", lambda value: isinstance(value, int) and not isinstance(value, bool)),
    "list": ("a list of texts", _is_list),
    "tuple": ("a list", _is_list),
    "dict": ("a dictionary", _is_dictionary),
    "Mapping": ("a dictionary", _is_dictionary),
    "Mapping[str, str]": (
        "a dictionary of texts",
        lambda value: _is_dictionary(value) and all(isinstance(v, str) for v in value.values()),
    ),
}
"""What fields of a dataclass are declared as → in plain words, and whether a value is one."""


def wrong_kind(given: Any, *names: str) -> str:
    """Which field of a dataclass is not of the kind declared, in plain words; "" if none is.

    ``names`` are the fields looked at, all where none is named. A single text where a list belongs
    would be taken apart into letters.
    """
    for field in fields(given):
        declared = str(field.type).removesuffix(" | None")
        value = getattr(given, field.name)
        words, is_one = _KINDS.get(declared) or _KINDS.get(declared.partition("[")[0], ("", bool))
        is_left_out = value is None and declared != field.type
        if words and (not names or field.name in names) and not (is_left_out or is_one(value)):
            return f"{field.name} must be {words}, not {value!r:.60}"
    return ""
