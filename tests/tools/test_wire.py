"""The loopback server keeps its own promises: what it sends is what it records and bills."""

from __future__ import annotations

import json
from typing import Any

import aiohttp
import pytest
from tools.wire import Fault, RunningWire, WireServer
from tools.wire.faults import KINDS
from tools.wire.pace import Pace
from tools.wire.state import WireSettings
from tools.wire.story import LINES_WANTED

SCENE = "METACONCEPTS TO FOLLOW: none"
PATHS = {
    "gemini": "/v1beta/models/some-model:{}",
    "openai": "/v1/chat/completions",
    "anthropic": "/v1/messages",
}


def asking(protocol: str, prompt: str = SCENE, *, stream: bool = False) -> tuple[str, Any]:
    path = PATHS[protocol]
    if protocol == "gemini":
        method = "streamGenerateContent" if stream else "generateContent"
        return path.format(method), {"contents": [{"parts": [{"text": prompt}]}]}
    body = {
        "model": "some-model",
        "max_tokens": 4000,
        "stream": stream,
        "messages": [{"role": "user", "content": prompt}],
    }
    return path, body


async def ask(wire: WireServer, protocol: str, prompt: str = SCENE) -> Any:
    path, body = asking(protocol, prompt)
    async with aiohttp.ClientSession() as session, session.post(wire.url + path, json=body) as got:
        return await got.json()


async def test_a_scene_request_is_answered_with_a_scene_reply(wire: WireServer) -> None:
    reply = await ask(wire, "gemini")
    scene = json.loads(reply["candidates"][0]["content"]["parts"][0]["text"])
    words = sum(len(passage["text"].split()) for passage in scene["passages"])
    assert words >= 120
    assert len(scene["story_branches"]) == 3


async def test_different_prompts_get_different_scenes_and_equal_ones_the_same(
    wire: WireServer,
) -> None:
    one, again, other = [await ask(wire, "openai", SCENE + x) for x in ("a", "a", "b")]
    text = [r["choices"][0]["message"]["content"] for r in (one, again, other)]
    assert text[0] == text[1] != text[2]


async def test_rich_scenes_state_facts_and_give_lasting_lines_only_where_they_are_asked_for(
    wire: WireServer,
) -> None:
    wire.settings.rich, wire.settings.words = True, 170
    for prompt, has_lines in ((SCENE, False), (f"{LINES_WANTED} nine. {SCENE}", True)):
        reply = await ask(wire, "gemini", prompt)
        scene = json.loads(reply["candidates"][0]["content"]["parts"][0]["text"])
        words = sum(len(passage["text"].split()) for passage in scene["passages"])
        assert 150 <= words <= 230
        assert sum(len(passage["facts"]) for passage in scene["passages"]) == 3
        assert all(branch["effects"] for branch in scene["story_branches"])
        assert bool(scene.get("lines")) is has_lines


@pytest.mark.parametrize("protocol", PATHS)
async def test_the_bill_follows_from_the_tokens_that_were_sent(
    wire: WireServer, protocol: str
) -> None:
    wire.settings.cached_share = 0.5
    wire.settings.thinking_tokens = 7
    await ask(wire, protocol)
    await wire.settled()
    (record,) = wire.records
    fresh, cached, output = wire.settings.usd_per_million
    expected = (record.input_tokens - record.cached_tokens) * fresh
    expected += record.cached_tokens * cached + (record.output_tokens + 7) * output
    assert wire.billed_usd == pytest.approx(expected / 1e6, abs=1e-12)
    assert record.cached_tokens > 0


@pytest.mark.parametrize("protocol", PATHS)
async def test_a_client_that_leaves_is_noticed_and_billed_for_what_was_sent(
    wire: WireServer, protocol: str
) -> None:
    wire.faults.next(Fault("stall", after_pieces=5))
    path, body = asking(protocol, stream=True)
    async with aiohttp.ClientSession() as session:
        reply = await session.post(wire.url + path, json=body)
        await reply.content.readany()
        reply.close()
    await wire.settled()
    (record,) = wire.records
    assert record.client_left
    assert record.pieces_sent == 5 < record.pieces_planned
    assert record.output_tokens == 5 * wire.settings.piece_chars / 4


@pytest.mark.parametrize("protocol", PATHS)
@pytest.mark.parametrize("stream", [False, True])
async def test_every_fault_ends_the_request_and_is_recorded(
    wire: WireServer, protocol: str, stream: bool
) -> None:
    wire.release()
    path, body = asking(protocol, stream=stream)
    async with aiohttp.ClientSession() as session:
        for kind in KINDS:
            wire.faults.next(Fault(kind))
            try:
                async with session.post(wire.url + path, json=body) as reply:
                    await reply.read()
            except aiohttp.ClientError:
                assert kind in ("reset", "cut", "quiet_cut")
    await wire.settled()
    assert [record.fault for record in wire.records] == list(KINDS)


async def test_a_rate_of_faults_is_the_same_for_the_same_seed(wire: WireServer) -> None:
    def drawn() -> list[str]:
        wire.faults.sometimes(0.3, seed=4)
        return [fault.kind if fault else "" for fault in map(wire.faults.take, ["m"] * 200)]

    assert drawn() == (first := drawn())
    assert 30 < sum(bool(kind) for kind in first) < 90


async def test_local_servers_refuse_what_they_are_told_to(wire: WireServer) -> None:
    wire.settings.refuses = ("max_tokens",)
    reply = await ask(wire, "openai")
    assert reply["error"]["code"] == "unsupported_parameter"


def test_it_runs_in_a_process_of_its_own_and_takes_orders() -> None:
    with RunningWire(words=30) as wire:
        wire.script([Fault("internal")])
        assert wire.records() == []
        assert wire.billed_usd() == 0.0


def test_each_answer_draws_its_own_times_from_a_range_and_its_request_decides_them() -> None:
    settings = WireSettings(first_token_s=(0.6, 2.0), tokens_per_s=[40, 90])
    paces = [Pace.of(settings, number) for number in range(200)]
    assert all(0.6 <= one.first_token_s <= 2.0 and 40 <= one.tokens_per_s <= 90 for one in paces)
    assert len({one.due_s(100) for one in paces}) == 200
    assert paces[7] == Pace.of(settings, 7)
    assert 2.0 + 100 / 40 >= max(one.due_s(100) for one in paces) > 3.5


async def test_a_record_says_what_the_label_found_in_the_prompt(wire: WireServer) -> None:
    wire.settings.label = r"Wren\d+"
    await ask(wire, "openai", f"{SCENE} for Wren17 and Wren18")
    await ask(wire, "openai", SCENE)
    assert [record.label for record in wire.records] == ["Wren17", ""]
