"""A contradiction: a draft sentence that cannot stand beside what is already true, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tta_rebuild.canon.relations import Area

Severity = Literal["error", "warning"]

BLOCKING_CERTAINTY = 0.75
"""From this certainty on a contradiction holds a sentence back; below it is a warning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contradiction:
    """One contradiction, with both sides.

    Attributes:
        kind: the subtype, such as ``dead_acts``, ``two_places``, ``kin_changed``.
        area: its class.
        message: in plain words.
        sentence: what was about to be told.
        against: the sentence (or fact or rule in words) that it contradicts.
        relation: the relation concerned, "" for rules of other kinds.
        positions: the events that it contradicts, earliest first; empty for rules.
        fix: what to do about it, in plain words.
        certainty: [0, 1]; by rule, not a probability.
        is_guess: it rests on a fact that was inferred, such as by a pronoun that could mean two.
    """

    kind: str
    area: Area
    message: str
    sentence: str
    against: str
    relation: str = ""
    subject: str = ""
    positions: tuple[int, ...] = ()
    fix: str = ""
    certainty: float = 0.95
    is_guess: bool = False

    @property
    def severity(self) -> Severity:
        """``error`` if it is certain enough to hold the sentence back."""
        return "error" if self.blocks else "warning"

    @property
    def blocks(self) -> bool:
        """Whether the sentence must not reach the player."""
        return self.certainty >= BLOCKING_CERTAINTY
