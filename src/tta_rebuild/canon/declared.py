"""What a storyteller declares with a passage: taken as facts, and held against what is so.

A value that the story's own motion explains is change; what no event of the passage, the player's
move or the scene can explain is a contradiction. No language is known here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from tta_rebuild.canon.fact_check import Contradiction, FactCheck, Telling, plain
from tta_rebuild.canon.people import People
from tta_rebuild.canon.recall import words_in
from tta_rebuild.canon.relations import key_of
from tta_rebuild.canon.view import Canon
from tta_rebuild.core.english import sentences_of
from tta_rebuild.core.events import FactAsserted
from tta_rebuild.core.story import NARRATOR, Claim, Passage


class DeclaredCheck:
    """Takes in declared facts; ``people`` says who is meant, ``canon`` is asked, never changed.

    ``before`` is what held before the player's move: what fits either is no contradiction, since
    the scene decides whether the move comes off.
    """

    def __init__(self, canon: Canon, people: People, before: Canon | None = None) -> None:
        self._canon = canon
        self._people = people
        self._before = before

    def claims(self, passage: Passage, present: Sequence[str] = ()) -> tuple[Claim, ...]:
        """The passage's facts in the canon's terms, each with the sentence that bears it out.

        One that no sentence bears out counts too. Facts under a spoken line are the speaker's word
        unless they say who said so.
        """
        told = sentences_of(passage.text)
        speaker = self._people.id_of(passage.speaker, "", present) if passage.speaker else NARRATOR
        return tuple(self._claim(fact, passage, told, speaker, present) for fact in passage.facts)

    def _claim(
        self,
        fact: Claim,
        passage: Passage,
        told: Sequence[str],
        speaker: str,
        present: Sequence[str],
    ) -> Claim:
        people, relations = self._people, self._canon.relations
        relation, value, ends = relations.understood(fact.relation, fact.value, fact.ends)
        subject = people.id_of(fact.subject, passage.text, present)
        kind = relations[relation]
        if kind.final and not people.is_own_name(fact.subject, subject):
            subject = key_of(fact.subject)  # who goes by a dead man's name is not dead
        if value and kind.value in ("person", "thing"):
            value = people.id_of(value, passage.text, present)
        return replace(
            fact,
            subject=subject,
            relation=relation,
            value=value,
            ends=ends,
            certain=fact.certain and not people.is_pronoun(fact.subject),
            sentence=_bearing(fact, told),
            speaker=fact.speaker if fact.speaker != NARRATOR else speaker,
        )

    def check(self, claims: Sequence[Claim], *, speaker: str = "") -> list[Contradiction]:
        """Compare claims, in order, each against what holds and what the ones before it say.

        ``speaker`` is the id of who speaks the passage, or does what a choice says; "" for nobody.
        """
        found = [*self._speaker(speaker), *self._against(self._canon, claims)]
        if found and self._before is not None:
            before = (*self._speaker(speaker), *self._against(self._before, claims))
            kept = {(c.kind, c.subject, c.relation) for c in before}
            found = [c for c in found if (c.kind, c.subject, c.relation) in kept]
        return found

    def _speaker(self, speaker: str) -> Iterable[Contradiction]:
        if speaker and speaker != self._people.player:
            claim = Claim(subject=speaker, relation="does", value="speak")
            for found in FactCheck(self._canon, claim, Telling()).contradictions():
                since = found.positions[0]
                said = f"{plain(speaker)} acts or speaks, but is dead since event {since}"
                yield replace(found, message=said)

    def _against(self, canon: Canon, claims: Sequence[Claim]) -> Iterable[Contradiction]:
        if not claims:
            return
        base, canon = canon, canon.fork()
        laid = ("dead", "body", "buried")
        bodies = {c.subject for c in claims if c.relation == "alive" or key_of(c.value) in laid}
        ended = {(c.subject, c.relation) for c in claims if c.ends}
        for claim in claims:
            telling = Telling(
                as_change=True,
                declared=True,
                may_haunt=True,
                of_a_body=claim.subject in bodies or claim.subject == self._people.player,
                explained=(claim.subject, claim.relation) in ended,
            )
            # what ends is held against what was before: the taker may be told before the giver
            has = claim.ends and canon.holds_at(claim.subject, claim.relation, claim.value)
            against = base if claim.ends and not has else canon
            for found in FactCheck(against, claim, telling).contradictions():
                if not found.is_guess and claim.certain:
                    yield found
            assert_claim(canon, claim)


def assert_claim(canon: Canon, claim: Claim) -> None:
    """Let a claim hold (or end) from the next position of a canon on; use it on a fork."""
    canon.apply(canon.position + 1, FactAsserted(claim=claim))


def _bearing(fact: Claim, told: Sequence[str]) -> str:
    """The sentence that shares most words with a fact's subject and value, "" if none does."""
    if fact.sentence:
        return fact.sentence
    wanted = words_in(f"{fact.subject} {fact.value}".replace("_", " "))
    best = max(told, key=lambda s: len(wanted & words_in(s)), default="")
    return best if wanted & words_in(best) else ""
