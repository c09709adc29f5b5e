"""What the player does matters: choices taken, free words, boundaries, facts."""

from __future__ import annotations

import re
from typing import Any

import pytest

THEME = "Two detectives hunt a serial killer through a haunted hospital full of spiders and blood."


async def started(ask: Any, **more: Any) -> Any:
    return await ask(theme="A quiet harbour town.", kit="mystery", seed=4, turn=1, **more)


async def next_scene(ask: Any, first: Any, action: str, **more: Any) -> Any:
    return await ask(
        theme="A quiet harbour town.",
        kit="mystery",
        seed=4,
        turn=2,
        stage="development",
        notes=first["notes"],
        action=action,
        **more,
    )


async def test_a_choice_taken_is_told_in_its_own_words(ask: Any, text_of: Any) -> None:
    first = await started(ask)
    for branch in first["story_branches"]:
        scene = await next_scene(
            ask, first, branch["choice"], chosen={"text": branch["choice"], **branch}
        )
        assert branch["choice"][1:].rstrip(".").lower() in text_of(scene).lower()


async def test_an_effect_of_the_choice_taken_becomes_a_fact_of_the_next_scene(ask: Any) -> None:
    first = await started(ask)
    checked = 0
    for branch in first["story_branches"]:
        scene = await next_scene(ask, first, branch["choice"], chosen={"text": branch["choice"]})
        told = [fact for passage in scene["passages"] for fact in passage["facts"]]
        for effect in branch["effects"]:
            if effect["relation"] in ("located_in", "holds", "promise"):
                assert effect in told
                checked += 1
    assert checked


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("open the window", "you open the window"),
        ("I climb onto my chair", "you climb onto your chair"),
        ("sing a song about the tide", "you sing a song about the tide"),
        ("Where is everybody?", "“Where is everybody?”"),
        ('say "good evening"', "“Good evening.”"),
    ],
)
async def test_free_words_are_taken_up_as_they_were_said(
    ask: Any, text_of: Any, words: str, expected: str
) -> None:
    scene = await next_scene(ask, await started(ask), words)
    assert expected.lower() in text_of(scene).lower()


@pytest.mark.parametrize(
    "words",
    [
        "",
        "   ",
        "...",
        "asdf qwer zxcv",
        "🦆🦆",
        "no",
        "I refuse to help",
        "x" * 5000,
        "<b>{npc}</b>[a|b]",
    ],
)
async def test_any_input_gets_a_whole_scene(ask: Any, text_of: Any, words: str) -> None:
    scene = await next_scene(ask, await started(ask), words)

    assert len(text_of(scene).split()) > 80
    assert len(scene["story_branches"]) == 3
    assert not re.search(r"[{}\[\]|<>]", text_of(scene))


@pytest.mark.parametrize(
    ("boundaries", "words"),
    [
        ({"violence": "none"}, "kill|killer|murder|knife|weapon|wound|fight"),
        ({"gore": "low"}, "blood|gore|corpse"),
        ({"fear": "none"}, "haunt|horror|monster|terror|dread|afraid"),
        ({"spiders": "none"}, "spider"),
        ({"hospitals": "low"}, "hospital"),
    ],
)
async def test_what_the_player_wants_kept_out_is_in_no_sentence_and_no_choice(
    play: Any, text_of: Any, boundaries: dict[str, str], words: str
) -> None:
    replies = await play(
        THEME, 25, boundaries=boundaries, said={2: "kill the spider and drink its blood"}
    )

    for reply in replies:
        text = text_of(reply) + " ".join(
            f"{b['choice']} {b['consequence']}" for b in reply["story_branches"]
        )
        assert not re.search(rf"\b(?:{words})", text, re.I)


async def test_the_dead_are_not_met_again(ask: Any, text_of: Any) -> None:
    first = await started(ask)
    name = first["notes"]["cast"][0][1]
    gone = first["notes"]["cast"][0][0]
    scene = await next_scene(
        ask, first, "wait", facts=[{"subject": gone, "relation": "alive", "value": "false"}]
    )

    assert f"{name} " not in " ".join(b["choice"] for b in scene["story_branches"])
    assert not any(p["speaker"] == gone for p in scene["passages"])


async def test_the_story_stands_where_the_facts_say(ask: Any) -> None:
    first = await started(ask)
    facts = [{"subject": "player", "relation": "located_in", "value": "the pawnshop"}]
    scene = await next_scene(ask, first, "wait", facts=facts)

    assert "pawnshop" in scene["setting_description"]


async def test_characters_of_the_author_come_first(ask: Any, text_of: Any) -> None:
    reply = await ask(
        theme="A quiet harbour town.",
        seed=1,
        turn=1,
        characters=[
            {"character_id": "ana", "name": "Ana", "is_player": True},
            {"character_id": "old_tam", "name": "Old Tam", "description": "a net mender"},
        ],
    )

    assert "Old Tam" in text_of(reply)
    assert any("old_tam" in b["affects"] for b in reply["story_branches"])
    assert {"subject": "ana", "relation": "met", "value": "old_tam"} in [
        fact for passage in reply["passages"] for fact in passage["facts"]
    ]
