"""When an experiment names a winner, and above all when it does not."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tta_rebuild.core.records import PlayRecord
from tta_rebuild.lab.paired_effects import (
    Design,
    alpha_at,
    differences,
    effect,
    interval_and_p,
)
from tta_rebuild.lab.verdict import Question, decide

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def plays(
    variant: str,
    chance: random.Random,
    base: dict[str, float],
    *,
    lift: float = 0.0,
    seeds: int = 2,
) -> list[PlayRecord]:
    """Plays whose quality depends on the premise, on chance and on the variant; never normal."""
    return [
        PlayRecord(
            variant=variant,
            premise=premise,
            seed=seed,
            player="varied",
            at=NOON,
            outcome={
                "quality": middle + lift + 0.1 * chance.expovariate(1) * chance.choice((1, 1, -1)),
                "contradictions": 0.0,
                "words": 100.0,
            },
        )
        for premise, middle in base.items()
        for seed in range(seeds)
    ]


def experiment(
    seed: int, *, lift: float, design: Design, premises: int = 24, variants: str = "ab"
) -> tuple[Question, list[PlayRecord]]:
    chance = random.Random(seed)
    base = {f"p{n}": chance.uniform(0.3, 0.9) for n in range(premises)}
    question = Question(
        variants=tuple(variants),
        premises=tuple(base),
        plays_each=2,
        metric="quality",
        design=design,
    )
    lifts = dict.fromkeys(variants, 0.0) | {"b": lift}
    return question, [p for name in variants for p in plays(name, chance, base, lift=lifts[name])]


@pytest.mark.parametrize("design", ["fixed", "sequential"])
def test_two_equal_variants_have_a_winner_in_at_most_5_of_100_experiments(design: Design) -> None:
    wrong = [bool(decide(*experiment(s, lift=0, design=design)).winner) for s in range(200)]

    assert sum(wrong) <= 0.05 * len(wrong)


@pytest.mark.parametrize("design", ["fixed", "sequential"])
def test_a_planted_difference_is_found_and_named_rightly(design: Design) -> None:
    found = [decide(*experiment(seed, lift=0.13, design=design)).winner for seed in range(50)]

    assert found.count("b") >= 45
    assert "a" not in found


def test_a_sequential_design_needs_fewer_plays_where_the_difference_is_great() -> None:
    looks = [decide(*experiment(s, lift=0.2, design="sequential")).premises for s in range(20)]

    assert sum(looks) / len(looks) <= 18, "of 24"


def test_among_three_variants_the_winner_is_better_than_both_others() -> None:
    assert decide(*experiment(1, lift=0.2, design="fixed", variants="abc")).winner == "b"
    tied, played = experiment(1, lift=0.0, design="fixed", variants="abc")
    lifted = [
        replace(p, outcome=p.outcome | {"quality": p.outcome["quality"] + 0.3})
        if p.variant in "bc"
        else p
        for p in played
    ]
    assert decide(tied, lifted).winner == "", "two are better than the third and equal"


def test_a_winner_that_contradicts_itself_more_is_refused() -> None:
    question, played = experiment(1, lift=0.2, design="fixed")
    worse = [
        replace(p, outcome=p.outcome | {"contradictions": 0.5 + p.seed / 10})
        if p.variant == "b"
        else p
        for p in played
    ]

    verdict = decide(question, worse)

    assert verdict.winner == ""
    assert "'b' is better in quality, but worse in contradictions" in verdict.reason


def test_a_fixed_sample_is_not_judged_before_it_is_whole() -> None:
    question, played = experiment(1, lift=0.2, design="fixed")
    part = [p for p in played if p.premise != "p23"]

    verdict = decide(question, part)

    assert (verdict.winner, verdict.is_final) == ("", False)
    assert "23 of 24 premises are played; a fixed sample is judged when" in verdict.reason
    assert verdict.effects, "it can be looked at"


def test_a_sequential_sample_is_judged_at_its_looks_and_nowhere_else() -> None:
    question, played = experiment(1, lift=0.3, design="sequential")
    by_look = {
        upto: decide(question, [p for p in played if int(p.premise[1:]) < upto])
        for upto in (5, 6, 11, 12, 24)
    }

    assert question.premises_at == (6, 12, 18, 24)
    assert [(v.look, v.winner) for v in by_look.values()] == [
        (0, ""),
        (1, ""),
        (1, ""),
        (2, "b"),
        (2, "b"),
    ]
    assert by_look[24].premises == 12, "what was played after the decision changes nothing"
    assert "the next look is after 6" in by_look[5].reason


def test_few_premises_show_nothing_whatever_they_hold() -> None:
    question, played = experiment(1, lift=0.9, design="fixed", premises=5)

    verdict = decide(question, played)

    assert (verdict.winner, verdict.is_final) == ("", True)
    assert "5 premises show nothing" in verdict.reason


def test_equal_to_the_last_digit_is_no_difference() -> None:
    question, played = experiment(1, lift=0, design="fixed")
    same = [replace(p, outcome={"quality": 0.5}) for p in played]

    verdict = decide(question, same)

    assert verdict.winner == ""
    assert verdict.effects[0].p == 1.0
    assert "could be +0 to +0" in verdict.reason


def test_pairs_of_one_premise_count_once() -> None:
    first = [replace(p, outcome={"quality": 0.0}) for p in plays("a", random.Random(1), {"p": 0.5})]
    second = [replace(p, variant="b", outcome={"quality": p.seed * 1.0}) for p in first]

    assert differences(first, second, "quality") == ({"p": 0.5}, 2)
    found = effect(first, second, "quality", alpha=0.05)
    assert found is not None
    assert (found.pairs, found.premises, found.low) == (2, 1, float("-inf"))
    assert effect(first, second, "no such", alpha=0.05) is None


def test_the_interval_is_student_s_and_the_test_fisher_s() -> None:
    low, high, p = interval_and_p([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 0.05)

    assert (round(low, 3), round(high, 3)) == (1.537, 5.463)
    assert p == pytest.approx(2 / 64)
    assert interval_and_p([2.0] * 8, 0.05) == (2.0, 2.0, pytest.approx(2 / 256))


def test_the_looks_spend_alpha_once_and_the_last_of_it_last() -> None:
    shares = [alpha_at(look, 4, 0.05, "sequential") for look in (1, 2, 3, 4)]

    assert sum(shares) == pytest.approx(0.05)
    assert [round(share, 4) for share in shares] == [0.0001, 0.0055, 0.0181, 0.0264]
    assert [alpha_at(look, 1, 0.05, "fixed") for look in (1,)] == [0.05]
