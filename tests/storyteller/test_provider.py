"""The provider: tasks, stream, errors that say what to do."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tta_rebuild.core.errors import RequestRejected
from tta_rebuild.integrations.llm_provider import LLMRequest, StreamEnded, TextPiece
from tta_rebuild.storyteller import OfflineProvider
from tta_rebuild.storyteller.line_template import LineTemplateError, template, tidy


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
    theme = "You must find the lost bell of a quiet town."
    scene = await ask(theme=theme, seed=1, turn=1)
    passages = scene["passages"]
    rest = await ask(
        "continue_scene",
        theme=theme,
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
            {"choice": "Ask Mira about the key", "affects": ["mira"]},
            {"choice": "Cast a spell on Mira"},
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
        template(line)
