"""Noun phrases and the roles that they play beside a verb.

Under ``clauses``: who does it, what it is done to, where to and where from, to whom, with what.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from tta_rebuild.reading.sentence_words import BREAKS, INTO, RELATIVE, Sentence, SentenceWords

_ROLE_AFTER = {"with": "W", "using": "W", "of": "OF", "about": "ABOUT"}


@dataclass(frozen=True, slots=True)
class NounPhrase:
    """A noun phrase: its words without determiner, and what stood before it."""

    words: tuple[str, ...]
    determiner: str
    start: int
    end: int
    preposition: str = ""

    @property
    def text(self) -> str:
        """The words, joined."""
        return " ".join(self.words)


class Phrases(SentenceWords):
    """Finds phrases and their roles."""

    def _subject(self, sentence: Sentence, begin: int, group: int) -> NounPhrase | None:
        """The noun phrase that ends where the verb group begins."""
        words, low = sentence.words, sentence.low
        end = group
        if end > begin and low[end - 1] in RELATIVE and end - 1 > begin:
            end -= 1  # "Mara, who came": the one before "who"
        while end > begin and low[end - 1] in (",",):
            end -= 1
        start = end
        while start > begin and self._in_phrase(low[start - 1]):
            start -= 1
        if start == end:
            return None
        phrase = self._phrase(sentence, start, end)
        if phrase is None:
            return None
        # "the key of the tower opened", "the man in the hat": take the head, not the last noun
        before = low[start - 1] if start > begin else ""
        if before in self._lexicon.sets["prepositions_of_nouns"]:
            for inner in range(start + 1, end):  # "in the library Mara": two phrases
                if words[inner][:1].isupper() and not words[inner - 1][:1].isupper():
                    return self._phrase(sentence, inner, end)
            head = self._subject(sentence, begin, start - 1)
            if head is not None:
                return head
            return None if before != "of" else phrase
        if before == "," and start - 1 > begin:
            # an apposition: "Mara, the smith, opened"
            head = self._subject(sentence, begin, start - 1)
            if head is not None and head.words[0][:1].isupper() and phrase.determiner:
                return head
        return phrase

    def _front(self, sentence: Sentence, begin: int, group: int) -> NounPhrase | None:
        """The place in "In the library Mara leaned back"."""
        words, low = sentence.words, sentence.low
        if begin and low[begin - 1] not in BREAKS:
            return None
        if begin >= group or low[begin] not in ("in", "inside", "at"):
            return None
        end = begin + 1
        while end < group and self._in_phrase(low[end]):
            begins_name = words[end][:1].isupper() and words[end - 1][:1].islower()
            if end > begin + 1 and begins_name and low[end - 1] not in self._determiners:
                break
            end += 1
        phrase = self._phrase(sentence, begin + 1, end)
        return replace(phrase, preposition=low[begin]) if phrase is not None else None

    def _in_phrase(self, word: str) -> bool:
        return not (
            word in BREAKS
            or word in self._joins
            or word in self._prepositions
            or word in self._auxiliaries
            or word in ("to", "not", "there", "then", "never")
        )

    def _phrase(self, sentence: Sentence, start: int, end: int) -> NounPhrase | None:
        words, low = sentence.words, sentence.low
        determiner = ""
        while start < end and (
            low[start] in self._determiners
            or low[start] in self._adverbs
            or (low[start].endswith("ly") and start + 1 < end and words[start + 1][:1].isupper())
        ):
            if low[start] in self._determiners:
                if low[start] == "her" and start + 1 == end:
                    break
                determiner = low[start]
            start += 1
        while end > start + 1 and (low[end - 1] in self._adverbs or low[end - 1].endswith("ly")):
            end -= 1
        if start >= end:
            return None
        return NounPhrase(words[start:end], determiner, start, end)

    def _roles(
        self, sentence: Sentence, start: int, stop: int, passive: bool
    ) -> dict[str, NounPhrase]:
        """The phrases behind a verb by what they are to it."""
        roles: dict[str, NounPhrase] = {}
        place, role, preposition, broken = start, "O", "", False
        while place < stop:
            word = sentence.low[place]
            marked = self._role_after(word, passive, broken)
            if marked:
                role, place = marked, place + 1
                if word in self._to and not (passive and word == "by"):
                    preposition = word
                broken = broken or word == "and" or word in BREAKS
                continue
            end = self._phrase_end(sentence, place, stop)
            phrase = self._phrase(sentence, place, end)
            if phrase is not None:
                _give(roles, role, replace(phrase, preposition=preposition))
            if end > place and role != "O":
                role = "X"
            place = max(end, place + 1)
        return roles

    def _role_after(self, word: str, passive: bool, broken: bool) -> str:
        """What a preposition or a break makes of the next phrase, "" for any other word."""
        if word in _ROLE_AFTER:
            return _ROLE_AFTER[word]
        if word in self._from:
            return "F"
        if word in self._to and not (passive and word == "by"):
            return "X" if broken else "TO" if word == "to" else "INTO" if word in INTO else "T"
        others = word in self._prepositions or word in BREAKS or word in ("by", "and", "or")
        return "X" if others else ""

    def _phrase_end(self, sentence: Sentence, start: int, stop: int) -> int:
        end = start
        while end < stop and self._in_phrase(sentence.low[end]):
            if end > start and self._begins_phrase(sentence, end):
                break
            end += 1
        return end

    def _begins_phrase(self, sentence: Sentence, place: int) -> bool:
        """Whether a new phrase begins within a row of nouns: "Bram | the key", "him | gold"."""
        word, before = sentence.low[place], sentence.low[place - 1]
        written, written_before = sentence.words[place], sentence.words[place - 1]
        return (
            word in self._determiners
            or word in self._pronouns
            or word.endswith("ly")
            or (before in self._pronouns and before not in ("her", "his"))
            or (
                written_before[0].isupper()
                and not written[0].isupper()
                and before not in self._determiners
            )
        )

    def _agent(self, sentence: Sentence, start: int, stop: int) -> NounPhrase | None:
        """Who did it, in the passive: "by Mara"."""
        if "by" not in sentence.low[start:stop]:
            return None
        start = end = sentence.low.index("by", start) + 1
        while end < stop and self._in_phrase(sentence.low[end]):
            end += 1
        return self._phrase(sentence, start, end)


def _give(roles: dict[str, NounPhrase], role: str, phrase: NounPhrase) -> None:
    if role == "O" and "O" in roles and "R" not in roles:
        # two objects in a row: "gave Bram the key"
        roles["R"], roles["O"] = roles["O"], phrase
    elif role == "TO":
        roles.setdefault("R", phrase)
        roles["T"] = phrase
    elif role == "INTO":
        roles["T"] = phrase
    else:
        roles.setdefault(role, phrase)
