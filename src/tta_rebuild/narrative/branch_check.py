"""Asks a model about proposed branches, all in one call. Used by ``branch_validator`` alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError
from pydantic_core import from_json

from tta_rebuild.core.base_primitive import TTAContext
from tta_rebuild.integrations.llm_provider import LLMProvider, LLMRequest
from tta_rebuild.narrative.branch_values import BranchProposal, IssueSeverity, ValidationIssue
from tta_rebuild.narrative.reply_text import clean
from tta_rebuild.narrative.scene_request import place_in_ledger

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
    catalog: Any,
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
    rendered = catalog.render("branch_check", variables)
    response = await provider.complete(
        LLMRequest(
            prompt=rendered.prompt,
            system=rendered.system,
            context=context,
            task="branch_check",
            template=rendered.version,
            variables=variables,
            schema=rendered.schema,
            **place_in_ledger(context),
        )
    )
    reply = _understood(response.text)
    found = [_issues(branch) for branch in reply.branches[: len(proposals)]]
    return found + [[] for _ in range(len(proposals) - len(found))]


def _understood(text: str) -> _Reply:
    match = re.search(r"\{.*\}", text, re.DOTALL)
    if match is None:
        return _Reply()
    try:
        data = from_json(match.group())
        return _Reply.model_validate(data if isinstance(data, dict) else {})
    except (ValueError, ValidationError):
        return _Reply()


def _issues(branch: _Branch) -> list[ValidationIssue]:
    issues = []
    for found in branch.contradictions:
        if found.message and found.fact:
            issues.append(
                ValidationIssue(
                    IssueSeverity.ERROR,
                    "consistency",
                    f"{found.message} (against: {found.fact})",
                    branch.suggestion or "Offer what is still possible as things stand",
                )
            )
    weak = (
        ("meaningfulness", branch.meaningfulness, "The choice makes little difference"),
        ("character", branch.character_alignment, "The choice does not suit the character"),
    )
    for category, score, message in weak:
        if score < LOW_SCORE:
            issues.append(
                ValidationIssue(
                    IssueSeverity.WARNING,
                    category,
                    f"{message} ({score:.2f} of 1, by the model's judgement)",
                    branch.suggestion or "Let the choice cost or reveal more",
                )
            )
    return issues
