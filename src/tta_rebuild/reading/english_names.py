"""Who and what the words of a parsed sentence mean, as far as a canon and the text tell.

Used by ``sentence_claims``. What is not clear is nobody: nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tta_rebuild.canon.people import People
from tta_rebuild.canon.relations import key_of
from tta_rebuild.canon.view import Canon
from tta_rebuild.core.story import CharacterSketch, Claim
from tta_rebuild.reading import english_parse as parse

if TYPE_CHECKING:
    from spacy.tokens import Token

_CALLED = {"he": "he", "him": "he", "his": "he", "she": "she", "her": "she", "hers": "she"}
_OPENING = 2
"""The turn that the opening counts as: what the premise says is the first."""


@dataclass(slots=True)
class _Mentioned:
    """Who was spoken of so far, latest last, and the subject of the sentence before.

    ``unclear``: pronouns that stood before anybody was named whom they could mean.
    """

    people: list[str] = field(default_factory=list)
    subject: str = ""
    unclear: set[str] = field(default_factory=set)


class EnglishNames:
    """Resolves words in the order of a text.

    Args:
        canon: what holds; asked, never changed.
        cast: who matters, with pronouns where they are known; the player's is "you" and "I".

    Attributes:
        player: the id of the player's character, "" if there is none.
    """

    def __init__(self, canon: Canon, cast: Iterable[CharacterSketch]) -> None:
        self._canon = canon
        self._cast = {one.character_id: one for one in cast}
        self.player = next((i for i, one in self._cast.items() if one.is_player), "")
        self._people = People(canon, tuple(self._cast.values()))
        self._mentioned = _Mentioned()
        self._things: tuple[int, frozenset[str]] | None = None

    def after(self, subject: str) -> None:
        """A sentence is over; its subject is who a pronoun means first."""
        self._mentioned.subject = subject or self._mentioned.subject

    def person(self, token: Token | None) -> str:
        """The id of the person that a word means, "" if that is nobody or not clear."""
        if token is None:
            return ""
        low = token.lower_
        if low in ("you", "your", "yourself"):
            return self.player
        if low in ("i", "me", "my"):
            return self.player or "i"
        if token.pos_ == "PRON":
            return self._by_pronoun(_CALLED.get(low, ""))
        owner = parse.child(token, "poss")
        if owner is not None and low.rstrip("s") in parse.words().sets["body_parts"]:
            return self.person(owner)  # "her hand closed on the key"
        the = "the" in parse.determiners(token)
        the = the or (owner is not None and "the" in parse.determiners(owner))
        titled = any(c.dep_ in ("compound", "amod", "poss") for c in token.children)
        if (token.pos_ == "PROPN") == the and not titled:
            return ""  # "the Agnes" is a boat, "captain" is nobody
        who = self._people.id_of(parse.name_of(token), "", self._mentioned.people)
        if token.pos_ != "PROPN" and who not in self._cast and not self._canon.value(who, "alive"):
            return ""
        if who in self._mentioned.people:
            self._mentioned.people.remove(who)
        self._mentioned.people.append(who)
        return who

    def _by_pronoun(self, called: str) -> str:
        fits = [w for w in self._mentioned.people if self._called(w) in ("", called)]
        if called and not fits:
            self._mentioned.unclear.add(called)
        if not called or called in self._mentioned.unclear:
            return ""
        sure = [w for w in fits[-3:] if self._called(w) == called]
        for one in (fits, sure, [w for w in sure if w == self._mentioned.subject]):
            if len(one) == 1:
                return one[0]
        return ""

    def _called(self, who: str) -> str:
        words = self._cast[who].pronouns.lower().split("/") if who in self._cast else [""]
        return _CALLED.get(words[0].strip(), "other") if words[0] else ""

    def thing(self, token: Token) -> str:
        """The id of a thing: one that is known if it is named as known, else its own words."""
        sets, lemma = parse.words().sets, token.lemma_.lower()
        no_thing = lemma in sets["abstract"] or lemma in sets["people"]
        if no_thing or token.pos_ not in ("NOUN", "PROPN"):
            return ""
        key, word = key_of(parse.name_of(token)), key_of(token.text)
        marks = parse.determiners(token)
        known = self._known()
        if marks & {"a", "an", "another", "some", "no", "any", "every", "each"}:
            return "" if key in known or "no" in marks else key  # a second one of its kind
        same = [k for k in known if _head(k) == word] if "the" in marks and key == word else []
        return same[0] if len(same) == 1 and key not in known else key

    def _known(self) -> frozenset[str]:
        """What the canon has facts about, or somebody to hold it."""
        if self._things is None or self._things[0] != self._canon.position:
            facts = self._canon.all_now()
            held = (key_of(f.value) for f in facts if f.relation in ("holds", "wears", "owns"))
            self._things = (self._canon.position, frozenset([*held, *(f.subject for f in facts)]))
        return self._things[1]

    def is_gone(self, thing: str) -> bool:
        """Whether a thing is destroyed."""
        return self._canon.holds_at(thing, "state", "destroyed") is not None

    def counted(self, noun: Token, number: str) -> Claim | None:
        """A claim about a number of things of which the canon has one."""
        for fact in self._canon.all_now():
            slot = self._canon.relations.normal("count", fact.value)[0]
            if (
                fact.relation == "count"
                and _head(slot or fact.subject).rstrip("s") == noun.lemma_.lower()
            ):
                value = f"{number} {noun.text}" if slot else number
                return Claim(subject=fact.subject, relation="count", value=value)
        return None

    def side(self, relation: str, word: str) -> bool:
        """Whether a word is one of the opposed words of a relation."""
        return self._canon.relations.side(relation, word) is not None

    def may_be_a_ghost(self, who: str) -> bool:
        """Whether a story with this cast began with somebody dead."""
        dead = self._canon.holds_at(who, "alive", "false") if who in self._cast else None
        return dead is not None and self._canon.turn_of(dead.since) <= _OPENING


def _head(key: str) -> str:
    """The noun of an id: "key" of ``brass_key``, "treaty" of ``treaty_with_sarn``."""
    words = key.split("_")
    small = ("of", "with", "from", "to", "in", "on", "for", "at")
    cut = next((n for n, word in enumerate(words) if n and word in small), len(words))
    return words[cut - 1]
