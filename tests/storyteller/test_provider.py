"""The provider: tasks, stream, kits of one's own, errors that say what to do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tta_rebuild.core.errors import RequestRejected
from tta_rebuild.integrations.llm_provider import LLMRequest, StreamEnded, TextPiece
from tta_rebuild.storyteller import OfflineProvider
from tta_rebuild.storyteller.line_template import LineTemplateError, parse, tidy
from tta_rebuild.storyteller.premise import read_premise

OWN_KIT = """
name: bakery
cast:
  - {name: Ole, they: he, role: the baker}
  - {name: Kim, they: she, role: the miller}
  - {name: Sol, they: she, role: a customer}
places:
  - {name: the bakery, at: in the bakery, sights: [Loaves.], sounds: [an oven], smells: [bread]}
  - {name: the mill, at: at the mill, sights: [Wheels.], sounds: [water], smells: [flour]}
  - {name: the square, at: in the square, sights: [Doves.], sounds: [bells], smells: [rain]}
things: [the tin, the sack, the peel]
chores: [kneading]
times: {morning: ["It is early."], night: ["It is late."]}
weathers: {rain: ["It rains."]}
tensions:
  - name: the flour is gone
    setup: ["The flour is gone."]
    development: ["It is still gone."]
    climax: ["It is found."]
    resolution: ["All have bread."]
strands:
  - want: the lost sack
    open: ["A sack is lost."]
    snag: ["It is not here."]
    find: ["It is there."]
    turn: ["It is back."]
    say: [One, Two, Three, Four]
    tries:
      - "Ask {npc} about the sack => {npc} will tell"
      - "Look with {npc} in the mill => {npc} will find a sack"
  - want: the cold oven
    open: ["The oven is cold."]
    snag: ["No wood."]
    find: ["Wood."]
    turn: ["Fire."]
    say: [Five, Six, Seven, Eight]
    tries:
      - "Ask {npc} about the wood => {npc} will tell"
      - "Carry wood with {npc} => The oven will warm {npc}"
"""


async def test_the_stream_gives_the_passages_one_by_one_and_joins_to_the_answer(
    provider: OfflineProvider, context: Any
) -> None:
    request = LLMRequest(
        prompt="-", context=context, task="scene", variables={"theme": "A town.", "turn": 1}
    )
    items = [item async for item in provider.stream(request)]
    pieces = [item.text for item in items if isinstance(item, TextPiece)]
    ended = items[-1]

    assert isinstance(ended, StreamEnded)
    assert "".join(pieces) == ended.response.text == (await provider.complete(request)).text
    passages = json.loads(ended.response.text)["passages"]
    assert len(pieces) == len(passages) + 2
    assert all(next(iter(passage)) == "facts" for passage in passages)


async def test_a_scene_goes_on_after_the_last_good_sentence_without_what_was_held_back(
    ask: Any, text_of: Any
) -> None:
    scene = await ask(theme="A quiet town.", seed=1, turn=1)
    passages = scene["passages"]
    rest = await ask(
        "continue_scene",
        theme="A quiet town.",
        seed=1,
        turn=1,
        told_so_far="\n\n".join(p["text"] for p in passages[:2]),
        withheld=passages[2]["text"],
        contradiction="it contradicts",
    )

    assert rest["passages"] == passages[3:]
    assert rest["story_branches"] == scene["story_branches"]


async def test_a_scene_that_another_model_began_is_closed_plainly(ask: Any) -> None:
    rest = await ask(
        "continue_scene", theme="A quiet town.", seed=1, turn=1, told_so_far="Once. Twice."
    )

    assert rest["passages"]
    assert len(rest["story_branches"]) == 2
    assert not any(passage["facts"] for passage in rest["passages"])


async def test_a_spoken_line_names_the_character_and_a_thought_the_goal(ask: Any) -> None:
    for feeling in ("neutral", "fearful", "hopeful", "angry", "joyful", "strange"):
        character = {"character_id": "mira", "name": "Mira", "emotion": feeling}
        line = await ask("dialogue", character=character, scene_context="the dark stair", seed=2)
        thought = await ask("monologue", character=character, goal="find_the_key", seed=2)
        assert "Mira" in line
        assert "“" not in line
        assert "find the key" in thought.lower()


async def test_a_branch_check_answers_each_proposal_in_order(ask: Any) -> None:
    reply = await ask(
        "branch_check",
        proposals=[
            {"choice_text": "Ask Mira about the key", "branch_description": "Mira will tell"},
            {"choice_text": "Cast a spell on Mira", "branch_description": "magic happens"},
        ],
        facts=[{"subject": "mira", "relation": "alive", "value": "false"}],
        rules={"no_magic": "no magic allowed"},
    )

    assert [len(b["contradictions"]) for b in reply["branches"]] == [1, 1]
    assert all(0 <= b["meaningfulness"] <= 1 for b in reply["branches"])


async def test_an_unknown_task_is_rejected_by_name(ask: Any) -> None:
    with pytest.raises(RequestRejected, match="does not know the task 'sing'"):
        await ask("sing")


async def test_a_bare_prompt_is_taken_as_a_premise(provider: OfflineProvider, context: Any) -> None:
    reply = json.loads((await provider.generate("A clockmaker loses an hour.", context)).text)
    assert "clockmaker" in " ".join(p["text"] for p in reply["passages"])


async def test_notes_of_another_storyteller_begin_the_story_anew(ask: Any) -> None:
    for notes in ({"v": 99}, {"plot": "x"}, {"v": 1, "cast": 7, "told": [1], "offers": "no"}, []):
        reply = await ask(theme="A town.", seed=1, turn=7, notes=notes, action="wait")
        assert len(reply["story_branches"]) == 3


async def test_a_kit_of_ones_own_is_played(ask: Any, tmp_path: Path) -> None:
    file = tmp_path / "bakery.yaml"
    file.write_text(OWN_KIT, encoding="utf-8")
    reply = await ask(theme="A town.", seed=1, turn=1, kit=str(file))

    text = " ".join(p["text"] for p in reply["passages"])
    assert any(name in text for name in ("Ole", "Kim", "Sol"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("chores: [kneading]", ""), "chores is missing"),
        (("It is early.", "It is {early."), "no slot"),
        (("they: he", "they: it"), r"cast\.0\.they: input should be"),
        (("name: bakery", "name: [bakery"), "it is not valid YAML"),
    ],
)
async def test_a_wrong_kit_says_what_is_wrong_and_where(
    ask: Any, tmp_path: Path, change: tuple[str, str], message: str
) -> None:
    file = tmp_path / "bakery.yaml"
    file.write_text(OWN_KIT.replace(*change), encoding="utf-8")
    with pytest.raises(RequestRejected, match=message):
        await ask(theme="A town.", seed=1, turn=1, kit=str(file))


async def test_a_kit_that_is_not_there_is_said_with_what_there_is(ask: Any) -> None:
    with pytest.raises(RequestRejected, match="there is no kit 'opera'; use one of fantasy"):
        await ask(theme="A town.", kit="opera")
    with pytest.raises(RequestRejected, match="cannot be read"):
        await ask(theme="A town.", kit="missing.yaml")


@given(st.text(max_size=400))
def test_any_text_can_be_read_as_a_premise(text: str) -> None:
    reading = read_premise(text)
    assert all(phrase.strip() == phrase for phrase in (*reading.things, *reading.places))


def test_a_premise_of_a_megabyte_is_read_in_part() -> None:
    assert "the harbour" in read_premise("A boy crosses the harbour. " * 40_000).places


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("a old hour", "An old hour"),
        ("there is an unicorn , and a honest man ..", "There is a unicorn, and an honest man."),
        ("stop. then go", "Stop. Then go"),
    ],
)
def test_text_is_put_right_for_print(text: str, printed: str) -> None:
    assert tidy(text) == printed


@pytest.mark.parametrize("line", ["[a|b", "a]", "a|b", "{1}", "{a"])
def test_a_line_with_an_unbalanced_mark_is_refused(line: str) -> None:
    with pytest.raises(LineTemplateError):
        parse(line)
