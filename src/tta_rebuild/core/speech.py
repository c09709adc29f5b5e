"""Names and spoken lines as a reader sees them, in one pair of proper quotation marks."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from itertools import pairwise

from tta_rebuild.core.story import Passage, Scene

_MARKS = '"“”„‟«»'
_MARK = re.compile(f"[{_MARKS}]")
_QUOTATION = re.compile(r"[“„«»]([^”“«»„]+)[”“»«]|\"([^\"]+)\"")
_TAG = re.compile(r",?\s*[^.!?;:,“„«\"\n]{2,60}")


def name_of(character_id: str) -> str:
    """What somebody is called of whom only the id is known: ``old_tom`` → ``Old Tom``."""
    words = character_id.replace("_", " ").split()
    return " ".join(word[:1].upper() + word[1:] for word in words)


def described(name: str, description: str) -> str:
    """``Name: description``; the name alone if nothing is said of them."""
    return f"{name}: {description}" if description.strip() else name


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


def spoken_words(text: str) -> str:
    """What of a spoken passage is said aloud: the words within quotation marks, else all of it."""
    said = [(found[1] or found[2]).strip() for found in _QUOTATION.finditer(text)]
    for at, (one, after) in enumerate(pairwise(said)):
        if one.endswith(",") and after[:1].isupper():  # the comma was for "she says."
            said[at] = f"{one[:-1]}."
    return " ".join(filter(None, said)).rstrip(",") or text.strip().strip(_MARKS).strip()


def lines_said(
    passages: Iterable[Passage], names: Mapping[str, str], pronouns: Collection[str] = ()
) -> list[tuple[str, str]]:
    """Who (id) says what in a scene, in order.

    In prose only what stands right before or after the name of who says it counts ("“Come,” says
    Mara"); where one of the ``pronouns`` comes first, it is left out: whom it means is a guess.
    """
    found = []
    by_part = {part: who for who, name in names.items() for part in name_parts(name)}
    for passage in passages:
        if passage.speaker:
            found.append((passage.speaker, spoken_words(passage.text)))
            continue
        for quotation in _QUOTATION.finditer(passage.text):
            said = (quotation[1] or quotation[2]).strip()
            tag = _TAG.match(passage.text, quotation.end())
            if tag is None or (not said.endswith((",", "!", "?")) and tag[0][0] != ","):
                continue
            words = re.findall(r"[^\W_]+", tag[0].lower())
            known = next((w for w in words if w in pronouns or w in by_part), "")
            if known and known not in pronouns:
                found.append((by_part[known], said.rstrip(",")))
    return found


def shown(passage: Passage, names: Mapping[str, str]) -> str:
    """A passage as it is read: prose, or ``Name: “words”``."""
    if not passage.speaker:
        return passage.text
    return f"{speaker_name(passage.speaker, names)}: {quoted(passage.text)}"


def script(scene: Scene, names: Mapping[str, str]) -> str:
    """A scene's passages as paragraphs of plain text, each spoken line with its speaker."""
    return "\n\n".join(shown(passage, names) for passage in scene.passages)
