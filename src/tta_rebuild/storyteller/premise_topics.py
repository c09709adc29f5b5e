"""What a premise is about, by the words it speaks: its topics, its conflict and its tone.

Called by ``premise_reading``; the tables are ``data/premise_topics.toml``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from functools import cache
from typing import Any

from tta_rebuild.storyteller.premise_phrases import one_of, tokens_of
from tta_rebuild.storyteller.word_lists import word_table


def spoken_in(text: str) -> frozenset[str]:
    """Every word of a text, in the singular too, and its runs of up to four words."""
    words = [re.sub(r"['’]s?$|['’]", "", t.lower()) for t in tokens_of(text) if t[0].isalnum()]
    runs = ["_".join(words[i : i + n]) for n in (2, 3, 4) for i in range(len(words))]
    return frozenset([*words, *map(one_of, words), *runs])


def topics_of(spoken: Set[str]) -> list[Mapping[str, Any]]:
    """The topics of which any word is spoken, those of most words first."""
    ranked = [(len(words & spoken), topic) for words, topic in _topics() if words & spoken]
    return [topic for _, topic in sorted(ranked, key=lambda row: -row[0])]


def most_spoken(table: str, spoken: Set[str], otherwise: str) -> str:
    """The row of ``conflict`` or ``tone`` of which most words are spoken, the first of equals."""
    rows = word_table("premise_topics")[table]
    cues = {
        name: len(spoken & set((row if isinstance(row, str) else row["words"]).split()))
        for name, row in rows.items()
    }
    best = max(cues, key=lambda name: cues[name])
    return best if cues[best] else otherwise


@cache
def _topics() -> tuple[tuple[frozenset[str], Mapping[str, Any]], ...]:
    topics = word_table("premise_topics")["topic"]
    return tuple((frozenset(topic["words"].split()), topic) for topic in topics)
