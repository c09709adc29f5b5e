"""The gate: what is true and what is allowed, asked of every passage before the player sees it.

Called by ``engine.telling`` and ``engine.consequences``. Leans on ``canon`` (is it true?) and
``safety`` (is it allowed?). Within a scene it remembers what the released passages made true, so
that the second sentence is checked against the first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tta_rebuild.canon.contradiction import Contradiction, Findings
from tta_rebuild.core.events import PassageWithheld, PlayerActed
from tta_rebuild.core.story import NARRATOR, Choice, Claim, Passage
from tta_rebuild.engine.state import StoryState
from tta_rebuild.reading.checker import Checker
from tta_rebuild.reading.prose_reader import sentences_of
from tta_rebuild.reading.world_rules import WorldRules
from tta_rebuild.safety import BoundaryFinding, SafetyGate

SEAM_CHARS = 240
"""Characters of what was shown last in which a phrase may begin that the next passage ends."""


class Gate:
    """One turn's gate.

    Attributes:
        claims: what the released passages made true or ended, in order.
        checker: the canon's checker as of the last released passage.
    """

    def __init__(self, state: StoryState, safety: SafetyGate, rules: WorldRules) -> None:
        self._safety = safety
        self._rules = rules
        self._before = state.scene.text if state.scene else ""
        self._cast = frozenset(c.character_id for c in state.premise.characters)
        self._shown = self._before[-SEAM_CHARS:]
        canon = state.canon.fork(state.position)
        canon.apply(state.position + 1, PlayerActed(text=""))  # a new turn begins
        self._marked = canon, 0, self._shown
        self.claims: list[Claim] = []
        self.restart()

    def mark(self) -> None:
        """Remember this moment: ``restart`` comes back to it."""
        self._marked = self.checker.canon.fork(), len(self.claims), self._shown

    def restart(self) -> None:
        """Forget what has been released since the mark: the scene begins anew from there."""
        canon, count, self._shown = self._marked
        del self.claims[count:]
        self.checker = Checker(canon.fork(), self._rules)
        self.checker.hear(self._before)

    def warnings(self, passage: Passage) -> list[str]:
        """Content warnings due before this passage."""
        return self._safety.warnings(passage.text)

    def allowed(self, text: str) -> str:
        """A short text that is shown beside the prose, or "" if it may not be.

        It may be a name whose words ``_`` joins, or words with emphasis: both readings count.
        """
        for reading in {text, text.replace("_", " ")}:
            if self._safety.finding(reading):
                return ""
        return text

    def examine(self, passage: Passage) -> tuple[Passage | None, PassageWithheld | None]:
        """Split a passage into what may be shown, whose facts count from now on, and what may not.

        The sentences before the first contradiction pass; from there on the passage is held back.
        """
        passage = self._labelled(passage)
        findings = self._findings(passage)
        held = self._objection(passage, findings)
        if held is None:
            self._accept(passage, findings)
            return passage, None
        sentence, withheld = held
        told = sentences_of(passage.text)
        index = next((i for i, s in enumerate(told) if s == sentence or sentence in s), 0)
        withheld = replace(withheld, text=" ".join(told[index:]))
        good = self._head(passage, told[:index], findings)
        return good, withheld

    def _head(self, passage: Passage, told: list[str], whole: Findings) -> Passage | None:
        """The good beginning of a passage, if there is one that passes by itself."""
        if not told or not _closed(" ".join(told)):
            return None
        text = " ".join(told)
        facts = tuple(f for f in whole.claims if f.sentence in text) if passage.facts else ()
        good = replace(passage, text=text, facts=facts)
        findings = self._findings(good)
        if self._objection(good, findings) is not None:
            return None
        self._accept(good, findings)
        return good

    def contradictions(self, text: str, claims: Sequence[Claim] = ()) -> list[Contradiction]:
        """What makes a choice impossible as things stand; ``claims`` are its declared effects."""
        found = [*self.checker.contradictions(text), *self.checker.check_effects(claims, text)]
        return [contradiction for contradiction in found if contradiction.blocks]

    def objection_to(self, choice: Choice) -> str | None:
        """Why a choice is not offered, or None if it may be."""
        declared = (f"{effect.subject} {effect.value}." for effect in choice.effects)
        finding = self._safety.finding(f"{choice.text} {choice.consequence} {' '.join(declared)}")
        return finding.reason if finding else None

    def _findings(self, passage: Passage) -> Findings:
        """What the canon says to a passage, and what the passage makes true.

        Facts under a spoken line are the speaker's word. What the storyteller declared stands, even
        if that is nothing; only where it declared nothing at all is the prose read for facts.
        """
        speaker = passage.speaker or NARRATOR
        facts = [f if f.speaker != NARRATOR else replace(f, speaker=speaker) for f in passage.facts]
        found = self.checker.check(passage.text, facts, speaker=speaker)
        if passage.declared and not passage.facts:
            return replace(found, claims=())
        return found

    def _objection(
        self, passage: Passage, findings: Findings
    ) -> tuple[str, PassageWithheld] | None:
        """The first sentence that may not be shown, and why."""
        told = sentences_of(passage.text) or [passage.text]
        unsafe = self._unsafe(passage, told)
        if unsafe is not None:
            sentence, finding = unsafe
            return sentence, PassageWithheld(
                text=sentence, gate="safety", reason=finding.reason, against=finding.category
            )
        blocking = findings.blocking
        if not blocking:
            return None
        order = {sentence: i for i, sentence in enumerate(told)}
        first = min(blocking, key=lambda contradiction: order.get(contradiction.sentence, 0))
        return first.sentence, PassageWithheld(
            text=first.sentence, gate="canon", reason=first.message, against=first.against
        )

    def _unsafe(self, passage: Passage, told: Sequence[str]) -> tuple[str, BoundaryFinding] | None:
        """The first sentence that the player's boundaries keep out, and what is in it."""
        if passage.speaker not in self._cast:  # a name of the storyteller's own making
            for reading in (passage.speaker, passage.speaker.replace("_", " ")):
                named = self._safety.finding(reading)
                if named is not None:
                    return told[0], named
        whole = self._safety.finding(passage.text, self._shown)
        if whole is None:
            return None
        before = self._shown
        for sentence in told:
            found = self._safety.finding(sentence, before)
            if found is not None:
                return sentence, found
            before = f"{before} {sentence}"[-SEAM_CHARS:]
        return told[0], whole

    def _labelled(self, passage: Passage) -> Passage:
        """The passage without an emotion or facts that may not be shown (the prose is judged)."""
        facts = tuple(f for f in passage.facts if self.allowed(f"{f.subject} {f.value}"))
        emotion = self.allowed(passage.emotion)
        if emotion == passage.emotion and len(facts) == len(passage.facts):
            return passage
        return replace(passage, facts=facts, emotion=emotion)

    def _accept(self, passage: Passage, findings: Findings) -> None:
        canon = self.checker.canon
        self.claims.extend(
            claim
            for claim in findings.claims
            if claim.ends
            or claim.speaker != NARRATOR
            or not canon.holds_at(claim.subject, claim.relation, claim.value)
        )
        self.checker.take(findings)
        self.checker.hear(passage.text)
        self._shown = f"{self._shown} {passage.text}"[-SEAM_CHARS:]


def _closed(text: str) -> bool:
    """False inside an open quotation, which must not be cut."""
    return text.count("\u201c") == text.count("\u201d") and text.count('"') % 2 == 0
