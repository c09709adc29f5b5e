"""Stories told from a premise: what the player does happens, is told, and stays so."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from itertools import pairwise
from typing import Any

import pytest

from tta_rebuild.core.english import sentences_of
from tta_rebuild.core.errors import MoveRefused
from tta_rebuild.lab.prose_lint import blemishes_in
from tta_rebuild.storyteller.motives import is_of_motive
from tta_rebuild.storyteller.scene_file import packaged
from tta_rebuild.storyteller.word_lists import word_table

SHAPES = {row["plot"] for row in word_table("facts")["questions"].values()}
OF_FACTS = {n for n in packaged("plots") if ".".join(n.split(".")[:2]) in SHAPES or is_of_motive(n)}
"""Told of a premise that has such a fact: ``test_premise_facts``."""
KEEPER = "A keeper, Joe, tends the lighthouse with his wife Clara while a storm nears."
THEMES = (
    KEEPER,
    "Two witches promise the same child to the same hour.",
    "A man never sleeps and doesn't suffer from it.",
    "An honest spy hides golden letters in a museum.",
    "You are an owl keeper in a tower, and your brother Tam is missing.",
    "haunted hotel",
)


async def moved(ask: Any, *moves: str, theme: str = KEEPER, **more: Any) -> list[Any]:
    """The replies to an opening and some free moves."""
    replies: list[Any] = []
    notes: dict[str, Any] = {}
    for turn, action in enumerate(("", *moves), start=1):
        reply = await ask(theme=theme, seed=5, turn=turn, notes=notes, action=action, **more)
        replies.append(reply)
        notes = json.loads(json.dumps(reply["notes"]))
    return replies


def facts_of(reply: Any) -> list[tuple[str, str, str, bool]]:
    return [
        (f["subject"], f["relation"], f["value"], f.get("ends", False))
        for p in reply["passages"]
        for f in p["facts"]
    ]


async def test_the_opening_says_who_where_and_what_was_understood(ask: Any, text_of: Any) -> None:
    (reply,) = await moved(ask)

    assert "Clara" in text_of(reply)
    assert "Clara is your wife" in reply["notes"]["understood"]
    assert ("player", "located_in", "the lighthouse", False) in facts_of(reply)
    assert ("clara", "located_in", "the lighthouse", False) in facts_of(reply)


async def test_what_is_done_is_told_and_becomes_fact(ask: Any, text_of: Any) -> None:
    _, gave, burnt, went = await moved(
        ask, "take the lamp and give it to Clara", "burn the logbook", "go to the harbour"
    )

    assert ("clara", "holds", "the lamp", False) in facts_of(gave)
    assert ("the logbook", "state", "destroyed", False) in facts_of(burnt)
    assert "logbook" in text_of(burnt)
    assert ("player", "located_in", "the harbour", False) in facts_of(went)
    assert went["setting_description"].startswith("The harbour")


async def test_what_was_burnt_cannot_be_burnt_again(ask: Any) -> None:
    *_, again = await moved(ask, "burn the logbook", "burn the logbook")

    assert ("the logbook", "state", "destroyed", False) not in facts_of(again)


async def test_lasting_lines_keep_what_was_asked_and_said(ask: Any) -> None:
    _, asked, told = await moved(
        ask, "ask Clara whether she is afraid", "tell Clara: the boat is gone"
    )

    assert any("afraid" in line["text"] for line in asked["lines"])
    assert any("The boat is gone" in line["text"] for line in told["lines"])
    assert any("clara" in line["about"] for line in told["lines"])


@pytest.mark.parametrize("words", ["1 and 2", "", "   ", "qwx zzz", "…", "ほげ", "?!"])
async def test_what_is_no_act_is_declined_in_a_line(ask: Any, words: str) -> None:
    with pytest.raises(MoveRefused) as refusal:
        await moved(ask, words)
    assert 10 < len(str(refusal.value)) < 200


async def test_what_the_premise_rules_out_is_refused_with_its_reason(ask: Any) -> None:
    with pytest.raises(MoveRefused, match="sleep"):
        await moved(
            ask, "lie down and sleep", theme="A man never sleeps and does not suffer from it."
        )


async def test_pronouns_mean_whoever_was_spoken_of(ask: Any) -> None:
    *_, last = await moved(ask, "take the rope", "give it to her")

    assert ("clara", "holds", "the rope", False) in facts_of(last)


async def test_those_who_stay_behind_are_not_there(ask: Any, text_of: Any) -> None:
    replies = await moved(ask, "flee to the harbour", "wait", "look around")

    assert not any("says Clara" in text_of(reply) for reply in replies[2:])
    assert not any(p["speaker"] == "clara" for reply in replies[2:] for p in reply["passages"])


async def test_the_dead_say_nothing_more(ask: Any) -> None:
    facts = [{"subject": "clara", "relation": "alive", "value": "false"}]
    theme = f"{KEEPER} You must light the lamp."  # it is not about Clara
    _, *later = await moved(ask, "wait", "look around", "wait", facts=facts, theme=theme)

    assert not any("Clara" in p["text"] for reply in later for p in reply["passages"])


async def test_an_author_s_correction_is_taken_over(ask: Any) -> None:
    _, took = await moved(ask, "take the lamp")
    facts = [{"subject": "clara", "relation": "holds", "value": "the lamp"}]
    asked = {"theme": KEEPER, "seed": 5, "turn": 3, "notes": took["notes"]}
    kept = await ask(**asked, action="take the lamp")
    corrected = await ask(**asked, action="take the lamp", facts=facts)

    assert ("player", "holds", "the lamp", False) not in facts_of(kept)  # it is in hand already
    assert ("clara", "holds", "the lamp", True) in facts_of(corrected)
    assert ("player", "holds", "the lamp", False) in facts_of(corrected)


async def test_characters_of_the_author_bind(ask: Any, text_of: Any) -> None:
    characters = [
        {"character_id": "ada", "name": "Ada", "is_player": True},
        {"character_id": "tom", "name": "Tom", "description": "your brother, he"},
    ]
    reply = await ask(theme="A quiet harbour town.", seed=1, turn=1, characters=characters)

    assert "Tom" in text_of(reply)
    assert ("ada", "met", "tom", False) in facts_of(reply)


async def test_a_choice_taken_changes_the_state_and_different_choices_differ(ask: Any) -> None:
    opening = (await moved(ask, "wait"))[-1]
    offered = [branch["choice"] for branch in opening["story_branches"]]
    states = []
    for choice in offered:
        reply = await ask(theme=KEEPER, seed=5, turn=3, notes=opening["notes"], action=choice)
        states.append(json.dumps(reply["notes"]["state"], sort_keys=True))

    assert len(offered) == 3
    assert len(set(states)) == 3


@pytest.mark.parametrize("theme", THEMES)
async def test_a_story_of_thirty_turns_tells_no_sentence_twice_and_has_no_blemish(
    play: Any, text_of: Any, theme: str
) -> None:
    said = {2: "look around", 6: "wait", 9: "wait", 15: "go out", 20: "sing"}
    replies = await play(theme, 30, said=said, ends=False)  # who looks is told what was told

    last: dict[str, int] = {}
    for turn, reply in enumerate(replies):
        for paragraph in [
            *text_of(reply).split("\n\n"),
            *(b["choice"] for b in reply["story_branches"]),
        ]:
            assert blemishes_in(paragraph) == [], paragraph
        for sentence in sentences_of(text_of(reply)):
            plain = sentence.strip(" “”").lower()
            assert turn - last.get(plain, -99) > 10 or len(plain.split()) < 6, sentence
            last[plain] = turn


@pytest.mark.parametrize("plot", sorted(packaged("plots").keys() - OF_FACTS))
async def test_every_plot_is_told_without_a_blemish(play: Any, text_of: Any, plot: str) -> None:
    from tta_rebuild.storyteller import casting

    original = casting.chosen_plot
    casting.chosen_plot = lambda *_, **__: plot
    try:
        replies = await play(KEEPER, 10)
    finally:
        casting.chosen_plot = original
    assert replies[-1]["is_ending"]
    assert replies[-1]["story_branches"] == []
    for reply in replies:
        assert 12 <= len(text_of(reply).split()) <= 320
        for paragraph in text_of(reply).split("\n\n"):
            assert blemishes_in(paragraph) == [], paragraph


async def test_play_of_another_kind_comes_to_another_end(ask: Any) -> None:
    ends = set()
    for style in (0, 1, 2, "burn the logbook", "wait"):
        notes: dict[str, Any] = {}
        action = ""
        for turn in range(1, 11):
            reply = await ask(
                theme=KEEPER, seed=5, turn=turn, notes=notes, action=action,
                stage="resolution" if turn == 10 else "climax" if turn > 7 else "development",
                should_end=turn == 10,
            )  # fmt: skip
            notes = reply["notes"]
            offers = [branch["choice"] for branch in reply["story_branches"]]
            action = offers[style] if isinstance(style, int) and offers else str(style)
        ends.add(notes["scenes"][-1])

    assert len(ends) >= 3


async def test_what_the_player_wants_kept_out_is_in_no_sentence_and_no_choice(
    play: Any, text_of: Any
) -> None:
    kept_out = {"violence": "none", "death": "none", "gore": "none"}
    for reply in await play(
        "There has been a murder, and the inspector suspects your sister Ann.",
        20,
        boundaries=kept_out,
    ):
        text = text_of(reply) + " ".join(b["choice"] for b in reply["story_branches"])
        assert not re.search(r"\b(?:kill|murder|blood|corpse)", text, re.I), text


async def test_a_story_without_an_end_takes_up_another_question(ask: Any) -> None:
    notes: dict[str, Any] = {}
    plots = []
    for turn in range(1, 40):
        place = (turn - 1) % 16 + 1
        stage = "setup" if place <= 4 else "development" if place <= 12 else "climax"
        reply = await ask(
            theme=KEEPER, seed=5, turn=turn, notes=notes, action="wait" if turn > 1 else "",
            stage="resolution" if place == 16 else stage,
        )  # fmt: skip
        notes = reply["notes"]
        plots.append(notes["plot"])
        assert not reply["is_ending"]
        assert 3 <= len(reply["story_branches"]) <= 4

    assert sum(one != other for one, other in pairwise(plots[1:])) == 2
    assert len(json.dumps(notes)) < 20_000


async def test_a_fork_keeps_what_its_branch_had_told_and_goes_its_own_way(ask: Any) -> None:
    _, second = await moved(ask, "take the lamp")
    ways = [
        await ask(theme=KEEPER, seed=5, turn=3, notes=second["notes"], action=action)
        for action in ("give the lamp to Clara", "break the lamp")
    ]

    assert ("clara", "holds", "the lamp", False) in facts_of(ways[0])
    assert ("the lamp", "state", "broken", False) in facts_of(ways[1])


async def test_the_same_seed_and_values_give_the_same_bytes_under_another_hash_seed() -> None:
    program = (
        "import json;from tta_rebuild.storyteller.teller import Teller;"
        "v={'theme':'A keeper, Joe, tends the lighthouse with Clara.','seed':9};"
        "a=Teller({**v,'turn':1}).scene();"
        "b=Teller({**v,'turn':2,'notes':a['notes'],'action':'look around'}).scene();"
        "n={**v,'turn':3,'notes':b['notes']};"
        "c=[Teller({**n,'action':f'give Clara the {one}'}).scene() for one in ('lamp','oar')];"
        "print(json.dumps([a,b,c]))"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", program], capture_output=True, check=True, timeout=60,
            env={"PYTHONHASHSEED": seed, "PATH": ""},
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip

    assert len(told) == 1


async def test_what_one_does_to_oneself_makes_no_second_person(ask: Any, text_of: Any) -> None:
    _, hidden = await moved(ask, "hide myself in the cellar")

    assert not any("yourself" in fact[0] for fact in facts_of(hidden))
    assert hidden["notes"]["made"] == [] or all(
        "yourself" not in row[2] for row in hidden["notes"]["made"]
    )


async def test_the_first_decision_leads_to_scenes_of_another_way(ask: Any) -> None:
    (opening,) = await moved(ask)
    ways = []
    for branch in (opening["story_branches"][0], opening["story_branches"][-1]):
        notes, action, told = opening["notes"], branch["choice"], set()
        for turn in range(2, 8):
            reply = await ask(
                theme=KEEPER, seed=5, turn=turn, notes=notes, action=action, stage="development"
            )
            notes, action = reply["notes"], reply["story_branches"][0]["choice"]
            told.add(notes["scenes"][-1])
        ways.append({scene for scene in told if not scene.startswith("quiet")})

    assert len(ways[0] & ways[1]) < len(ways[0] | ways[1]) / 2


async def test_the_end_can_be_asked_for_without_a_move(ask: Any) -> None:
    _, second = await moved(ask, "look around")
    end = await ask(
        theme=KEEPER, seed=5, turn=3, notes=second["notes"], stage="resolution", should_end=True
    )

    assert end["is_ending"]
    assert end["story_branches"] == []
