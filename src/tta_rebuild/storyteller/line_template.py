"""Templates: how a line of a scene or a rule becomes a sentence.

Called by ``line_writer`` and ``scene_file``. A line is plain English with two marks: ``[a|b|]`` is
one of several wordings (they nest, one may be empty) and ``{name}`` is a slot, filled from the
state of the story.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from random import Random
from typing import TypeAlias

from tta_rebuild.core.english import article_for, for_they


@dataclass(frozen=True, slots=True)
class Slot:
    """``{name}``."""

    name: str


@dataclass(frozen=True, slots=True)
class Wordings:
    """``[a|b]``."""

    ways: tuple[tuple[Node, ...], ...]


Node: TypeAlias = str | Slot | Wordings


class LineTemplateError(ValueError):
    """A line has an unbalanced mark."""


_MARKS = re.compile(r"[\[\]|]|\{[^{}\[\]|]*\}|[{}]")
_VERB = re.compile(
    r"^(?P<before> (?:(?:never|always|only|just|still|already|also|then|[a-z]+ly) )?|)"
    r"(?P<verb>’s\b|(?<= )[a-z’]+)"
)
_SLOT_NAME = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")


@dataclass(frozen=True, slots=True)
class LineTemplate:
    """One line, parsed.

    Attributes:
        needs: the slots that occur whatever wording is taken (all slots, in fact).
    """

    source: str
    nodes: tuple[Node, ...]
    needs: frozenset[str]

    @property
    def mark(self) -> str:
        """Three characters that stand for this line in a story's notes."""
        return _mark(self.source)

    def expand(self, rng: Random, slots: Mapping[str, str]) -> str:
        """One wording, slots filled, articles and capitals put right."""
        return tidy(self.draft(rng, slots))

    def draft(self, rng: Random, slots: Mapping[str, str]) -> str:
        """One wording as it comes, for weighing; ``tidy`` makes it fit to read."""
        out: list[str] = []
        _expand(self.nodes, rng, slots, out)
        return "".join(out)


def _expand(
    nodes: tuple[Node, ...],
    rng: Random,
    slots: Mapping[str, str],
    out: list[str],
) -> None:
    for node in nodes:
        if isinstance(node, str):
            is_they = bool(out) and out[-1] in ("they", "They")
            out.append(_VERB.sub(_for_they, node) if is_they else node)
        elif isinstance(node, Slot):
            out.append(slots[node.name])
        else:
            _expand(node.ways[int(rng.random() * len(node.ways))], rng, slots, out)


def _for_they(found: re.Match[str]) -> str:
    return f"{found['before']}{'’re' if found['verb'] == '’s' else for_they(found['verb'])}"


def parse(source: str) -> LineTemplate:
    """A line as a template.

    Raises:
        LineTemplateError: a bracket or brace has no partner.
    """
    needs: set[str] = set()
    stack: list[list[list[Node]]] = [[[]]]
    position = 0
    for found in _MARKS.finditer(source):
        if found.start() > position:
            stack[-1][-1].append(source[position : found.start()])
        position = found.end()
        mark = found.group()
        if mark == "[":
            stack.append([[]])
        elif mark == "|":
            if len(stack) == 1:
                raise LineTemplateError(f"a '|' outside brackets in: {source}")
            stack[-1].append([])
        elif mark == "]":
            if len(stack) == 1:
                raise LineTemplateError(f"a ']' without its '[' in: {source}")
            ways = stack.pop()
            stack[-1][-1].append(Wordings(tuple(tuple(way) for way in ways)))
        else:
            name = _SLOT_NAME.fullmatch(mark)
            if name is None:
                raise LineTemplateError(f"'{mark}' is no slot in: {source}")
            needs.add(name.group(1))
            stack[-1][-1].append(Slot(name.group(1)))
    if len(stack) != 1:
        raise LineTemplateError(f"a '[' without its ']' in: {source}")
    if position < len(source):
        stack[-1][-1].append(source[position:])
    return LineTemplate(source, tuple(stack[0][0]), frozenset(needs))


_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def fingerprint(text: str, characters: int) -> str:
    """A short, stable name of a text: six bits a character, from BLAKE2b."""
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    number = int.from_bytes(digest, "big")
    return "".join(_ALPHABET[(number >> (6 * i)) & 63] for i in range(characters))


@lru_cache(maxsize=10_000)
def _mark(source: str) -> str:
    return fingerprint(source, 3)


_SPACES = re.compile(r"\s+")
_BEFORE_STOP = re.compile(r"\s+([,.;:!?…])")
_ARTICLE = re.compile(r"\b([Aa])(n?) (?=([“‘]?)([A-Za-z0-9]+))")
_SENTENCE_START = re.compile(r"(?:^|(?<=[.!?…] )|(?<=^“)|(?<=[.!?] “))[a-z]")
_DOUBLE_STOP = re.compile(r"([.!?][”’]?)\.(?!\.)")


def _right_article(found: re.Match[str]) -> str:
    article = article_for(found.group(4))
    if found.group(1) == "A":
        article = article.capitalize()
    return article + " "


def tidy(text: str) -> str:
    """Spaces, articles and capitals as print has them."""
    text = _SPACES.sub(" ", text).strip()
    text = _BEFORE_STOP.sub(r"\1", text)
    text = _DOUBLE_STOP.sub(r"\1", text)
    text = _ARTICLE.sub(_right_article, text)
    return _SENTENCE_START.sub(lambda found: found.group().upper(), text)


def capital(text: str) -> str:
    """A text with a capital at its beginning, the rest as it is."""
    return text[:1].upper() + text[1:]


def listed(names: Sequence[str]) -> str:
    """Names in a row: "Ada, Tom and the cook"."""
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


_WORD = re.compile(r"[a-z0-9]+(?:['’][a-z]+)?")


def four_grams(text: str) -> list[tuple[str, ...]]:
    """Every run of four words, lower case."""
    tokens = _WORD.findall(text.lower())
    return list(zip(tokens, tokens[1:], tokens[2:], tokens[3:], strict=False))
