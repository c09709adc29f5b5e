"""What a plot is told with: the aim, the matter, the surroundings and people of a premise."""

from __future__ import annotations

from typing import Any

import pytest

from tta_rebuild.storyteller.casting import cast_of
from tta_rebuild.storyteller.fact_cast import PARTS_OF_FACTS
from tta_rebuild.storyteller.line_template import capital, template
from tta_rebuild.storyteller.parts import part_slots
from tta_rebuild.storyteller.premise import read_premise
from tta_rebuild.storyteller.premise_cues import labels_of
from tta_rebuild.storyteller.scene_file import packaged, paragraphs, read_world
from tta_rebuild.storyteller.surroundings import (
    ANYWHERE,
    PEOPLE,
    noun_slots,
    person_slots,
    surroundings_of,
)
from tta_rebuild.storyteller.word_lists import packaged_yaml

SHIP = "A detective on a ship has to find out who robbed the singer before the ship reaches port."
SELLER = "Nadia, a violin maker, must decide whether to sell her workshop to her old lover Viktor."
AUNT = "I must find my aunt in the desert."
CROWN = "The king must find his crown. You cook."
SELLS = "decide whether to sell your workshop to your old lover Viktor"
PERSONAL = {
    "npc",
    "Npc",
    "npc_they",
    "Npc_they",
    "npc_them",
    "npc_their",
    "Npc_their",
    "who",
    "Who",
}


def slots_of(theme: str, **notes: Any) -> dict[str, str]:
    return cast_of({"theme": theme, "seed": "1"}, notes).slots


@pytest.mark.parametrize(
    ("theme", "aim", "matter", "kind"),
    [
        (SELLER, SELLS, "your workshop", "workshop"),
        (SHIP, "find out who robbed the singer before the ship reaches port", "the singer", "ship"),
        ("Two sisters must save their bakery.", "save your bakery", "your bakery", "shop"),
        (AUNT, "find your aunt in the desert", "your aunt", "desert"),
        ("You must open the box in the cave.", "open the box in the cave", "the box", "cave"),
        (CROWN, "find the crown", "the crown", "castle"),
        ("She sits in the school.", "find out the secret of the school", "the school", "school"),
    ],
)  # fmt: skip
def test_the_aim_the_matter_and_the_kind_of_place_are_read(
    theme: str, aim: str, matter: str, kind: str
) -> None:
    read = read_premise(theme, plot="find" if theme in (AUNT, CROWN) else "")

    assert (read.aim, read.matter, read.surroundings) == (aim, matter, kind)


def test_every_kind_of_place_that_a_premise_can_name_is_described_and_no_other() -> None:
    named = {*labels_of("surroundings"), ANYWHERE}

    assert named == packaged("surroundings").keys()


@pytest.mark.parametrize("is_modern", [False, True])
@pytest.mark.parametrize("kind", packaged("surroundings"))
def test_a_kind_of_place_has_all_that_plots_are_told_with(kind: str, is_modern: bool) -> None:
    around = surroundings_of(kind, "1", (), is_modern=is_modern)
    usual = surroundings_of("", "1", ())

    assert around.slots.keys() == usual.slots.keys()
    assert len(around.sights) >= 3
    assert not [sight for sight in around.sights if "you" in sight.lower().split()]
    assert around.slots["room"] != around.slots["room2"]


SPEAKERS = ("", "_near", "_npc", "_rival", "_above", *(f"_{part}" for part in PARTS_OF_FACTS))
SAID = {f"{slot}{by}" for slot in ("fact", "also", "also2", "also3", "reason") for by in SPEAKERS}
FACTS = {*SAID, *map(capital, SAID), "fact_he", "Fact_he", "fact_inf", "fact_ing", "when"}
OF_DEEDS = {f"{slot}{by}" for slot in ("object", "asked", "claim") for by in SPEAKERS}
FACTS |= {*OF_DEEDS, *map(capital, OF_DEEDS), *noun_slots("object", "the lamp")}
FACTS |= {slot for part in PARTS_OF_FACTS for slot in person_slots(part, "Tom", "he")}
"""What plots of facts are told with, where a premise has such facts."""


@pytest.mark.parametrize("plot", packaged("plots"))
def test_a_plot_names_nothing_that_has_no_value(plot: str) -> None:
    file = read_world(f"plots/{plot}")
    slots = slots_of("a cat in Paris", plot=plot if file.common else "starship")
    around = slots_of("a cat in Paris", plot="starship")
    known = (
        slots.keys()
        | PERSONAL
        | FACTS
        | {"here", "time"}
        | part_slots(file.parts, {}, around).keys()
    )
    texts = [text for s in file.scenes for _, _, text in paragraphs(s.text)]
    texts += [text for s in file.scenes for c in s.choices for text in (c.do, c.says)]
    texts += [line for s in file.scenes for line in s.lines]
    texts += [one for tells in file.tells.values() for one in tells]

    assert {slot for text in texts for slot in template(text).needs} <= known


@pytest.mark.parametrize(
    ("theme", "is_modern"),
    [
        ("Two sisters in a school find a diary.", True),
        ("My mate filmed me on his phone in the school toilets.", True),
        ("A governess at the school keeps the baron's letters.", False),
        ("London, 1888. A girl is locked in the school.", False),
        ("London, 1988. A girl is locked in the school.", True),
    ],
)  # fmt: skip
def test_the_surroundings_are_of_the_age_that_the_premise_speaks_of(
    theme: str, is_modern: bool
) -> None:
    rooms = [room.partition("|")[0] for room in _lists("modern/school" if is_modern else "school")]

    assert read_premise(theme).is_modern is is_modern
    assert slots_of(theme)["room2"] in rooms


def test_every_modern_place_is_one_that_there_is_of_old_and_differs_from_it() -> None:
    for kind in packaged("surroundings/modern"):
        assert kind in packaged("surroundings")
        assert not {*_lists(kind)} & {*_lists(f"modern/{kind}")}


def _lists(kind: str, name: str = "room") -> list[str]:
    return list(packaged_yaml(f"surroundings/{kind}")[name])


def test_nobody_of_the_place_is_somebody_of_the_premise() -> None:
    around = surroundings_of("ship", "1", ())
    keeper = around.slots["keeper"]

    other = surroundings_of("ship", "1", {keeper.split()[-1]})

    assert other.slots["keeper"] != keeper


def test_whoever_dies_there_is_replaced_and_stays_dead() -> None:
    before = cast_of({"theme": SHIP, "seed": "1"}, {"plot": "starship"})
    keeper = before.slots["keeper"]
    who = next(e.id for e in before.entities.values() if e.name == keeper)

    after = cast_of(
        {"theme": SHIP, "seed": "1"}, {"plot": "starship", "state": {f"{who}.dead": True}}
    )

    assert after.slots["keeper"] != keeper
    assert who in after.entities
    changed = {s for s, value in before.slots.items() if after.slots[s] != value}
    assert {name.lower().removeprefix("the_").partition("_")[0] for name in changed} == {PEOPLE[0]}


def test_people_of_a_premise_are_close_or_foes_or_above() -> None:
    theme = "Your brother Karl hides from a murderer and the judge."
    cast = cast_of({"theme": theme, "seed": "1"}, {})

    ties = {key for key in cast.start if key.endswith((".close", ".foe", ".above"))}

    assert ties == {"karl.close", "murderer.foe", "judge.above"}
