"""How values are shown in a prompt so that they stay data, whatever they say.

A fence is ``<data name="...">`` … ``</data>``. Every ``<`` and ``&`` inside is escaped: no value
can close it or open another. Outside (names, levels) they are short single lines without ``<``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

LONGEST_DATA = 24_000
"""Characters of one fenced value; the middle of a longer one is left out, and that is said."""
LONGEST_LINE = 300

_LINE_END = re.compile(r"\r\n?|[\u2028\u2029]")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
_NO_WORD = re.compile(r"[^\w \-.,'()/%]")


def plain(text: str) -> str:
    """Text without control, direction-changing and broken characters; line breaks stay."""
    return _CONTROL.sub("", _LINE_END.sub("\n", text))


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


def _words(value: object) -> str:
    return one_line(_NO_WORD.sub(" ", str(value)), 60)


def _claim(fact: Mapping[str, Any]) -> str:
    said = " ".join(str(fact.get(k, "")) for k in ("subject", "relation", "value")).split()
    return " ".join(said) + (" (no longer)" if fact.get("ends") else "")


def _readable(value: Any, depth: int = 0) -> str:
    """Lists and dictionaries as indented lines, which models read better than JSON."""
    pad = "  " * depth
    if isinstance(value, Mapping):
        told = {k: v for k, v in value.items() if v not in (None, "", [], {}, ())}
        return "\n".join(
            f"{pad}{key}:\n{_readable(one, depth + 1)}"
            if isinstance(one, (Mapping, list, tuple))
            else f"{pad}{key}: {one}"
            for key, one in told.items()
        )
    if isinstance(value, (list, tuple)):
        return "\n".join(f"{pad}- {_readable(one, depth + 1).strip()}" for one in value)
    return f"{pad}{value}"


FORMS: Mapping[str, Callable[[str, Any], str]] = {
    "data": lambda name, value: fenced(name, _readable(value)),
    # Trusted words of our own (guidance), one per line, or in one.
    "lines": lambda name, value: "\n".join(f"- {one_line(item, 600)}" for item in value),
    "inline": lambda name, value: one_line(", ".join(map(str, value)), 2_000),
    # ``category: level`` lines, of words alone: they stand outside any fence.
    "levels": lambda name, value: "\n".join(
        f"- {_words(key)}: {_words(level)}" for key, level in value.items()
    ),
    # CLAIMs, one per line: ``mira holds silver_key``.
    "facts": lambda name, value: fenced(name, "\n".join(map(_claim, value))),
    # Short texts that carry marks of their own, one per line.
    "items": lambda name, value: fenced(
        name, "\n".join(" ".join(str(item).split()) for item in value)
    ),
}
