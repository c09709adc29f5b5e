"""Whether what a primitive was given is of the right kind; used by the four primitives.

Their inputs are plain values that anybody may fill in, so they are looked at when they are used.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def is_blank(value: object) -> bool:
    """Whether a required text is missing, empty or no text at all."""
    return not isinstance(value, str) or not value.strip()


def wrong_kind(lists: Mapping[str, object], mappings: Mapping[str, object]) -> str:
    """What is no list or no mapping, in plain words; "" if all is as it should be.

    A single text where a list belongs would be taken apart into letters.
    """
    for name, value in lists.items():
        if not isinstance(value, (Sequence, set, frozenset)) or isinstance(value, (str, bytes)):
            return f"{name} must be a list of texts, not {value!r:.60}"
    for name, value in mappings.items():
        if not isinstance(value, Mapping):
            return f"{name} must be a dictionary, not {value!r:.60}"
    return ""
