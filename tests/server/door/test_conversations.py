"""Chat clients play through the door: the real SDK of OpenAI against a real server."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.server.chat_clients import LATER, THEME, Chat, Door, choices_in, opened, until_running
from tests.server.serving import Machines


@pytest.mark.every_runner
@pytest.mark.parametrize("streams", [False, True])
async def test_ten_turns_are_played_with_the_server_started_anew_in_between(
    tmp_path: Path, streams: bool, machines: Machines | None
) -> None:
    chat = Chat(None, streams=streams)  # type: ignore[arg-type]
    async with opened(tmp_path, None, machines) as first:
        chat.client = first.client
        opening = await chat.say(THEME)
        for _ in range(4):
            await chat.say("1")
    async with opened(tmp_path, None, machines) as second:
        chat.client = second.client
        for words in ("I look around.", "2", "1", "I wait and listen.", "1"):
            last = await chat.say(words)
        [story] = await second.stories()
        [branch] = await second.map(chat.story)
        told = await second.server.client.get(
            f"/stories/{chat.story}/branches/main/turns", params={"limit": 50}
        )

    assert len(choices_in(opening)) >= 2
    assert (story["turns"], branch["last_turn"]) == (10, 10)
    turns = told.json()["turns"]
    assert [turn["choice"] for turn in turns] == [None, 1, 1, 1, 1, None, 2, 1, None, 1]
    assert turns[-1]["scene"]["passages"][-1]["text"][:40] in last
    assert choices_in(last) == [choice["text"] for choice in turns[-1]["choices"]]


@pytest.mark.parametrize("streams", [False, True])
async def test_what_was_used_is_reported(door: Door, streams: bool) -> None:
    chat = door.chat(streams=streams)

    await chat.say(THEME)

    assert chat.usage.prompt_tokens >= 100
    assert chat.usage.completion_tokens >= 50
    assert chat.usage.total_tokens == chat.usage.prompt_tokens + chat.usage.completion_tokens


@pytest.mark.every_runner
async def test_the_words_come_while_the_rest_is_still_written(door: Door) -> None:
    assert door.server.teller is not None
    door.server.teller.gate.clear()
    stream = await door.client.chat.completions.create(
        model="tta", messages=[{"role": "user", "content": THEME}], stream=True
    )
    first = await anext(aiter(stream))
    door.server.teller.gate.set()
    rest = [chunk async for chunk in stream]

    assert first.choices[0].delta.role == "assistant"
    assert first.choices[0].delta.content
    assert rest[-1].choices[0].finish_reason == "stop"


@pytest.mark.every_runner
async def test_the_same_request_repeated_is_one_turn(door: Door) -> None:
    chat = door.chat()
    await chat.say(THEME)
    told = await chat.say("1")

    once_more = await chat.regenerated()
    chat.messages.pop()
    at_once = await asyncio.gather(*(chat.again() for _ in range(5)))

    assert {once_more, *at_once} == {told}
    assert (await door.map(chat.story))[0]["last_turn"] == 2
    assert len(await door.map(chat.story)) == 1


@pytest.mark.every_runner
async def test_a_retry_of_the_sdk_or_the_same_key_is_the_same_turn_however_late(door: Door) -> None:
    chat = door.chat(headers={"Idempotency-Key": "k1"})
    await chat.say(THEME)
    chat.headers = {"Idempotency-Key": "k2"}
    told = await chat.say("1")
    door.clock.at += LATER

    by_key = await chat.regenerated()
    chat.headers = {"X-Stainless-Retry-Count": "1"}
    by_retry = await chat.regenerated()

    assert by_key == by_retry == told
    assert len(await door.map(chat.story)) == 1


@pytest.mark.every_runner
@pytest.mark.parametrize("streams", [False, True])
async def test_another_telling_forks_the_story_and_the_client_goes_on_from_the_one_it_keeps(
    door: Door, streams: bool
) -> None:
    chat = door.chat(streams=streams)
    await chat.say(THEME)
    first = await chat.say("1")
    door.clock.at += LATER
    second = await chat.regenerated()
    door.clock.at += LATER
    third = await chat.regenerated()
    branches = {row["name"]: row for row in await door.map(chat.story)}

    assert len({first, second, third}) == 3
    assert {name: row["last_turn"] for name, row in branches.items()} == {
        "main": 2,
        "branch-2": 2,
        "branch-3": 2,
    }
    assert {row["fork_turn"] for row in branches.values()} == {0, 1}

    chat.messages[-1]["content"] = second.replace("\n\n", "\n")  # the swipe that is kept
    await chat.say("1")
    rows = {row["name"]: row["last_turn"] for row in await door.map(chat.story)}
    assert rows == {"main": 2, "branch-2": 3, "branch-3": 2}


async def test_an_opening_is_told_another_way(door: Door) -> None:
    chat = door.chat()
    first = await chat.say(THEME)
    door.clock.at += LATER

    second = await chat.regenerated()
    await chat.say("1")

    assert first != second
    rows = {row["name"]: row["last_turn"] for row in await door.map(chat.story)}
    assert rows == {"main": 1, "branch-2": 2}
    assert len(await door.stories()) == 1


async def test_an_edited_message_parts_the_story_there_and_loses_nothing(door: Door) -> None:
    chat = door.chat()
    await chat.say(THEME)
    for words in ("1", "I open the door.", "2", "1"):
        await chat.say(words)

    await chat.edited(4, "I keep the door shut.")
    await chat.say("1")
    told = await door.server.client.get(f"/stories/{chat.story}/branches/branch-2/turns")
    rows = {row["name"]: row for row in await door.map(chat.story)}

    assert {name: row["last_turn"] for name, row in rows.items()} == {"main": 5, "branch-2": 4}
    assert rows["branch-2"]["fork_turn"] == 2
    assert [turn["action"] for turn in told.json()["turns"]][2] == "I keep the door shut."


async def test_two_conversations_at_once_are_two_stories(door: Door) -> None:
    chats = [door.chat(), door.chat(), door.chat(streams=True)]
    themes = [THEME, "Two sisters inherit a bakery.", "The last ship brings a passenger."]

    async def play(chat: Chat, theme: str) -> None:
        await chat.say(theme)
        for _ in range(3):
            await chat.say("1")

    await asyncio.gather(*map(play, chats, themes))

    assert len({chat.story for chat in chats}) == 3
    assert {story["turns"] for story in await door.stories()} == {4}


async def test_a_header_or_the_user_names_the_conversation(door: Door) -> None:
    one = door.chat(headers={"X-TTA-Story": "garden"})
    same = door.chat(headers={"X-TTA-Story": "garden"})
    other = door.chat(more={"user": "anna"})
    await one.say(THEME)
    await same.say("1")  # a client that sends only what is new
    same.messages.clear()
    door.clock.at += LATER
    await same.say("1")
    await other.say(THEME)

    assert one.story == same.story != other.story
    turns = {story["story_id"]: story["turns"] for story in await door.stories()}
    assert turns == {one.story: 3, other.story: 1}


async def test_a_story_that_is_there_is_gone_on_with_by_its_id(door: Door) -> None:
    branch = await door.server.story()
    await door.server.play(branch, kind="begin")
    story = branch.split("/")[2]
    fork = await door.server.client.post(f"/stories/{story}/branches", json={"turn": 1})
    chat = door.chat(headers={"X-TTA-Story": story})
    elsewhere = door.chat(headers={"X-TTA-Story": fork.json()["branch_id"]})

    await chat.say("I go down.")
    await elsewhere.say("I go up.")

    rows = {row["name"]: row["last_turn"] for row in await door.map(story)}
    assert rows == {"main": 2, "branch-2": 2}
    assert len(await door.stories()) == 1


async def test_a_setting_is_the_premise_and_the_first_message_the_first_move(door: Door) -> None:
    chat = door.chat(
        messages=[
            {"role": "system", "content": THEME},
            {"role": "assistant", "content": "Mara looks up. Who is there?"},
        ]
    )
    answer = await chat.say("I knock three times.")
    told = (await door.server.client.get(f"/stories/{chat.story}/branches/main/turns")).json()
    events = await door.server.client.get(f"/stories/{chat.story}/branches/main/events")

    assert [turn["action"] for turn in told["turns"]] == ["", "I knock three times."]
    assert "\n\n---\n\n" in answer
    theme = events.json()["events"][0]["data"]["premise"]["theme"]
    assert theme == f"{THEME}\n\nMara looks up. Who is there?"
    again = await chat.regenerated()
    assert again == answer


async def test_a_setting_alone_begins_with_a_command(door: Door) -> None:
    chat = door.chat(messages=[{"role": "system", "content": THEME}])

    await chat.say("/begin")

    assert [story["turns"] for story in await door.stories()] == [1]


async def test_a_history_that_the_client_has_cut_goes_on_where_its_answer_was_told(
    door: Door,
) -> None:
    chat = door.chat(headers={"X-TTA-Story": "long"})
    await chat.say(THEME)
    for _ in range(4):
        await chat.say("1")

    del chat.messages[:-3]
    await chat.say("1")
    door.clock.at += LATER
    await chat.regenerated()

    rows = {row["name"]: row["last_turn"] for row in await door.map(chat.story)}
    assert rows == {"main": 6, "branch-2": 6}


async def test_what_a_client_adds_to_the_system_message_changes_nothing(door: Door) -> None:
    chat = door.chat(headers={"X-TTA-Story": "lore"})
    chat.messages = [{"role": "system", "content": THEME}]
    await chat.say("I go in.")
    chat.messages[0]["content"] += " The weather is fine."
    chat.messages.append({"role": "user", "content": [{"type": "text", "text": "I go on."}]})
    chat.messages.append({"role": "system", "content": "Write well."})
    await chat.again()

    assert [story["turns"] for story in await door.stories()] == [3]


@pytest.mark.every_runner
async def test_a_client_that_leaves_finds_its_turn_when_it_comes_back(door: Door) -> None:
    assert door.server.teller is not None
    chat = door.chat(streams=True)
    await chat.say(THEME)
    door.server.teller.gate.clear()
    chat.messages.append({"role": "user", "content": "1"})
    stream = await door.client.chat.completions.create(
        model="tta", messages=chat.messages, stream=True
    )
    await anext(aiter(stream))
    await stream.close()
    door.server.teller.gate.set()
    door.clock.at += LATER

    answer = await chat.again()

    assert len(choices_in(answer)) >= 1
    assert [row["last_turn"] for row in await door.map(chat.story)] == [2]


@pytest.mark.every_runner
async def test_a_client_that_left_before_the_whole_answer_came_is_given_it_later(
    door: Door,
) -> None:
    assert door.server.teller is not None
    chat = door.chat()
    await chat.say(THEME)
    door.server.teller.gate.clear()
    chat.messages.append({"role": "user", "content": "1"})
    asked = asyncio.create_task(chat.again())
    await until_running(door, 1)
    asked.cancel()
    await asyncio.wait([asked])
    door.server.teller.gate.set()
    while (await door.server.client.get("/health")).json()["turns_running"]:
        pass
    door.clock.at += LATER

    await chat.again()

    assert [row["last_turn"] for row in await door.map(chat.story)] == [2]


@pytest.mark.every_runner
async def test_a_message_edited_while_its_turn_runs_is_played_beside_it(door: Door) -> None:
    assert door.server.teller is not None
    chat = door.chat()
    await chat.say(THEME)
    door.server.teller.gate.clear()
    held = asyncio.create_task(chat.say("I go up."))
    await until_running(door, 1)
    beside = door.chat(messages=[*chat.messages[:2]])
    other = asyncio.create_task(beside.say("I go down."))
    await until_running(door, 2)
    door.server.teller.gate.set()
    await asyncio.gather(held, other)

    rows = {row["name"]: row["last_turn"] for row in await door.map(chat.story)}
    assert rows == {"main": 2, "branch-2": 2}
