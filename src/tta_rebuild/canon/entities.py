"""Who is meant: names, aliases, titles, "the old smith", and pronouns where they are clear.

The reader and the checker ask while they go through a text. What is not clear is said to be so;
nothing is guessed. Leans on the view, which indexes names, aliases and roles like any other fact.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tta_rebuild.canon.relations import key_of
from tta_rebuild.canon.view import Canon

_MALE = frozenset(["he", "him", "his", "himself"])
_FEMALE = frozenset(["she", "her", "hers", "herself"])
_PLURAL = frozenset(["they", "them", "their", "theirs", "themselves"])
_NEUTER = frozenset(["it", "its", "itself"])
PRONOUNS = _MALE | _FEMALE | _PLURAL | _NEUTER

_MALE_WORDS = frozenset(
    [
        "man",
        "boy",
        "king",
        "prince",
        "lord",
        "sir",
        "mr",
        "father",
        "brother",
        "son",
        "uncle",
        "husband",
        "grandfather",
        "nephew",
        "duke",
        "monk",
        "wizard",
        "actor",
        "waiter",
        "gentleman",
    ]
)
_FEMALE_WORDS = frozenset(
    [
        "woman",
        "girl",
        "queen",
        "princess",
        "lady",
        "mrs",
        "ms",
        "miss",
        "mother",
        "sister",
        "daughter",
        "aunt",
        "wife",
        "grandmother",
        "niece",
        "duchess",
        "nun",
        "witch",
        "actress",
        "waitress",
    ]
)


@dataclass(frozen=True, slots=True)
class Resolution:
    """Who a phrase means.

    Attributes:
        entity: the id, "" if it is not clear.
        candidates: ids that it could mean; empty if nobody fits.
    """

    entity: str
    candidates: tuple[str, ...] = ()

    @property
    def is_clear(self) -> bool:
        """Whether exactly one is meant."""
        return bool(self.entity)


@dataclass(slots=True)
class Mentions:
    """Who was mentioned in a text so far, the latest last; one per text that is read.

    Attributes:
        people: ids of persons, latest last.
        things: ids of things and places, latest last.
        gender: id → ``m``, ``f`` or ``n``, as far as the text or the canon showed it.
    """

    people: list[str] = field(default_factory=list)
    things: list[str] = field(default_factory=list)
    gender: dict[str, str] = field(default_factory=dict)

    def note(self, entity: str, *, is_person: bool) -> None:
        """Someone or something was mentioned."""
        row = self.people if is_person else self.things
        if entity in row:
            row.remove(entity)
        row.append(entity)
        if len(row) > 8:
            del row[0]

    def copy(self) -> Mentions:
        """The same mentions, to go on from without changing these."""
        return Mentions(list(self.people), list(self.things), dict(self.gender))


class Entities:
    """Resolves phrases against the canon.

    Args:
        canon: the view; names that it learns later are known here at once.
    """

    def __init__(self, canon: Canon) -> None:
        self._canon = canon

    def resolve(self, phrase: str, mentions: Mentions | None = None) -> Resolution:
        """Who a phrase means, given who was mentioned before."""
        word = phrase.strip().lower()
        if word in PRONOUNS:
            return self._pronoun(word, mentions or Mentions())
        key = key_of(phrase)
        found = self._canon.named(key)
        if not found and "_" in key:
            found = self._described(key)
        if len(found) == 1:
            return Resolution(found[0], (found[0],))
        if found and found[0] == key:
            return Resolution(key, tuple(found))
        if mentions is not None and found:
            recent = [who for who in reversed(mentions.people) if who in found]
            if len(recent) == 1:
                return Resolution(recent[0], tuple(found))
        return Resolution("", tuple(found))

    def gender(self, entity: str) -> str:
        """``m``, ``f``, ``n``, or "" where nothing tells."""
        for fact in self._canon.facts_about(entity):
            if fact.relation in ("kin", "role", "trait", "alias", "name", "species", "gender"):
                words = set(key_of(fact.value.partition(" of ")[0]).split("_"))
                if words & _MALE_WORDS or fact.value in ("male", "he"):
                    return "m"
                if words & _FEMALE_WORDS or fact.value in ("female", "she"):
                    return "f"
        return ""

    def is_person(self, entity: str) -> bool:
        """Whether its facts are those of a person."""
        return any(
            self._canon.relations[f.relation].subject == "person"
            for f in self._canon.facts_about(entity)
        )

    def _described(self, key: str) -> list[str]:
        """ "the old smith": the bearer of the last word as a role or name, who fits the others."""
        *marks, noun = key.split("_")
        found = self._canon.named(noun)
        if len(found) <= 1 or not marks:
            return found
        fitting = [
            who for who in found if all(self._canon.holds_at(who, "trait", mark) for mark in marks)
        ]
        return fitting or found

    def _pronoun(self, word: str, mentions: Mentions) -> Resolution:
        if word in _NEUTER:
            recent = mentions.things[-1:]
            return Resolution(recent[0] if len(mentions.things) == 1 else "", tuple(recent))
        if word in _PLURAL:
            return Resolution("", tuple(mentions.people))
        wanted = "m" if word in _MALE else "f"
        fits = [
            who
            for who in reversed(mentions.people)
            if (mentions.gender.get(who) or self.gender(who) or wanted) == wanted
        ]
        if not fits:
            return Resolution("")
        known = [w for w in fits if (mentions.gender.get(w) or self.gender(w)) == wanted]
        if len(fits) == 1 or (known and known[0] == fits[0] and len(known) == 1):
            mentions.gender.setdefault(fits[0], wanted)
            return Resolution(fits[0], tuple(fits))
        return Resolution("", tuple(fits))
