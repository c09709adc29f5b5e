"""Asks a model about proposed branches, all in one call. Used by ``branch_validator`` alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from pydantic_core import from_json

from tta_rebuild.core.base_primitive import TTAContext
from tta_rebuild.integrations.llm_provider import LLMProvider
from tta_rebuild.narrative.asking import answer_to
from tta_rebuild.narrative.branch_validator import BranchProposal, IssueSeverity, ValidationIssue
from tta_rebuild.narrative.reply_values import objects, word
from tta_rebuild.prompts import PromptCatalog

LOW_SCORE = 0.35
"""Scores of a model below this become a warning."""

_MOST, _LONGEST = 20, 400


async def asked_about(
    provider: LLMProvider,
    catalog: PromptCatalog | None,
    proposals: Sequence[BranchProposal],
    context: TTAContext,
) -> list[list[ValidationIssue]]:
    """The model's issues per proposal; none for a proposal it says nothing usable about."""
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
        "facts": [dict(f) for f in proposals[0].facts],
        "rules": {str(k): str(v) for p in proposals for k, v in p.universe_rules.items()},
        "recent": list(dict.fromkeys(str(line) for p in proposals for line in p.timeline_context)),
        "characters": [],
        "metaconcepts": context.metaconcept_names(),
    }
    answer = await answer_to(provider, catalog, "branch_check", variables, context)
    found = re.search(r"\{.*\}", answer, re.DOTALL)
    try:
        given = from_json(found.group()) if found else {}
    except ValueError:
        given = {}
    judged = objects(given.get("branches"), _MOST) if isinstance(given, dict) else []
    issues = [_issues(one) for one in judged[: len(proposals)]]
    return issues + [[] for _ in range(len(proposals) - len(issues))]


def _issues(judged: dict[str, Any]) -> list[ValidationIssue]:
    suggestion = word(judged.get("suggestion"), _LONGEST)
    issues = [
        ValidationIssue(
            IssueSeverity.ERROR,
            "consistency",
            f"{message} (against: {fact})",
            suggestion or "Offer what is still possible as things stand",
        )
        for one in objects(judged.get("contradictions"), _MOST)
        if (message := word(one.get("message"), _LONGEST))
        and (fact := word(one.get("fact"), _LONGEST))
    ]
    for category, key, message in (
        ("meaningfulness", "meaningfulness", "The choice makes little difference"),
        ("character", "character_alignment", "The choice does not suit the character"),
    ):
        score = judged.get(key)
        if isinstance(score, (int, float)) and not isinstance(score, bool) and score < LOW_SCORE:
            said = f"{message} ({max(0.0, score):.2f} of 1, by the model's judgement)"
            fix = suggestion or "Let the choice cost or reveal more"
            issues.append(ValidationIssue(IssueSeverity.WARNING, category, said, fix))
    return issues
