"""Who can know what: somebody says what they have had no way to learn.

What the speaker of a passage is declared to know, and the story has so far shown or told to others
alone, must have reached them first. Matters are compared by their words, names by whom they mean.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

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

_LEAST_SHARED, _SHARE = 2, 0.66
"""Words that two matters must share, and the share of the shorter one that these must be."""


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

    def _unlearnt(self, speaker: str, said: str) -> tuple[str, int] | None:
        """Where others have it from, in words and by event; None if the speaker may have it too."""
        matter = self._matter(said)
        own = (f.value for f in self._canon.facts_about(speaker) if f.relation in INNER)
        if any(self._same(matter, self._matter(one)) for one in own):
            return None
        told = [one for one in self._known(speaker, said) if self._same(matter, one[0])]
        is_open = any(is_open for *_, is_open in told)
        return told[0][1:3] if told and not is_open else None

    def _known(self, speaker: str, matter: str) -> Iterator[tuple[frozenset[str], str, int, bool]]:
        """What the story has shown or told: its words, its text, its event, and to the speaker?"""
        for number, line in self._lines.items():
            if line.known_by:
                yield self._matter(line.text), line.text, number, speaker in line.known_by
        canon = self._canon
        for who in dict.fromkeys((*self._everybody, *subjects_named(canon, matter))):
            for fact in canon.facts_about(who) if who != speaker else ():
                inner = fact.relation in INNER
                if inner or (fact.relation not in PUBLIC and canon.turn_of(fact.since) > 1):
                    told = canon.relations[fact.relation].say(fact.subject, fact.value)
                    words = self._matter(fact.value if inner else told)
                    yield words, told, fact.since, self._was_there(speaker, fact)

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
        return frozenset(self._meant(word) for word in words_in(text.replace("_", " ")))

    def _same(self, one: frozenset[str], other: frozenset[str]) -> bool:
        """Whether two matters are the same: all words of the shorter one, or most of them.

        Most will do only where they say something: whom two sentences are about is not enough.
        """
        few, many = sorted((one, other), key=len)
        shared = [word for word in few if any(_alike(word, its) for its in many)]
        telling = [word for word in shared if word not in self._everybody]
        if len(shared) < _LEAST_SHARED or len(shared) < _SHARE * len(few):
            return False
        return len(shared) == len(few) or len(telling) >= _LEAST_SHARED

    def _meant(self, word: str) -> str:
        bare = word.removesuffix("'s").removesuffix("’s")
        named = self._canon.named(bare)
        return named[0] if len(named) == 1 else bare


def _alike(one: str, other: str) -> bool:
    least = max(4, min(len(one), len(other)) - 2)  # letters at the beginning
    return one[:least] == other[:least] and abs(len(one) - len(other)) <= 3
