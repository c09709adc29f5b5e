"""The gate: what is true and what is allowed, asked of every passage before the player sees it.

Called by ``engine.telling`` and ``engine.consequences``. Leans on ``canon`` (is it true?) and
``safety`` (is it allowed?). Within a scene it remembers what the released passages made true, so
that the second sentence is checked against the first.
"""

from __future__ import annotations

from dataclasses import replace

from tta_rebuild.canon.checker import Checker
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
        self._safety = safety
        self._rules = state.premise.rules
        self._canon = state.canon.fork(state.position)
        self.claims: list[Claim] = []
        self.mark()

    def mark(self) -> None:
        """Remember this moment: ``restart`` comes back to it."""
        self._marked = self._canon.fork(), len(self.claims)
        self._checker = Checker(self._canon, rules=self._rules)

    def restart(self) -> None:
        """Forget what has been released since the mark: the scene begins anew from there."""
        canon, count = self._marked
        self._canon = canon.fork()
        del self.claims[count:]
        self._checker = Checker(self._canon, rules=self._rules)

    def warnings(self, passage: Passage) -> list[str]:
        """Content warnings due before this passage."""
        return self._safety.warnings(passage.text)

    def examine(self, passage: Passage) -> tuple[Passage | None, PassageWithheld | None]:
        """Split a passage into what may be shown and what is held back.

        Sentences before the first clash pass, with the facts that belong to them; the rest of the
        passage is held back.
        """
