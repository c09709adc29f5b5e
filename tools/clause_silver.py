"""Trees of spaCy's small English pipeline for texts, and careless copies of them.

Used by ``train_clause_parser``. A careless text is mended where that is certain ("dont", "i", a
small letter after a full stop) before the pipeline reads it; its words keep the tree.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any
from zlib import crc32

from spacy.tokens import Doc

from tta_rebuild.core.data_files import parse_yaml
from tta_rebuild.reading.english_parse import load_parser
from tta_rebuild.storyteller.clause_tokens import Exceptions, tokens

PUNCT = "punct"
_ROOT = -1
_ENDINGS = {"nt": "n't", "s": "'s", "m": "'m", "re": "'re", "ve": "'ve", "ll": "'ll", "d": "'d"}
_SLOT = re.compile(r"\{([^{}]*)\}")
_PEOPLE = (
    "the keeper,my sister,Ada,the old captain,a stranger,Mr Bell,your brother,Rosa Lind".split(",")
)
_THINGS = "the letter,a red boat,the harvest,your violin,the last key,three hens,the map".split(",")
_AIMS = "find the letter,win the race,get your sister home,prove who did it,keep the shop".split(
    ","
)


@dataclass(frozen=True)
class Tree:
    """A text's words, whether a space follows each, tags, labels and heads (-1: a root)."""

    words: list[str]
    spaces: list[bool]
    tags: list[str]
    labels: list[str]
    heads: list[int]
    is_held_out: bool = False


def token_exceptions() -> Exceptions:
    """How spaCy cuts what it does not cut by its marks."""
    tokenizer: Any = load_parser().tokenizer
    rules = tokenizer.rules
    cut = {key.replace("’", "'"): [len(part[65]) for part in parts] for key, parts in rules.items()}
    return {
        key: parts
        for key, parts in cut.items()
        if key.strip() and " " not in key and key.isprintable()
    }


def texts_of(path: Path) -> Iterator[tuple[str, bool]]:
    """The texts of a JSONL or YAML file; True for a premise."""
    if path.suffix == ".jsonl":
        for line in map(json.loads, path.read_text("utf-8").splitlines()):
            yield from (
                (line[key], key == "premise") for key in ("premise", "text") if line.get(key)
            )
            for move in line.get("moves", ()):
                yield from (
                    (move[key], False)
                    for key in ("text", "after")
                    if isinstance(move, dict) and move.get(key)
                )
        return
    rng = Random(crc32(path.name.encode()))
    for text in _prose(parse_yaml(path.read_text("utf-8"), path.name, is_ours=True), ""):
        for part in text.split("\n\n"):
            yield _SLOT.sub(lambda slot: _filled(slot[1], rng), part), False


def _prose(value: Any, key: str) -> Iterator[str]:
    if isinstance(value, dict):
        for name, one in value.items():
            yield from _prose(one, str(name))
    elif isinstance(value, list):
        for one in value:
            yield from _prose(one, key)
    elif isinstance(value, str) and key in ("text", "lines", "says", "do", "about"):
        yield value


def _filled(slot: str, rng: Random) -> str:
    """Something plausible in the place of a slot."""
    name, _, form = slot.partition("_")
    if name in ("the", "The"):
        name, form = form, "the"
    said = {
        "he": "he", "his": "his", "him": "him", "is": "is", "has": "has", "was": "was", "s": "s",
        "himself": "himself", "are": "are", "does": "does", "the": "the keeper", "it": "it",
    }.get(form) or rng.choice(
        {"aim": _AIMS, "matter": _THINGS, "trifle": _THINGS}.get(name.lower(), _PEOPLE)
    )  # fmt: skip
    return said[:1].upper() + said[1:] if slot[:1].isupper() else said


def silver(texts: Iterable[tuple[str, bool]], exceptions: Exceptions) -> Iterator[Tree]:
    """The tree of each text; of the premises, one in ten is held out."""
    cut = list[tuple[Tree, bool]]()
    for text, is_premise in texts:
        text = " ".join(text.split())
        spans = tokens(text, exceptions)
        words = [text[begin:end] for begin, end in spans]
        spaces = [text[end : end + 1] == " " for _, end in spans]
        if words:
            is_held_out = is_premise and crc32(text.encode()) % 10 == 0
            cut.append((Tree(words, spaces, [], [], []), is_held_out))
    mended = [replace(tree, words=_mended(tree.words, tree.spaces)) for tree, _ in cut]
    for (tree, is_held_out), read in zip(cut, as_written(mended), strict=True):
        yield replace(read, words=tree.words, is_held_out=is_held_out)


def as_written(trees: Sequence[Tree]) -> Iterator[Tree]:
    """The words of each as spaCy reads them."""
    pipeline = load_parser()
    docs = (Doc(pipeline.vocab, words=tree.words, spaces=tree.spaces) for tree in trees)
    for tree, doc in zip(trees, pipeline.pipe(docs), strict=True):
        heads = [_ROOT if token.head.i == token.i else token.head.i for token in doc]
        tags, labels = [token.tag_ for token in doc], [token.dep_ for token in doc]
        yield replace(tree, tags=tags, labels=labels, heads=projective(heads))


def _mended(words: Sequence[str], spaces: Sequence[bool]) -> list[str]:
    """Words as whoever takes care writes them, as far as that is certain."""
    mended, is_first = list[str](), True
    for at, word in enumerate(words):
        new = word.replace("’", "'")
        if at and not spaces[at - 1] and words[at - 1].isalpha():
            new = _ENDINGS.get(new.lower(), new)
        if new == "i":
            new = "I"
        if is_first and new[0].islower():
            new = new[0].upper() + new[1:]
        is_first = new in (".", "!", "?") or (is_first and not new[0].isalnum())
        mended.append(new)
    return mended


def projective(heads: Sequence[int]) -> list[int]:
    """Heads with crossing arcs lifted to the next word above."""
    lifted = [*heads]
    while True:
        crossing = [at for at in range(len(lifted)) if lifted[at] != _ROOT and _crosses(lifted, at)]
        if not crossing:
            return lifted
        shortest = min(crossing, key=lambda at: abs(at - lifted[at]))
        lifted[shortest] = lifted[lifted[shortest]]


def _crosses(heads: Sequence[int], at: int) -> bool:
    """Whether a word stands below the arc to ``at`` that does not belong to the arc's head."""
    head = heads[at]
    for between in range(min(at, head) + 1, max(at, head)):
        above = between
        while above not in (_ROOT, head):
            above = heads[above]
        if above != head:
            return True
    return False


def careless(tree: Tree, rng: Random, exceptions: Exceptions) -> Tree:
    """A copy as somebody in a hurry writes it; what is left out had no dependents."""
    words, spaces, labels = [*tree.words], [*tree.spaces], tree.labels
    has_dependents = set(tree.heads)
    gone = set[int]()
    no_commas, no_stops = rng.random() < 0.6, rng.random() < 0.3
    no_apostrophes, is_low = rng.random() < 0.7, rng.random() < 0.75
    no_quotes, last = rng.random() < 0.4, len(words) - 1
    for at, word in enumerate(tree.words):
        drops = (
            (word in (",", ";") and no_commas)
            or (word in ('"', "“", "”") and no_quotes)
            or (
                word == "."
                and (rng.random() < 0.6 if at == last else no_stops and rng.random() < 0.6)
            )
        )
        if drops and labels[at] == PUNCT and at not in has_dependents:
            gone.add(at)
            if at:
                spaces[at - 1] = True
            continue
        if word == "." and at < last and rng.random() < 0.04:
            words[at] = ","
        if word[:1] in "'’n" and at and not spaces[at - 1] and no_apostrophes:
            bare = word.replace("'", "").replace("’", "")
            before = words[at - 1]
            cut = exceptions.get((before + bare).lower(), ())
            if bare and bare != word and [*cut] == [len(before), len(bare)]:
                words[at] = bare
            elif labels[at] == "case" and bare == "s" and at not in has_dependents:
                words[at - 1] = before + bare
                spaces[at - 1] = spaces[at]
                gone.add(at)
        elif "’" in word:
            words[at] = word.replace("’", "'")
    for at, word in enumerate(words):
        if is_low:
            words[at] = word.lower()
        elif word == "I" or (
            (not at or tree.words[at - 1] == ".") and tree.tags[at] not in ("NNP", "NNPS")
        ):
            words[at] = word.lower() if rng.random() < 0.7 else word
        if len(word) > 3 and word.isalpha() and rng.random() < 0.012:
            words[at] = _typo(words[at], rng)
    return _without(replace(tree, words=words, spaces=spaces), gone)


def _typo(word: str, rng: Random) -> str:
    at = rng.randrange(1, len(word) - 1)
    return rng.choice(
        [
            word[:at] + word[at + 1] + word[at] + word[at + 2 :],
            word[:at] + word[at + 1 :],
            word[:at] + word[at] + word[at:],
        ]
    )


def _without(tree: Tree, gone: set[int]) -> Tree:
    kept = [at for at in range(len(tree.words)) if at not in gone]
    new = {old: at for at, old in enumerate(kept)} | {_ROOT: _ROOT}
    return Tree(
        [tree.words[at] for at in kept],
        [tree.spaces[at] for at in kept],
        [tree.tags[at] for at in kept],
        [tree.labels[at] for at in kept],
        [new[tree.heads[at]] for at in kept],
        tree.is_held_out,
    )
