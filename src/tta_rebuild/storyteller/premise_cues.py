"""What a premise is about, by its words: the situation, the surroundings, the tone.

Called by ``premise``. Each of the three has a list of cues, ``data/cues/*.txt``: words and short
phrases in their base form under the labels that they speak for, with a strength from 1 to 3.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from tta_rebuild.core.english import stem
from tta_rebuild.storyteller.word_lists import pattern

_WEIGHT = {1: 0.5, 2: 2.0, 3: 5.0}
ENOUGH = 2.0
"""The least weight that tells anything: that of one likely cue."""
_PHRASE = 0.5
"""What each further word of a cue adds to its weight, as a share of it."""
_COMMON = 12  # labels that share a cue which is sure of none of them
_LONGEST = 3  # words of a cue


def weighed(text: str, table: str) -> dict[str, float]:
    """The labels of one list that a text has cues for, with their weights (0.5 a weak cue)."""
    cues, found = cues_of(table), defaultdict[str, float](float)
    for cue in (run for run in runs_of(text) if run in cues):
        factor = 1 + _PHRASE * cue.count(" ")
        most = 2 if len(cues[cue]) >= _COMMON else 3
        for label, strength in cues[cue].items():
            found[label] += _WEIGHT[min(strength, most)] * factor
    return found


def most_weighed(weights: Mapping[str, float], otherwise: str) -> str:
    """The label of most weight, ``otherwise`` where even that is weak."""
    best = max(weights, key=lambda label: weights[label], default="")
    return best if weights.get(best, 0) >= ENOUGH else otherwise


@cache
def cues_of(table: str) -> Mapping[str, Mapping[str, int]]:
    """Stemmed cue → label → strength, of one list."""
    text = files("tta_rebuild.storyteller").joinpath(f"data/cues/{table}.txt").read_text("utf-8")
    found = defaultdict[str, dict[str, int]](dict)
    for line in text.splitlines():
        head, _, cues = line.partition(": ")
        label, _, strength = head.partition(" ")
        for cue in [] if head.startswith("#") else cues.split(", "):
            key = " ".join(map(stem, cue.split()))
            found[key].setdefault(label, int(strength))  # the stronger stand first
    return found


def labels_of(table: str) -> frozenset[str]:
    """The labels of one list."""
    return frozenset(label for row in cues_of(table).values() for label in row)


def runs_of(text: str) -> tuple[str, ...]:
    """One to three words that stand together, stemmed; with "the", "my" … and without them.

    Each once and in the order of the text, by which of two labels of one weight the first is taken.
    """
    words = [re.sub(r"['’]s?$", "", w) for w in re.findall(r"[a-z][a-z'’]*", text.lower())]
    stems = [stem(word) for word in words]
    bare = [s for s in stems if not pattern("determiner").fullmatch(s)]
    runs = (
        " ".join(row[i : i + n])
        for row in (stems, bare)
        for n in range(1, _LONGEST + 1)
        for i in range(len(row) - n + 1)
    )
    return tuple(dict.fromkeys(runs))
