"""How values are shown in a prompt so that they stay data, whatever they say.

A fence is ``<data name="...">`` … ``</data>``. Every ``<`` and ``&`` inside is escaped, so no value
can contain a tag, close the fence or open another: that holds for any text, not only for the
tricks that somebody thought of. Values that stand outside a fence (names, levels) are single lines
without control characters, without ``<`` and of bounded length.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

LONGEST_DATA = 24_000
"""Characters of one fenced value; the middle of a longer one is left out, and that is said."""
LONGEST_LINE = 300

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]")
_NO_WORD = re.compile(r"[^\w \-.,'()/%]")
_LONE_SURROGATE = re.compile(r"[\ud800-\udfff]")


def plain(text: str) -> str:
    """Text without control, direction-changing and broken characters; line breaks stay."""
    text = _LONE_SURROGATE.sub("\ufffd", text.replace("\r\n", "\n").replace("\r", "\n"))
    return _CONTROL.sub("", text)


def one_line(value: object, limit: int = LONGEST_LINE) -> str:
    """A value as a short single line that cannot pass for a tag."""
    line = " ".join(plain(str(value)).replace("<", "‹").replace(">", "›").split())
    return line if len(line) <= limit else line[: limit - 2].rstrip() + " …"


def fenced(name: str, text: str) -> str:
    """Text inside a fence that it cannot close."""
    text = plain(text).strip()
    if len(text) > LONGEST_DATA:
        half = LONGEST_DATA // 2
        left_out = len(text) - 2 * half
        text = f"{text[:half]}\n[... {left_out} characters left out ...]\n{text[-half:]}"
    inside = text.replace("&", "&amp;").replace("<", "&lt;")
    return f'<data name="{re.sub(r"[^a-z0-9_]", "", name.lower())}">\n{inside}\n</data>'


def _as_data(name: str, value: Any) -> str:
    return fenced(name, value if isinstance(value, str) else _readable(value))


def _as_lines(name: str, value: Any) -> str:
    """Trusted words of our own (guidance), one per line."""
    return "\n".join(f"- {one_line(item, 600)}" for item in value)


def _as_levels(name: str, value: Mapping[str, Any]) -> str:
    """``category: level`` lines, of words alone: they stand outside any fence."""
    return "\n".join(f"- {_words(k)}: {_words(v)}" for k, v in value.items())


def _words(value: object) -> str:
    return one_line(_NO_WORD.sub(" ", str(value)), 60)


def _as_facts(name: str, value: Any) -> str:
    """CLAIMs, one per line: ``mira holds silver_key``."""
    lines = []
    for fact in value:
        ends = " (no longer)" if fact.get("ends") else ""
        said = " ".join(str(fact.get(k, "")) for k in ("subject", "relation", "value"))
        lines.append(" ".join(said.split()) + ends)
    return fenced(name, "\n".join(lines))


def _as_items(name: str, value: Any) -> str:
    """Short texts that carry marks of their own, one per line."""
    return fenced(name, "\n".join(" ".join(str(item).split()) for item in value))


def _inline(name: str, value: Any) -> str:
    """Trusted words of our own in one line."""
    return one_line(", ".join(str(item) for item in value), 2_000)


def _readable(value: Any, depth: int = 0) -> str:
    """Lists and dictionaries as indented lines, which models read better than JSON."""
    pad = "  " * depth
    if isinstance(value, Mapping):
        lines = []
        for key, one in value.items():
            if one in (None, "", [], {}, ()):
                continue
            if isinstance(one, (Mapping, list, tuple)):
                lines.append(f"{pad}{key}:\n{_readable(one, depth + 1)}")
            else:
                lines.append(f"{pad}{key}: {one}")
        return "\n".join(lines)
    if isinstance(value, (list, tuple)):
        return "\n".join(f"{pad}- {_readable(one, depth + 1).strip()}" for one in value)
    return f"{pad}{value}"


FORMS: Mapping[str, Callable[[str, Any], str]] = {
    "data": _as_data,
    "lines": _as_lines,
    "levels": _as_levels,
    "facts": _as_facts,
    "items": _as_items,
    "inline": _inline,
}
