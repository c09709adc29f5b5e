"""Whole stories of the embedded storyteller: what a player would notice."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import Any

import pytest

from tta_rebuild.core.english import sentences_of
from tta_rebuild.narrative import BranchProposal, BranchValidatorPrimitive
from tta_rebuild.storyteller.kit import KIT_NAMES
from tta_rebuild.storyteller.line_template import four_grams

LIGHTHOUSE = "A lighthouse keeper finds a brass door under the stairs that was not there yesterday."


@pytest.mark.parametrize("kit", KIT_NAMES)
async def test_no_sentence_is_told_twice_within_twenty_turns(
    play: Any, text_of: Any, kit: str
) -> None:
    replies = await play(LIGHTHOUSE, 50, kit=kit)

    last: dict[str, int] = {}
    for turn, reply in enumerate(replies):
        for sentence in sentences_of(text_of(reply)):
            plain = sentence.strip(" “”").lower()
            assert turn - last.get(plain, -99) > 20, sentence
            last[plain] = turn


@pytest.mark.parametrize("kit", KIT_NAMES)
async def test_at_most_a_fifth_of_the_four_grams_repeat_in_fifty_turns(
    play: Any, text_of: Any, kit: str
) -> None:
    grams = [
        gram for reply in await play(LIGHTHOUSE, 50, kit=kit) for gram in four_grams(text_of(reply))
    ]

    assert 1 - len(set(grams)) / len(grams) <= 0.20


@pytest.mark.parametrize("kit", KIT_NAMES)
async def test_scenes_leave_no_marks_of_the_grammar_and_no_wrong_articles(
    play: Any, text_of: Any, kit: str
) -> None:
    for reply in await play(LIGHTHOUSE, 60, kit=kit, seed=11):
        text = text_of(reply)
        assert not re.search(r"[{}\[\]|]|=>", text), text
        assert not re.search(r"\b(?:a [aeio]\w|an [bcdfgjklmnpqrstvwz])\w+", text, re.I), text
        assert not re.search(r"\s[,.;:!?]|\.\.(?!\.)|\b(\w+) \1 \1\b", text), text
        assert 90 <= len(text.split()) <= 240


@pytest.mark.parametrize("rules", [{}, {"no_magic": "no magic allowed", "tone": "realistic"}])
async def test_every_choice_is_valid_under_the_branch_validator(
    play: Any, context: Any, rules: dict[str, str]
) -> None:
    validator = BranchValidatorPrimitive()
    parent = None
    theme = "A wizard and a dragon keep a magic shop in a haunted town."
    for reply in (await play(theme, 40, rules=rules, kit="fantasy"))[:-1]:
        assert len(reply["story_branches"]) == 3
        for branch in reply["story_branches"]:
            verdict = await validator.execute(
                BranchProposal(
                    universe_id="u",
                    branch_description=branch["consequence"],
                    choice_text=branch["choice"],
                    affected_characters=branch["affects"],
                    universe_rules=rules,
                    parent_branch_id=parent,
                ),
                context,
            )
            assert verdict.is_valid, (branch, parent, verdict.issues)
        parent = reply["story_branches"][0]["choice"]


async def test_choices_of_a_scene_differ_in_text_and_effect(play: Any) -> None:
    for reply in (await play(LIGHTHOUSE, 30))[:-1]:
        texts = {b["choice"] for b in reply["story_branches"]}
        effects = {json.dumps(b["effects"]) for b in reply["story_branches"]}
        assert len(texts) == len(effects) == 3


async def test_the_premise_is_named_at_once_and_comes_back(play: Any, text_of: Any) -> None:
    replies = await play(LIGHTHOUSE, 12)

    assert "brass door" in text_of(replies[0])
    assert sum("brass door" in text_of(r) for r in replies[1:]) >= 4


async def test_people_of_the_premise_join_the_story(play: Any, text_of: Any) -> None:
    replies = await play("An old nurse and a tailor share a house by the sea.", 12)

    text = " ".join(map(text_of, replies))
    assert "nurse" in text
    assert "tailor" in text


async def test_a_story_that_should_end_ends_without_choices(play: Any, text_of: Any) -> None:
    replies = await play(LIGHTHOUSE, 8)

    assert replies[-1]["is_ending"] is True
    assert replies[-1]["story_branches"] == []
    assert not any(r["is_ending"] for r in replies[:-1])


async def test_a_long_story_goes_on_in_new_chapters(ask: Any) -> None:
    notes: dict[str, Any] = {}
    chapters = set()
    for turn in range(1, 131):
        stage = ("setup", "development", "climax", "resolution")[(turn // 10) % 4]
        reply = await ask(
            theme=LIGHTHOUSE, seed=5, turn=turn, stage=stage, notes=notes, action="wait"
        )
        notes = reply["notes"]
        chapters.add(notes["chapter"])
        assert len(reply["story_branches"]) == 3
        assert len(json.dumps(notes)) < 8192

    assert len(chapters) >= 3


async def test_a_story_that_stays_in_its_resolution_begins_anew(ask: Any) -> None:
    notes: dict[str, Any] = {}
    for turn in range(1, 40):
        stage = "setup" if turn < 5 else "resolution"
        reply = await ask(theme=LIGHTHOUSE, seed=5, turn=turn, stage=stage, notes=notes)
        notes = reply["notes"]

    assert notes["chapter"] >= 1


async def test_the_same_seed_and_values_give_the_same_bytes_under_another_hash_seed() -> None:
    program = (
        "import asyncio, hashlib, sys\n"
        "from datetime import datetime\n"
        "from tta_rebuild.core.base_primitive import TTAContext\n"
        "from tta_rebuild.integrations.llm_provider import LLMRequest\n"
        "from tta_rebuild.storyteller import OfflineProvider\n"
        "import json\n"
        "async def main():\n"
        "    c = TTAContext(workflow_id='w', correlation_id='c', timestamp=datetime(2026,1,1),\n"
        "                   metaconcepts=[], player_boundaries={})\n"
        "    notes, out = {}, hashlib.sha256()\n"
        "    for t in range(1, 9):\n"
        "        v = dict(theme=sys.argv[1], seed=9, turn=t, stage='development', notes=notes,\n"
        "                 action='look around' if t > 1 else '')\n"
        "        r = await OfflineProvider().complete(\n"
        "            LLMRequest(prompt='-', context=c, task='scene', variables=v))\n"
        "        notes = json.loads(r.text)['notes']\n"
        "        out.update(r.text.encode())\n"
        "    print(out.hexdigest())\n"
        "asyncio.run(main())\n"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", program, LIGHTHOUSE],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": "src"},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "4711")
    }
    assert len(digests) == 1


async def test_a_fork_keeps_what_its_branch_had_told_and_goes_its_own_way(ask: Any) -> None:
    first = await ask(theme=LIGHTHOUSE, seed=2, turn=1, stage="setup")
    ways = [
        await ask(
            theme=LIGHTHOUSE,
            seed=2,
            turn=2,
            stage="setup",
            notes=first["notes"],
            chosen={"text": branch["choice"], **branch},
        )
        for branch in first["story_branches"]
    ]

    assert len({json.dumps(w["passages"]) for w in ways}) == 3
    assert all(w["notes"]["told"][0] == first["notes"]["told"][0] for w in ways)
