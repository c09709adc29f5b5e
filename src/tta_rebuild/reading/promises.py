"""Promises: which deed would break one.

A promise is kept as words ("never enter the tower"); a deed breaks it if it does the same to the
same. Used by both checks.
"""

from __future__ import annotations

import re

from tta_rebuild.canon.view import Canon, Fact
from tta_rebuild.reading.lexicon import built_in_words

_EMPTY = frozenset(
    [
        "the",
        "a",
        "an",
        "to",
        "of",
        "again",
        "with",
        "his",
        "her",
        "their",
        "its",
        "into",
        "in",
        "at",
        "on",
        "he",
        "she",
        "they",
        "never",
        "not",
        "no",
        "go",
        "set",
        "foot",
        "would",
        "will",
        "ever",
    ]
)


def stems(text: str) -> set[str]:
    """The content words of a text, verbs as lemmas, plurals cut."""
    lemma = built_in_words().lemma
    return {
        lemma.get(w, w.removesuffix("s"))
        for w in re.findall(r"[a-z]+", text.lower().replace("_", " "))
        if w not in _EMPTY
    }


def broken_by(canon: Canon, subject: str, deed: str) -> list[Fact]:
    """The subject's promises never to do something that this deed does."""
    done = stems(deed)
    found = []
    for fact in canon.facts_about(subject):
        if fact.relation != "promise":
            continue
        words = fact.value.lower().replace("_", " ")
        if not re.match(r"(?:never|not|no)\b", words):
            continue
        forbidden = stems(words)
        if forbidden and forbidden <= done:
            found.append(fact)
    return found
