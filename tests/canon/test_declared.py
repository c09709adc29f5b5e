"""What a storyteller declares, held against what is so: change passes, contradiction does not."""

from __future__ import annotations

import pytest

from tta_rebuild.canon import Canon
from tta_rebuild.canon.declared import DeclaredCheck
from tta_rebuild.canon.people import People
from tta_rebuild.core.events import FactAsserted, PlayerActed
from tta_rebuild.core.story import CharacterSketch, Claim, Passage

Known = tuple[str, str, str]
Said = tuple[str, str, str, bool]
NEXT_TURN: Known = ("", "", "")


def canon_with(*facts: Known, sentence: str = "") -> Canon:
    """A canon in which these hold; ``NEXT_TURN`` between two begins a turn."""
    canon = Canon()
    for subject, relation, value in facts:
        event = (
            FactAsserted(
                claim=Claim(subject=subject, relation=relation, value=value, sentence=sentence)
            )
            if subject
            else PlayerActed(text="")
        )
        canon.apply(canon.position + 1, event)
    return canon


def kinds(canon: Canon, *said: Said) -> list[str]:
    """The kinds of contradiction in a narrated passage that declares this."""
    facts = tuple(
        Claim(subject=subject, relation=relation, value=value, ends=ends)
        for subject, relation, value, ends in said
    )
    check = DeclaredCheck(canon, People(canon, ()))
    claims = check.claims(Passage(text="", facts=facts))
    return [found.kind for found in check.check(claims) if found.blocks]


@pytest.mark.parametrize(
    ("known", "said", "kind"),
    [
        (("wilma", "kin", "daughter of oskar"), ("wilma", "kin", "niece of oskar"), "kin_changed"),
        (("wilma", "kin", "Oskar's daughter"), ("wilma", "kin", "niece of oskar"), "kin_changed"),
        (("wilma", "kin", "daughter of oskar"), ("wilma", "kin", "child of oskar"), ""),
        (("wilma", "kin", "daughter of oskar"), ("wilma", "kin", "niece of ruth"), ""),
        (("wilma", "kin", "fiancée of oskar"), ("wilma", "kin", "wife of oskar"), ""),
        (("wilma", "ability", "cannot swim"), ("wilma", "ability", "can swim"), "ability_denied"),
        (("wilma", "ability", "swim"), ("wilma", "ability", "not swim"), "ability_denied"),
        (("wilma", "ability", "cannot swim"), ("wilma", "ability", "can row"), ""),
    ],
)
def test_what_no_event_changes_must_be_said_to_end_first(
    known: Known, said: Known, kind: str
) -> None:
    canon = canon_with(known)
    assert kinds(canon, (*said, False)) == ([kind] if kind else [])
    ended = (known[0], known[1], known[2], True)
    assert kinds(canon, ended, (*said, False)) == []


def test_a_state_of_being_dead_is_a_death() -> None:
    canon = canon_with(("wilma", "located_in", "barn"))
    (claim,) = DeclaredCheck(canon, People(canon, ())).claims(
        Passage(text="", facts=(Claim(subject="wilma", relation="state", value="dead"),))
    )
    assert (claim.relation, claim.value) == ("alive", "false")


@pytest.mark.parametrize(
    ("place", "kind"),
    [
        ("market", "dead_acts"),
        ("barn", ""),
        ("hayloft", ""),
        ("the family grave", ""),
    ],
)
def test_the_dead_lie_where_they_died_or_are_laid_and_nowhere_else(place: str, kind: str) -> None:
    canon = canon_with(
        ("wilma", "located_in", "barn"),
        ("wilma", "holds", "lamp"),
        NEXT_TURN,
        ("wilma", "alive", "false"),
        NEXT_TURN,
        sentence="She fell from the hayloft and did not move again.",
    )
    assert kinds(canon, ("wilma", "located_in", place, False)) == ([kind] if kind else [])


def test_a_body_may_be_moved_in_the_scene_of_the_death() -> None:
    canon = canon_with(
        ("wilma", "holds", "lamp"), NEXT_TURN, ("wilma", "alive", "false"), sentence="She fell."
    )
    assert kinds(canon, ("wilma", "located_in", "market", False)) == []


def test_who_was_dead_before_the_story_may_be_a_ghost_in_it() -> None:
    canon = canon_with(("wilma", "alive", "false"), NEXT_TURN, sentence="She had died.")
    assert kinds(canon, ("wilma", "located_in", "market", False)) == []


def test_who_goes_by_a_dead_mans_name_is_not_dead() -> None:
    cast = (
        CharacterSketch(
            character_id="otto",
            name="Otto Brandt",
            description="a deserter who calls himself Lukas Vogel",
            is_player=True,
        ),
    )
    canon = canon_with(("otto", "alive", "true"), ("otto", "name", "Lukas Vogel"))
    check = DeclaredCheck(canon, People(canon, cast))

    def subject_of(name: str, relation: str, value: str) -> str:
        facts = (Claim(subject=name, relation=relation, value=value),)
        (claim,) = check.claims(Passage(text="", facts=facts))
        canon.apply(canon.position + 1, FactAsserted(claim=claim))
        return claim.subject

    assert subject_of("Lukas", "holds", "lamp") == "otto"
    assert subject_of("Lukas", "alive", "false") == "lukas"
    assert canon.holds_at("otto", "alive", "true") is not None
    assert subject_of("the deserter", "alive", "false") == "otto"


def test_a_dead_player_goes_on_as_the_player_says() -> None:
    cast = (CharacterSketch(character_id="otto", name="Otto", is_player=True),)
    canon = canon_with(("otto", "holds", "lamp"), NEXT_TURN, ("otto", "alive", "false"), NEXT_TURN)
    check = DeclaredCheck(canon, People(canon, cast))
    facts = (Claim(subject="otto", relation="holds", value="rope"),)
    claims = check.claims(Passage(text="", facts=facts))
    assert check.check(claims, speaker="otto") == []


def test_who_was_seen_alive_in_the_story_is_no_ghost_of_before() -> None:
    canon = canon_with(
        ("hound", "state", "barking"), NEXT_TURN, ("hound", "alive", "false"), NEXT_TURN
    )
    assert kinds(canon, ("hound", "located_in", "kitchen", False)) == ["dead_acts"]
