"""A model as judge: asked in turned orders, checked, folded into the score."""

from __future__ import annotations

import json

import pytest

from tests.integrations.fakes import ScriptedProvider, Told, context_of
from tta_rebuild.core.errors import BudgetExceededError, ProviderBusy
from tta_rebuild.prompts import PromptCatalog
from tta_rebuild.quality import ModelJudge, SceneAsked, scene_quality, text_quality, with_judgement
from tta_rebuild.quality.judge import CRITERIA, criteria_in_order, judgement_of, marks_in

PIECE = "The boat scraped onto the shingle. Mira climbed out and hauled the bow past the weed."


def answer(*marks: int) -> Told:
    entries = zip(CRITERIA, marks, strict=True)
    told = {"marks": [{"criterion": c, "why": "the boat", "mark": m} for c, m in entries]}
    return Told(text=json.dumps(told))


def judge(provider: ScriptedProvider, samples: int = 2) -> ModelJudge:
    return ModelJudge(provider, PromptCatalog.load(), samples, {"story_id": "s"})


async def test_each_sample_is_asked_in_another_order_and_booked_as_a_judgement() -> None:
    provider = ScriptedProvider(answer(5, 5, 4, 4, 3, 3), answer(5, 4, 4, 4, 3, 3))
    asked = SceneAsked(premise="A dark lighthouse", move="Row to the island.", words=None)

    judgement, note = await judge(provider).judge(PIECE, context_of(), asked)

    assert note == ""
    assert judgement is not None
    assert judgement.marks["coherence"] == pytest.approx(0.875)
    assert judgement.agreement == pytest.approx(1 - 1 / 6 / 4)
    first, second = (seen.request for seen in provider.seen)
    assert (first.task, first.story_id) == ("judgement", "s")
    assert first.prompt.index("- relevance") < first.prompt.index("- complexity")
    assert second.prompt.index("- complexity") < second.prompt.index("- relevance")
    for words in (PIECE, "A dark lighthouse", "Row to the island."):
        assert words in first.prompt


def test_no_two_of_twelve_samples_have_the_criteria_in_the_same_order() -> None:
    orders = {tuple(criteria_in_order(number)) for number in range(12)}

    assert len(orders) == 12
    assert {order[0] for order in orders} == set(CRITERIA)


@pytest.mark.parametrize(
    "text",
    [
        "I like it.",
        '{"marks": []}',
        '{"marks": [{"criterion": "relevance", "mark": 4}]}',
        answer(5, 5, 5, 5, 5, 9).text,
        answer(5, 5, 5, 5, 5, 0).text,
    ],
)
async def test_an_answer_without_every_mark_counts_for_nothing(text: str) -> None:
    assert marks_in(text) == {}
    found, note = await judge(ScriptedProvider(Told(text=text))).judge(
        PIECE, context_of(), SceneAsked()
    )
    assert found is None
    assert note == "the judge's answer could not be read"


async def test_one_good_answer_of_two_is_a_judgement_with_a_note() -> None:
    provider = ScriptedProvider(answer(3, 3, 3, 3, 3, 3), ProviderBusy("later"))

    found, note = await judge(provider).judge(PIECE, context_of(), SceneAsked())

    assert found is not None
    assert (found.score, found.agreement) == (0.5, None)
    assert "the judge failed" in note
    assert found.note == note


async def test_a_budget_that_is_spent_is_said() -> None:
    provider = ScriptedProvider(
        BudgetExceededError(
            scope="day", limit_usd=1.0, spent_usd=1.0, needed_usd=0.1, how_to_raise="wait"
        )
    )

    found, note = await judge(provider).judge(PIECE, context_of(), SceneAsked())
    assert (found, note) == (None, "the budget is too short for a judge")


def test_marks_are_folded_into_the_score_and_the_score_says_so() -> None:
    quality = text_quality(PIECE)
    low = with_judgement(quality, judgement_of([dict.fromkeys(CRITERIA, 1)]))
    high = with_judgement(quality, judgement_of([dict.fromkeys(CRITERIA, 5)]))

    assert low.score < quality.score < high.score
    assert low.estimate == high.estimate == quality.estimate
    assert set(high.judged) == set(CRITERIA)
    assert with_judgement(quality, None) is quality


def test_no_judge_lifts_a_scene_with_a_missing_part_above_its_cap() -> None:
    best = judgement_of([dict.fromkeys(CRITERIA, 5)])
    asked = SceneAsked(words=None)
    broken, whole = (
        scene_quality(
            [PIECE, "“You took your time,” said Old Tom."],
            setting="A beach",
            tone="wary",
            choices=["Ask Tom.", "Go on."],
            broken=is_broken,
            asked=asked,
        )
        for is_broken in (True, False)
    )

    assert with_judgement(whole, best).score > 0.6
    assert broken.score <= with_judgement(broken, best).score <= 0.6
    assert with_judgement(text_quality(""), best).score == 0.0


async def test_what_decided_a_mark_is_kept_for_each_answer_that_counts() -> None:
    silent = json.dumps({"marks": [{"criterion": c, "mark": 3} for c in CRITERIA]})
    provider = ScriptedProvider(answer(3, 3, 3, 3, 3, 3), Told(text="no"), Told(text=silent))

    found, _ = await judge(provider, samples=3).judge(PIECE, context_of(), SceneAsked())

    assert found is not None
    assert found.why == dict.fromkeys(CRITERIA, ("the boat", ""))


def test_answers_that_differ_make_the_interval_wider() -> None:
    quality = text_quality(PIECE)
    agreed = judgement_of([dict.fromkeys(CRITERIA, 3)] * 2)
    apart = judgement_of([dict.fromkeys(CRITERIA, 2), dict.fromkeys(CRITERIA, 4)])

    narrow, wide = with_judgement(quality, agreed), with_judgement(quality, apart)
    assert wide.high - wide.low > narrow.high - narrow.low
    assert quality.high - quality.low > narrow.high - narrow.low or quality.high == 1.0
