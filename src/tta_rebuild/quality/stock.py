"""Stock phrases: words that have stood together so often that they say nothing any more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files

from tta_rebuild.quality.prose import root

_ANY = "*"


@cache
def _phrases(language: str) -> dict[str, list[tuple[tuple[frozenset[str], bool], ...]]]:
    """Root of a first word → the phrases that begin so: of each word its forms, and if it may miss.

    Read from ``data/stock_phrases.txt``; empty for a language without any.
    """
    found: dict[str, list[tuple[tuple[frozenset[str], bool], ...]]] = {}
    text = (files("tta_rebuild.quality") / "data" / "stock_phrases.txt").read_text("utf-8")
    of = ""
    for line in text.splitlines():
        if line.startswith("["):
            of = line.strip("[]")
        elif line and line[0] != "#" and of == language:
            phrase = tuple(
                (
                    frozenset(root(form, language) for form in word.rstrip("?").split("|")),
                    "?" in word,
                )
                for word in line.split()
            )
            for first in phrase[0][0]:
                found.setdefault(first, []).append(phrase)
    return found


def stock_phrases_in(words: Sequence[str], language: str = "en") -> list[str]:
    """The stock phrases among the words of a text (lower case), as they stand there, in order."""
    phrases, roots = _phrases(language[:2]), [root(word, language) for word in words]
    found, at = list[str](), 0
    while at < len(roots):
        ends = (_end(phrase, roots, at) for phrase in phrases.get(roots[at], ()))
        end = max((end for end in ends if end), default=0)
        if end:
            found.append(" ".join(words[at:end]))
        at = max(end, at + 1)
    return found


def _end(phrase: Sequence[tuple[frozenset[str], bool]], roots: Sequence[str], begin: int) -> int:
    """Where the phrase that begins there ends, 0 if it does not stand there."""
    return next(_ends(phrase, roots, begin), 0)


def _ends(
    phrase: Sequence[tuple[frozenset[str], bool]], roots: Sequence[str], at: int
) -> Iterator[int]:
    if not phrase:
        yield at
        return
    (forms, may_miss), rest = phrase[0], phrase[1:]
    if at < len(roots) and (_ANY in forms or roots[at] in forms):
        yield from _ends(rest, roots, at + 1)
    if may_miss:
        yield from _ends(rest, roots, at)
