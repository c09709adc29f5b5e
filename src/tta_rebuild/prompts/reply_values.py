"""What the values in a model's reply are taken for: each may be missing, wrong or huge.

What can be understood is taken, without thoughts, markup and escapes; what cannot is left out.
"""

from __future__ import annotations

import html
import math
import re
from collections.abc import Iterator
from functools import cache
from typing import Any, Literal

from tta_rebuild.core.data_files import packaged_toml
from tta_rebuild.core.story import LINE_CHARS, LastingLine
from tta_rebuild.prompts.fencing import plain

SHORTEST_CHOICE, LONGEST_CHOICE = 10, 200
LONGEST_SCENE = 12_000
"""Characters of one scene that are told; about 2,000 words."""

MOST_PASSAGES, LONGEST_PASSAGE = 60, 40_000
MOST_ITEMS, LONGEST_LINE, LONGEST_WORD = 40, 1_000, 200
WIDEST, LONGEST_NOTE = 400, 4_000
"""Of notes: entries of a list or mapping (the state of a world by hand has some hundred); text."""

_ANSI = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
_TAGS = "a|b|big|blockquote|body|center|code|div|em|font|h[1-6]|html|i|img|li|mark|ol|pre|s|script"
_TAGS += "|small|span|strong|style|sub|sup|table|t[dhr]|u|ul"
_TAG = re.compile(rf"</?(?:{_TAGS})(?:\s[^<>]*)?/?>|<!--.*?-->", re.IGNORECASE | re.DOTALL)
_BREAK = re.compile(r"<(br|hr|/?p)(?:\s[^<>]*)?/?>", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:amp|lt|gt|quot|apos|nbsp|hellip|mdash|ndash|[lr][sd]quo|#\d{1,6});")
_FENCE = re.compile(r"(```.*?(?:```|$)|`[^`\n]+`)", re.DOTALL)

_THINK = r"(?:think|thinking|thought|reasoning)"
THOUGHT_BEGINS = re.compile(rf"\s*<{_THINK}>", re.IGNORECASE)
THOUGHT_ENDS = re.compile(rf"</{_THINK}>|<\|channel\|>final<\|message\|>", re.IGNORECASE)
"""What comes before it is no part of the answer."""
_THOUGHT = re.compile(rf"<{_THINK}>.*?(?:</{_THINK}>|\Z)", re.IGNORECASE | re.DOTALL)

_SENTENCE_END = re.compile(r"[.!?…][\"'”’)]*(?=\s|$)")
LISTED = re.compile(r"^\s*(?:\d{1,2}[.):]|[A-Ea-e][.)]|[-*•])\s+")
MARKDOWN = re.compile(r"\*\*|__|^#{1,6}\s+|^-{3,}$|^```\w*$", re.MULTILINE)
_JSON = re.compile(r'^\s*(?:[{\[]\s*["{\[\]}]|"\w+"\s*:)|"\w{2,}"\s*:\s*["\[{]', re.MULTILINE)


def clean(text: str, limit: int) -> str:
    """Without control characters, escapes of terminals, markup and thoughts, cut to a length.

    Code between backticks keeps its brackets.
    """
    text = plain(_ANSI.sub("", text))
    if "<" in text or "&" in text:
        parts = _FENCE.split(text)
        parts[::2] = [_without_markup(part) for part in parts[::2]]
        text = "".join(parts)
    return text[:limit]


def _without_markup(text: str) -> str:
    text = _BREAK.sub(lambda m: "" if m[1].lower() == "p" else "\n", _THOUGHT.sub("", text))
    return _ENTITY.sub(lambda m: html.unescape(m[0]).replace("\xa0", " "), _TAG.sub("", text))


def is_thinking(text: str) -> bool:
    """Whether a reply so far is thinking aloud, and has not come to its answer."""
    return bool(THOUGHT_BEGINS.match(text)) and not THOUGHT_ENDS.search(text)


def is_refusal(text: str) -> bool:
    """Whether a short text is a model's own no, and not a story."""
    told = text.strip()
    return bool(len(told) <= 500 and _refusal("sorry").match(told) and _refusal("no").search(told))


@cache
def _refusal(part: str) -> re.Pattern[str]:
    beginnings = packaged_toml("tta_rebuild.prompts", "refusals")[part]
    return re.compile("|".join(beginnings), re.IGNORECASE)


def is_json(text: str) -> bool:
    """Whether a text holds JSON, or what was meant as JSON, where prose belongs."""
    return bool(_JSON.search(text))


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
    return str(value).strip().lower() in ("true", "yes", "1")


def numbers(value: Any) -> tuple[int, ...]:
    """The first number in each of a list, or in a single value; zeros are none."""
    given = value[:MOST_ITEMS] if isinstance(value, list) else [value]
    found = [re.search(r"\d{1,9}", str(one)) for one in given if isinstance(one, (str, int))]
    return tuple(n for one in found if one and (n := int(one.group())))


def lasting_line(given: dict[str, Any], origin: Literal["teller", "reader"]) -> LastingLine:
    """One lasting line; its text is empty where there is none."""
    return LastingLine(
        text=word(given.get("text"), LINE_CHARS),
        about=words(given.get("about")),
        known_by=words(given.get("known_by")),
        weight=min(3, max((1, *numbers(given.get("weight"))))),
        origin=origin,
    )


def listed(value: Any) -> list[Any]:
    """A list, or the one thing that stands in its place."""
    if isinstance(value, (dict, str)):
        return [value] if value else []
    return value if isinstance(value, list) else []


def objects(value: Any, most: int = MOST_ITEMS, text_key: str = "") -> list[dict[str, Any]]:
    """A list of objects, or a single one; a bare text is one with ``text_key`` alone."""
    found = [
        {text_key: one} if text_key and isinstance(one, str) and one.strip() else one
        for one in listed(value)[:most]
    ]
    return [{str(k): v for k, v in one.items()} for one in found if isinstance(one, dict)]


def bounded(value: Any, depth: int = 4) -> Any:
    """Plain JSON of bounded depth, width and length."""
    if isinstance(value, str):
        return clean(value, LONGEST_NOTE)
    if isinstance(value, dict):
        entries = list(value.items())[:WIDEST] if depth > 0 else []
        return {clean(str(k), 60): bounded(v, depth - 1) for k, v in entries}
    if isinstance(value, list):
        return [bounded(v, depth - 1) for v in value[:WIDEST]] if depth > 0 else []
    if isinstance(value, float):
        return value if math.isfinite(value) else 0.0
    return value if value is None or abs(value) < 2**53 else 0


def choice_text(given: str) -> str:
    """A choice on one line, without its number or bullet and without emphasis."""
    return LISTED.sub("", " ".join(MARKDOWN.sub("", given).split()), count=1)


def within(text: str, limit: int) -> str:
    """The text, or what of it fits a limit, to its last whole sentence (or word, with "…")."""
    if len(text) <= limit:
        return text
    cut = text[:limit]
    return up_to_last_sentence(cut) or f"{cut.rpartition(' ')[0] or cut}…"


def up_to_last_sentence(text: str) -> str:
    """The text up to the end of its last complete sentence, "" if there is none."""
    ends = [match.end() for match in _SENTENCE_END.finditer(text)]
    return text[: ends[-1]].rstrip() if ends else ""


def paragraphs(text: str) -> Iterator[str]:
    """The paragraphs of a flat text, long ones cut between sentences (or words)."""
    for paragraph in re.split(r"\n\s*\n", text.strip()):
        part = paragraph.strip()
        while len(part) > 600:
            ends = [m.end() for m in _SENTENCE_END.finditer(part, 0, 600)]
            cut = ends[-1] if ends else part.find(" ", 600)
            cut = cut if cut > 0 else len(part)
            yield part[:cut].strip()
            part = part[cut:].strip()
        if part:
            yield part
