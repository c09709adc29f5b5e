"""A player in need, as a chat client of the door meets it."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest

from tests.server.chat_clients import THEME, Door, choices_in, until_running

pytestmark = pytest.mark.every_runner

CRY = "I want to kill myself tonight, for real."
DANGER = "please call the police for me, he is breaking down my door"
AT_ONCE_S = 10.0
"""Far above what a note takes, and far below the half-minute that a held storyteller is given."""


async def test_a_note_of_care_is_shown_and_the_player_goes_on(door: Door) -> None:
    chat = door.chat()
    await chat.say(THEME)
    note = await chat.say(CRY)
    on = await chat.say("/go-on")
    gentler = await chat.say("/gentler")
    await chat.say("1")
    nothing = await chat.say("/go-on")

    assert "/go-on" in note
    assert re.search(r"\*\*.+\*\*: .*\d", note), "whom one can reach"
    assert len(choices_in(on)) >= 1
    assert "heavy" in gentler
    assert "Nothing waits" in nothing
    assert [row["last_turn"] for row in await door.map(chat.story)] == [3]


UNANSWERED = {"role": "user", "content": "I go up."}
STOPPED = {"role": "assistant", "content": "Mara counts"}


@pytest.mark.parametrize("streams", [False, True])
@pytest.mark.parametrize(
    ("after", "words"),
    [
        ([], CRY),
        ([UNANSWERED], CRY),
        ([UNANSWERED, STOPPED], CRY),
        ([], f"/ask Mara, {CRY}"),
    ],
    ids=["edited", "unanswered", "stopped", "aside"],
)
async def test_a_cry_while_an_answer_is_told_is_answered_and_the_turn_goes_on(
    door: Door, after: list[Any], words: str, streams: bool
) -> None:
    assert door.server.teller is not None
    chat = door.chat()
    await chat.say("Mara keeps the lighthouse. She finds a door under the stairs.")
    door.server.teller.gate.clear()
    held = asyncio.create_task(chat.say("I go up."))
    await until_running(door, 1)

    beside = door.chat(messages=[*chat.messages[:2], *after], streams=streams)
    note = await beside.say(words)
    door.server.teller.gate.set()

    assert re.search(r"\*\*.+\*\*: .*\d", note), "whom one can reach"
    assert choices_in(await held)
    main = next(row for row in await door.map(chat.story) if row["name"] == "main")
    assert main["last_turn"] == 2


@pytest.mark.parametrize("streams", [False, True])
@pytest.mark.parametrize(
    ("told", "words"),
    [
        ([{"role": "user", "content": THEME}], CRY),
        ([], CRY),
        ([{"role": "system", "content": "A quiet tale."}], CRY),
        ([{"role": "user", "content": THEME}], f"/end {CRY}"),
        ([{"role": "user", "content": THEME}], f"/ask Mara, {CRY}"),
    ],
    ids=["next", "edited", "setting", "end", "aside"],
)
async def test_a_cry_while_the_opening_is_told_is_answered_at_once(
    door: Door, told: list[Any], words: str, streams: bool
) -> None:
    assert door.server.teller is not None
    door.server.teller.gate.clear()
    chat = door.chat(headers={"X-TTA-Story": "room"})
    held = asyncio.create_task(chat.say(THEME))
    await until_running(door, 1)

    others = door.chat(headers=chat.headers, messages=[*told], streams=streams)
    async with asyncio.timeout(AT_ONCE_S):
        note = await others.say(words)
    door.server.teller.gate.set()

    assert re.search(r"\*\*.+\*\*: .*\d", note), "whom one can reach"
    assert choices_in(await held)
    rows = await door.map(others.story)
    assert sorted(row["last_turn"] for row in rows) == [0, 1], "no other opening was told for it"


async def test_a_cry_after_a_setting_is_answered_before_the_opening_and_gone_on_from(
    door: Door,
) -> None:
    assert door.server.teller is not None
    door.server.teller.gate.clear()
    chat = door.chat(messages=[{"role": "system", "content": THEME}])
    async with asyncio.timeout(AT_ONCE_S):
        note = await chat.say(DANGER)
    door.server.teller.gate.set()
    on = await chat.say("/go-on")

    assert "/go-on" in note
    assert "/go-on" not in on, "once is enough"
    assert [row["last_turn"] for row in await door.map(chat.story)] == [2]


@pytest.mark.parametrize("command", ["/gentler", "/boundary gore none"])
async def test_a_cry_does_not_wait_behind_a_boundary_that_was_set_while_a_turn_is_told(
    door: Door, command: str
) -> None:
    assert door.server.teller is not None
    chat = door.chat(headers={"X-TTA-Story": "room"})
    await chat.say(THEME)
    door.server.teller.gate.clear()
    held = asyncio.create_task(chat.say("I go up."))
    await until_running(door, 1)

    beside = door.chat(headers=chat.headers, messages=[*chat.messages[:2], UNANSWERED])
    async with asyncio.timeout(AT_ONCE_S):
        await beside.say(command)
        note = await beside.say(CRY)
    door.server.teller.gate.set()

    assert re.search(r"\*\*.+\*\*: .*\d", note), "whom one can reach"
    assert choices_in(await held)
    branch = f"/stories/{beside.story}/branches/{beside.heads['x-tta-branch']}"
    assert (await door.server.client.get(branch)).json()["boundaries"]["gore"] == "none"


async def test_a_question_aside_that_paused_is_gone_on_with(door: Door) -> None:
    chat = door.chat()
    await chat.say("Mara keeps the lighthouse. She finds a door under the stairs.")
    note = await chat.say(f"/ask Mara, {CRY}")
    on = await chat.say("/go-on")

    assert "/go-on" in note
    assert "Mara" in on, "the question is asked, whoever is known here"
    assert "Nothing waits" not in on
