"""A player in need, as a chat client of the door meets it."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest

from tests.server.chat_clients import THEME, Door, choices_in, until_running

pytestmark = pytest.mark.every_runner

CRY = "I want to kill myself tonight, for real."


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


@pytest.mark.one_process  # half a minute
async def test_a_cry_while_the_opening_is_told_is_answered(door: Door) -> None:
    assert door.server.teller is not None
    door.server.teller.gate.clear()
    chat = door.chat(headers={"X-TTA-Story": "room"})
    held = asyncio.create_task(chat.say(THEME))
    await until_running(door, 1)

    others = door.chat(headers={"X-TTA-Story": "room"}, messages=chat.messages[:1])
    note = await others.say(CRY)
    door.server.teller.gate.set()

    assert re.search(r"\*\*.+\*\*: .*\d", note), "whom one can reach"
    assert choices_in(await held)
