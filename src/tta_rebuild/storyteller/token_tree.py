"""The clauses of a premise by its tokens: what each word is, of which verb it is the subject.

Used by ``tagger_features``; the tokens of a premise are not cut as the parser's words are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tta_rebuild.storyteller.clause_parser import ParsedWord
from tta_rebuild.storyteller.clause_tree import MOST_PARSED, ClauseTree

_IN_A_PHRASE = ("compound", "det", "amod", "nummod")


@dataclass(frozen=True, slots=True)
class TokenTree:
    """The tree of one text, and the word that each of its tokens begins with."""

    tree: ClauseTree
    words: Sequence[ParsedWord | None]

    @classmethod
    def of(cls, text: str, tokens: Sequence[str]) -> TokenTree:
        """A token beyond ``MOST_PARSED`` characters, or not of the text, begins with no word."""
        tree, words, end = ClauseTree(text[:MOST_PARSED]), list[ParsedWord | None](), 0
        at = {w.start + i: w for w in tree.words for i in range(len(w.text))}
        for token in tokens:
            start = text.find(token, end)
            end = start + len(token) if start >= 0 else end
            words.append(at.get(start))
        return cls(tree, words)

    def noun_of(self, word: ParsedWord) -> ParsedWord:
        """The noun in whose phrase a word is."""
        for _ in self.words:  # no more often: a repaired tree may have a ring
            if word.relation not in _IN_A_PHRASE or word.head == word.index:
                break
            word = self.tree.words[word.head]
        return word
