"""Who can know what: somebody says what they have had no way to learn.

What the speaker of a passage is declared to know, and the story has so far shown or told to others
alone, must have reached them first. Matters are compared by their words, names by whom they mean.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from tta_rebuild.canon.fact_check import Contradiction, lies_in, plain
from tta_rebuild.canon.recall import subjects_named, words_in
from tta_rebuild.canon.view import Canon, Fact
from tta_rebuild.core.story import Claim, LastingLine

INNER = ("knows", "secret", "believes")
"""Relations whose value is what somebody has in mind."""

PUBLIC = frozenset(
    ["alive", "role", "name", "alias", "age", "kin", "trait", "looks", "feeling", "met", "weather"]
)
"""Relations of what may be known without having been there."""

_LEAST_SHARED, _SHARE, _ALIKE_FROM = 2, 0.66, 4
"""Words that two matters must share, the share of the shorter one that these must be, and letters
that words must have in common at their beginning to be alike."""


@dataclass(frozen=True)
class _Told:
    """Something that some know: its words, its text and event; by a line or by a fact."""

    matter: frozenset[str]
    text: str
    since: int
    known_by: tuple[str, ...] = ()
    fact: Fact | None = None

    @cached_property
    def near(self) -> frozenset[str]:
        """The beginnings that words like these share."""
        return frozenset(word[:_ALIKE_FROM] for word in self.matter)


class KnowledgeCheck:
    """Holds what a speaker knows against what they could learn.

    ``everybody`` are ids of the people of the story, ``lines`` the lasting lines in force.
    """

    def __init__(
        self, canon: Canon, everybody: Iterable[str], lines: Mapping[int, LastingLine]
    ) -> None:
        self._canon = canon
        self._everybody = tuple(dict.fromkeys(everybody))
        self._lines = lines
        self._matters: dict[str, frozenset[str]] = {}
        self._minds: dict[str, list[_Told]] = {}
        self._known: dict[tuple[str, ...], list[_Told]] = {}

    def contradictions(self, speaker: str, claims: Iterable[Claim]) -> Iterator[Contradiction]:
        """What the speaker of a passage knows by its facts, and cannot."""
        for claim in claims:
            is_known = claim.relation == "knows" and claim.subject == speaker and not claim.ends
            found = self._unlearnt(speaker, claim.value) if is_known else None
            if found is not None:
                who = plain(speaker)
                yield Contradiction(
                    kind="knowledge_nobody_gave",
                    message=f"{who} says what nobody has told them: {claim.value}",
                    sentence=claim.sentence,
                    against=found[0],
                    relation=claim.relation,
                    subject=speaker,
                    positions=(found[1],),
                    fix=f"leave it out, or tell first how {who} learns it",
                )

    def may_know(self, who: str, said: str) -> bool:
        """Whether somebody may have what is said, as far as the story has shown."""
        return self._unlearnt(who, said) is None

    def has_in_mind(self, who: str, said: str) -> bool:
        """Whether what is said is among what somebody is surely known to have in mind."""
        return bool(self._found(self._matter(said), self._in_mind(who)))

    def _unlearnt(self, speaker: str, said: str) -> tuple[str, int] | None:
        """Where others have it from, in words and by event; None if the speaker may have it too."""
        matter = self._matter(said)
        if self._found(matter, self._in_mind(speaker)):
            return None
        told = self._found(matter, self._told(self._everybody))
        named = tuple(subjects_named(self._canon, said))
        told += self._found(matter, self._told(tuple(w for w in named if w not in self._everybody)))
        told = [one for one in told if one.fact is None or one.fact.subject != speaker]
        if not told or any(self._reached(speaker, one) for one in told):
            return None
        return told[0].text, told[0].since

    def _in_mind(self, speaker: str) -> list[_Told]:
        if speaker not in self._minds:
            own = (f for f in self._canon.facts_about(speaker) if f.relation in INNER)
            self._minds[speaker] = [_Told(self._matter(f.value), f.value, f.since) for f in own]
        return self._minds[speaker]

    def _told(self, people: tuple[str, ...]) -> list[_Told]:
        """What the story has shown or told of these people; of everybody the lines of some, too."""
        if people in self._known:
            return self._known[people]
        canon, found = self._canon, []
        for number, line in self._lines.items() if people == self._everybody else ():
            if line.known_by:
                found.append(_Told(self._matter(line.text), line.text, number, line.known_by))
        for who in people:
            for fact in canon.facts_about(who):
                inner = fact.relation in INNER
                if inner or (fact.relation not in PUBLIC and canon.turn_of(fact.since) > 1):
                    said = canon.relations[fact.relation].say(fact.subject, fact.value)
                    words = self._matter(fact.value if inner else said)
                    found.append(_Told(words, said, fact.since, fact=fact))
        self._known[people] = found
        return found

    def _found(self, matter: frozenset[str], told: list[_Told]) -> list[_Told]:
        """Of what was told all that is the same matter, in order."""
        near = {word[:_ALIKE_FROM] for word in matter}
        return [
            one
            for one in told
            if len(near & one.near) >= _LEAST_SHARED
            if self._same(matter, one.matter)
        ]

    def _reached(self, speaker: str, told: _Told) -> bool:
        """Whether the speaker may have it from there."""
        return speaker in told.known_by or (
            told.fact is not None and self._was_there(speaker, told.fact)
        )

    def _was_there(self, speaker: str, fact: Fact) -> bool:
        """Whether somebody was in the scene of a fact, as far as the canon still says."""
        canon, turn = self._canon, self._canon.turn_of(fact.since)
        if turn == canon.turn_of(canon.position):
            return True
        own = [one for one in canon.facts_about(speaker) if canon.turn_of(one.since) == turn]
        here = next((one.value for one in own if one.relation == "located_in"), None)
        there = canon.fact(fact.subject, "located_in")
        if here is None or there is None or canon.turn_of(there.since) != turn:
            return bool(own)
        return lies_in(canon, here, there.value) or lies_in(canon, there.value, here)

    def _matter(self, text: str) -> frozenset[str]:
        """The words of a text that say what it is about, a name as the id of whom it means."""
        if text not in self._matters:
            words = words_in(text.replace("_", " "))
            self._matters[text] = frozenset(map(self._meant, words))
        return self._matters[text]

    def _same(self, one: frozenset[str], other: frozenset[str]) -> bool:
        """Whether two matters are the same: all words of the shorter one, or most of them.

        Most will do only where they say something: whom two sentences are about is not enough.
        """
        few, many = sorted((one, other), key=len)
        shared = [w for w in few if w in many or any(_alike(w, its) for its in many)]
        telling = [word for word in shared if word not in self._everybody]
        if len(shared) < _LEAST_SHARED or len(shared) < _SHARE * len(few):
            return False
        return len(shared) == len(few) or len(telling) >= _LEAST_SHARED

    def _meant(self, word: str) -> str:
        bare = word.removesuffix("'s").removesuffix("’s")
        named = self._canon.named(bare)
        return named[0] if len(named) == 1 else bare


def _alike(one: str, other: str) -> bool:
    least = max(_ALIKE_FROM, min(len(one), len(other)) - 2)  # letters at the beginning
    return one[:least] == other[:least] and abs(len(one) - len(other)) <= 3
