"""Files of scenes: an author's own world is played, and what is wrong in one is said."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tta_rebuild.core.data_files import parse_yaml
from tta_rebuild.core.errors import MoveRefused, RequestRejected
from tta_rebuild.lab.world_check import never_met, play_through, problems
from tta_rebuild.safety import SafetyGate
from tta_rebuild.storyteller.scene_file import MOST_FILES, check_notation, packaged, read_world

OWN = """
title: The Bakery
about: Flour is missing.
you: {role: the new baker}
people:
  ole: {name: Ole, role: the miller, pronouns: he, at: shop, asked: {flour: ["“Ask the river.”"]}}
places:
  shop: {name: the shop, at: in the shop, ways: [mill], look: ["Loaves, and a cold oven."]}
  mill: {name: the mill, at: at the mill, ways: [shop], look: ["A wheel that does not turn."]}
things:
  tin: {name: a tin, at: shop, look: ["An empty tin."]}
each_turn: [{then: hunger+1}]
scenes:
  - id: morning
    when: turn=1
    text: |
      The oven is cold.

      ole: “No flour came.”
    then: ole.met
    lines: ["No flour came in the morning."]
    choices:
      - {do: Walk to the mill, then: here=mill, next: wheel}
      - {do: Bake with what there is, then: bold=1, says: "You bake stones."}
  - id: wheel
    text: The wheel stands still. (It waits.)
  - id: burnt
    act: burn tin
    text: The tin goes black and stays a tin.
    then: tin.burnt
  - id: full
    when: hunger>=3, here=mill
    ending: won
    text: |
      (if tin.burnt) You think of the tin.

      You eat.
  - id: hungry
    when: hunger>=5
    ending: lost
    text: You go to bed without.
choices:
  - {do: Wait for noon, says: "Noon comes.", kind: quiet}
  - {do: Go back to the shop, if: here=mill, then: here=shop, says: "You go back."}
"""


@pytest.fixture
def own(tmp_path: Path) -> str:
    file = tmp_path / "bakery.yaml"
    file.write_text(OWN, encoding="utf-8")
    return str(file)


async def test_a_world_of_ones_own_is_played_to_its_end(ask: Any, own: str, text_of: Any) -> None:
    first = await ask(theme="bread", world=own, seed=1, turn=1)
    second = await ask(
        theme="bread", world=own, seed=1, turn=2, notes=first["notes"], action="Walk to the mill"
    )
    third = await ask(
        theme="bread", world=own, seed=1, turn=3, notes=second["notes"], action="Wait for noon"
    )

    assert [p["speaker"] for p in first["passages"]] == ["", "ole"]
    assert first["passages"][1]["text"] == "“No flour came.”"
    assert [line["text"] for line in first["lines"]] == ["No flour came in the morning."]
    assert "The wheel stands still." in text_of(second)
    moved = [f["value"] for p in second["passages"] for f in p["facts"] if f["subject"] == "player"]
    assert moved == ["the mill"]
    assert third["is_ending"]
    assert text_of(third).endswith("You eat.")


async def test_a_free_act_meets_the_scene_written_for_it_and_is_remembered(
    ask: Any, own: str, text_of: Any
) -> None:
    notes = (await ask(theme="bread", world=own, seed=1, turn=1))["notes"]
    burnt = await ask(theme="-", world=own, turn=2, notes=notes, action="burn the tin")
    end = await ask(theme="-", world=own, turn=3, notes=burnt["notes"], action="go to the mill")

    assert "The tin goes black" in text_of(burnt)
    assert {"subject": "a tin", "relation": "state", "value": "destroyed"} in burnt["passages"][-1][
        "facts"
    ]
    assert "You think of the tin." in text_of(end)


async def test_people_answer_what_their_author_wrote_and_places_are_seen(
    ask: Any, own: str, text_of: Any
) -> None:
    notes = (await ask(theme="bread", world=own, seed=1, turn=1))["notes"]
    asked = await ask(
        theme="-", world=own, turn=2, notes=notes, action="ask Ole where the flour is"
    )
    looked = await ask(theme="-", world=own, turn=2, notes=notes, action="look at the tin")

    assert asked["passages"][0]["text"] == "“Ask the river.”"
    assert asked["passages"][0]["speaker"] == "ole"
    assert "An empty tin." in text_of(looked)


async def test_nobody_is_killed_whose_death_no_author_wrote(ask: Any, own: str) -> None:
    notes = (await ask(theme="bread", world=own, seed=1, turn=1))["notes"]
    with pytest.raises(MoveRefused, match="not in you"):
        await ask(theme="-", world=own, turn=2, notes=notes, action="kill Ole")


async def test_what_is_not_there_costs_no_turn(ask: Any, own: str) -> None:
    notes = (await ask(theme="bread", world=own, seed=1, turn=1))["notes"]
    with pytest.raises(MoveRefused, match="dragon"):
        await ask(theme="-", world=own, turn=2, notes=notes, action="attack the dragon")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("title: The Bakery", ""), "title: Field required"),
        (("No flour came.”", "No flour {came.”"), "is no slot"),
        (("pronouns: he", "pronouns: us"), r"people\.ole\.pronouns"),
        (("title: The", "title: [The"), "not valid YAML"),
        (("hunger>=3", "hunger>>3"), "cannot be read in"),
        (("id: burnt", "id: wheel"), "two scenes have the id 'wheel'"),
        (("ending: won", "ending: great"), "ending"),
    ],
)
def test_a_wrong_file_says_what_is_wrong_and_where(
    tmp_path: Path, change: tuple[str, str], message: str
) -> None:
    file = tmp_path / "bakery.yaml"
    file.write_text(OWN.replace(*change), encoding="utf-8")

    with pytest.raises(RequestRejected, match=message) as wrong:
        read_world(str(file))
    assert "bakery.yaml" in str(wrong.value)


def test_a_world_that_is_not_there_is_said_with_what_there_is() -> None:
    with pytest.raises(RequestRejected, match="there is no world 'opera': choose one of"):
        read_world("opera")
    with pytest.raises(RequestRejected, match="cannot be read"):
        read_world("missing.yaml")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("next: wheel", "next: whale"), "a choice leads to 'whale', which is no scene"),
        (("next: wheel", "says: x"), "scene 'wheel' cannot be reached"),
        (("act: burn tin", "act: burn ton"), "waits for 'ton', which is nowhere in the file"),
        (("act: burn tin", "act: bake tin"), "waits for the act 'bake', which is none"),
        (("hunger>=5", "bold, hunger>=5/bold, tin.burnt"), "'bold' is asked for twice"),
        (("hunger>=3", "thirst>=3"), "'thirst' is asked for, and nothing ever sets it"),
        (("then: hunger+1", "then: thirst+1"), "'thirst' is set, and nothing ever asks for it"),
        (("ways: [mill]", "ways: [moon]"), "place 'shop' leads to 'moon', which is no place"),
        (("a tin, at: shop", "a tin, at: attic"), "'tin' is at 'attic'"),
    ],
)
def test_the_linter_finds_what_is_loose(tmp_path: Path, change: tuple[str, str], said: str) -> None:
    file = tmp_path / f"{abs(hash(change))}.yaml"
    file.write_text(OWN.replace(*change), encoding="utf-8")

    assert any(said in problem for problem in problems(read_world(str(file))))


def test_playing_by_chance_meets_scenes_and_endings(own: str) -> None:
    found = play_through(own, 30)

    assert problems(read_world(own)) == ["'bold' is set, and nothing ever asks for it"]
    assert set(found.endings) == {"full", "hungry"}
    assert found.open_ends == 0
    assert never_met(read_world(own), found) == []


@pytest.mark.parametrize("world", packaged("worlds"))
def test_the_worlds_that_come_along_are_clean_and_come_to_their_ends(world: str) -> None:
    file = read_world(world)
    found = play_through(world, 60)

    assert problems(file) == []
    assert len(found.endings) >= 5  # all of them: tta worlds --check WORLD --plays 800
    assert found.open_ends == 0
    assert not any(count > 45 for count in found.turns)


@pytest.mark.parametrize("plot", packaged("plots"))
def test_a_plot_has_nothing_loose_and_at_least_four_ways_to_end(plot: str) -> None:
    file = read_world(f"plots/{plot}")
    loose = [p for p in problems(file) if "nothing ever asks" not in p]

    assert loose == []
    assert {s.ending for s in file.scenes} >= {"won", "price", "lost", "let_go"}


TOLD = ("plots", "interludes", "worlds", "data", "data/acts", "surroundings", "surroundings/modern")
NOT_TOLD = {"id", "act", "when", "if", "then", "next", "kind", "nouns"}
REALLY_HEAVY = {"the charnel house"}


def texts_told(value: Any) -> Iterator[str]:
    """Every paragraph of a file that a player may read."""
    if isinstance(value, str):
        yield from (" ".join(block.split()) for block in value.split("\n\n"))
    elif isinstance(value, dict):
        for key, inner in value.items():
            if key not in NOT_TOLD:
                yield from texts_told(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts_told(inner)


def filled(slot: re.Match[str]) -> str:
    """Somebody's name for a slot, or the pronoun that it asks for."""
    word = slot[1].lower()
    if word.endswith(("_his", "_him")) or word in ("their", "them"):
        return "her"
    return "she" if word.endswith("_he") or word == "they" else "Mara"


@pytest.mark.parametrize("folder", TOLD)
def test_no_text_of_the_storytellers_own_is_announced_as_what_it_is_not(folder: str) -> None:
    gate = SafetyGate({})
    warned = {
        (name, text): warnings
        for name, path in packaged(folder).items()
        for text in texts_told(parse_yaml(path.read_text("utf-8"), path.name, is_ours=True))
        if (warnings := gate.warnings(re.sub(r"\{([^}]*)\}", filled, text)))
        and text not in REALLY_HEAVY
    }

    assert warned == {}


@pytest.mark.parametrize("folder", ["worlds", "plots", "interludes"])
def test_every_condition_and_line_that_comes_along_can_be_read(folder: str) -> None:
    for name in packaged(folder):
        check_notation(read_world(name if folder == "worlds" else f"{folder}/{name}"))


def test_all_that_comes_along_stays_read() -> None:
    names = [f"{f}/{n}" for f in ("plots", "interludes") for n in packaged(f)]
    names += packaged("worlds")
    read = [read_world(name) for name in names]

    assert all(read_world(name) is file for name, file in zip(names, read, strict=True))
    assert len(names) + 8 < MOST_FILES  # and some of an author's own


@pytest.mark.parametrize("folder", TOLD)
def test_no_condition_stands_within_a_paragraph(folder: str) -> None:
    within = {
        (name, text)
        for name, path in packaged(folder).items()
        for text in texts_told(parse_yaml(path.read_text("utf-8"), path.name, is_ours=True))
        for part in re.split(r"\n\s*\n", text)
        if re.search(r"\S\s*\(if [\w!.]+", part) and "as if" not in part
    }

    assert within == set()
