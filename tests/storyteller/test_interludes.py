"""Scenes that happen to what a premise names: the van, the sea, the letter."""

from __future__ import annotations

from typing import Any

import pytest

from tests.storyteller.test_moves_meant import told
from tta_rebuild.storyteller import casting
from tta_rebuild.storyteller.casting import cast_of
from tta_rebuild.storyteller.entities import slug
from tta_rebuild.storyteller.interludes import MOST_ON_STAGE, is_due, kind_of, things_named
from tta_rebuild.storyteller.line_template import template
from tta_rebuild.storyteller.noun_phrases import kind_of_thing
from tta_rebuild.storyteller.scene_file import packaged, paragraphs, read_world
from tta_rebuild.storyteller.surroundings import noun_slots
from tta_rebuild.storyteller.world_state import WorldState, keys_of

VAN = "Me and my sister Kay drive our old van to Oslo with a piano, and the ferry leaves at six."
SLOTS = {*noun_slots("thing", "the seeds"), "crowd", "Crowd", "aim", "at"} | {
    f"{name}{case}"
    for name in ("near", "Near", "against", "Against")
    for case in ("", "_he", "_him", "_his")
}


def stage(theme: str, **state: Any) -> list[str]:
    cast = cast_of({"theme": theme, "seed": "1"}, {})
    return things_named(cast, WorldState({**cast.start, **state}))


def test_what_a_premise_names_is_found_by_kind_what_it_turns_on_first() -> None:
    cast = cast_of({"theme": VAN, "seed": "1"}, {})
    kinds = {kind_of(one, cast) for one in stage(VAN)}

    assert {"vehicle", "instrument", "far_place"} <= kinds
    assert stage(VAN)[0] == cast.premise.matter


def test_what_was_brought_on_comes_last_and_at_most_twice() -> None:
    first, *rest = stage(VAN)
    once, twice = (stage(VAN, staged=" ".join([slug(first)] * n)) for n in (1, MOST_ON_STAGE))

    assert once == [*rest, first]
    assert twice == rest


def test_what_is_lost_is_not_brought_on_as_if_it_were_there() -> None:
    assert stage("I must find the violin in the theatre, and my bus leaves at six.") == ["your bus"]


@pytest.mark.parametrize(
    ("state", "due"),
    [
        ({"now": 2, "stage": "setup"}, False),
        ({"now": 3, "stage": "setup"}, True),
        ({"now": 6, "stage": "development", "staged_at": 3}, False),
        ({"now": 7, "stage": "development", "staged_at": 3}, True),
        ({"now": 8, "stage": "climax"}, False),
        ({"now": 7, "stage": "development", "away": True}, False),
    ],
)  # fmt: skip
def test_one_scene_in_four_is_one_until_it_comes_to_a_head(
    state: dict[str, Any], due: bool
) -> None:
    assert is_due(WorldState(state)) is due


def test_in_a_story_the_named_things_are_on_stage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(casting, "chosen_plot", lambda *_, **__: "journey")
    moves = ("I look around", "sing", "ask Kay about the ferry", "sing", "I look around", "sing")
    replies = told(VAN, *moves)
    third, seventh = (" ".join(p["text"] for p in replies[i]["passages"]) for i in (2, 6))

    assert any(word in third for word in ("van", "piano", "Oslo", "ferry"))
    assert any(word in seventh for word in ("van", "piano", "Oslo", "ferry"))
    assert len(replies[6]["notes"]["state"]["staged"].split()) == 2


@pytest.mark.parametrize("kind", packaged("interludes"))
def test_every_kind_has_scenes_that_fit_any_story(kind: str) -> None:
    file = read_world(f"interludes/{kind}")
    texts = [text for s in file.scenes for _, _, text in paragraphs(s.text)]
    texts += [text for s in file.scenes for c in s.choices for text in (c.do, c.says)]
    texts += [line for s in file.scenes for line in s.lines]

    assert len(file.scenes) >= 7
    assert all(len(scene.choices) == 3 for scene in file.scenes)
    assert {slot for text in texts for slot in template(text).needs} <= SLOTS
    assert not any(scene.ending or scene.when or scene.then for scene in file.scenes)
    assert any(kind_of_thing(noun) == kind for noun in file.nouns.split())


@pytest.mark.parametrize("kind", packaged("interludes"))
def test_a_choice_changes_only_what_every_plot_asks_for(kind: str) -> None:
    for scene in read_world(f"interludes/{kind}").scenes:
        for choice in scene.choices:
            assert keys_of(choice.then, is_effect=True) <= {"gain", "heat", "price"}
            assert choice.says
