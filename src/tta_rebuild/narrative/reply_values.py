"""What a value in a model's reply is taken for: every one may be missing, wrong or huge.

Used by ``scene_parser`` and ``branch_validator``. What can be understood is taken, what cannot is
left out, and nothing a reply says can have another effect than to be story.
"""

from __future__ import annotations

import re
from typing import Any

from tta_rebuild.narrative.reply_text import clean, is_json

MOST_PASSAGES, LONGEST_PASSAGE = 60, 40_000
MOST_ITEMS, LONGEST_LINE, LONGEST_WORD = 40, 1_000, 200


def text(value: Any, limit: int = LONGEST_LINE) -> str:
    """Text, a number, a list of texts, or an object with one."""
    if isinstance(value, str):
        return clean(value, limit)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)[:limit] if abs(value) < 2**63 else ""
    if isinstance(value, list):
        return clean("\n\n".join(v for v in value[:MOST_PASSAGES] if isinstance(v, str)), limit)
    return text(value.get("text", ""), limit) if isinstance(value, dict) else ""


def prose(value: Any) -> str:
    """A passage's text; JSON in its place is none."""
    told = text(value, LONGEST_PASSAGE)
    return "" if told.lstrip()[:1] in ("{", "[") and is_json(told) else told


def word(value: Any, limit: int = LONGEST_WORD) -> str:
    """A short text on one line."""
    return " ".join(text(value, limit).split())


def words(value: Any) -> tuple[str, ...]:
    """A list of short texts, or a single one."""
    return tuple(w for one in listed(value)[:MOST_ITEMS] if (w := word(one)))


def value_word(value: Any) -> str:
    """The value of a fact: yes and no are words too."""
    return str(value).lower() if isinstance(value, bool) else word(value)


def flag(value: Any) -> bool:
    """Yes or no, no in doubt."""
    if isinstance(value, str):
        return value.strip().lower() in ("true", "yes", "1")
    return value is True or (isinstance(value, int) and value == 1)


def number(value: Any) -> int:
    """The first number in it, 0 if there is none."""
    found = re.search(r"\d{1,9}", str(value)) if isinstance(value, (str, int)) else None
    return int(found.group()) if found else 0


def numbers(value: Any) -> tuple[int, ...]:
    """The numbers in a list, or in a single value."""
    given = value if isinstance(value, list) else [value]
    return tuple(n for one in given[:MOST_ITEMS] if (n := number(one)))


def listed(value: Any) -> list[Any]:
    """A list, or the one thing that stands in its place."""
    if isinstance(value, (dict, str)):
        return [value] if value else []
    return value if isinstance(value, list) else []


def objects(value: Any, most: int = MOST_ITEMS, text_key: str = "") -> list[dict[str, Any]]:
    """A list of objects, or a single one; a bare text is one with ``text_key`` alone."""
    found: list[dict[str, Any]] = []
    for one in listed(value)[:most]:
        if isinstance(one, dict):
            found.append({str(k): v for k, v in one.items()})
        elif isinstance(one, str) and text_key and one.strip():
            found.append({text_key: one})
    return found


def bounded(value: Any, depth: int = 4) -> Any:
    """Plain JSON of bounded depth, width and length."""
    if isinstance(value, str):
        return clean(value, LONGEST_LINE)
    if isinstance(value, dict):
        if depth <= 0:
            return {}
        return {clean(str(k), 60): bounded(v, depth - 1) for k, v in list(value.items())[:40]}
    if isinstance(value, list):
        return [bounded(v, depth - 1) for v in value[:40]] if depth > 0 else []
    if isinstance(value, int) and not -(2**53) < value < 2**53:
        return 0
    return value if value == value and value not in (float("inf"), float("-inf")) else 0.0
