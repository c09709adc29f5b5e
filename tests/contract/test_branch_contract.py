"""``tta_rebuild.narrative.branch_validator`` as its callers know it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tta_rebuild.core import TTAContext, ValidationError
from tta_rebuild.narrative import (
    BranchProposal,
    BranchValidation,
    BranchValidatorPrimitive,
    IssueSeverity,
    ValidationIssue,
)

PLAIN = BranchProposal(
    universe_id="city",
    branch_description="The detective follows the stranger, which leads to a hidden club.",
    choice_text="The detective follows the mysterious stranger",
    affected_characters=["detective"],
)


async def judged(context: TTAContext, **change: Any) -> BranchValidation:
    return await BranchValidatorPrimitive().execute(replace(PLAIN, **change), context)


def found(verdict: BranchValidation, severity: IssueSeverity, category: str) -> list[str]:
    return [i.message for i in verdict.issues if i.severity is severity and i.category == category]


@pytest.mark.contract("branch_validator#1")
def test_an_issue_needs_no_fix() -> None:
    assert [s.name for s in IssueSeverity] == ["INFO", "WARNING", "ERROR"]
    issue = ValidationIssue(IssueSeverity.INFO, "character", "a message")
    assert issue.suggested_fix is None
    assert ValidationIssue(IssueSeverity.INFO, "character", "m", suggested_fix="f").suggested_fix


@pytest.mark.contract("branch_validator#1")
async def test_every_category_is_one_of_four(context: TTAContext) -> None:
    verdict = await judged(
        context,
        choice_text="Maybe cast a spell before dawn but also after dusk, forced to",
        affected_characters=["mira"],
        universe_rules={"no_magic": "no magic allowed"},
    )
    assert {i.category for i in verdict.issues} == {
        "consistency",
        "meaningfulness",
        "character",
        "universe",
    }


@pytest.mark.contract("branch_validator#2")
def test_a_proposal_needs_four_fields() -> None:
    proposal = BranchProposal("u", "d", "c", ["x"])
    assert proposal.timeline_context == []
    assert proposal.universe_rules == {}
    assert proposal.parent_branch_id is None


@pytest.mark.contract("branch_validator#3")
async def test_scores_and_risk_lie_between_0_and_1(context: TTAContext) -> None:
    worst = await judged(
        context,
        choice_text="The end, game over: maybe only dragons, never final, forced to do something",
        branch_description="Everyone dies before it but also after it, somehow.",
        affected_characters=[],
        universe_rules={"a": "realistic", "b": "no magic", "c": "realistic world only"},
    )
    for verdict in (worst, await judged(context)):
        for score in (
            verdict.overall_score,
            verdict.consistency_score,
            verdict.meaningfulness_score,
            verdict.character_alignment_score,
            verdict.universe_rules_score,
            verdict.dead_end_risk,
        ):
            assert 0.0 <= score <= 1.0
    assert not worst.is_valid


@pytest.mark.contract("branch_validator#4")
async def test_valid_proposals_are_kept_by_universe_and_can_be_cleared(
    context: TTAContext,
) -> None:
    validator = BranchValidatorPrimitive()
    assert validator.name == "BranchValidator"
    other = replace(PLAIN, universe_id="village")
    broken = replace(
        PLAIN,
        choice_text="The detective casts a magic spell",
        universe_rules={"no_magic": "no magic allowed"},
    )
    for proposal in (PLAIN, other, broken):
        await validator.execute(proposal, context)
    assert validator.get_validated_branches("city") == [PLAIN]
    assert validator.get_validated_branches("nowhere") == []
    validator.clear_validated_branches("city")
    assert validator.get_validated_branches("city") == []
    assert validator.get_validated_branches("village") == [other]
    validator.clear_validated_branches()
    assert validator.get_validated_branches("village") == []


@pytest.mark.contract("branch_validator#5")
async def test_the_overall_score_is_the_weighted_sum(context: TTAContext) -> None:
    for change in ({}, {"choice_text": "Maybe do something"}, {"affected_characters": []}):
        v = await judged(context, **change)
        assert v.overall_score == pytest.approx(
            0.30 * v.consistency_score
            + 0.25 * v.meaningfulness_score
            + 0.25 * v.character_alignment_score
            + 0.20 * v.universe_rules_score
        )
        has_error = any(i.severity is IssueSeverity.ERROR for i in v.issues)
        assert v.is_valid == (not has_error and v.overall_score >= 0.6)


@pytest.mark.contract("branch_validator#6")
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"universe_id": ""}, "universe_id is required"),
        ({"branch_description": ""}, "branch_description is required"),
        ({"choice_text": ""}, "choice_text is required"),
        ({"choice_text": "Go north"}, "at least"),
        ({"choice_text": "x" * 201}, "at most"),
    ],
)
async def test_a_wrong_proposal_is_refused(
    context: TTAContext, change: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValidationError, match=message):
        await judged(context, **change)


@pytest.mark.contract("branch_validator#6")
@pytest.mark.parametrize("length", [10, 200])
async def test_the_bounds_of_a_choice_are_inclusive(context: TTAContext, length: int) -> None:
    assert await judged(context, choice_text="x" * length)


@pytest.mark.contract("branch_validator#7")
async def test_before_but_also_after_is_a_temporal_ambiguity(context: TTAContext) -> None:
    verdict = await judged(
        context, branch_description="It happens before the war but also after the peace."
    )
    assert found(verdict, IssueSeverity.WARNING, "consistency")


@pytest.mark.contract("branch_validator#7")
@pytest.mark.parametrize(
    ("parent", "choice"),
    [
        ("Trust the stranger with the map", "Do not trust the stranger with the map"),
        ("Accept the quest from the king", "Refuse the quest from the king"),
        ("Save the village from the flood", "Abandon the village to the flood"),
        ("Enter the haunted castle at night", "Never enter the haunted castle"),
        ("Follow the mysterious stranger", "The detective never followed the stranger"),
    ],
)
async def test_a_child_that_negates_its_parent_is_an_error(
    context: TTAContext, parent: str, choice: str
) -> None:
    validator = BranchValidatorPrimitive()
    await validator.execute(replace(PLAIN, choice_text=parent), context)
    verdict = await validator.execute(
        replace(PLAIN, choice_text=choice, parent_branch_id=parent), context
    )
    assert found(verdict, IssueSeverity.ERROR, "consistency")
    assert not verdict.is_valid


@pytest.mark.contract("branch_validator#7")
@pytest.mark.parametrize(
    ("parent", "choice"),
    [
        ("Trust the stranger with the map", "Ask the stranger where the map was drawn"),
        ("Accept the quest from the king", "Ride out at dawn without telling the king's men"),
        ("Open the cellar door carefully", "Close the cellar door and light a candle"),
        ("Follow the mysterious stranger", "Hide behind the cart until the stranger turns"),
    ],
)
async def test_a_child_that_goes_on_from_its_parent_is_fine(
    context: TTAContext, parent: str, choice: str
) -> None:
    verdict = await judged(context, choice_text=choice, parent_branch_id=parent)
    assert not found(verdict, IssueSeverity.ERROR, "consistency")


@pytest.mark.contract("branch_validator#7")
async def test_what_weighs_little_is_flagged(context: TTAContext) -> None:
    vague = await judged(context, choice_text="Maybe do something somewhere")
    assert found(vague, IssueSeverity.WARNING, "meaningfulness")
    empty = await judged(context, branch_description="A walk in the park.")
    assert found(empty, IssueSeverity.INFO, "meaningfulness")
    lonely = await judged(context, affected_characters=[])
    assert found(lonely, IssueSeverity.WARNING, "meaningfulness")


@pytest.mark.contract("branch_validator#7")
async def test_a_character_left_out_or_without_a_will_is_flagged(context: TTAContext) -> None:
    left_out = await judged(context, affected_characters=["detective", "mrs_hale"])
    assert found(left_out, IssueSeverity.INFO, "character")
    forced = await judged(context, choice_text="The detective is forced to follow the stranger")
    assert found(forced, IssueSeverity.WARNING, "character")


@pytest.mark.contract("branch_validator#7")
@pytest.mark.parametrize(
    ("rules", "choice"),
    [
        ({"no_magic": "no magic allowed"}, "The detective casts a spell on the lock"),
        ({"no_magic": "no magic allowed"}, "The detective uses magic to open the vault"),
        ({"physics": "There is no magic in this world"}, "The detective asks the wizard"),
        ({"realistic": "realistic setting only"}, "The detective rides a dragon over the city"),
        ({"tone": "Keep it realistic"}, "The detective teleports into the club"),
    ],
)
async def test_breaking_the_worlds_rules_is_an_error(
    context: TTAContext, rules: dict[str, str], choice: str
) -> None:
    verdict = await judged(context, universe_rules=rules, choice_text=choice)
    assert found(verdict, IssueSeverity.ERROR, "universe")
    assert not verdict.is_valid
    assert verdict.universe_rules_score < 1.0


@pytest.mark.contract("branch_validator#8")
async def test_dead_ends_are_seen(context: TTAContext) -> None:
    assert (await judged(context, choice_text="The end - game over")).dead_end_risk > 0.5
    assert (await judged(context, choice_text="The end has come. Game over!")).dead_end_risk > 0.5
    assert (await judged(context, affected_characters=[])).dead_end_risk > 0.0
    for word in ("only", "never", "final"):
        verdict = await judged(context, choice_text=f"The detective makes a {word} stand")
        assert verdict.dead_end_risk > 0.2
    assert (await judged(context)).dead_end_risk == 0.0


@pytest.mark.contract("branch_validator#9")
async def test_without_such_a_rule_magic_is_fine(context: TTAContext) -> None:
    choice = "The detective casts a spell on the lock"
    assert (await judged(context, choice_text=choice)).is_valid
    ruled = await judged(context, choice_text=choice, universe_rules={"law": "no theft allowed"})
    assert ruled.is_valid


@pytest.mark.contract("branch_validator#9")
async def test_warnings_and_notes_alone_do_not_make_a_sensible_branch_invalid(
    context: TTAContext,
) -> None:
    verdict = await judged(context, branch_description="It is now, before and, but also after.")
    assert not any(i.severity is IssueSeverity.ERROR for i in verdict.issues)
    assert verdict.is_valid


@pytest.mark.contract("branch_validator#10")
async def test_suggestions_come_with_issues(context: TTAContext) -> None:
    flagged = await judged(context, choice_text="Maybe do something", affected_characters=[])
    assert flagged.issues
    assert flagged.suggestions
    clean = await judged(context)
    assert (clean.issues, clean.suggestions) == ([], [])


@pytest.mark.contract("branch_validator#11")
async def test_a_plain_sensible_proposal_is_valid(context: TTAContext) -> None:
    proposal = BranchProposal(
        universe_id="u",
        branch_description="The detective follows the stranger into the alley",
        choice_text="Follow the mysterious stranger",
        affected_characters=["detective"],
    )
    verdict = await BranchValidatorPrimitive().execute(proposal, context)
    assert verdict.is_valid
    assert verdict.overall_score >= 0.6


ELDER = "Accept the quest from the elder"


@pytest.mark.contract("branch_validator#7")
@pytest.mark.parametrize(
    ("child", "contradicts"),
    [
        ("Accept the quest from not the elder", True),
        ("Accept not the quest from the elder", True),
        ("Do not accept the quest from the elder", True),
        ("Don’t accept the quest from the elder", True),
        ("Accept the quest from the elder? Never!", True),
        ("Accept the elder's quest, no way", True),
        ("Never accept a quest from the elder", True),
        ("Refuse the elder's quest", True),
        ("Accept the quest from the elder and set out at dawn", False),
        ("Accept the quest from the elder without waking the guard", False),
        ("Ask the elder about the quest", False),
    ],
)
async def test_a_child_that_holds_its_parents_words_and_a_negation_contradicts_it(
    context: TTAContext, child: str, contradicts: bool
) -> None:
    verdict = await judged(context, choice_text=child, parent_branch_id=ELDER)
    assert bool(found(verdict, IssueSeverity.ERROR, "consistency")) is contradicts
    assert (verdict.consistency_score < 1.0) is contradicts
    assert verdict.is_valid is not contradicts


@pytest.mark.contract("branch_validator#7")
@pytest.mark.parametrize(
    "choice",
    [
        "Compel the detective to open the gate",
        "Make the detective kneel before the king",
        "Hypnotize the detective into obedience",
        "The detective has no free will",
        "Take control of the detective",
        "The detective is magically compelled",
    ],
)
async def test_a_choice_that_takes_a_will_away_loses_agency_however_it_says_so(
    context: TTAContext, choice: str
) -> None:
    assert found(await judged(context, choice_text=choice), IssueSeverity.WARNING, "character")


@pytest.mark.contract("branch_validator#7")
@pytest.mark.parametrize(
    "description",
    [
        "Nothing changes for the detective.",
        "This has no consequences.",
        "It leads nowhere.",
        "A path without any consequence.",
        "The detective opens the door.",
    ],
)
async def test_a_consequence_that_is_denied_or_a_mere_act_is_none(
    context: TTAContext, description: str
) -> None:
    verdict = await judged(context, branch_description=description)
    assert found(verdict, IssueSeverity.INFO, "meaningfulness")


@pytest.mark.contract("branch_validator#7")
async def test_before_and_but_also_after_may_stand_in_two_sentences(context: TTAContext) -> None:
    verdict = await judged(
        context, branch_description="It is before she was born. But also after she died."
    )
    assert found(verdict, IssueSeverity.WARNING, "consistency")


@pytest.mark.contract("branch_validator#10")
@pytest.mark.parametrize(
    "rules",
    [
        {"magic": "No magic exists in this universe"},
        {"magic_rule": "Magic does not exist"},
        {"setting": "a world without magic"},
        {"setting": "This is a realistic world"},
        {"rule": "Magic isn't real"},
        {"magic": "forbidden"},
    ],
)
async def test_a_rule_against_magic_is_understood_in_other_words_too(
    context: TTAContext, rules: dict[str, str]
) -> None:
    verdict = await judged(
        context, choice_text="The detective casts a magic spell", universe_rules=rules
    )
    assert found(verdict, IssueSeverity.ERROR, "universe")
    assert not verdict.is_valid


@pytest.mark.contract("branch_validator#10")
async def test_a_rule_about_an_act_holds_for_choices(context: TTAContext) -> None:
    rules = {"no_flying": "nobody can fly"}
    flies = await judged(context, choice_text="Fly over the wall", universe_rules=rules)
    walks = await judged(context, choice_text="Walk over the bridge", universe_rules=rules)
    assert found(flies, IssueSeverity.ERROR, "universe")
    assert not found(walks, IssueSeverity.ERROR, "universe")
