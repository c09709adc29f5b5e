"""What is proposed as a branch: given to ``branch_validator``, read by ``branch_rules``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tta_rebuild.core.story import Claim


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
