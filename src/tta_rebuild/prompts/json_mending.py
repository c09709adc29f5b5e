"""Reads JSON that a model wrote by hand: as it stands, mended, or as far as it goes.

What is mended: quotes inside a string that nobody escaped, raw line breaks, backslashes that escape
nothing, commas before a closing bracket. No word is lost: a string ends only where what follows can
follow one (json-repair 0.64 cuts ``""Go," says Mara."`` after the second quote).
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from typing import Any

from pydantic_core import from_json

OBJECT = re.compile(r'\{(?=\s*["}])')
"""Where an object begins."""

_MARK = re.compile(r'["{}\[\],:]')
_KEY = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_CHARS = r'[^"\\]*(?:\\.[^"\\]*)*'
_ENDS_MEMBER = re.compile(rf'{_CHARS}"(?=\s*(?:,\s*"\w+"\s*:|,?\s*\}}|,?\s*$))', re.DOTALL)
_ENDS_ITEM = re.compile(rf'{_CHARS}"(?=\s*(?:,\s*["{{\[]|,?\s*\]|,?\s*$))', re.DOTALL)
_PIECE = re.compile(rf'{_CHARS}"', re.DOTALL)
_WRONG = re.compile(r'\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})|[\\"\x00-\x1f]')
_CLOSES = re.compile(r"\s*[}\]]")
_decode = json.JSONDecoder().raw_decode  # takes half characters too, which are left out later


def object_at(text: str, at: int = 0) -> tuple[Any, int] | None:
    """The object that begins at a place, mended if need be, and where it ends; None: it is none."""
    try:
        return _decode(text, at)
    except json.JSONDecodeError as wrong:
        if wrong.msg.startswith("Unterminated string") or not text[wrong.pos :].strip():
            return None  # sound so far, and not at its end
    except (ValueError, RecursionError):
        return None
    mended, end = _mended(text, at)
    with suppress(ValueError, RecursionError):
        return (json.loads(mended), end) if end else None
    return None


def object_in(text: str) -> dict[str, Any]:
    """The first object in a text, mended if need be; {} where there is none."""
    begun = OBJECT.search(text)
    found = object_at(text, begun.start()) if begun else None
    return found[0] if found else {}


def is_open(text: str) -> bool:
    """Whether the object with which a text begins has no end."""
    return not _mended(text, 0)[1]


def as_far_as_it_goes(text: str, *, cut_strings: bool = True) -> dict[str, Any]:
    """What can be read of an object that breaks off, with its last string or not."""
    for read in (str, lambda broken: _mended(broken, 0)[0]):
        try:
            found = from_json(read(text), allow_partial="trailing-strings" if cut_strings else "on")
        except ValueError:
            continue
        return found if isinstance(found, dict) else {}
    return {}


def _mended(text: str, at: int) -> tuple[str, int]:
    """The object that begins at a place, put right, and where it ends, 0 if it is not closed."""
    out: list[str] = []
    stack: list[str] = []
    is_key = False
    while mark := _MARK.search(text, at):
        out.append(text[at : mark.start()])
        at = mark.end()
        match mark.group():
            case '"':
                end = _string_end(text, at, is_key, stack[-1:] == ["{"])
                body = text[at : end - 1] if end else text[at:]
                out.append('"' + _WRONG.sub(_escaped, body) + ('"' if end else ""))
                at = end or len(text)
            case "," if _CLOSES.match(text, at):
                pass
            case "{" | "[" as opening:
                stack.append(opening)
                is_key = opening == "{"
                out.append(opening)
            case "}" | "]" as closing:
                stack[-1:] = []
                is_key = False
                out.append(closing)
                if not stack:
                    return "".join(out), at
            case other:
                is_key = other == "," and stack[-1:] == ["{"]
                out.append(other)
    return "".join((*out, text[at:])), 0


def _string_end(text: str, at: int, is_key: bool, in_object: bool) -> int:
    """One past the quote that closes the string whose content begins at ``at``; 0 if none does."""
    if is_key:
        key = _KEY.match(text, at - 1)
        return key.end() if key else 0
    ends = _ENDS_MEMBER if in_object else _ENDS_ITEM
    while piece := _PIECE.match(text, at):
        if ends.match(text, at):
            return piece.end()
        at = piece.end()
    return 0


def _escaped(found: re.Match[str]) -> str:
    what = found.group()
    if len(what) > 1:
        return what
    return f"\\u{ord(what):04x}" if what < " " else f"\\{what}"
