"""Whether what a primitive was given is of the right kind; used by the four primitives.

Their inputs are plain values that anybody may fill in, so they are looked at when they are used.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence


def is_blank(value: object) -> bool:
    """Whether a required text is missing, empty or no text at all."""
    return not isinstance(value, str) or not value.strip()


def wrong_kind(given: object, lists: Iterable[str] = (), mappings: Iterable[str] = ()) -> str:
    """Which of these fields is no list or no mapping, in plain words; "" if all are as they should.

    A single text where a list belongs would be taken apart into letters.
    """
    for name in lists:
        value = getattr(given, name)
        if not isinstance(value, (Sequence, set, frozenset)) or isinstance(value, (str, bytes)):
            return f"{name} must be a list of texts, not {value!r:.60}"
    for name in mappings:
        value = getattr(given, name)
        if not isinstance(value, Mapping):
            return f"{name} must be a dictionary, not {value!r:.60}"
    return ""
