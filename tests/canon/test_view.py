"""The view: what holds at event n on branch b."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tta_rebuild.canon import Canon
from tta_rebuild.core.errors import HistoryNotLoaded, PositionNotFound, StoryError
from tta_rebuild.core.events import (
    CharacterChanged,
    Event,
    FactAsserted,
    FactRetconned,
    FactRetracted,
    PlayerActed,
    StoryOpened,
)
from tta_rebuild.core.story import CharacterSketch, Claim, Premise


def _claim(
    subject: str, relation: str, value: str, *, ends: bool = False, speaker: str = "narrator"
) -> Claim:
    return Claim(subject=subject, relation=relation, value=value, ends=ends, speaker=speaker)


def _told(
    subject: str, relation: str, value: str, *, ends: bool = False, speaker: str = "narrator"
) -> FactAsserted:
    return FactAsserted(claim=_claim(subject, relation, value, ends=ends, speaker=speaker))


def test_a_relation_of_one_value_is_replaced_and_its_past_can_still_be_asked() -> None:
    canon = Canon()
    canon.apply(1, _told("mara", "located_in", "tower"))
    canon.apply(5, _told("mara", "located_in", "harbour"))
    assert canon.value("mara", "located_in") == "harbour"
    assert canon.value("mara", "located_in", at=4) == "tower"
    assert canon.value("mara", "located_in", at=0) is None


def test_every_fact_is_told_with_the_event_that_ended_it_on_this_branch() -> None:
    canon = Canon()
    canon.apply(1, _told("mara", "located_in", "tower"))
    canon.apply(2, _told("mara", "holds", "lamp", speaker="bram"))  # a belief is no fact
    branch = canon.fork()
    canon.apply(5, _told("mara", "located_in", "harbour"))
    canon.apply(6, _told("mara", "located_in", "harbour", ends=True))

    def ever(of: Canon) -> list[tuple[str, int, int | None]]:
        found = [(fact, until) for fact, until in of.ever() if fact.relation == "located_in"]
        return [(fact.value, fact.since, until) for fact, until in found]

    assert ever(canon) == [("tower", 1, 5), ("harbour", 5, 6)]
    assert ever(branch) == [("tower", 1, None)]
    assert not [fact for fact, _ in canon.ever() if fact.relation == "holds"]
    with pytest.raises(HistoryNotLoaded):
        Canon.restored(canon.snapshot()).ever()


def test_a_thing_has_one_holder_so_giving_it_ends_the_first_holding() -> None:
    canon = Canon()
    canon.apply(1, _told("mara", "holds", "the silver key"))
    canon.apply(2, _told("bram", "holds", "silver key"))
    assert canon.values("mara", "holds") == []
    bearer = canon.bearer("holds", "silver key")
    assert bearer is not None
    assert (bearer.subject, bearer.since) == ("bram", 2)
    assert canon.holds_at("mara", "holds", "silver key", at=1) is not None


def test_opposed_states_replace_each_other_and_others_stand_side_by_side() -> None:
    canon = Canon()
    canon.apply(1, _told("door", "state", "open"))
    canon.apply(2, _told("door", "state", "wet"))
    canon.apply(3, _told("door", "state", "shut"))
    assert canon.values("door", "state") == ["wet", "shut"]
    assert canon.holds_at("door", "state", "closed") is not None


def test_a_symmetric_fact_holds_both_ways_and_ends_both_ways() -> None:
    canon = Canon()
    canon.apply(1, _told("mara", "stranger_to", "bram"))
    assert canon.values("bram", "stranger_to") == ["mara"]
    canon.apply(2, _told("bram", "met", "mara"))
    assert canon.values("mara", "stranger_to") == []
    assert canon.values("mara", "met") == ["bram"]


def test_a_retraction_ends_a_fact_without_touching_its_past() -> None:
    canon = Canon()
    canon.apply(1, _told("mara", "holds", "lamp"))
    canon.apply(2, FactRetracted(claim=_claim("mara", "holds", "lamp")))
    assert canon.facts_about("mara") == []
    assert canon.holds_at("mara", "holds", "lamp", at=1) is not None
    last = canon.last_of("mara", "holds", "lamp")
    assert last is not None
    assert last[1] is True


def test_a_retraction_of_something_else_ends_nothing() -> None:
    canon = Canon()
    canon.apply(1, _told("mara", "located_in", "tower"))
    canon.apply(2, FactRetracted(claim=_claim("mara", "located_in", "harbour")))
    assert canon.value("mara", "located_in") == "tower"


def test_what_a_character_says_is_a_belief_and_not_a_fact() -> None:
    canon = Canon()
    canon.apply(1, _told("bram", "alive", "false", speaker="mara"))
    assert canon.holds_at("bram", "alive", "false") is None
    (belief,) = canon.beliefs_of("mara")
    assert (belief.subject, belief.relation, belief.value, belief.speaker) == (
        "bram",
        "alive",
        "false",
        "mara",
    )


def test_neither_parent_nor_sibling_sees_what_a_branch_goes_on_to_say() -> None:
    canon = Canon()
    canon.apply(1, _told("mara", "holds", "lamp"))
    one, other = canon.fork(), canon.fork()
    one.apply(2, FactRetracted(claim=_claim("mara", "holds", "lamp")))
    canon.apply(2, _told("mara", "holds", "rope"))
    assert one.values("mara", "holds") == []
    assert other.values("mara", "holds") == ["lamp"]
    assert canon.values("mara", "holds") == ["lamp", "rope"]


def test_a_fork_at_an_earlier_event_sees_only_what_came_before_it() -> None:
    canon = Canon()
    for position in range(1, 6):
        canon.apply(position, _told("mara", "located_in", f"room {position}"))
    assert canon.fork(3).value("mara", "located_in") == "room 3"
    with pytest.raises(PositionNotFound, match="5 events"):
        canon.fork(6)


def test_a_retcon_rewrites_the_past_on_its_branch_only() -> None:
    canon = Canon()
    canon.apply(1, _told("mara", "holds", "lamp"))
    canon.apply(2, _told("mara", "located_in", "tower"))
    branch = canon.fork()
    branch.apply(
        3,
        FactRetconned(
            claim=_claim("mara", "holds", "lamp"), becomes=_claim("mara", "holds", "rope")
        ),
    )
    assert branch.values("mara", "holds") == ["rope"]
    assert [f.value for f in branch.facts_about("mara", at=1)] == ["rope"]
    assert canon.values("mara", "holds") == ["lamp"]
    assert branch.fork(2).values("mara", "holds") == ["lamp"]


def test_a_retcon_takes_back_what_the_fact_had_ended() -> None:
    canon = Canon()
    canon.apply(1, _told("mara", "holds", "lamp"))
    canon.apply(2, _told("bram", "holds", "lamp"))
    canon.apply(3, FactRetconned(claim=_claim("bram", "holds", "lamp")))
    assert canon.values("mara", "holds") == ["lamp"]
    assert canon.values("bram", "holds") == []


def test_a_corrected_past_does_not_outlast_what_a_grandparent_told_after_it() -> None:
    root = Canon()
    root.apply(1, _told("mara", "located_in", "tower"))
    root.apply(2, _told("mara", "located_in", "harbour"))
    child = root.fork()
    child.apply(3, _told("mara", "role", "smith"))
    grandchild = child.fork()
    grandchild.apply(
        4,
        FactRetconned(
            claim=_claim("mara", "located_in", "tower"),
            becomes=_claim("mara", "located_in", "mill"),
        ),
    )
    assert grandchild.value("mara", "located_in") == "harbour"
    assert grandchild.value("mara", "located_in", at=1) == "mill"


def test_events_are_taken_in_order_only() -> None:
    canon = Canon()
    canon.apply(4, PlayerActed(text="wait"))
    with pytest.raises(StoryError, match="cannot follow"):
        canon.apply(4, PlayerActed(text="wait"))


def test_the_opening_introduces_the_characters_with_names_and_strong_traits() -> None:
    canon = Canon()
    sketch = CharacterSketch(
        character_id="mara", name="Mara Voss", traits={"brave": 0.9, "tall": 0.1}
    )
    canon.apply(1, StoryOpened(premise=Premise(theme="a lamp", characters=(sketch,))))
    assert {(f.relation, f.value) for f in canon.facts_about("mara")} == {
        ("name", "Mara Voss"),
        ("alive", "true"),
        ("trait", "brave"),
    }
    assert canon.id_of("Mara Voss") == "mara"


def test_a_changed_character_feels_otherwise_from_there_on() -> None:
    canon = Canon()
    canon.apply(1, CharacterChanged(character_id="mara", emotion="happy"))
    canon.apply(2, CharacterChanged(character_id="mara", emotion="sad"))
    assert canon.values("mara", "feeling") == ["sad"]


_SUBJECTS = ["mara", "bram", "door", "lamp"]
_FACTS = [
    ("located_in", ["tower", "harbour"]),
    ("holds", ["lamp", "rope"]),
    ("state", ["open", "closed", "wet"]),
    ("met", ["mara", "bram"]),
    ("stranger_to", ["mara", "bram"]),
    ("alive", ["true", "false"]),
    ("role", ["smith", "old smith"]),
    ("kin", ["sister of bram", "mother of bram"]),
]


def _random_event(draw: random.Random) -> Event:
    relation, values = draw.choice(_FACTS)
    claim = _claim(draw.choice(_SUBJECTS), relation, draw.choice(values))
    kind = draw.random()
    if kind < 0.6:
        return FactAsserted(claim=claim)
    if kind < 0.75:
        return FactRetracted(claim=claim)
    if kind < 0.9:
        becomes = (
            _claim(claim.subject, relation, draw.choice(values)) if draw.random() < 0.5 else None
        )
        return FactRetconned(claim=claim, becomes=becomes)
    return PlayerActed(text="go on")


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**9))
def test_whatever_happens_on_its_branches_a_view_equals_a_fresh_replay_of_its_path(
    seed: int,
) -> None:
    draw = random.Random(seed)
    branches: list[tuple[Canon, list[Event]]] = [(Canon(), [])]
    for _ in range(60):
        canon, path = draw.choice(branches)
        if draw.random() < 0.15:
            at = draw.randint(0, len(path))
            branches.append((canon.fork(at), path[:at]))
            continue
        event = _random_event(draw)
        path.append(event)
        canon.apply(len(path), event)
        if draw.random() < 0.3:
            canon.all_now()
    for canon, path in branches:
        fresh = Canon()
        for position, event in enumerate(path, 1):
            fresh.apply(position, event)
        assert canon.all_now() == fresh.all_now()
        at = draw.randint(0, len(path))
        for subject in _SUBJECTS:
            assert canon.facts_about(subject, at) == fresh.facts_about(subject, at)


@pytest.mark.parametrize("length", [10, 400])
def test_a_fork_copies_nothing(length: int, canon_of: Callable[..., Canon]) -> None:
    canon = canon_of(*[(f"person {n}", "located_in", "tower") for n in range(length)])
    branch = canon.fork()
    assert branch._segment.slots == {}
    assert branch.value("person 3", "located_in") == "tower"


def test_a_changed_mood_takes_the_place_of_the_one_before() -> None:
    canon = Canon()
    for position, emotion in enumerate(("hopeful", "conflicted"), start=1):
        canon.apply(position, CharacterChanged(character_id="mara", emotion=emotion))

    assert canon.values("mara", "feeling") == ["conflicted"]
    assert canon.values("mara", "feeling", at=1) == ["hopeful"]


def test_who_takes_a_thing_takes_it_from_where_it_lay(canon_of: Callable[..., Canon]) -> None:
    lay = ("flask", "located_in", "salt cask")
    assert canon_of(lay, ("wren", "holds", "flask")).value("flask", "located_in") is None
    assert canon_of(lay, ("wren", "wears", "flask")).value("flask", "located_in") is None
    put_down = canon_of(("wren", "holds", "flask"), lay, ("wren", "holds", "flask"))
    assert put_down.value("flask", "located_in") == "salt cask"


def test_a_new_feeling_takes_the_place_of_the_last_one(canon_of: Callable[..., Canon]) -> None:
    felt = [("hugh", "feeling", value) for value in ("relieved", "frightened", "neutral")]
    assert canon_of(*felt[:2]).values("hugh", "feeling") == ["frightened"]
    assert canon_of(*felt).values("hugh", "feeling") == []


def test_a_correction_after_a_correction_leaves_what_was_told_before_either(
    canon_of: Callable[..., Canon],
) -> None:
    canon = canon_of(("mara", "holds", "lamp"), ("bram", "role", "smith"))
    for position, (was, becomes) in enumerate((("lamp", "rope"), ("rope", "map")), start=3):
        claims = [_claim("mara", "holds", thing) for thing in (was, becomes)]
        canon.apply(position, FactRetconned(claim=claims[0], becomes=claims[1]))
    canon.apply(5, _told("mara", "holds", "oar"))
    assert canon.values("mara", "holds") == ["map", "oar"]
    assert [canon.fork(at).values("mara", "holds") for at in (2, 3, 4)] == [
        ["lamp"],
        ["rope"],
        ["map"],
    ]
    assert canon.values("bram", "role") == ["smith"]


def test_of_a_canon_taken_up_later_no_fork_can_correct_what_came_before(
    canon_of: Callable[..., Canon],
) -> None:
    taken_up = Canon.restored(canon_of(("mara", "holds", "lamp")).snapshot())
    correction = FactRetconned(claim=_claim("mara", "holds", "lamp"))
    with pytest.raises(HistoryNotLoaded):
        taken_up.fork().apply(2, correction)
