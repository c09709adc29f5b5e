"""Noun phrases and the roles that they play beside a verb.

Under ``clauses``: who does it, what it is done to, where to and where from, to whom, with what.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from tta_rebuild.reading.sentence_words import BREAKS, INTO, RELATIVE, SentenceWords


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

    def _subject(
        self, words: list[str], low: list[str], begin: int, group: int
    ) -> NounPhrase | None:
        """The noun phrase that ends where the verb group begins."""
        end = group
        if end > begin and low[end - 1] in RELATIVE and end - 1 > begin:
            end -= 1  # "Mara, who came": the one before "who"
        while end > begin and low[end - 1] in (",",):
            end -= 1
        start = end
        while start > begin and self._in_phrase(words, low, start - 1):
            start -= 1
        if start == end:
            return None
        phrase = self._phrase(words, low, start, end)
        if phrase is None:
            return None
        # "the key of the tower opened", "the man in the hat": take the head, not the last noun
        before = low[start - 1] if start > begin else ""
        if before in (
            "of",
            "in",
            "with",
            "from",
            "at",
            "on",
            "by",
            "under",
            "near",
            "behind",
            "beside",
            "inside",
            "for",
        ):
            for inner in range(start + 1, end):  # "in the library Mara": two phrases
                if words[inner][:1].isupper() and not words[inner - 1][:1].isupper():
                    return self._phrase(words, low, inner, end)
            head = self._subject(words, low, begin, start - 1)
            if head is not None:
                return head
            return None if before != "of" else phrase
        if before == "," and start - 1 > begin:
            # an apposition: "Mara, the smith, opened"
            head = self._subject(words, low, begin, start - 1)
            if (
                head is not None
                and head.words
                and head.words[0][:1].isupper()
                and phrase.determiner
            ):
                return head
        return phrase

    def _front(self, words: list[str], low: list[str], begin: int, group: int) -> NounPhrase | None:
        """The place in "In the library Mara leaned back"."""
        if begin and low[begin - 1] not in BREAKS:
            return None
        if begin >= group or low[begin] not in ("in", "inside", "at"):
            return None
        end = begin + 1
        while end < group and self._in_phrase(words, low, end):
            begins_name = words[end][:1].isupper() and words[end - 1][:1].islower()
            if end > begin + 1 and begins_name and low[end - 1] not in self._determiners:
                break
            end += 1
        phrase = self._phrase(words, low, begin + 1, end)
        return replace(phrase, preposition=low[begin]) if phrase is not None else None

    def _in_phrase(self, words: list[str], low: list[str], place: int) -> bool:
        word = low[place]
        if (
            word in BREAKS
            or word in self._joins
            or word in self._prepositions
            or word in self._auxiliaries
        ):
            return False
        return word not in ("to", "not", "there", "then", "never")

    def _phrase(self, words: list[str], low: list[str], start: int, end: int) -> NounPhrase | None:
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
        return NounPhrase(tuple(words[start:end]), determiner, start, end)

    def _roles(
        self, words: list[str], low: list[str], start: int, stop: int, passive: bool
    ) -> dict[str, NounPhrase]:
        roles: dict[str, NounPhrase] = {}
        place = start
        role = "O"
        preposition = ""
        broken = False
        while place < stop:
            word = low[place]
            if word in ("with", "using"):
                role, place = "W", place + 1
                continue
            if word in self._from:
                role, place = "F", place + 1
                continue
            if word == "of":
                role, place = "OF", place + 1
                continue
            if word == "about":
                role, place = "ABOUT", place + 1
                continue
            if word == "to":
                role, place, preposition = ("X" if broken else "TO"), place + 1, word
                continue
            if word == "by" and passive:
                role, place = "X", place + 1
                continue
            if word in self._to:
                role = "X" if broken else "INTO" if word in INTO else "T"
                place, preposition = place + 1, word
                continue
            if word in self._prepositions or word in ("by", "and", "or"):
                role, place, broken = "X", place + 1, broken or word == "and"
                continue
            if word in BREAKS:
                role, place, broken = "X", place + 1, True
                continue
            ahead = place
            while (
                ahead < stop
                and self._in_phrase(words, low, ahead)
                and not (
                    ahead > place
                    and (
                        low[ahead] in self._determiners
                        or (low[ahead] in self._pronouns)
                        or low[ahead].endswith("ly")
                        or (
                            low[ahead - 1] in self._pronouns
                            and low[ahead - 1] not in ("her", "his")
                        )
                        or (
                            words[ahead][0].isupper() != words[ahead - 1][0].isupper()
                            and low[ahead - 1] not in self._determiners
                            and words[ahead - 1][0].isupper()
                        )
                    )
                )
            ):
                ahead += 1
                if low[ahead - 1].endswith("'s"):
                    continue
            if ahead == place:
                place += 1
                continue
            phrase = self._phrase(words, low, place, ahead)
            if phrase is not None and preposition:
                phrase = replace(phrase, preposition=preposition)
            if phrase is not None:
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
            place = ahead
            if role != "O":
                role = "X"
        return roles

    def _agent(self, words: list[str], low: list[str], start: int, stop: int) -> NounPhrase | None:
        for place in range(start, stop):
            if low[place] == "by":
                ahead = place + 1
                while ahead < stop and self._in_phrase(words, low, ahead):
                    ahead += 1
                return self._phrase(words, low, place + 1, ahead)
        return None
