"""Whether what a primitive was given, which anybody may fill in, is of the right kind."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence


def missing(given: object, *names: str) -> str:
    """Which required text is missing, empty or no text at all, in plain words; "" if none is."""
    for name in names:
        value = getattr(given, name)
        if not isinstance(value, str) or not value.strip():
            return f"{name} is required"
    return ""


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


def name_parts(name: str) -> list[str]:
    """The words of a name or id by which somebody may be called, in lower case."""
    return [part for part in re.split(r"[\W_]+", name.lower()) if len(part) > 2]


def name_of(character_id: str) -> str:
    """What somebody is called of whom only the id is known: ``old_tom`` → ``Old Tom``."""
    return " ".join(character_id.replace("_", " ").replace("-", " ").split()).title()
