"""Whether a proposed branch is sound: consistent, meaningful, in character, within the rules.

Rules come first; a checker (the canon's) compares with what is true in the story; a model, where
there is one, is asked once for all proposals together, and only what rules cannot answer.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from itertools import chain, repeat
from typing import Any, TypeAlias

from tta_rebuild.canon.fact_check import Contradiction
from tta_rebuild.core import errors
from tta_rebuild.core.base_primitive import TTAContext
from tta_rebuild.core.checks import missing, wrong_kind
from tta_rebuild.core.story import Claim
from tta_rebuild.integrations.llm_provider import LLMProvider
from tta_rebuild.narrative.asking import AskingPrimitive
from tta_rebuild.narrative.branch_rules import BranchProposal, branch_data, dead_end_risk, findings
from tta_rebuild.prompts import PromptCatalog
from tta_rebuild.prompts.json_mending import object_in
from tta_rebuild.prompts.reply_values import LONGEST_CHOICE, SHORTEST_CHOICE, objects, word

RULES_ALONE = "checked by rules alone: "
VALID_FROM, LOW_SCORE = 0.6, 0.35
"""The overall score of a valid branch; scores of a model that are lower become a warning."""
WEIGHTS = {"consistency": 0.30, "meaningfulness": 0.25, "character": 0.25, "universe": 0.20}
_COST = {"info": 0.1, "warning": 0.3, "error": 0.7}
_LONGEST_SAID = 400
_POSSIBLE = "Offer what is still possible as things stand"

Checker: TypeAlias = Callable[[str, Sequence[Claim]], Sequence[Contradiction]]
"""What in a choice, or in the effects that it declares, contradicts what holds."""


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
        issues = [_issue("boundary", why=objection), *self.issues]
        return replace(self, is_valid=False, issues=issues)


def _issue(kind: str, **words: object) -> ValidationIssue:
    """An entry of ``[issues]`` in the data file, with these words filled in."""
    entry = branch_data("issues")[kind]
    message, fix = (entry[part].format(**words) for part in ("message", "fix"))
    return ValidationIssue(IssueSeverity(entry["severity"]), entry["category"], message, fix)


class BranchValidatorPrimitive(AskingPrimitive[BranchProposal, BranchValidation]):
    """Judges proposed branches, and keeps the valid ones by universe.

    ``llm_provider`` is asked what rules cannot answer (its failure is never an error here) by the
    templates of ``catalog``; a ``checker`` compares with the story's canon; ``lengths`` are the
    fewest and the most characters that a choice may have.
    """

    def __init__(
        self,
        name: str = "BranchValidator",
        *,
        llm_provider: LLMProvider | None = None,
        checker: Checker | None = None,
        catalog: PromptCatalog | None = None,
        lengths: tuple[int, int] = (SHORTEST_CHOICE, LONGEST_CHOICE),
    ) -> None:
        super().__init__(name, llm_provider, catalog)
        self.checker = checker
        self._lengths = lengths
        self._validated: dict[str, list[BranchProposal]] = defaultdict(list)

    async def execute(self, input_data: BranchProposal, context: TTAContext) -> BranchValidation:
        """Judge one proposal; raises ValidationError for texts missing, too short or too long."""
        return (await self.validate_all([input_data], context))[0]

    async def validate_all(
        self, proposals: Sequence[BranchProposal], context: TTAContext
    ) -> list[BranchValidation]:
        """Judge several proposals, in order; a model is asked once for all of them."""
        for proposal in proposals:
            self._validate(proposal, context)
        found: list[list[ValidationIssue]] = []
        degraded = ""
        if self.llm_provider is not None and proposals:
            try:
                found = await self._asked_about(proposals, context)
            except (errors.ProviderError, errors.BudgetExceededError) as error:
                degraded = f"{RULES_ALONE}{error}"
        verdicts = []
        for proposal, more in zip(proposals, chain(found, repeat([])), strict=False):
            issues = self._findings(proposal)
            said = {issue.message for issue in issues}
            issues += [issue for issue in more if issue.message not in said]
            verdict = _verdict(proposal, issues, degraded)
            verdicts.append(verdict)
            if verdict.is_valid:
                self._validated[proposal.universe_id].append(proposal)
        return verdicts

    def get_validated_branches(self, universe_id: str) -> list[BranchProposal]:
        """The valid proposals of a universe, in order."""
        return list(self._validated.get(universe_id, ()))

    def clear_validated_branches(self, universe_id: str | None = None) -> None:
        """Forget the valid proposals of one universe, or of all."""
        for universe in [*self._validated] if universe_id is None else [universe_id]:
            self._validated.pop(universe, None)

    def _findings(self, proposal: BranchProposal) -> list[ValidationIssue]:
        issues = [_issue(kind, **words) for kind, words in findings(proposal)]
        for found in self.checker(proposal.choice_text, proposal.effects) if self.checker else ():
            issue = _issue("canon", message=found.message, fix=found.fix or _POSSIBLE)
            issues.append(replace(issue, severity=IssueSeverity(found.severity)))
        return issues

    async def _asked_about(
        self, proposals: Sequence[BranchProposal], context: TTAContext
    ) -> list[list[ValidationIssue]]:
        """The model's issues with each proposal, as far as it says something usable about them."""
        asked = [
            {
                "choice": p.choice_text,
                "description": p.branch_description,
                "affects": list(p.affected_characters),
                "follows": p.parent_branch_id or "",
            }
            for p in proposals
        ]
        past = [str(line) for p in proposals for line in p.timeline_context]
        variables = {
            "proposals": asked,
            "facts": [dict(f) for f in proposals[0].facts],
            "rules": {str(k): str(v) for p in proposals for k, v in p.universe_rules.items()},
            "recent": list(dict.fromkeys(past)),
            "metaconcepts": context.metaconcept_names(),
        }
        judged = object_in(await self._answer("branch_check", variables, context)).get("branches")
        if not isinstance(judged, list):
            raise errors.ReplyUnusable("the answer of the branch check could not be read")
        return [_issues_of(one) for one in objects(judged, len(proposals))]

    def _validate(self, proposal: BranchProposal, context: TTAContext) -> None:
        fields = ("affected_characters", "timeline_context", "universe_rules")
        problem = (
            missing(proposal, "universe_id", "branch_description", "choice_text")
            or size_objection(proposal.choice_text, *self._lengths)
            or wrong_kind(proposal, *fields)
        )
        if problem:
            raise errors.ValidationError(problem, self.name, context)


def size_objection(
    choice: str, fewest: int = SHORTEST_CHOICE, most: int = LONGEST_CHOICE
) -> str | None:
    """Why a choice is too short or too long to be offered; None if it is not."""
    length = len(choice.strip())
    bound = f"at least {fewest}" if length < fewest else f"at most {most}"
    return None if fewest <= length <= most else f"a choice has {bound} characters"


def _verdict(
    proposal: BranchProposal, issues: list[ValidationIssue], degraded: str
) -> BranchValidation:
    scores = dict.fromkeys(WEIGHTS, 1.0)
    for issue in issues:
        scores[issue.category] = max(0.0, scores[issue.category] - _COST[issue.severity.value])
    overall = min(1.0, sum(weight * scores[category] for category, weight in WEIGHTS.items()))
    broken = any(issue.severity is IssueSeverity.ERROR for issue in issues)
    return BranchValidation(
        is_valid=not broken and overall >= VALID_FROM,
        overall_score=overall,
        consistency_score=scores["consistency"],
        meaningfulness_score=scores["meaningfulness"],
        character_alignment_score=scores["character"],
        universe_rules_score=scores["universe"],
        issues=issues,
        suggestions=list(dict.fromkeys(i.suggested_fix for i in issues if i.suggested_fix)),
        dead_end_risk=dead_end_risk(proposal),
        degraded=degraded,
    )


def _issues_of(judged: dict[str, Any]) -> list[ValidationIssue]:
    suggestion = word(judged.get("suggestion"), _LONGEST_SAID)
    issues = []
    for one in objects(judged.get("contradictions")):
        message, fact = (word(one.get(part), _LONGEST_SAID) for part in ("message", "fact"))
        if message and fact:
            said, fix = f"{message} (against: {fact})", suggestion or _POSSIBLE
            issues.append(_issue("canon", message=said, fix=fix))
    for kind in ("meaningfulness", "character_alignment"):
        score = judged.get(kind)
        if isinstance(score, (int, float)) and not isinstance(score, bool) and score < LOW_SCORE:
            fix = suggestion or "Let the choice cost or reveal more"
            issues.append(_issue(kind, score=max(0.0, score), fix=fix))
    return issues
