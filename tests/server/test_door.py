"""Chat clients play through the door: the real SDK of OpenAI against a real server."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest

from tests.server.accounts import accounts
from tests.server.serving import NO_RATE, HeldTeller, Running, running
from tta_rebuild.core.clock import Clock
from tta_rebuild.core.errors import ModelUnavailable
from tta_rebuild.server.app import ServerOptions

THEME = "A lighthouse keeper finds a door under the stairs."
LATER = timedelta(seconds=30)


class MovedClock(Clock):
    """A clock whose wall is moved by hand."""

    def __init__(self) -> None:
        self.at = datetime(2026, 5, 1, 12, tzinfo=UTC)

    def wall(self) -> datetime:
        return self.at


@dataclass
class Chat:
    """A chat client: it keeps the history and sends all of it each time."""

    client: openai.AsyncOpenAI
    headers: dict[str, str] = field(default_factory=dict)
    messages: list[Any] = field(default_factory=list)
    streams: bool = False
    model: str = "tta"
    more: dict[str, Any] = field(default_factory=dict)
    heads: dict[str, str] = field(default_factory=dict)
    usage: Any = None

    async def say(self, text: str) -> str:
        """Say something; gives the answer, which is put into the history."""
        self.messages.append({"role": "user", "content": text})
        answer = await self.again()
        self.messages.append({"role": "assistant", "content": answer})
        return answer

    async def again(self) -> str:
        """Send the history as it is."""
        asked: dict[str, Any] = {"model": self.model, "messages": self.messages, **self.more}
        asked["extra_headers"] = self.headers
        complete = self.client.chat.completions.with_raw_response.create
        if not self.streams:
            raw = await complete(**asked)
            self.heads = dict(raw.headers)
            whole = raw.parse()
            self.usage = whole.usage
            assert whole.choices[0].finish_reason == "stop"
            return whole.choices[0].message.content or ""
        raw = await complete(**asked, stream=True, stream_options={"include_usage": True})
        self.heads = dict(raw.headers)
        text, ends = "", []
        async for chunk in raw.parse():
            self.usage = chunk.usage
            for choice in chunk.choices:
                text += choice.delta.content or ""
                ends.append(choice.finish_reason)
        assert ends[-1] == "stop"
        return text

    async def regenerated(self) -> str:
        """Ask for the last answer once more, in its place."""
        self.messages.pop()
        answer = await self.again()
        self.messages.append({"role": "assistant", "content": answer})
        return answer

    async def edited(self, index: int, text: str) -> str:
        """Change what was said there, forget all after it, and send that."""
        del self.messages[index:]
        return await self.say(text)

    @property
    def story(self) -> str:
        return self.heads["x-tta-story"]


@dataclass
class Door:
    """A server and its clients."""

    server: Running
    clock: MovedClock
    client: openai.AsyncOpenAI

    def chat(self, **how: Any) -> Chat:
        return Chat(self.client, **how)

    async def map(self, story: str) -> list[dict[str, Any]]:
        """The branches of a story."""
        found = (await self.server.client.get(f"/stories/{story}/map")).json()
        branches: list[dict[str, Any]] = found["branches"]
        return branches

    async def stories(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await self.server.client.get("/stories")).json()["stories"]
        return found


@asynccontextmanager
async def opened(data_dir: Path, teller: HeldTeller | None = None) -> AsyncIterator[Door]:
    clock = MovedClock()
    options = ServerOptions(limits=NO_RATE, clock=clock)
    async with (
        running(data_dir, teller=teller, options=options) as server,
        client_of(server) as client,
    ):
        yield Door(server, clock, client)


def client_of(server: Running, key: str = "any", retries: int = 0) -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(
        base_url=f"{server.address}/v1",
        api_key=key,
        max_retries=retries,
        http_client=openai.DefaultAsyncHttpxClient(trust_env=False),
    )


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with opened(tmp_path, HeldTeller()) as made:
        yield made


@pytest.fixture
async def embedded(tmp_path: Path) -> AsyncIterator[Door]:
    async with opened(tmp_path) as made:
        yield made


async def until_running(door: Door, turns: int) -> None:
    while (await door.server.client.get("/health")).json()["turns_running"] < turns:
        pass


def choices_in(answer: str) -> list[str]:
    return re.findall(r"^\d+\. (.+)$", answer, re.MULTILINE)


@pytest.mark.parametrize("streams", [False, True])
async def test_ten_turns_are_played_with_the_server_started_anew_in_between(
    tmp_path: Path, streams: bool
) -> None:
    chat = Chat(None, streams=streams)  # type: ignore[arg-type]
    async with opened(tmp_path) as first:
        chat.client = first.client
        opening = await chat.say(THEME)
        for _ in range(4):
            await chat.say("1")
    async with opened(tmp_path) as second:
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


async def test_another_telling_forks_the_story_and_the_client_goes_on_from_the_one_it_keeps(
    door: Door,
) -> None:
    chat = door.chat()
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


async def test_commands_show_and_change_the_story(door: Door) -> None:
    chat = door.chat()
    opening = await chat.say(THEME)
    await chat.say("1")
    shown = {name: await chat.say(f"/{name}") for name in ("help", "look", "facts", "why", "cost")}
    who = await chat.say("/who")
    unknown = await chat.say("/dance")
    back = await chat.say("/undo")
    too_far = await chat.say("/undo 9")
    after = await chat.say("I stay here.")
    ended = await chat.say("/end")
    late = await chat.say("I go on.")
    rows = {row["name"]: row["last_turn"] for row in await door.map(chat.story)}

    assert "/undo" in shown["help"]
    assert choices_in(shown["look"])
    assert "$" in shown["cost"]
    assert who
    assert "/help" in unknown
    assert opening in back
    assert "1 turns" in too_far
    assert len(choices_in(after)) >= 1
    assert "The end" in ended
    assert late.startswith("Not played: ")
    assert rows == {"main": 2, "branch-2": 3}


async def test_a_command_repeated_is_done_once(door: Door) -> None:
    chat = door.chat()
    await chat.say(THEME)
    await chat.say("1")
    back = await chat.say("/undo")
    once_more = await chat.regenerated()
    door.clock.at += LATER
    late = await chat.regenerated()

    assert back == once_more == late
    assert len(await door.map(chat.story)) == 2


async def test_again_tells_the_last_turn_another_way(door: Door) -> None:
    chat = door.chat()
    await chat.say(THEME)
    first = await chat.say("I count the boats.")
    second = await chat.say("/again")
    await chat.say("1")
    told = await door.server.client.get(f"/stories/{chat.story}/branches/branch-2/turns")

    assert first != second
    assert [turn["action"] for turn in told.json()["turns"]][1] == "I count the boats."
    assert [row["last_turn"] for row in await door.map(chat.story)] == [2, 3]


async def test_a_new_story_begins_in_the_same_conversation(door: Door) -> None:
    chat = door.chat(headers={"X-TTA-Story": "room"})
    await chat.say(THEME)
    first = chat.story
    await chat.say("/new Two sisters inherit a bakery.")
    second = chat.story
    once_more = await chat.regenerated()
    await chat.say("1")

    assert first != second == chat.story
    assert once_more
    turns = {story["story_id"]: story["turns"] for story in await door.stories()}
    assert turns == {first: 1, second: 2}


async def test_somebody_is_asked_aside_and_the_story_does_not_move(embedded: Door) -> None:
    chat = embedded.chat()
    await chat.say("Mara keeps the lighthouse. She finds a door under the stairs.")
    asked = await chat.say("/ask Mara, where are we?")
    await chat.say("1")

    assert "Mara" in asked or asked.startswith("Not played")
    assert [row["last_turn"] for row in await embedded.map(chat.story)] == [2]


async def test_a_refused_move_is_said_and_the_next_goes_on_in_its_place(door: Door) -> None:
    chat = door.chat()
    await chat.say(THEME)
    refused = await chat.say("99")
    await chat.edited(2, "1")
    await chat.say("99")
    await chat.say("1")

    assert refused.startswith("Not played: There is no choice 99")
    assert [row["last_turn"] for row in await door.map(chat.story)] == [3]


async def test_a_note_of_care_is_shown_and_the_player_goes_on(door: Door) -> None:
    chat = door.chat()
    await chat.say(THEME)
    note = await chat.say("I want to kill myself tonight, for real.")
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


async def test_a_world_by_hand_is_a_model(embedded: Door) -> None:
    models = [model.id async for model in embedded.client.models.list()]
    chat = embedded.chat(model=models[1])
    await chat.say("Let us begin.")

    assert models[0] == "tta"
    assert models[1].startswith("tta:")
    told = await embedded.server.client.get(f"/stories/{chat.story}/branches/main/turns")
    assert told.json()["turns"][0]["scene"]["told_by"]


async def test_errors_have_the_shape_of_openais(door: Door) -> None:
    assert door.server.teller is not None
    chat = door.chat()
    with pytest.raises(openai.NotFoundError) as no_model:
        await door.chat(model="gpt-9").say(THEME)
    with pytest.raises(openai.BadRequestError) as no_words:
        await door.chat(messages=[{"role": "assistant", "content": "Hello."}]).again()
    with pytest.raises(openai.UnprocessableEntityError) as wrong:
        await door.client.post("/chat/completions", body={"model": 3}, cast_to=object)
    door.server.teller.errors.append(ModelUnavailable("there is no such model any more"))
    with pytest.raises(openai.InternalServerError) as failed:
        await chat.say(THEME)
    with pytest.raises(openai.PermissionDeniedError) as other_host:
        await door.client.models.list(extra_headers={"Host": "evil.example"})

    for error in (no_model, no_words, wrong, failed, other_host):
        body = error.value.body
        assert isinstance(body, dict)
        assert set(body) == {"message", "type", "param", "code"}
        assert body["message"]
    assert no_model.value.code == "model_not_found"
    assert failed.value.status_code == 502
    assert failed.value.code == "ModelUnavailable"
    assert await chat.again(), "what failed is played when it is sent again"
    assert [row["last_turn"] for row in await door.map((await door.stories())[0]["story_id"])] == [
        1
    ]


async def test_a_failure_in_mid_stream_is_told_to_the_client(door: Door) -> None:
    assert door.server.teller is not None
    chat = door.chat(streams=True)
    await chat.say(THEME)
    chat.messages.append({"role": "user", "content": "1"})
    door.server.teller.gate.clear()
    stream = await door.client.chat.completions.create(
        model="tta", messages=chat.messages, stream=True
    )
    chunks = aiter(stream)
    await anext(chunks)
    runner = door.server.serving.runner
    [turn] = list(runner._running.values())
    runner._add(turn, "failed", {"errors": ["ModelUnavailable"], "detail": "gone"})

    with pytest.raises(openai.APIError, match="gone"):
        [_ async for _ in chunks]
    door.server.teller.gate.set()


async def test_a_premise_that_is_none_is_said_and_the_next_message_is_taken(door: Door) -> None:
    chat = door.chat()
    said = await chat.say("hi")
    await chat.say(THEME)

    assert "at least 3 characters" in said
    assert [story["turns"] for story in await door.stories()] == [1]


async def test_a_long_history_is_taken(door: Door) -> None:
    chat = door.chat(headers={"X-TTA-Story": "long"})
    await chat.say(THEME)
    talk = [{"role": role, "content": "word " * 800} for role in ("user", "assistant")] * 100
    chat.messages[1:1] = talk[1:] + talk[:1]

    assert await chat.say("1")


async def test_nobody_plays_in_anothers_story(tmp_path: Path) -> None:
    async with accounts(tmp_path) as there:
        clients = {n: client_of(there.server, key) for n, key in there.secrets.items()}
        anna, ben = (Chat(clients[name]) for name in ("anna", "ben"))
        await anna.say(THEME)
        await ben.say(THEME)
        ben.headers = {"X-TTA-Story": anna.story}
        ben.messages.clear()
        await ben.say("Two sisters inherit a bakery.")
        stranger = Chat(client_of(there.server, "wrong"))
        with pytest.raises(openai.AuthenticationError) as refused:
            await stranger.say(THEME)
        found = {
            name: [one["story_id"] for one in (await client.get("/stories")).json()["stories"]]
            for name, client in there.clients.items()
        }
        turns = (await there.clients["anna"].get(f"/stories/{anna.story}")).json()["turns"]
        for client in (*clients.values(), stranger.client):
            await client.close()

    assert found["anna"] == [anna.story]
    assert len(found["ben"]) == 2
    assert turns == 1
    assert refused.value.code == "invalid_api_key"


async def test_a_deleted_story_begins_anew(door: Door) -> None:
    chat = door.chat()
    await chat.say(THEME)
    gone = chat.story
    await door.server.client.delete(f"/stories/{gone}")
    chat.messages.clear()

    await chat.say(THEME)

    assert chat.story != gone


async def test_a_page_of_another_site_cannot_play(door: Door) -> None:
    async with httpx.AsyncClient(base_url=door.server.address, trust_env=False) as browser:
        answer = await browser.post(
            "/v1/chat/completions",
            json={"model": "tta", "messages": [{"role": "user", "content": THEME}]},
            headers={"Origin": "http://evil.example"},
        )

    assert answer.status_code == 403
    assert set(answer.json()) == {"error"}
