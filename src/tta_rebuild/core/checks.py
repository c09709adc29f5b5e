"""What is refused of values that anybody may give: named, with what is allowed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence, Set
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


_LIST, _DICTIONARY = (Sequence, Set), (Mapping,)
_KINDS: Mapping[str, tuple[str, tuple[type, ...]]] = {
    "str": ("a text", (str,)),
    "int": ("a whole number", (int,)),
    "list": ("a list of texts", _LIST),
    "tuple": ("a list", _LIST),
    "dict": ("a dictionary", _DICTIONARY),
    "Mapping": ("a dictionary", _DICTIONARY),
}
"""What fields are declared as → in plain words, and the types of their values."""


def wrong_kind(given: Any, *names: str) -> str:
    """Which field of a dataclass, of those named or of all, is not of the kind declared; or "".

    A single text where a list belongs would be taken apart into letters.
    """
    for field in fields(given):
        declared = str(field.type).removesuffix(" | None")
        words, types = _KINDS.get(declared.partition("[")[0], ("", (object,)))
        value = getattr(given, field.name)
        is_other = isinstance(value, bool) or (isinstance(value, (str, bytes)) and str not in types)
        is_one = isinstance(value, types) and not is_other
        is_left_out = value is None and declared != field.type
        if words and (not names or field.name in names) and not (is_one or is_left_out):
            return f"{field.name} must be {words}, not {value!r:.60}"
    return ""
