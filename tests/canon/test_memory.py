"""What comes to somebody's mind: the old that a cue is about, the weighty, the latest; no more."""

from __future__ import annotations

from random import Random

import pytest

from tta_rebuild.canon.memory import Memories
from tta_rebuild.core.story import Memory


def lived(*texts: str, weight: int = 1) -> Memories:
    """One memory a turn."""
    return Memories(
        Memory(text=text, turn=turn, weight=weight) for turn, text in enumerate(texts, start=1)
    )


def texts(memories: tuple[Memory, ...]) -> list[str]:
    return [memory.text for memory in memories]


def test_what_a_cue_is_about_comes_to_mind_however_long_ago_and_in_other_forms() -> None:
    key = "Ines hid the brass keys in the flour crock."
    known = lived(key, *(f"Ines counts boat {n} at the quay." for n in range(300)))
    assert key in texts(known.recalled("Where is the key that was hidden?", 301, 60))


def test_where_nothing_is_asked_the_latest_and_the_weightiest_come_to_mind() -> None:
    oath = Memory(text="Ines swore to burn the letters.", turn=1, weight=3)
    known = Memories([oath, *lived(*(f"It rained on day {n}." for n in range(200)))])
    assert texts(known.recalled("", 200, 24)) == [oath.text, "It rained on day 199."]


def test_whom_a_moment_concerns_counts_beside_the_words() -> None:
    of_rui = Memory(text="He came by bus.", turn=1, about=("rui",))
    known = Memories([of_rui, *lived(*(f"It rained on day {n}." for n in range(30)))])
    assert of_rui not in known.recalled("", 30, 16)
    assert of_rui in known.recalled("", 30, 16, near=["rui"])


def test_what_comes_to_mind_keeps_to_its_budget_and_its_order_and_says_nothing_twice() -> None:
    known = lived("The lamp went out.", "It rained.", "The lamp went out.", "The lamp broke.")
    assert texts(known.recalled("the lamp", 4)) == [
        "It rained.",
        "The lamp went out.",
        "The lamp broke.",
    ]
    assert known.recalled("the lamp", 4, 0) == ()
    assert Memories().recalled("the lamp", 4) == ()


def test_two_branches_that_go_on_from_one_past_never_see_each_other() -> None:
    past = lived("The lamp went out.")
    one = past.added([Memory(text="The lamp was lit by Tom.", turn=2)])
    other = past.added([Memory(text="The lamp was thrown away.", turn=2)])
    assert texts(past.recalled("the lamp", 2)) == ["The lamp went out."]
    assert texts(one.recalled("the lamp", 2)) == ["The lamp went out.", "The lamp was lit by Tom."]
    assert other[-1].text == "The lamp was thrown away."
    assert (len(past), len(one), list(one)[:1]) == (1, 2, list(past))
    assert one != other
    assert one == Memories(one)


def test_an_older_version_finds_nothing_that_came_later_even_of_a_common_word() -> None:
    past = lived("The lamp went out.", "Rain.")
    later = past.added([Memory(text=f"The lamp again, {n}.", turn=3, weight=3) for n in range(9)])
    later.recalled("the lamp", 3)  # by now the index knows of all
    assert texts(past.recalled("lamp", 3)) == ["The lamp went out.", "Rain."]


def test_a_line_of_the_older_past_leads_to_the_memories_that_it_stands_for() -> None:
    known = lived("One.", "Two.", "Three.", "Four.").added([Memory(text="Four too.", turn=4)])
    assert texts(known.during(2, 3)) == ["Two.", "Three."]
    assert texts(known.during(4, 9)) == ["Four.", "Four too."]
    assert known.during(5, 9) == ()
    assert texts(known[1:3]) == ["Two.", "Three."]


@pytest.mark.parametrize("seed", range(2))
def test_of_ten_thousand_memories_the_planted_ones_are_found_by_half_their_words(seed: int) -> None:
    dice = Random(seed)
    syllables = [a + b for a in "bdfglmnprst" for b in "aeiou"]
    words = ["".join(dice.choices(syllables, k=3)) for _ in range(3_000)]
    common = [1 / (rank + 1) for rank in range(len(words))]
    told = [dice.choices(words, common, k=12) for _ in range(10_000)]
    known = Memories(
        Memory(text=" ".join(said), turn=n // 4, weight=dice.choice((1, 1, 1, 2, 3)))
        for n, said in enumerate(told)
    )
    planted = range(0, 9_000, 90)
    found = sum(
        known[n] in known.recalled(" ".join(dice.sample(told[n], 6)), 2_500) for n in planted
    )
    assert found >= 0.95 * len(planted)


def test_two_that_go_on_from_the_same_past_stay_apart() -> None:
    past = Memories([Memory(text="The lamp went out.")])
    one, other = (past.added([Memory(text=text)]) for text in ("I lit it.", "I left it dark."))

    assert [memory.text for memory in one] == ["The lamp went out.", "I lit it."]
    assert [memory.text for memory in other] == ["The lamp went out.", "I left it dark."]
    assert len(past) == 1
