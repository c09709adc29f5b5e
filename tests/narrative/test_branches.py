"""Branches: several at once, with a checker, with a model, with one that fails or lies."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tta_rebuild.canon.fact_check import Contradiction
from tta_rebuild.core import TTAContext
from tta_rebuild.core.errors import ProviderBusy, ValidationError
from tta_rebuild.core.story import Claim
from tta_rebuild.narrative import BranchProposal, BranchValidatorPrimitive, IssueSeverity
from tta_rebuild.narrative.branch_rules import negates

GOOD = BranchProposal(
    universe_id="u",
    branch_description="Mira opens the chest, which reveals the map.",
    choice_text="Mira opens the old chest",
    affected_characters=["mira"],
)
BAD = replace(
    GOOD, choice_text="Mira casts a spell on it", universe_rules={"no_magic": "no magic allowed"}
)
CLEAR = {"contradictions": [], "meaningfulness": 0.9, "character_alignment": 0.9, "suggestion": ""}


def reply(*branches: Any) -> str:
    return json.dumps({"branches": list(branches)})


def found(
    message: str, fix: str = "", severity: Literal["error", "warning"] = "error"
) -> Contradiction:
    return Contradiction(
        kind="dead_acts",
        message=message,
        sentence="",
        against="",
        fix=fix,
        severity=severity,
    )


def dead_tom(text: str, claims: Sequence[Claim] = ()) -> Sequence[Contradiction]:
    """A canon in which Tom is dead."""
    says = "Tom" in text or any(claim.subject == "tom" for claim in claims)
    return [found("Tom died in scene 2")] if says else []


async def test_several_proposals_cost_one_call(scripted: Any, context: TTAContext) -> None:
    provider = scripted([reply(CLEAR, CLEAR, CLEAR)])
    validator = BranchValidatorPrimitive(llm_provider=provider)
    verdicts = await validator.validate_all([GOOD, BAD, GOOD], context)
    assert [v.is_valid for v in verdicts] == [True, False, True]
    (request,) = provider.requests
    assert request.task == "branch_check"
    assert (request.story_id, request.turn) == (context.workflow_id, 0)
    assert [p["choice"] for p in request.variables["proposals"]] == [
        GOOD.choice_text,
        BAD.choice_text,
        GOOD.choice_text,
    ]
    assert validator.get_validated_branches("u") == [GOOD, GOOD]


async def test_what_rules_found_stands_whatever_the_model_says(
    scripted: Any, context: TTAContext
) -> None:
    validator = BranchValidatorPrimitive(llm_provider=scripted([reply(CLEAR)]))
    verdict = await validator.execute(BAD, context)
    assert not verdict.is_valid
    assert [i.category for i in verdict.issues if i.severity is IssueSeverity.ERROR] == ["universe"]


async def test_a_contradiction_that_a_model_finds_is_an_error_with_its_evidence(
    scripted: Any, context: TTAContext
) -> None:
    said = {**CLEAR, "contradictions": [{"message": "The chest is gone", "fact": "it burned"}]}
    validator = BranchValidatorPrimitive(llm_provider=scripted([reply(said)]))
    verdict = await validator.execute(GOOD, context)
    assert not verdict.is_valid
    assert "it burned" in verdict.issues[0].message
    assert verdict.suggestions


async def test_a_contradiction_without_evidence_does_not_count(
    scripted: Any, context: TTAContext
) -> None:
    said = {**CLEAR, "contradictions": [{"message": "I do not like it", "fact": ""}]}
    validator = BranchValidatorPrimitive(llm_provider=scripted([reply(said)]))
    assert (await validator.execute(GOOD, context)).is_valid


async def test_low_scores_of_a_model_are_warnings(scripted: Any, context: TTAContext) -> None:
    said = {**CLEAR, "meaningfulness": 0.1, "character_alignment": 0.2}
    validator = BranchValidatorPrimitive(llm_provider=scripted([reply(said)]))
    verdict = await validator.execute(GOOD, context)
    assert [(i.severity, i.category) for i in verdict.issues] == [
        (IssueSeverity.WARNING, "meaningfulness"),
        (IssueSeverity.WARNING, "character"),
    ]


async def test_a_model_that_fails_leaves_it_to_the_rules_and_says_so(
    scripted: Any, context: TTAContext
) -> None:
    validator = BranchValidatorPrimitive(llm_provider=scripted([ProviderBusy("busy")]))
    verdicts = await validator.validate_all([GOOD, BAD], context)
    assert [v.is_valid for v in verdicts] == [True, False]
    assert all("rules alone: busy" in v.degraded for v in verdicts)


@pytest.mark.parametrize(
    "text",
    [
        "no json",
        "{}",
        "[]",
        '{"branches": "all fine"}',
        '{"branches": [null, 7]}',
        '{"branches": [{"contradictions": "none", "meaningfulness": "high"}, {}, {}]}',
        '{"branches": [{"meaningfulness": 1e999, "contradictions": [{"message": 1, "fact": []}]}]}',
        '```json\n{"branches": []}\n```',
        '{"branches": [{',
    ],
)
async def test_an_unusable_answer_changes_nothing(
    scripted: Any, context: TTAContext, text: str
) -> None:
    validator = BranchValidatorPrimitive(llm_provider=scripted([text]))
    assert (await validator.execute(GOOD, context)).issues == []


async def test_the_canons_contradictions_are_errors_in_text_and_in_effects(
    context: TTAContext,
) -> None:
    validator = BranchValidatorPrimitive(checker=dead_tom)
    by_text = await validator.execute(
        replace(GOOD, choice_text="Mira asks Tom about the chest"), context
    )
    by_effect = await validator.execute(
        replace(GOOD, effects=(Claim(subject="tom", relation="alive", value="true"),)), context
    )
    for verdict in (by_text, by_effect):
        assert not verdict.is_valid
        assert "Tom died in scene 2" in [i.message for i in verdict.issues]
    assert (await validator.execute(GOOD, context)).is_valid


async def test_a_contradiction_that_the_canon_is_not_sure_of_is_a_warning(
    context: TTAContext,
) -> None:
    unsure = [found("Tom may be dead", fix="Ask Ann instead", severity="warning")]
    validator = BranchValidatorPrimitive(checker=lambda text, claims: unsure)
    verdict = await validator.execute(GOOD, context)
    assert verdict.is_valid
    assert [i.severity for i in verdict.issues] == [IssueSeverity.WARNING]
    assert verdict.suggestions == ["Ask Ann instead"]


async def test_one_wrong_proposal_among_several_costs_nothing(
    scripted: Any, context: TTAContext
) -> None:
    provider = scripted([reply(CLEAR)])
    validator = BranchValidatorPrimitive(llm_provider=provider)
    with pytest.raises(ValidationError, match="choice_text is required"):
        await validator.validate_all([GOOD, replace(GOOD, choice_text="")], context)
    assert provider.requests == []
    assert validator.get_validated_branches("u") == []


async def test_nothing_is_judged_for_nothing(scripted: Any, context: TTAContext) -> None:
    provider = scripted([reply()])
    assert await BranchValidatorPrimitive(llm_provider=provider).validate_all([], context) == []
    assert provider.requests == []


@pytest.mark.parametrize(
    "choice",
    [
        "Mira drops the magical thinking and looks again",
        "Mira reads the book about dragons and their makers",
        "Mira opens the chest without magic, with a crowbar",
    ],
)
async def test_only_what_happens_breaks_a_rule(context: TTAContext, choice: str) -> None:
    verdict = await BranchValidatorPrimitive().execute(
        replace(GOOD, choice_text=choice, universe_rules={"law": "no theft"}), context
    )
    assert verdict.is_valid


@pytest.mark.parametrize(
    "choice",
    ["Mira casts a spell on the chest", "Mira throws a fireball at it", "Ask the old wizard"],
)
async def test_magic_by_any_name_breaks_the_rule_against_it(
    context: TTAContext, choice: str
) -> None:
    verdict = await BranchValidatorPrimitive().execute(
        replace(GOOD, choice_text=choice, universe_rules={"no_magic": "no magic allowed"}), context
    )
    assert not verdict.is_valid


async def test_denied_magic_breaks_no_rule(context: TTAContext) -> None:
    verdict = await BranchValidatorPrimitive().execute(
        replace(
            GOOD,
            choice_text="Mira opens the chest without any magic",
            universe_rules={"no_magic": "no magic allowed"},
        ),
        context,
    )
    assert verdict.universe_rules_score == 1.0


@pytest.mark.parametrize(
    ("child", "parent", "expected"),
    [
        ("Do not open the chest", "Open the chest", True),
        ("Refuse to open the chest", "Open the chest", True),
        ("Kill the wounded wolf", "Spare the wounded wolf", True),
        ("Reject the rebellion and stay loyal", "Join the rebellion", True),
        ("The door was never opened", "Open the door", True),
        ("The hero did not save the village", "The hero saves the village", True),
        ("Leave the inn before dawn", "Stay at the inn tonight", True),
        ("Look into the open chest", "Open the chest", False),
        ("Wait without a word by the fire", "Open the chest", False),
        ("Never mind the noise, read the map", "Open the chest", False),
        ("Follow the river downstream", "Do not follow the wolf", False),
    ],
)
def test_a_negation_is_one_of_the_same_act(child: str, parent: str, expected: bool) -> None:
    assert bool(negates(child, parent)) is expected


NEGATIONS = """not never no refusing rejecting declining without stopping avoiding instead_of
failing_to rather_than deny denies denied undoing cancelling reversing don't doesn't
didn't won't cannot can't isn't wasn't neither nobody none don’t"""


@pytest.mark.parametrize("word", NEGATIONS.split())
def test_every_word_of_negation_turns_the_parents_words_around(word: str) -> None:
    word = word.replace("_", " ")
    assert negates(f"Open the chest {word} the old key", "Open the chest with the old key")
    assert negates(f"She {word} open the chest", "Open the chest")
    assert not negates("She opens the chest with the old key", "Open the chest with the old key")


@given(st.text(max_size=220), st.text(max_size=120), st.text(max_size=60))
async def test_no_words_make_the_rules_fail(choice: str, description: str, parent: str) -> None:
    from datetime import UTC, datetime

    context = TTAContext(
        workflow_id="w",
        correlation_id="c",
        timestamp=datetime(2026, 1, 1, tzinfo=UTC),
        metaconcepts=[],
        player_boundaries={},
    )
    proposal = replace(
        GOOD,
        choice_text="Mira: " + choice[:190],
        branch_description="d" + description,
        parent_branch_id=parent,
    )
    if 10 <= len(proposal.choice_text.strip()) <= 200:
        verdict = await BranchValidatorPrimitive().execute(proposal, context)
        assert 0.0 <= verdict.overall_score <= 1.0
        assert 0.0 <= verdict.dead_end_risk <= 1.0
