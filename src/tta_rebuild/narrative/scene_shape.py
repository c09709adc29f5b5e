"""The shape of a scene reply, as read from a model: every field may be missing, wrong or huge.

Used by ``scene_parser``. Pydantic validates at this edge; what can be understood is taken, what
cannot is left out, and nothing a reply says can have another effect than to be story.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict

from tta_rebuild.core.story import LINE_CHARS
from tta_rebuild.narrative.reply_text import clean, is_json

MOST_PASSAGES, LONGEST_PASSAGE = 60, 40_000
MOST_CLAIMS, MOST_BRANCHES, MOST_LINES = 40, 12, 60
LONGEST_LINE, LONGEST_WORD = 1_000, 200


def _text(limit: int) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        if isinstance(value, str):
            return clean(value, limit)
        if isinstance(value, bool) or value is None:
            return ""
        if isinstance(value, (int, float)):
            return str(value)[:limit] if abs(value) < 2**63 else ""
        if isinstance(value, list):
            parts = [v for v in value[:MOST_PASSAGES] if isinstance(v, str)]
            return clean("\n\n".join(parts), limit)
        if isinstance(value, dict):
            return read(value.get("text", ""))
        return ""

    return read


def _prose(value: Any) -> str:
    """A passage's text; JSON in its place is none."""
    text = _text(LONGEST_PASSAGE)(value)
    return "" if text.lstrip()[:1] in ("{", "[") and is_json(text) else text


def _word(value: Any) -> str:
    return " ".join(_text(LONGEST_WORD)(value).split())


def _value_word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else _word(value)


def _flag(value: Any) -> bool:
    if isinstance(value, str):
        return value.strip().lower() in ("true", "yes", "1")
    return value is True or (isinstance(value, int) and value == 1)


def _listed(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [value]
    if isinstance(value, str):
        return [value] if value.strip() else []
    return value if isinstance(value, list) else []


def _objects(most: int, text_key: str = "") -> Callable[[Any], list[dict[str, Any]]]:
    def read(value: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for one in _listed(value)[:most]:
            if isinstance(one, dict):
                found.append({str(k): v for k, v in one.items()})
            elif isinstance(one, str) and text_key and one.strip():
                found.append({text_key: one})
        return found

    return read


def _words(value: Any) -> list[str]:
    return [word for one in _listed(value)[:MOST_CLAIMS] if (word := _word(one))]


def _number(value: Any) -> int:
    """The first number in it, 0 if there is none."""
    found = re.search(r"\d{1,9}", str(value)) if isinstance(value, (str, int)) else None
    return int(found.group()) if found else 0


def _numbers(value: Any) -> list[int]:
    listed = value if isinstance(value, list) else [value]
    return [number for one in listed[:MOST_CLAIMS] if (number := _number(one))]


def _small_object(value: Any) -> dict[str, Any]:
    return bounded(value, depth=4) if isinstance(value, dict) else {}


def bounded(value: Any, depth: int) -> Any:
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


Word: TypeAlias = Annotated[str, BeforeValidator(_word)]
ValueWord: TypeAlias = Annotated[str, BeforeValidator(_value_word)]
Line: TypeAlias = Annotated[str, BeforeValidator(_text(LONGEST_LINE))]
Flag: TypeAlias = Annotated[bool, BeforeValidator(_flag)]


class _Shape(BaseModel):
    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)


class ClaimShape(_Shape):
    """A CLAIM of ``core.tasks``."""

    subject: Word = ""
    relation: Word = ""
    value: ValueWord = ""
    ends: Flag = False


Claims: TypeAlias = Annotated[list[ClaimShape], BeforeValidator(_objects(MOST_CLAIMS))]


class PassageShape(_Shape):
    """One passage."""

    facts: Claims = []
    text: Annotated[str, BeforeValidator(_prose)] = ""
    speaker: Word = ""
    emotion: Word = ""


class LineShape(_Shape):
    """A LINE of ``core.tasks``."""

    character_id: Word = ""
    text: Line = ""
    emotion: Word = ""


class BranchShape(_Shape):
    """One entry of ``story_branches``."""

    choice: Line = ""
    consequence: Line = ""
    effects: Claims = []
    affects: Annotated[list[str], BeforeValidator(_words)] = []


class LastingShape(_Shape):
    """A LASTING line of ``core.tasks``."""

    text: Annotated[str, BeforeValidator(_text(LINE_CHARS))] = ""
    about: Annotated[list[str], BeforeValidator(_words)] = []
    known_by: Annotated[list[str], BeforeValidator(_words)] = []
    weight: Annotated[int, BeforeValidator(_number)] = 1


class SceneShape(_Shape):
    """A whole scene reply."""

    scene_id: Word = ""
    narrative_text: Annotated[str, BeforeValidator(_text(LONGEST_PASSAGE))] = ""
    passages: Annotated[
        list[PassageShape], BeforeValidator(_objects(MOST_PASSAGES, text_key="text"))
    ] = []
    dialogue: Annotated[list[LineShape], BeforeValidator(_objects(MOST_LINES))] = []
    setting_description: Line = ""
    emotional_tone: Line = ""
    story_branches: Annotated[
        list[BranchShape], BeforeValidator(_objects(MOST_BRANCHES, text_key="choice"))
    ] = []
    is_ending: Flag = False
    notes: Annotated[dict[str, Any], BeforeValidator(_small_object)] = {}
    happened: Line = ""
    lines: Annotated[
        list[LastingShape], BeforeValidator(_objects(MOST_BRANCHES, text_key="text"))
    ] = []
    ended: Annotated[list[int], BeforeValidator(_numbers)] = []
