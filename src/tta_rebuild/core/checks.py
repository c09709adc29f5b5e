"""What a constructor refuses: values that cannot be meant, named with what is allowed."""

from __future__ import annotations

import math
from numbers import Real

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
    raise ValidationError(f"{name} must be {' and '.join(allowed)}, not {value!r}")


def check_text(name: str, value: object) -> None:
    """Refuse what is no text, or is blank. Raises ValidationError."""
    if not isinstance(value, str) or not value.strip():
        raise ValidationError(f"{name} must be a text that is not empty, not {value!r}")
