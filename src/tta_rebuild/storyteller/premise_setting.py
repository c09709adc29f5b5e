"""Where and when a premise plays: its places, the kind of place it opens in, its year and age.

Called by ``premise``, with a text that it has taken apart. What a kind of place or event implies is
in ``data/premise_topics.toml``.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from tta_rebuild.storyteller.noun_phrases import (
    Phrase,
    is_place_name,
    kind_of_thing,
    one_of,
    words_in,
)
from tta_rebuild.storyteller.premise_cues import most_weighed, weighed
from tta_rebuild.storyteller.premise_matter import as_said
from tta_rebuild.storyteller.premise_people import PremisePerson, head_of
from tta_rebuild.storyteller.premise_you import workplace_of
from tta_rebuild.storyteller.word_lists import pattern, word_table

_TODAY = 1970
"""From when on the surroundings are those of today."""
_NO_PLACES = ("container", "document", "garment")
_PLAIN = 4
"""The weight from which on words name a kind of place."""
_NOT_THERE = frozenset(("since", "after", "before", "until", "off"))
"""What stands before a place where the story does not open: since the funeral, off the bus."""
_VAGUE = ("the world", "the universe", "the field")


@dataclass(frozen=True, slots=True, kw_only=True)
class PremiseSetting:
    """One text, for what it says of place and time.

    Attributes:
        nameless: the text without the names of people.
        spoken: its words in lower case, also in the singular and in runs of two and three.
        implied: the place that something in it implies, "" if nothing does.
        begins_at: where the player says that it begins ("on the fell"), "" if they do not.
    """

    text: str
    tokens: Sequence[str]
    phrases: Sequence[Phrase]
    nameless: str
    spoken: Collection[str]
    implied: str = ""
    begins_at: str = ""

    def places(self, people: Sequence[PremisePerson], role: str) -> tuple[list[str], str]:
        """The places, first where the story opens, and that one with its preposition.

        Args:
            people: whose names are no places.
            role: that of the player's character, who may be at work.
        """
        ranked = [row for phrase in self.phrases for row in self._ranked(phrase)]
        if pattern("goes_home").search(self.text):
            ranked.append((1, 996, "your home", "at your home"))
        is_known = any(person.name for person in people)  # who names people names the place
        for number, there in ((997, workplace_of(head_of(role))), (998, self.implied)):
            if there and not is_known:
                ranked.append((1, number, there, f"{_preposition(there.split()[-1])} {there}"))
        ranked.sort()
        called = {name for person in people for name in (person.name, *person.name.split())}
        ranked = [row for row in ranked if row[2] not in called]
        at = "here" if not ranked or ranked[0][2] in _VAGUE else ranked[0][3]
        places = [row[2] for row in ranked]
        if self.begins_at:
            at = self.begins_at
            places.insert(0, at.partition(" ")[2])
        return list(dict.fromkeys(places)), at

    def _ranked(self, phrase: Phrase) -> list[tuple[int, int, str, str]]:
        """A phrase as a place, with its rank and its preposition; nothing if it is none."""
        near = [t.lower() for t in self.tokens[max(0, phrase.start - 2) : phrase.start]][::-1]
        by = next((t for t in near[: 1 + phrase.is_name] if t in words_in("here_by")), "")
        if {*near[:1]} & _NOT_THERE or phrase.head in words_in("no_settings"):
            return []
        is_place, is_ship = phrase.kind == "place", phrase.head in words_in("vehicles")
        if phrase.is_name and any(p.end == phrase.start for p in self.phrases):
            return []  # the colony ship Hope
        if phrase.is_name and not phrase.said:  # in rural Alabama
            is_place = is_place_name(phrase) or by in ("in", "at", "near")
            is_place = is_place and phrase.text.lower() not in words_in("thing_names")
        if not is_place or (is_ship and not by and phrase.determiner != "the"):
            return []
        if kind_of_thing(phrase.head) in _NO_PLACES and phrase.head not in words_in(
            "rooms", "places"
        ):
            return []  # the third drawer, the answer sheet
        is_big = {phrase.head, phrase.text.lower()} & words_in("too_big")
        is_there = by and (phrase.is_name or is_ship)
        before = " ".join(t.lower() for t in self.tokens[max(0, phrase.start - 5) : phrase.start])
        is_goal = bool(pattern("goes_there").search(before))
        rank = bool(by) - 2 * is_goal - 3 * (bool(is_big) and not is_there)
        by = by.removesuffix("to") or _preposition(phrase.words[-(not phrase.is_name)])
        place = self._with_its_whole(phrase)
        return [(-rank, phrase.start, place, f"{by} {place}")]

    def _with_its_whole(self, phrase: Phrase) -> str:
        """A place as it is said, with what it is a part of: the edge of the map."""
        is_part = one_of(phrase.head) in words_in("parts_of_places")
        if not is_part or self.tokens[phrase.end : phrase.end + 1] != ["of"]:
            return as_said(phrase)
        whole = next((p for p in self.phrases if p.start == phrase.end + 1), None)
        if whole is None:
            return as_said(phrase)
        said = as_said(whole) if whole.determiner else whole.text  # a village of witches
        return f"{as_said(phrase)} of {said}"

    def surroundings(self, places: Sequence[str]) -> str:
        """The kind of place that it opens in, "" if none; what names the place counts twice."""
        weights = weighed(self.nameless, "surroundings")
        of_place = weighed(" ".join(places[:1]), "surroundings")
        return most_weighed({k: w + of_place.get(k, 0) for k, w in weights.items()}, "")

    def is_told(self, places: Sequence[str], kind: str) -> bool:
        """Whether the place where it opens is of a kind by its own name: a ward, an orchard."""
        return weighed(" ".join(places[:1]), "surroundings").get(kind, 0) >= _PLAIN

    def year(self) -> int:
        """A year that is named, or that of a time of which something speaks; 0 if none."""
        if named := re.search(r"\b(?:1\d|20)\d\d(?=s?\b)", self.text):
            return int(named[0])
        times = word_table("premise_topics")["times"].items()
        return next((int(y) for y, words in times if {*words.split()} & {*self.spoken}), 0)

    def is_modern(self) -> bool:
        """Whether it may play today, or later, by its year and the words for what an age has."""
        if year := self.year():
            return year >= _TODAY
        weights = weighed(self.nameless, "period")
        return most_weighed(weights, "modern") == "modern"


def _preposition(noun: str) -> str:
    """The preposition of a place by its last word, or its first if it is a name."""
    table = word_table("premise_words")["prepositions"].items()
    return next((by for by, words in table if one_of(noun) in words.split()), "in")
