"""Choices: which are the same in disguise, and which lead nowhere."""

from __future__ import annotations

from collections.abc import Callable

from tta_rebuild.canon import Canon
from tta_rebuild.core.story import Choice, Claim
from tta_rebuild.reading import dead_ends, false_choices

MakeCanon = Callable[..., Canon]
GO = Claim(subject="mara", relation="located_in", value="mill")
TAKE = Claim(subject="mara", relation="holds", value="lamp")
DIE = Claim(subject="mara", relation="alive", value="false")


def test_two_choices_with_the_same_effects_are_one_choice(canon_of: MakeCanon) -> None:
    one = Choice(text="Walk to the mill", effects=(GO,))
    same = Choice(text="Stroll over to the mill", effects=(GO,))
    other = Choice(text="Take the lamp", effects=(TAKE,))
    ((text, reason),) = false_choices(canon_of(), [one, other, same]).items()
    assert text == same.text
    assert f"the same as “{one.text}”" in reason


def test_an_effect_that_is_so_already_makes_no_difference(canon_of: MakeCanon) -> None:
    stay = Choice(text="Stay in the mill", effects=(GO,))
    look = Choice(text="Look around the mill", effects=(GO,))
    assert false_choices(canon_of(("mara", "located_in", "mill")), [stay, look])


def test_choices_in_other_words_without_effects_are_not_called_the_same(
    canon_of: MakeCanon,
) -> None:
    assert false_choices(canon_of(), [Choice(text="Open the door"), Choice(text="Run away")]) == {}


def test_the_death_of_the_player_is_a_dead_end(canon_of: MakeCanon) -> None:
    choice = Choice(text="Drink the poison", effects=(DIE,))
    assert "dead" in dead_ends(canon_of(), [choice], player="mara")[choice.text]
    assert dead_ends(canon_of(), [choice], player="bram") == {}


def test_a_place_that_the_choice_destroys_under_the_player_is_a_dead_end(
    canon_of: MakeCanon,
) -> None:
    burn = Choice(
        text="Set the mill on fire",
        effects=(Claim(subject="mill", relation="state", value="destroyed"),),
    )
    canon = canon_of(("mara", "located_in", "mill"))
    assert "mill, which is destroyed" in dead_ends(canon, [burn], player="mara")[burn.text]


def test_looking_ahead_changes_nothing(canon_of: MakeCanon) -> None:
    canon = canon_of(("mara", "located_in", "tower"))
    dead_ends(canon, [Choice(text="Go", effects=(GO, DIE))], player="mara")
    assert canon.position == 1
    assert canon.value("mara", "located_in") == "tower"
