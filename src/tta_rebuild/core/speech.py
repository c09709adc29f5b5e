"""Names and spoken lines as a reader sees them, in one pair of proper quotation marks."""

from __future__ import annotations

import re
from collections.abc import Mapping

from tta_rebuild.core.story import Passage, Scene

_MARKS = '"“”„‟«»'
_MARK = re.compile(f"[{_MARKS}]")


def name_of(character_id: str) -> str:
    """What somebody is called of whom only the id is known: ``old_tom`` → ``Old Tom``."""
    words = character_id.replace("_", " ").split()
    return " ".join(word[:1].upper() + word[1:] for word in words)


def name_parts(name: str) -> list[str]:
    """The words of a name or id by which somebody may be called, in lower case."""
    return [part for part in re.split(r"[\W_]+", name.lower()) if len(part) > 2]


def speaker_name(speaker: str, names: Mapping[str, str]) -> str:
    """The name of who speaks; ``names`` are those known, by id, and an unknown id stands in."""
    return name_of(names.get(speaker) or speaker)


def quoted(text: str) -> str:
    """Spoken words between “ and ”; marks inside, unless they part what is told, become ‘ and ’."""
    words = text.strip()
    inner = words.strip(_MARKS).strip()
    first = _MARK.search(inner)
    if first is None:
        return f"“{inner}”"
    if words[0] in _MARKS and inner[: first.start()][-1:].isspace():
        inner = words[1:-1] if words[-1] in _MARKS else words[1:]
        return f"“{_proper(inner.strip(), '‘’')}”"
    return _proper(words, "“”")


def _proper(text: str, pair: str) -> str:
    def mark(found: re.Match[str]) -> str:
        before = text[: found.start()][-1:]
        opens = found[0] in "“„‟«" or (found[0] == '"' and (not before or before in " \n(—–"))
        return pair[0] if opens else pair[1]

    return _MARK.sub(mark, text)


def shown(passage: Passage, names: Mapping[str, str]) -> str:
    """A passage as it is read: prose, or ``Name: “words”``."""
    if not passage.speaker:
        return passage.text
    return f"{speaker_name(passage.speaker, names)}: {quoted(passage.text)}"


def script(scene: Scene, names: Mapping[str, str]) -> str:
    """A scene's passages as paragraphs of plain text, each spoken line with its speaker."""
    return "\n\n".join(shown(passage, names) for passage in scene.passages)
