"""Retcons: exactly what depends on a fact, and the ways to go on."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tta_rebuild.canon import Canon, plan_retcon
from tta_rebuild.core.errors import StoryError
from tta_rebuild.core.story import Claim

MakeCanon = Callable[..., Canon]


def _claim(subject: str, relation: str, value: str) -> Claim:
    return Claim(subject=subject, relation=relation, value=value)


def test_what_contradicts_the_new_past_depends_on_the_old_one(canon_of: MakeCanon) -> None:
    canon = canon_of(
        ("bram", "alive", "true"),
        ("mara", "located_in", "tower"),
        ("bram", "holds", "lamp"),
        ("mara", "holds", "rope"),
        ("bram", "located_in", "mill"),
    )
    plan = plan_retcon(canon, _claim("bram", "alive", "true"), _claim("bram", "alive", "false"))
    assert [d.position for d in plan.dependents] == [3, 5]
    assert all(d.why for d in plan.dependents)
    assert plan.rewrite_at == 2


def test_an_ending_depends_on_what_it_ends(canon_of: MakeCanon) -> None:
    from tta_rebuild.core.events import FactAsserted

    canon = canon_of(("mara", "holds", "lamp"), ("mara", "role", "smith"))
    ending = Claim(subject="mara", relation="holds", value="lamp", ends=True)
    canon.apply(3, FactAsserted(claim=ending))
    plan = plan_retcon(canon, _claim("mara", "holds", "lamp"))
    assert [d.position for d in plan.dependents] == [3]


def test_a_fact_on_which_nothing_rests_has_no_dependents(canon_of: MakeCanon) -> None:
    canon = canon_of(("mara", "trait", "green eyes"), ("mara", "located_in", "tower"))
    plan = plan_retcon(canon, _claim("mara", "trait", "green eyes"))
    assert plan.dependents == ()
    assert plan.rewrite_at == canon.position
    assert plan.marks() == ()


def test_the_planned_event_makes_the_correction_and_marks_end_the_doubtful(
    canon_of: MakeCanon,
) -> None:
    canon = canon_of(("bram", "alive", "true"), ("bram", "holds", "lamp"))
    plan = plan_retcon(canon, _claim("bram", "alive", "true"), _claim("bram", "alive", "false"))
    canon.apply(3, plan.event("he was dead all along"))
    for position, mark in enumerate(plan.marks(), 4):
        canon.apply(position, mark)
    assert [(f.relation, f.value) for f in canon.facts_about("bram")] == [("alive", "false")]


def test_what_never_was_cannot_be_taken_back(canon_of: MakeCanon) -> None:
    with pytest.raises(StoryError, match="never was so"):
        plan_retcon(canon_of(), _claim("bram", "alive", "true"))
