"""The gate: what is true and what is allowed, asked of every passage before the player sees it.

Called by ``engine.telling`` and ``engine.consequences``. Leans on ``canon`` (is it true?) and
``safety`` (is it allowed?). Within a scene it remembers what the released passages made true, so
that the second sentence is checked against the first.
"""

from __future__ import annotations

from dataclasses import replace

from tta_rebuild.canon.checker import Checker
from tta_rebuild.canon.reader import Reader
from tta_rebuild.canon.sentences import sentences
from tta_rebuild.core.events import FactAsserted, FactRetracted, PassageWithheld
from tta_rebuild.core.story import Choice, Claim, Passage
from tta_rebuild.engine.state import StoryState
from tta_rebuild.safety import SafetyGate


class Gate:
    """One turn's gate.

    Attributes:
        claims: what the released passages made true or ended, in order.
    """

    def __init__(self, state: StoryState, safety: SafetyGate) -> None:
        self._state = state
        self._safety = safety
        self.claims: list[Claim] = []
        self.restart()

    def restart(self) -> None:
        """Forget what this scene made true: it begins anew."""
        self.claims.clear()
        self._position = self._state.position
        self._canon = self._state.canon.fork(self._position)
        self._checker = Checker(self._canon, rules=self._state.premise.rules)
        self._reader = Reader(self._canon)

    def warnings(self, passage: Passage) -> list[str]:
        """Content warnings due before this passage."""
        return self._safety.warnings(passage.text)

    def examine(self, passage: Passage) -> tuple[Passage | None, PassageWithheld | None]:
        """Split a passage into what may be shown and what is held back.

        Sentences before the first clash pass, with the facts that belong to them; the rest of the
        passage is held back.
        """
        told = sentences(passage.text)
        for index, sentence in enumerate(told):
            own = tuple(c for c in passage.facts if _belongs(c, sentence, told))
            held = self._clash(sentence, own)
            if held is None:
                continue
            rest = " ".join(told[index:])
            withheld = replace(held, text=rest)
            if not index:
                return None, withheld
            kept = told[:index]
            facts = tuple(c for c in passage.facts if any(_belongs(c, s, told) for s in kept))
            good = replace(passage, text=" ".join(kept), facts=facts)
            self._accept(good)
            return good, withheld
        self._accept(passage)
        return passage, None

    def objection(self, choice: Choice) -> str | None:
        """Why a choice is not offered, or None if it may be."""
        finding = self._safety.finding(f"{choice.text} {choice.consequence}")
        if finding:
            return finding.reason
        for clash in self._checker.clashes(choice.text):
            if clash.blocks:
                return clash.message
        return None
