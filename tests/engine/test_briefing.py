"""What a storyteller is told of the present: the last scenes, who is there, who else there is."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise, takewhile

import pytest

from tta_rebuild.core.story import CharacterSketch
from tta_rebuild.engine.action import Action
from tta_rebuild.engine.briefing import MAX_CAST, SCENE_CHARS
from tta_rebuild.engine.state import RECENT_SCENES

ADA = CharacterSketch(
    character_id="ada", name="Ada", description="a keeper", pronouns="she", is_player=True
)


async def last_request(kit, desk, premise, turns):
    session = await desk.stories.open(premise)
    await kit.play(session, Action.begin(), *[Action.say("I wait for Mara and Tom")] * turns)
    return desk.teller.requests[-1].variables


@pytest.mark.parametrize("more", [0, 1])
async def test_a_scene_comes_back_whole_and_of_an_overlong_one_the_end(kit, more):
    text = "Sea " + "sea " * (SCENE_CHARS // 4 - 2) + "sea" + "s" * more + "."
    given = await last_request(kit, kit.desk(kit.scene(text)), kit.premise, 1)
    assert given["recent"] == ["…" + text.removeprefix("Sea ") if more else text]


async def test_a_character_is_as_the_author_gave_them_and_as_they_are_now(kit):
    def meeting(number):
        mara = {"text": f"That makes {number}.", "speaker": "mara", "emotion": "hopeful"}
        return kit.scene(mara, {"text": "Aye.", "speaker": "tom", "emotion": "angry"})

    desk = kit.desk(*map(meeting, range(8)))
    premise = replace(kit.premise, characters=(ADA, *kit.premise.characters))
    ada, mara, tom = (await last_request(kit, desk, premise, 8))["characters"]
    said = {name: ada[name] for name in ("description", "pronouns", "is_player", "emotion")}
    assert said == {"description": "a keeper", "pronouns": "she", "is_player": True, "emotion": ""}
    assert (mara["name"], mara["traits"], mara["is_player"]) == ("Mara", {"brave": 0.8}, False)
    assert (mara["emotion"], tom["emotion"]) == ("hopeful", "angry")
    assert mara["memory"][-2:] == ["That makes 7.", "Tom: “Aye.”"]
    assert tom["relationships"]["mara"] < 0 < mara["relationships"]["tom"]
    first = {r.turn: r.variables for r in desk.teller.requests}[2]["characters"]
    assert [one["relationships"] for one in first] == [{}, {}, {"mara": -0.1}], (
        "faint ones left out"
    )


async def test_people_elsewhere_are_named_with_their_ids_the_latest_of_many(kit):
    crowd = [CharacterSketch(character_id=f"c{n}", name=f"Crew {n}") for n in range(MAX_CAST + 9)]
    premise = replace(kit.premise, characters=(*crowd, *kit.premise.characters))
    given = await last_request(kit, kit.desk(), premise, 1)
    present = {one["character_id"] for one in given["characters"]}
    elsewhere = [f"{c.character_id}: {c.name}" for c in crowd if c.character_id not in present]
    assert "mara" in present
    assert given["cast"] == elsewhere[-MAX_CAST:]
    assert len(given["cast"]) == MAX_CAST


async def test_of_scenes_no_longer_at_hand_the_sentence_that_a_move_is_about_comes_back(kit):
    told = ["The brass compass fell into the well.", *["A gull screams."] * (RECENT_SCENES + 1)]
    desk = kit.desk(*map(kit.scene, told))
    session = await desk.stories.open(kit.premise)
    await kit.play(session, Action.begin(), *[Action.say("I wait")] * RECENT_SCENES)
    await kit.play(session, Action.say("I look for the compass"))
    assert desk.teller.requests[-1].variables["recalled"] == [f"turn 1: {told[0]}"]
    assert "compass" not in str(desk.teller.requests[-2].variables["recalled"])


async def test_the_last_scenes_are_whole_and_leave_by_blocks_the_summary_is_of_those_before(kit):
    told = [f"Scene {number}: the sea." for number in range(2 * RECENT_SCENES)]
    desk = kit.desk(*map(kit.scene, told))
    session = await desk.stories.open(kit.premise)
    moves = [Action.say(f"I count to {number}") for number in range(1, len(told))]
    await kit.play(session, Action.begin(), *moves)
    counts = []
    for request in desk.teller.requests:
        scenes, before = request.variables["recent"], request.variables["previous_context"]
        counts.append(len(scenes))
        assert scenes == told[request.turn - 1 - len(scenes) : request.turn - 1]
        assert before.count("turn ") == request.turn - 1 - len(scenes)
    assert counts == [0, 1, 2, 3, 4, 5, 6, 7, 4, 5, 6, 7, 4, 5]
    prompts = [request.prompt for request in desk.teller.requests]
    same = (zip(*pair, strict=False) for pair in pairwise(prompts))
    alike = [sum(1 for _ in takewhile(lambda two: two[0] == two[1], pair)) for pair in same]
    assert alike[9] > alike[8] + len(told[8]) > alike[7] + len(told[4])
