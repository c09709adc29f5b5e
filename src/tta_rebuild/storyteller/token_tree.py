"""The clauses of a premise by its tokens: what each word is, of which verb it is the subject.

Used by ``tagger_features`` and ``fact_mentions``: the tokens of a premise are not cut as the
parser's words are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tta_rebuild.storyteller.clause_parser import ParsedWord
from tta_rebuild.storyteller.clause_tree import MOST_PARSED, ClauseTree

_IN_A_PHRASE = ("compound", "det", "amod", "nummod")


def token_starts(text: str, tokens: Sequence[str]) -> list[int]:
    """Where each token of a text begins, in characters; -1 where the text has it not."""
    starts, end = list[int](), 0
    for token in tokens:
        starts.append(start := text.find(token, end))
        end = start + len(token) if start >= 0 else end
    return starts


@dataclass(frozen=True, slots=True)
class TokenTree:
    """The tree of one text, and the word that each of its tokens begins with."""

    tree: ClauseTree
    words: Sequence[ParsedWord | None]

    @classmethod
    def of(cls, text: str, tokens: Sequence[str]) -> TokenTree:
        """A token beyond ``MOST_PARSED`` characters, or not of the text, begins with no word."""
        tree = ClauseTree(text[:MOST_PARSED])
        at = {w.start + i: w for w in tree.words for i in range(len(w.text))}
        return cls(tree, [at.get(start) for start in token_starts(text, tokens)])

    def noun_of(self, word: ParsedWord) -> ParsedWord:
        """The noun in whose phrase a word is."""
        for _ in self.words:  # no more often: a repaired tree may have a ring
            if word.relation not in _IN_A_PHRASE or word.head == word.index:
                break
            word = self.tree.words[word.head]
        return word
