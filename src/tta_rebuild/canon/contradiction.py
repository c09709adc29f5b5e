"""A contradiction: a draft sentence that cannot stand beside what is already true, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contradiction:
    """One contradiction, with both sides.

    Attributes:
        kind: such as ``dead_acts``, ``two_places``, ``kin_changed``.
        message, fix: what is wrong and what to do about it, in plain words.
        sentence, against: what was about to be told; the sentence, fact or rule that it is against.
        relation, positions: of the facts that it contradicts, earliest first; empty for rules.
        is_guess: it rests on a fact that was inferred, such as by a pronoun that could mean two.
    """

    kind: str
    message: str
    sentence: str
    against: str
    relation: str = ""
    subject: str = ""
    positions: tuple[int, ...] = ()
    fix: str = ""
    severity: Severity = "error"
    is_guess: bool = False

    @property
    def blocks(self) -> bool:
        """Whether the sentence must not reach the player."""
        return self.severity == "error"
