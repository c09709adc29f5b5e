"""Canon: what holds at event n on a branch.

The engine feeds it the branch's events one by one (``canon.fold``); checks, recall, the choices and
the commands ask it. Every question is answered by index: the cost does not grow with the story.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from operator import attrgetter

from tta_rebuild.canon.fold import BELIEF, NAMED, FactFold, value_in
from tta_rebuild.canon.history import Entry, Key
from tta_rebuild.canon.relations import key_of
from tta_rebuild.core.story import NARRATOR, Claim

STORY = "story"
"""The subject of what concerns the whole story: time of day, weather."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something that holds since the event at a position, with where it comes from.

    ``sentence`` is the one it was read from, "" if none; ``speaker`` is ``NARRATOR``, or whose
    belief it is; it is not ``certain`` if it was inferred.
    """

    subject: str
    relation: str
    value: str
    since: int
    sentence: str = ""
    speaker: str = NARRATOR
    certain: bool = True

    def as_claim(self) -> Claim:
        """The claim that would assert it again."""
        said = ("subject", "relation", "value", "sentence", "speaker", "certain")
        return Claim(**{name: getattr(self, name) for name in said})


def _fact(subject: str, key: Key, entry: Entry) -> Fact:
    claim = entry.claim
    return Fact(
        subject=subject,
        relation=key[0],
        value=value_in(subject, claim),
        since=entry.position,
        sentence=claim.sentence,
        speaker=claim.speaker,
        certain=claim.certain,
    )


def _in_order(facts: Iterable[Fact]) -> list[Fact]:
    return sorted(facts, key=attrgetter("since", "subject", "relation", "value"))


class Canon(FactFold):
    """What holds on one branch, now and at any earlier event (``at``; default: now)."""

    def facts_about(self, subject: str, at: int | None = None) -> list[Fact]:
        """What holds of a subject, oldest first."""
        subject = self.id_of(subject)
        is_now = at is None or at >= self.position
        found = self._now(subject) if is_now else self._then(subject, at or 0)
        return _in_order(
            _fact(subject, key, entry)
            for key, entry in found.items()
            if key[0] and not key[0].startswith("~")
        )

    def fact(
        self, subject: str, relation: str, slot: str = "", at: int | None = None
    ) -> Fact | None:
        """What holds in one slot (see ``Relations.normal``), None if nothing does."""
        subject = self.id_of(subject)
        entry = self._entry(subject, (relation, slot), at)
        return _fact(subject, (relation, slot), entry) if entry else None

    def value(self, subject: str, relation: str, at: int | None = None) -> str | None:
        """The value of a relation that takes one, None if nothing is known."""
        found = self.fact(subject, relation, at=at)
        return found.value if found else None

    def values(self, subject: str, relation: str, at: int | None = None) -> list[str]:
        """All values of a relation that hold."""
        return [f.value for f in self.facts_about(subject, at) if f.relation == relation]

    def holds_at(
        self, subject: str, relation: str, value: str, at: int | None = None
    ) -> Fact | None:
        """The fact, if exactly this holds (synonyms count), else None."""
        slot, normal = self.relations.normal(relation, value)
        held = self.fact(subject, relation, slot, at)
        is_so = held is not None and self.relations.normal(relation, held.value)[1] == normal
        return held if is_so else None

    def bearer(self, relation: str, value: str) -> Fact | None:
        """Of a relation with an inverse: the fact that names who has this value now."""
        inverse = self.relations[relation].inverse
        entry = self._now(self.id_of(value)).get(("~" + inverse, "")) if inverse else None
        return _fact(self.id_of(entry.claim.subject), (relation, ""), entry) if entry else None

    def last_of(self, subject: str, relation: str, value: str) -> tuple[Fact, bool] | None:
        """The latest word on a value, and whether it ended it: so lost things are told apart."""
        subject = self.id_of(subject)
        key = (relation, self.relations.normal(relation, value)[0])
        entry = self._segment.latest(subject, key, self.position)
        return (_fact(subject, key, entry), entry.ends) if entry else None

    def was_so(self, claim: Claim) -> Fact | None:
        """The latest fact of this path that says what a claim says, even if it holds no more."""
        subject, key, entry = self._latest_saying(claim)
        return _fact(subject, key, entry) if entry else None

    def all_now(self, at: int | None = None) -> list[Fact]:
        """Everything that holds, oldest first (beliefs not included)."""
        return _in_order(
            fact
            for subject in self._segment.subjects()
            if BELIEF not in subject and not subject.startswith(NAMED)
            for fact in self.facts_about(subject, at)
        )

    def beliefs_of(self, speaker: str) -> list[Fact]:
        """What a character has said to be so; it need not be true."""
        prefix = self.id_of(speaker) + BELIEF
        return _in_order(
            replace(fact, subject=subject.removeprefix(prefix))
            for subject in self._segment.subjects()
            if subject.startswith(prefix)
            for fact in self.facts_about(subject)
        )

    def named(self, name: str) -> list[str]:
        """Ids of those who go by a name, part of a name, alias, title or role, now."""
        name = key_of(name)
        bearers = self._now(NAMED + name)
        # in the order in which they came by it, however this canon was put together
        found = [slot for _, slot in sorted((e.position, slot) for (_, slot), e in bearers.items())]
        return found if name in found or not self.knows_of(name) else [name, *found]

    def knows_of(self, subject: str) -> bool:
        """Whether any fact of this path has it as its subject."""
        return self._segment.knows_of(subject)

    def is_person(self, subject: str) -> bool:
        """Whether something holds of a subject that can hold of people alone."""
        relations = (self.relations[name] for name, _ in self._now(self.id_of(subject)))
        return any(one.person or one.name == "alive" for one in relations)

    def turn_began_at(self) -> int:
        """The position at which the present turn began."""
        return self._segment.turn_began_at(self.position)

    def turn_of(self, position: int) -> int:
        """The turn of an event, from 1; what the premise says counts to the first."""
        return self._segment.turns_upto(position)

    def entries_after(self, subject: str, position: int) -> list[Entry]:
        """Entries about a subject later than a position, in order (for retcons)."""
        return self._segment.entries(self.id_of(subject), position)
