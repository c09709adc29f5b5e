"""Checks and views of a canon of 100, 10,000 and 1,000,000 events: what they cost does not grow."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from benchmarks.figures.canon_speed import PEOPLE, PROPOSAL, SENTENCES, story_of
from tta_rebuild.canon import Canon, Checker

SIZES = [100, 10_000, 1_000_000]


@cache
def canon_of(events: int) -> Canon:
    return story_of(events)


@pytest.mark.parametrize("events", SIZES)
def test_check_of_eight_sentences(benchmark: Any, events: int) -> None:
    checker = Checker(canon_of(events))
    benchmark(lambda: [checker.contradictions(sentence) for sentence in SENTENCES])


@pytest.mark.parametrize("events", SIZES)
def test_check_of_a_proposal(benchmark: Any, events: int) -> None:
    checker = Checker(canon_of(events))
    benchmark(lambda: checker.contradictions(PROPOSAL))


@pytest.mark.parametrize("events", SIZES)
def test_view_of_ten_subjects_a_little_ago(benchmark: Any, events: int) -> None:
    canon = canon_of(events)
    at = canon.position - 5
    found = benchmark(lambda: [canon.facts_about(person, at) for person in PEOPLE])
    assert all(found)


@pytest.mark.parametrize("events", SIZES)
def test_fork_and_first_look(benchmark: Any, events: int) -> None:
    canon = canon_of(events)
    assert benchmark(lambda: canon.fork(events // 2).facts_about("Mara"))
