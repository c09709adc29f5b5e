"""What the branch validator takes and gives: a proposal, its issues, the verdict.

Callers import these names from ``branch_validator`` or from the package.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any, Protocol

from tta_rebuild.core.story import Claim


class IssueSeverity(Enum):
    """How much an issue weighs; one ``ERROR`` makes a branch invalid."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class ValidationIssue:
    """What is wrong with a branch.

    ``category``: ``consistency``, ``meaningfulness``, ``character``, ``universe``, ``boundary``.
    """

    severity: IssueSeverity
    category: str
    message: str
    suggested_fix: str | None = None


@dataclass(frozen=True, slots=True)
class BranchProposal:
    """A branch somebody would like to offer.

    Attributes:
        timeline_context: what has happened, in plain sentences, oldest first.
        universe_rules: name → text, such as ``{"no_magic": "no magic allowed"}``.
        parent_branch_id: the choice text of the branch that this one follows.
        effects: what taking it would make true, for the checker.
        facts: what holds now, as plain CLAIMs (see ``core.tasks``), for the model.
        acting: the character whose choice it is; a choice need not name its own actor.
    """

    universe_id: str
    branch_description: str
    choice_text: str
    affected_characters: list[str]
    timeline_context: list[str] = field(default_factory=list)
    universe_rules: dict[str, str] = field(default_factory=dict)
    parent_branch_id: str | None = None
    effects: tuple[Claim, ...] = ()
    facts: tuple[dict[str, Any], ...] = ()
    acting: str = ""


@dataclass(frozen=True, slots=True)
class BranchValidation:
    """The verdict; scores and risk in [0, 1].

    ``degraded`` is "" or, in plain words, why a model was not heard although there is one.
    """

    is_valid: bool
    overall_score: float
    consistency_score: float
    meaningfulness_score: float
    character_alignment_score: float
    universe_rules_score: float
    issues: list[ValidationIssue] = field(default_factory=list)
    suggestions: list[str] = field(default_factory=list)
    dead_end_risk: float = 0.0
    degraded: str = ""

    def bounded(self, objection: str | None) -> BranchValidation:
        """The same verdict, or an invalid one if the player's boundaries object."""
        if objection is None:
            return self
        issue = ValidationIssue(IssueSeverity.ERROR, "boundary", objection, "Say it another way")
        return replace(self, is_valid=False, issues=[issue, *self.issues])


class Inconsistency(Protocol):
    """A text against something that holds."""

    @property
    def message(self) -> str:
        """What contradicts what, in plain words."""

    @property
    def fix(self) -> str:
        """What to do about it, "" if nothing better is known."""

    @property
    def severity(self) -> str:
        """``error`` or ``warning``."""


class ConsistencyChecker(Protocol):
    """Compares a text with what is true in the story; the canon's checker is one."""

    def contradictions(self, text: str, claims: Sequence[Claim] = ()) -> Sequence[Inconsistency]:
        """What in the text, or in the claims it makes, contradicts what holds."""
