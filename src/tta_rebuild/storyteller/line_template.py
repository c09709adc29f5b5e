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
from tta_rebuild.storyteller.noun_phrases import is_verb, second_persons


@dataclass(frozen=True, slots=True)
class Slot:
    """``{name}``."""

    name: str


Node: TypeAlias = "str | Slot | tuple[tuple[Node, ...], ...]"
"""A piece of text, a slot, or the wordings of ``[a|b]``."""


class LineTemplateError(ValueError):
    """A line has an unbalanced mark."""


_MARKS = re.compile(r"([\[\]|]|\{[^{}\[\]|]*\}|[{}])")
_VERB = re.compile(
    r"^(?P<before> (?:(?:never|always|only|just|still|already|often|also|then|too|even|soon|"
    r"almost|both|all|[a-z]+ly) )?|)"
    r"(?P<verb>’s\b|(?<= )[a-z’]+)"
)
_SAYS_BEFORE = re.compile(r"(?P<before>” )(?P<verb>[a-z]+s)(?= $)")
_AND_VERB = re.compile(r"(?P<before>\b(?:and|but|or|then) )(?P<verb>[a-z]+s)\b")
_SENTENCE_END = re.compile(r"[.!?;:“”]")
_VERB_SLOTS, _PLURAL_VERBS = ("_is", "_has", "_was"), ("are", "have", "were")
_ENDS, _OWN = ".,;:!?”", {"her": "hers", "their": "theirs"}
_SLOT_NAME = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")


@dataclass(frozen=True, slots=True)
class LineTemplate:
    """One line, parsed."""

    nodes: tuple[Node, ...]
    needs: frozenset[str]  # the slots of all its wordings
    mark: str  # three characters that stand for this line in a story's notes

    def draft(self, rng: Random, slots: Mapping[str, str]) -> str:
        """One wording, its slots filled, as it comes; ``tidy`` makes it fit to read."""
        out: list[str] = []
        _expand(self.nodes, rng, slots, out)
        return "".join(out)


def _expand(nodes: tuple[Node, ...], rng: Random, slots: Mapping[str, str], out: list[str]) -> None:
    last, they = "", False
    for node in nodes:
        if isinstance(node, str):
            is_first = bool(out) and out[-1] in ("they", "They")
            they |= is_first or (last.endswith(_VERB_SLOTS) and out[-1] in _PLURAL_VERBS)
            out.append(_agreeing(node, is_first=is_first) if they else node)
            they &= not _SENTENCE_END.search(node)
            if last.endswith("_his") and node[0] in _ENDS:
                out[-2] = _OWN.get(out[-2], out[-2])
        elif isinstance(node, Slot):
            is_theirs = node.name.endswith(_VERB_SLOTS) and out[-2:-1] in (["they"], ["They"])
            if out and slots[node.name] == "they":  # “…,” say they
                out[-1] = _SAYS_BEFORE.sub(_for_they, out[-1])
            out.append(for_they(slots[node.name]) if is_theirs else slots[node.name])
        else:
            _expand(node[int(rng.random() * len(node))], rng, slots, out)
        last = node.name if isinstance(node, Slot) else ""


def _agreeing(text: str, *, is_first: bool) -> str:
    """A text of a sentence of which "they" is the subject, with its verbs put right."""
    sentence = _VERB.sub(_for_they, text) if is_first else text
    end = _SENTENCE_END.search(sentence)
    stop = end.start() if end else len(sentence)
    return _AND_VERB.sub(_as_known, sentence[:stop]) + sentence[stop:]


def _for_they(found: re.Match[str]) -> str:
    return f"{found['before']}{'’re' if found['verb'] == '’s' else for_they(found['verb'])}"


def _as_known(found: re.Match[str]) -> str:
    verb = found["verb"]
    plain = for_they(verb)
    return found["before"] + second_persons().get(verb, plain if is_verb(plain) else verb)


@lru_cache(maxsize=8_000)
def template(source: str) -> LineTemplate:
    """A line as a template.

    Raises:
        LineTemplateError: a bracket or brace has no partner.
    """
    needs: set[str] = set()
    stack: list[list[list[Node]]] = [[[]]]
    for number, part in enumerate(_MARKS.split(source)):
        if not number % 2:
            stack[-1][-1] += [part] if part else []
        elif part == "[":
            stack.append([[]])
        elif part in ("|", "]") and len(stack) == 1:
            raise LineTemplateError(f"a '{part}' without its '[' in: {source}")
        elif part == "|":
            stack[-1].append([])
        elif part == "]":
            ways = stack.pop()
            stack[-1][-1].append(tuple(tuple(way) for way in ways))
        elif name := _SLOT_NAME.fullmatch(part):
            needs.add(name[1])
            stack[-1][-1].append(Slot(name[1]))
        else:
            raise LineTemplateError(f"'{part}' is no slot in: {source}")
    if len(stack) != 1:
        raise LineTemplateError(f"a '[' without its ']' in: {source}")
    return LineTemplate(tuple(stack[0][0]), frozenset(needs), fingerprint(source, MARK_LENGTH))


MARK_LENGTH = 3
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def fingerprint(text: str, characters: int) -> str:
    """A short, stable name of a text: six bits a character, from BLAKE2b."""
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    number = int.from_bytes(digest, "big")
    return "".join(_ALPHABET[(number >> (6 * i)) & 63] for i in range(characters))


_SPACES = re.compile(r"\s+")
_BEFORE_STOP = re.compile(r"\s+([,.;:!?…])")
_ARTICLE = re.compile(r"\b([Aa])(n?) (?=([“‘]?)([A-Za-z0-9]+))")
_SENTENCE_START = re.compile(r"(?:^|(?<=[.!?…] )|(?<=^“)|(?<=[.!?] “))[a-z]")
_OPENS = re.compile(r"(?:^|[.!?…:;—–] ?|[“‘(*])$")
_DOUBLE_STOP = re.compile(r"([.!?][”’]?)\.(?!\.)")


def _right_article(found: re.Match[str]) -> str:
    if found[1] == "A" and not _OPENS.search(found.string[: found.start()]):
        return found[0]  # the letter: "from A each time"
    article = article_for(found[4])
    return f"{article.capitalize() if found[1] == 'A' else article} "


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
