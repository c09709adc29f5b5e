"""Conditions and effects over the flat table of a storyteller's world."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tta_rebuild.storyteller.world_state import NotationError, WorldState, keys_of

VALUES = {
    "here": "yard",
    "lamp.at": "you",
    "lamp.lit": True,
    "bee.at": "yard",
    "key.at": "bee",
    "ship.at": "sea",
    "storm": 3,
}


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("", True),
        ("lamp.lit", True),
        ("!lamp.lit", False),
        ("storm>=3, storm<4", True),
        ("storm>3/lamp.lit", True),
        ("storm>oil, oil<storm", True),
        ("ship.here, lamp.lit/storm=3", False),
        ("storm>3/!lamp.lit", False),
        ("here=yard, bee.at=here", True),
        ("bee.here, lamp.here, key.here", True),  # the key is with Bee, and she is here
        ("ship.here", False),
        ("oil=0, !oil", True),  # never set
        ("object.lit, object=lamp", True),
        ("person", False),
        ("person.trust<1", True),
        ("key.at=object", False),
        ("lamp.at=", False),
    ],
)
def test_a_condition_holds_where_all_its_terms_do(condition: str, holds: bool) -> None:
    state = WorldState(dict(VALUES), {"object": "lamp", "person": ""})

    assert state.holds(condition) is holds


def test_effects_set_count_and_unset() -> None:
    state = WorldState(dict(VALUES), {"object": "lamp", "person": "bee", "tool": ""})
    state.apply("!object.lit, storm+2, oil-1, person.trust+1, key.at=you, here=tower, tool.broken")

    assert state.values == {
        **VALUES,
        "lamp.lit": False,
        "storm": 5,
        "oil": -1,
        "bee.trust": 1,
        "key.at": "you",
        "here": "tower",
    }


@pytest.mark.parametrize("wrong", ["storm > 3 4", "a b", "=3", "a==b", "!", "!a=b"])
def test_what_cannot_be_read_is_named(wrong: str) -> None:
    with pytest.raises(NotationError, match="cannot be read"):
        keys_of(wrong + ",")


@given(st.integers(-50, 50), st.integers(0, 50))
def test_counting_up_and_down_comes_back(start: int, step: int) -> None:
    state = WorldState({"oil": start})
    state.apply(f"oil+{step}, oil-{step}")

    assert state.get("oil") == start


def test_what_holds_each_other_is_nowhere_and_ends_no_turn() -> None:
    """A play ended in a RecursionError: the child in the woman's arms, and she in the child's."""
    state = WorldState({"here": "mill", "home": "mill", "a.at": "b", "b.at": "c", "c.at": "a"})

    assert not state.is_here("a")
    assert state.is_here("you")


def test_who_goes_to_what_they_hold_lets_go_of_it() -> None:
    state = WorldState({"here": "mill", "home": "mill", "woman.at": "mill", "child.at": "woman"})

    state.apply("woman.at=child")

    assert state.is_here("woman")
    assert state.values["child.at"] == "mill"
