"""Asks a model about proposed branches, all in one call. Used by ``branch_validator`` alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict

from tta_rebuild.core.base_primitive import TTAContext
from tta_rebuild.integrations.llm_provider import LLMProvider
from tta_rebuild.narrative.asking import answer_to
from tta_rebuild.narrative.branch_validator import BranchProposal, IssueSeverity, ValidationIssue
from tta_rebuild.narrative.reply_text import clean
from tta_rebuild.prompts import PromptCatalog

_LONGEST = 400
LOW_SCORE = 0.35
"""Scores of a model below this become a warning."""


def _line(value: Any) -> str:
    return " ".join(clean(value, _LONGEST).split()) if isinstance(value, str) else ""


def _score(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value:
        return 1.0
    return max(0.0, min(1.0, float(value)))


def _objects(value: Any) -> list[Any]:
    return [v for v in value if isinstance(v, dict)][:20] if isinstance(value, list) else []


class _Shape(BaseModel):
    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)


class _Contradiction(_Shape):
    message: Annotated[str, BeforeValidator(_line)] = ""
    fact: Annotated[str, BeforeValidator(_line)] = ""


class _Branch(_Shape):
    contradictions: Annotated[list[_Contradiction], BeforeValidator(_objects)] = []
    meaningfulness: Annotated[float, BeforeValidator(_score)] = 1.0
    character_alignment: Annotated[float, BeforeValidator(_score)] = 1.0
    suggestion: Annotated[str, BeforeValidator(_line)] = ""


class _Reply(_Shape):
    branches: Annotated[list[_Branch], BeforeValidator(_objects)] = []


async def asked_about(
    provider: LLMProvider,
    catalog: PromptCatalog | None,
    proposals: Sequence[BranchProposal],
    context: TTAContext,
) -> list[list[ValidationIssue]]:
    """The model's issues per proposal; none for a proposal it says nothing usable about."""
    first = proposals[0]
    variables: dict[str, Any] = {
        "proposals": [
            {
                "choice": p.choice_text,
                "description": p.branch_description,
                "affects": list(p.affected_characters),
                "follows": p.parent_branch_id or "",
            }
            for p in proposals
        ],
        "facts": [dict(f) for f in first.facts],
        "rules": {str(k): str(v) for p in proposals for k, v in p.universe_rules.items()},
        "recent": list(dict.fromkeys(str(line) for p in proposals for line in p.timeline_context)),
        "characters": [],
        "metaconcepts": context.metaconcept_names(),
    }
    reply = _understood(await answer_to(provider, catalog, "branch_check", variables, context))
    found = [_issues(branch) for branch in reply.branches[: len(proposals)]]
    return found + [[] for _ in range(len(proposals) - len(found))]


def _understood(text: str) -> _Reply:
    match = re.search(r"\{.*\}", text, re.DOTALL)
    try:
        return _Reply.model_validate_json(match.group() if match else "{}")
    except ValueError:
        return _Reply()


def _issues(branch: _Branch) -> list[ValidationIssue]:
    issues = [
        ValidationIssue(
            IssueSeverity.ERROR,
            "consistency",
            f"{found.message} (against: {found.fact})",
            branch.suggestion or "Offer what is still possible as things stand",
        )
        for found in branch.contradictions
        if found.message and found.fact
    ]
    for category, score, message in (
        ("meaningfulness", branch.meaningfulness, "The choice makes little difference"),
        ("character", branch.character_alignment, "The choice does not suit the character"),
    ):
        if score < LOW_SCORE:
            said = f"{message} ({score:.2f} of 1, by the model's judgement)"
            fix = branch.suggestion or "Let the choice cost or reveal more"
            issues.append(ValidationIssue(IssueSeverity.WARNING, category, said, fix))
    return issues
