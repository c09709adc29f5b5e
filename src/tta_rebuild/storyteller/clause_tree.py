"""The clauses of a text as trees: what a verb's subject is, what belongs to a noun.

Used by ``premise_facts`` and ``fact_pieces``; the trees are the clause parser's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain

from tta_rebuild.storyteller.clause_parser import ParsedWord, parse
from tta_rebuild.storyteller.clause_repairs import repaired

MOST_PARSED = 1_500
"""Characters of a premise whose clauses are read."""
SUBJECTS = ("nsubj", "nsubjpass", "expl", "csubj")
AUXILIARIES = ("aux", "auxpass")
FINITE = ("VBZ", "VBP", "VBD", "MD")
_BESIDE_A_NOUN = ("relcl", "appos", "acl", "punct", "advcl", "parataxis", "conj", "cc")


class ClauseTree:
    """The words of one text, with what hangs on to each.

    Attributes:
        words: of all sentences, by their index.
        asked: the indices of words of questions.
    """

    def __init__(self, text: str) -> None:
        sentences = [repaired(sentence) for sentence in parse(text)]
        self.words = [*chain.from_iterable(sentences)]
        self.asked = {w.index for s in sentences if s and s[-1].text == "?" for w in s}
        self._below: dict[int, list[ParsedWord]] = {}
        for word in self.words:
            if word.head != word.index:
                self._below.setdefault(word.head, []).append(word)

    def below(self, index: int) -> Sequence[ParsedWord]:
        """What hangs on to a word."""
        return self._below.get(index, ())

    def child(self, word: ParsedWord, *relations: str) -> ParsedWord | None:
        """The first word that hangs on to this one in one of these ways."""
        return next((c for c in self.below(word.index) if c.relation in relations), None)

    def subtree(self, word: ParsedWord) -> Iterator[ParsedWord]:
        """A word and all that hangs on to it; a chain of a thousand words is no error."""
        found, waiting = {word.index}, [word]
        while waiting:
            one = waiting.pop()
            yield one
            below = [child for child in self.below(one.index) if child.index not in found]
            found.update(child.index for child in below)
            waiting += reversed(below)

    def noun_phrase(self, noun: ParsedWord) -> Iterator[ParsedWord]:
        """A noun with what belongs to its phrase, without its clauses."""
        yield noun
        for child in self.below(noun.index):
            if child.relation not in _BESIDE_A_NOUN:
                yield from self.subtree(child)

    @staticmethod
    def is_of(word: ParsedWord, verb: ParsedWord) -> bool:
        """Whether a word is a verb or hangs on to it at once."""
        return word.index == verb.index or word.head == verb.index

    def subject(self, verb: ParsedWord) -> ParsedWord | None:
        """Whose a verb is: its own subject, or that of the verb it is joined to."""
        own = self.child(verb, *SUBJECTS)
        if own is not None and own.tag in ("WDT", "WP") and verb.relation == "relcl":
            return self.words[verb.head]
        if own is not None:
            return None if own.tag in ("WDT", "WP", "DT", "EX") else own
        above = self.words[verb.head]
        return self.subject(above) if verb.relation == "conj" and above.is_verb else None

    def clause_of(self, word: ParsedWord) -> ParsedWord:
        """The verb with a subject of its own that a word belongs to."""
        while word.head != word.index:
            word = self.words[word.head]
            if word.is_verb and self.child(word, *SUBJECTS):
                break
        return word
