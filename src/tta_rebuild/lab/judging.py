"""One passage judged as a play would judge it, without playing it: the only place that does so."""

from __future__ import annotations

from dataclasses import dataclass

from tta_rebuild.core.story import Passage
from tta_rebuild.engine.gate import Gate
from tta_rebuild.engine.session import Session
from tta_rebuild.reading.world_rules import WorldRules, compiled
from tta_rebuild.safety import SafetyGate

SAFETY = "safety"
"""The gate that a player's boundaries hold back by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What became of a passage.

    Attributes:
        gate: "" if it may be shown, else what held it back (``safety``, ``canon`` …).
        reason, against: why, in plain words, and what it goes against.
        calls, cost_usd: of models that were asked.
    """

    gate: str = ""
    reason: str = ""
    against: str = ""
    calls: int = 0
    cost_usd: float = 0.0

    @property
    def is_held(self) -> bool:
        """Whether anything of it is held back."""
        return bool(self.gate)

    @property
    def said(self) -> str:
        """Gate, reason and fact in one line."""
        return " ".join(filter(None, (f"{self.gate}:", self.reason, self.against)))


async def judge(session: Session, passage: Passage) -> Judgement:
    """Whether a passage could be shown next in a session; the session stays as it is."""
    state = session.state
    gate = Gate(
        state,
        SafetyGate(dict(state.premise.boundaries)),
        WorldRules(compiled(state.premise.rules).rules),
    )
    _, withheld = gate.examine(passage)
    if withheld is None:
        return Judgement()
    return Judgement(gate=withheld.gate, reason=withheld.reason, against=withheld.against)
