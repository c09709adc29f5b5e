"""The ground of the clause reader: words of a sentence, and the closed sets it goes by.

Leans on the lexicon; ``verb_places``, ``noun_phrases`` and ``clauses`` stand on it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from tta_rebuild.reading.lexicon import Lexicon

_WORD = re.compile(r"[^\W\d_]+(?:['’][A-Za-z]+)?(?:-[^\W\d_]+)*|\d+(?:[.,]\d+)?|[,;:.!?()—–-]")
BREAKS = frozenset(",;:.!?()—–-")
INTO = frozenset(["to", "into", "inside", "onto", "toward", "towards", "aboard"])
RELATIVE = frozenset(["who", "which", "that"])


@dataclass(frozen=True, slots=True)
class Sentence:
    """What ``words_of`` finds in a sentence; ``low`` is ``words`` in lower case."""

    words: tuple[str, ...]
    low: tuple[str, ...]

    @classmethod
    def of(cls, text: str) -> Sentence:
        """The words of a text."""
        words = tuple(words_of(text))
        return cls(words, tuple(w.lower() for w in words))


def words_of(sentence: str) -> list[str]:
    """Words and marks of a sentence, "n't" taken apart."""
    found: list[str] = []
    for token in _WORD.findall(sentence):
        low = token.replace("’", "'")
        if low.lower().endswith("n't"):
            stem = low[:-3]
            if stem:  # some texts set "did n't" apart
                found.append({"ca": "can", "wo": "will", "sha": "shall"}.get(stem.lower(), stem))
            found.append("not")
        elif low.lower() == "cannot":
            found.extend(("can", "not"))
        elif low.lower().endswith(("'re", "'ve", "'ll", "'m", "'d")):
            stem, _, tail = low.partition("'")
            found.append(stem)
            found.append(
                {"re": "are", "ve": "have", "ll": "will", "m": "am", "d": "had"}[tail.lower()]
            )
        else:
            found.append(low)
    return found


class SentenceWords:
    """The closed sets of one lexicon.

    Args:
        lexicon: the words to go by.
    """

    def __init__(self, lexicon: Lexicon) -> None:
        sets = lexicon.sets
        self._lexicon = lexicon
        self._adverbs = sets["adverbs"]
        self._joins = sets["joins"]
        self._before_nouns = sets["before_nouns"]
        self._determiners = sets["determiners"]
        self._auxiliaries = sets["auxiliaries"]
        self._modals = sets["modals"]
        self._conditionals = sets["conditionals"]
        self._negations = sets["negations"]
        self._pronouns = sets["pronouns"]
        self._to = sets["prepositions_to"]
        self._from = sets["prepositions_from"]
        self._prepositions = self._to | self._from | sets["prepositions_other"]
