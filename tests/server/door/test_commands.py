"""Commands, questions and what goes wrong, as a chat client of the door meets it."""

from __future__ import annotations

from pathlib import Path

import httpx
import openai
import pytest

from tests.server.accounts import accounts
from tests.server.chat_clients import LATER, THEME, Chat, Door, choices_in, client_of
from tta_rebuild.core.errors import ModelUnavailable

pytestmark = pytest.mark.every_runner


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


@pytest.mark.one_process  # lets a turn fail from within the runner
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
