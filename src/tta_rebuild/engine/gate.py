"""The gate: what is true and what is allowed, asked of every passage before the player sees it.

What the player's move would make true stands in a draft canon: a passage may fit what was before it
or what comes after. What has been released counts for the next sentence.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from tta_rebuild.canon.declared import DeclaredCheck, assert_claim
from tta_rebuild.canon.fact_check import Contradiction, plain
from tta_rebuild.canon.knowledge import KnowledgeCheck
from tta_rebuild.canon.people import People
from tta_rebuild.canon.relations import key_of
from tta_rebuild.core.english import sentences_of
from tta_rebuild.core.events import PassageWithheld, PlayerActed
from tta_rebuild.core.story import NARRATOR, Choice, Claim, Passage
from tta_rebuild.engine.messages import message
from tta_rebuild.engine.turn_input import TurnInput
from tta_rebuild.safety import BoundaryFinding

HEAVY_FROM_THE_FIRST, HEAVIEST = 1, 3
"""Weights of a finding from which it counts: every one, and what dwells on the matter."""

SEAM_CHARS = 240
"""Characters of what was shown last in which a phrase may begin that the next passage ends."""


class Gate:
    """One turn's gate.

    Where it ``is_read``, a second reader judges each passage after the opening one: words that only
    may go against a boundary are left to it, the heaviest are held back at once. ``canon`` is what
    holds as of the last released passage, ``claims`` what they made true or ended, in order;
    ``people`` knows who is meant by what a reply calls them.
    """

    def __init__(self, turn: TurnInput, *, is_read: bool = False) -> None:
        self._state = state = turn.state
        self._safety = turn.safety
        self._rules = turn.rules
        self._is_read = is_read
        self._heavy = HEAVY_FROM_THE_FIRST
        self._cast = frozenset(c.character_id for c in state.premise.characters)
        self._may_speak = 1 if turn.moved else 0
        self._effects = turn.chosen.effects if turn.chosen else ()
        self._before = state.canon.fork(state.position)
        self._before.apply(state.position + 1, PlayerActed(text=""))  # a new turn begins
        self._taken: list[tuple[Passage, list[Claim]]] = []
        self.keep(0)

    def keep(self, number: int) -> None:
        """Stand where the first ``number`` of the passages that passed lead; forget the others."""
        taken, self._taken = self._taken[:number], []
        state = self._state
        self.canon = self._before.fork()
        self.people = People(self.canon, state.premise.characters, state.premise.language)
        self.claims: list[Claim] = []
        self._shown = state.scene.text[-SEAM_CHARS:] if state.scene else ""
        self._spoken = 0
        self._check = self._new_check()
        for passage, claims in taken:
            self._count(passage, claims)

    def warnings(self, passage: Passage) -> list[str]:
        """Content warnings due before this passage."""
        return self._safety.warnings(passage.text)

    def allowed(self, text: str) -> str:
        """A short text that is shown beside the prose, or "" if it may not be."""
        return "" if self._named(text) else text

    def _named(self, text: str) -> BoundaryFinding | None:
        """It may be a name whose words ``_`` joins, or words with emphasis: both readings count."""
        found = (self._safety.finding(reading) for reading in (text, text.replace("_", " ")))
        return next(filter(None, found), None)

    def unsafe(self, passage: Passage, least: int = HEAVY_FROM_THE_FIRST) -> PassageWithheld | None:
        """The first sentence that the lists of words hold back, by findings of this weight on."""
        told = sentences_of(passage.text) or [passage.text]
        if passage.speaker not in self._cast:  # a name of the storyteller's own making
            named = self._named(passage.speaker)
            if named is not None:
                return _unsafe(told[0], named)
        whole = self._safety.finding(passage.text, self._shown)
        if whole is None or whole.weight < least:
            return None
        before = self._shown
        for sentence in told:
            found = self._safety.finding(sentence, before)
            if found is not None and found.weight >= least:
                return _unsafe(sentence, found)
            before = f"{before} {sentence}"[-SEAM_CHARS:]
        return _unsafe(told[0], whole)

    def examine(
        self, passage: Passage, *, is_opening: bool = False
    ) -> tuple[Passage | None, PassageWithheld | None]:
        """Split a passage into what may be shown, whose facts count from now on, and what may not.

        The sentences before the wrong one pass; a contradiction of declared facts holds back all.
        """
        passage = self._labelled(passage)
        self._heavy = HEAVIEST if self._is_read and not is_opening else HEAVY_FROM_THE_FIRST
        claims = self._check.claims(passage, self._present(passage))
        held = self._objection(passage, claims)
        if held is None:
            return self._accept(passage, claims), None
        told = sentences_of(passage.text)
        index = next((i for i, s in enumerate(told) if held.text and s == held.text), 0)
        good = self._head(passage, told[:index], claims)
        return good, replace(held, text=" ".join(told[index:]) or passage.text)

    def _head(self, passage: Passage, told: list[str], claims: Sequence[Claim]) -> Passage | None:
        text = " ".join(told)
        is_quoting = text.count("\u201c") != text.count("\u201d") or text.count('"') % 2
        if not told or is_quoting:  # an open quotation must not be cut
            return None
        kept = tuple(c for c in claims if c.sentence and c.sentence in text)
        good = replace(passage, text=text, facts=kept)
        return None if self._objection(good, kept) else self._accept(good, kept)

    def _objection(self, passage: Passage, claims: Sequence[Claim]) -> PassageWithheld | None:
        unsafe = self.unsafe(passage, self._heavy)
        if unsafe is not None:
            return unsafe
        told = sentences_of(passage.text) or [passage.text]
        speaker = self._speaker(passage)
        if speaker and speaker == self.people.player and self._spoken >= self._may_speak:
            return PassageWithheld(
                text=told[0],
                gate="canon",
                reason=message("player_speaks"),
                against="the player speaks for their own character",
            )
        for found in (*self._contradictions(passage, claims, speaker), *self._ruled(told)):
            if found.blocks:
                return PassageWithheld(
                    text=found.sentence, gate="canon", reason=found.message, against=found.against
                )
        return None

    def _contradictions(
        self, passage: Passage, claims: Sequence[Claim], speaker: str
    ) -> Iterable[Contradiction]:
        """What is told against what holds; what is said against it is only said."""
        if not passage.speaker:
            return self._check.check(claims)
        state = self._state
        knowledge = KnowledgeCheck(self.canon, (*self._cast, *state.characters), state.lines)
        known = knowledge.contradictions(speaker, claims)
        return (*self._check.check((), speaker=speaker), *known)

    def _ruled(self, told: Sequence[str]) -> list[Contradiction]:
        if not self._rules.rules or not self._state.premise.language.startswith("en"):
            return []
        canon = self.canon

        def classes_of(name: str) -> list[str]:
            who = canon.id_of(name)
            return [key_of(canon.value(who, one) or "") for one in ("role", "species")]

        judge = self._rules.contradictions
        return [found for sentence in told for found in judge(sentence, classes_of=classes_of)]

    def _new_check(self) -> DeclaredCheck:
        if not self._effects:
            return DeclaredCheck(self.canon, self.people)
        moved = self.canon.fork()
        for effect in self._effects:
            assert_claim(moved, effect)
        return DeclaredCheck(moved, self.people, before=self.canon)

    def _labelled(self, passage: Passage) -> Passage:
        """The passage without an emotion or facts that may not be shown (the prose is judged)."""
        facts = tuple(f for f in passage.facts if self.allowed(f"{f.subject} {f.value}"))
        speaker = passage.speaker
        if speaker and speaker not in self._cast:
            known = self.people.id_of(speaker, passage.text)
            speaker = known if known in self._cast or self.canon.knows_of(known) else speaker
        emotion = self.allowed(passage.emotion)
        return replace(passage, facts=facts, emotion=emotion, speaker=speaker)

    def _speaker(self, passage: Passage) -> str:
        return self.people.id_of(passage.speaker, passage.text) if passage.speaker else ""

    def _present(self, passage: Passage) -> list[str]:
        """Who is meant before others: those of whom this scene has said something."""
        said = [claim.subject for claim in reversed(self.claims)]
        ids = dict.fromkeys([passage.speaker, *said])
        return [who for who in ids if who in self._cast or self.canon.is_person(who)]

    def _accept(self, passage: Passage, claims: Sequence[Claim]) -> Passage:
        passage = replace(passage, facts=tuple(claims))
        self._count(passage, self._true_of(passage, claims))
        return passage

    def _count(self, passage: Passage, claims: list[Claim]) -> None:
        self._taken.append((passage, claims))
        if passage.speaker and self._speaker(passage) == self.people.player:
            self._spoken += 1
        for claim in claims:
            said = claim.speaker != NARRATOR
            known = self.canon.holds_at(claim.subject, claim.relation, claim.value)
            assert_claim(self.canon, claim)
            if claim.ends or said or known is None:
                self.claims.append(claim)
        self._shown = f"{self._shown} {passage.text}"[-SEAM_CHARS:]
        self._check = self._new_check()

    def _true_of(self, passage: Passage, claims: Sequence[Claim]) -> list[Claim]:
        """The claims as facts: what is declared with a spoken line is so, unless it cannot be.

        Then, or where nothing could take it back (a death), it is the speaker's word alone.
        """
        if not passage.speaker:
            return list(claims)
        told = []
        for claim in claims:
            as_fact = replace(claim, speaker=NARRATOR)
            final = self.canon.relations[claim.relation].final
            is_final = self.canon.relations.normal(claim.relation, claim.value)[1] in final
            is_wrong = any(c.blocks for c in self._check.check([as_fact]))
            told.append(claim if is_wrong or is_final else as_fact)
        return told

    def contradictions(self, text: str, claims: Sequence[Claim] = ()) -> list[Contradiction]:
        """What makes a choice impossible even to try; ``claims`` are its declared effects."""
        check = DeclaredCheck(self.canon, self.people)
        effects = check.claims(Passage(text=text, facts=tuple(claims)))
        doer = self.people.id_of(text.split(maxsplit=1)[0]) if text.strip() else ""
        ruled = self._ruled(sentences_of(text) or [text])
        found = (*check.check(effects, speaker=doer), *ruled)
        return [replace(one, sentence=one.sentence or text) for one in found if one.blocks]

    def objection_to(self, choice: Choice) -> str | None:
        """Why a choice is not offered, or None if it may be."""
        declared = (f"{effect.subject} {plain(effect.value)}." for effect in choice.effects)
        finding = self._safety.finding(f"{choice.text} {choice.consequence} {' '.join(declared)}")
        return finding.reason if finding else None


def _unsafe(sentence: str, finding: BoundaryFinding) -> PassageWithheld:
    return PassageWithheld(
        text=sentence, gate="safety", reason=finding.reason, against=finding.category
    )
