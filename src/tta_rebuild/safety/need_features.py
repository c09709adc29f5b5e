"""What a learned judge sees of a line that a player typed: its words, pieces of them, its frame.

Called by ``safety.needs`` and by ``tools/train_needs.py``, which learns a weight for each.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import TypeAlias

from tta_rebuild.core.data_files import packaged_toml

Features: TypeAlias = tuple[set[str], set[str], set[str]]
"""Words and their neighbours; pieces of words, which typing errors leave whole; the frame."""

_MARKS = str.maketrans("\u2019\u2018\u02bc`\u00b4", "'''''")
_TOKEN = re.compile(r"[a-z0-9]+(?:'[a-z]+)*")
_SENTENCE = re.compile(r"[.!?\u2026\n]+")
_NAME = re.compile(r"(?<=[a-z,;] )[A-Z][a-z]+")
_PIECES = (3, 4, 5)
_MOST = 4


def plain(text: str) -> str:
    """The text in lower case with plain apostrophes."""
    return text.translate(_MARKS).lower()


def features_of(text: str) -> Features:
    """The features of one line, group by group."""
    low = plain(text)
    words = _TOKEN.findall(low)
    sentences = [found for s in _SENTENCE.split(low) if (found := _TOKEN.findall(s))]
    pieces = {piece for word in set(words) for piece in _pieces(word)}
    names = len(_NAME.findall(text))
    frame = {f"names={min(_MOST - 1, names)}", *_frame(words), *_ends(words)}
    for sentence in sentences:
        frame.update(_sentence(sentence))
    return set(_grams(words)), pieces, frame


def _grams(words: Sequence[str]) -> Iterator[str]:
    for i, word in enumerate(words):
        yield f"w={word}"
        if i:
            yield f"b={words[i - 1]}_{word}"
        if i > 1:
            yield f"t={words[i - 2]}_{words[i - 1]}_{word}"
            yield f"s={words[i - 2]}__{word}"


def _pieces(word: str) -> Iterator[str]:
    whole = f"^{word}$"
    for size in _PIECES:
        for at in range(len(whole) - size + 1):
            yield f"c={whole[at : at + size]}"


def _frame(words: Sequence[str]) -> Iterator[str]:
    """Of whom a line speaks, and how much of it denies, lies back or says that it is real."""
    counts = {name: sum(w in listed for w in words) for name, listed in _lists().items()}
    for name, count in counts.items():
        yield f"n.{name}={min(_MOST, count)}"
    yield "who=" + "".join(str(int(counts[name] > 0)) for name in ("first", "third", "negation"))


def _ends(words: Sequence[str]) -> Iterator[str]:
    for size in (1, 2, 3):
        yield f"first={'_'.join(words[:size])}"
    for size in (1, 2):
        yield f"last={'_'.join(words[-size:])}"


def _sentence(words: Sequence[str]) -> Iterator[str]:
    """How one sentence begins, of whom it speaks, and each of its words beside that."""
    yield f"begins={words[0]}"
    yield f"begins={'_'.join(words[:2])}"
    has = {name: any(w in listed for w in words) for name, listed in _lists().items()}
    yield "in=" + "".join(str(int(has[n])) for n in ("first", "third", "negation", "past"))
    who = "F" * has["first"] + "T" * has["third"]
    for word in words:
        yield f"{who}:{word}"


@cache
def _lists() -> dict[str, frozenset[str]]:
    table = packaged_toml("tta_rebuild.safety", "care_words")["lists"]
    return {name: frozenset(words.split()) for name, words in table.items()}
