"""Turns over HTTP: asked for once, followed by anybody from anywhere, cancelled, conflicted."""

from __future__ import annotations

import asyncio
import random
from contextlib import aclosing
from pathlib import Path

import pytest

from tests.server.serving import PASSAGES, HeldTeller, Machines, Running, Update, running
from tta_rebuild.core.errors import ModelUnavailable

pytestmark = pytest.mark.every_runner


def text_of(updates: list[Update]) -> list[str]:
    return [update.data["text"] for update in updates if update.kind == "passage"]


async def test_a_turn_streams_its_passages_and_ends_once_it_is_stored(served: Running) -> None:
    branch = await served.story()

    told = await served.play(branch, kind="begin")
    present = (await served.client.get(branch)).json()

    assert len(text_of(told)) == PASSAGES
    assert [update.kind for update in told][-4:] == ["scene", "choices", "cost", "stored"]
    assert [passage["text"] for passage in present["scene"]["passages"]] == text_of(told)
    assert present["choices"] == told[-3].data["choices"]
    assert told[-1].data["position"] == present["position"]


async def test_what_a_turn_has_cost_is_in_the_ledger_once_it_is_said_to_be_stored(
    served: Running,
) -> None:
    branch, ledger = await served.story(), served.serving.application.ledger

    turn = (await served.ask(branch, kind="begin")).json()
    async for update in served.serving.runner.tail(turn["turn_id"]):
        if update.kind == "stored":
            booked = await ledger.attempts()

    assert [(one.story_id, one.turn, one.usage.output_tokens) for one in booked] == [
        (turn["story_id"], 1, 50)
    ]


async def test_the_first_words_come_while_the_rest_is_still_written(served: Running) -> None:
    assert served.teller is not None
    branch = await served.story()
    served.teller.gate.clear()
    turn_id = (await served.ask(branch, kind="begin")).json()["turn_id"]

    async with aclosing(served.follow(turn_id)) as updates:
        first = await anext(updates)
        assert (await served.client.get(f"/turns/{turn_id}")).json()["state"] == "running"
        present = (await served.client.get(branch)).json()
        served.teller.gate.set()
        rest = [update async for update in updates]

    assert (first.number, first.kind) == (1, "passage")
    assert (present["turn"], present["running"]["turn_id"]) == (0, turn_id)
    assert rest[-1].kind == "stored"


async def test_who_leaves_at_any_point_and_returns_reads_identical_text(served: Running) -> None:
    assert served.teller is not None
    chance, branch = random.Random(7), await served.story()
    wanted = {"kind": "begin"}
    for _ in range(12):
        served.teller.gate.clear()
        turn_id = (await served.ask(branch, **wanted)).json()["turn_id"]
        leaves, seen = sorted(chance.sample(range(1, PASSAGES), 3)), list[Update]()
        for leave in leaves:
            if leave > 4:
                served.teller.gate.set()
            async with aclosing(served.follow(turn_id, len(seen))) as updates:
                async for update in updates:
                    seen.append(update)
                    if len(seen) >= leave:
                        break
        served.teller.gate.set()
        seen += [update async for update in served.follow(turn_id, len(seen))]
        whole = [update async for update in served.follow(turn_id)]

        assert seen == whole
        assert [update.number for update in seen] == list(range(1, len(seen) + 1))
        present = (await served.client.get(branch)).json()
        assert [one["text"] for one in present["scene"]["passages"]] == text_of(seen)
        wanted = {"kind": "choose", "choice": 1}


async def test_a_turn_goes_on_when_nobody_follows_it(served: Running) -> None:
    assert served.teller is not None
    branch = await served.story()
    served.teller.gate.clear()
    turn_id = (await served.ask(branch, kind="begin")).json()["turn_id"]
    async with aclosing(served.follow(turn_id)) as updates:
        await anext(updates)

    served.teller.gate.set()
    while (await served.client.get(f"/turns/{turn_id}")).json()["state"] == "running":
        pass

    assert (await served.client.get(branch)).json()["turn"] == 1


async def test_a_second_tab_sees_the_same_turn(served: Running) -> None:
    assert served.teller is not None
    branch = await served.story()
    served.teller.gate.clear()
    turn_id = (await served.ask(branch, kind="begin")).json()["turn_id"]

    async def tab() -> list[Update]:
        running = (await served.client.get(branch)).json()["running"]
        assert running["turn_id"] == turn_id
        return [update async for update in served.follow(running["turn_id"])]

    tabs = [asyncio.create_task(tab()) for _ in range(3)]
    while (await served.client.get("/health")).json()["streams"] < 3:
        pass
    served.teller.gate.set()

    one, *others = await asyncio.gather(*tabs)
    assert all(other == one for other in others)


async def test_a_key_makes_one_turn_however_often_it_is_sent(served: Running) -> None:
    branch = await served.story()
    await served.play(branch, kind="begin")

    asked = await asyncio.gather(
        *(served.ask(branch, "same", kind="choose", choice=1) for _ in range(20))
    )
    turn_id = asked[0].json()["turn_id"]
    told = [update async for update in served.follow(turn_id)]
    later = await served.ask(branch, "same", kind="choose", choice=1)
    other = await served.ask(branch, "same", kind="choose", choice=2)

    assert {(one.status_code, one.json()["turn_id"]) for one in (*asked, later)} == {(202, turn_id)}
    assert told[-1].data["turn"] == 2
    assert (await served.client.get(branch)).json()["turn"] == 2
    assert (other.status_code, other.json()["turn_id"]) == (422, turn_id)


async def test_of_two_writers_one_wins_and_the_other_gets_the_present(served: Running) -> None:
    assert served.teller is not None
    branch = await served.story()
    await served.play(branch, kind="begin")
    position = (await served.client.get(branch)).json()["position"]
    served.teller.gate.clear()

    asked = await asyncio.gather(
        *(served.ask(branch, kind="choose", choice=n, position=position) for n in (1, 2))
    )
    won = next(one for one in asked if one.status_code == 202)
    lost = next(one for one in asked if one.status_code != 202)
    served.teller.gate.set()
    told = [update async for update in served.follow(won.json()["turn_id"])]
    late = await served.ask(branch, kind="choose", choice=2, position=position)

    assert lost.status_code == late.status_code == 409
    assert lost.json()["turn_id"] == won.json()["turn_id"]
    assert lost.json()["present"]["position"] == position
    assert late.json()["present"]["position"] == told[-1].data["position"]
    assert late.headers["content-type"] == "application/problem+json"


async def test_a_known_turn_is_given_to_its_key_though_the_branch_has_moved_on(
    served: Running,
) -> None:
    branch = await served.story()
    wanted = {"kind": "begin", "position": 1}
    first = await served.ask(branch, "k", **wanted)
    [_ async for _ in served.follow(first.json()["turn_id"])]

    again = await served.ask(branch, "k", **wanted)

    assert (again.status_code, again.json()["state"]) == (202, "stored")


async def test_who_knows_all_of_a_turn_gets_no_content_and_asks_no_more(served: Running) -> None:
    branch = await served.story()
    told = await served.play(branch, kind="begin")
    turn = (await served.client.get(branch)).json()

    path = f"/turns/{(await served.serving.runner.latest_on(turn['branch']['branch_id'])).turn_id}"  # type: ignore[union-attr]
    headers = {"Last-Event-ID": str(told[-1].number)}
    answer = await served.client.get(f"{path}/events", headers=headers)

    assert answer.status_code == 204


async def test_a_cancelled_turn_leaves_the_story_as_it_was(served: Running) -> None:
    assert served.teller is not None
    branch = await served.story()
    served.teller.gate.clear()
    turn_id = (await served.ask(branch, "k", kind="begin")).json()["turn_id"]
    async with aclosing(served.follow(turn_id)) as updates:
        await anext(updates)
        gone = await served.client.delete(f"/turns/{turn_id}")
        rest = [update async for update in updates]
    served.teller.gate.set()

    assert gone.json()["state"] == "abandoned"
    assert rest[-1].kind == "abandoned"
    assert (await served.client.get(branch)).json()["turn"] == 0
    again = await served.ask(branch, "k", kind="begin", again=True)
    told = [update async for update in served.follow(again.json()["turn_id"])]
    assert told[-1].kind == "stored"


async def test_a_failed_turn_says_why_as_a_problem(served: Running) -> None:
    assert served.teller is not None
    branch = await served.story()
    served.teller.errors.append(ModelUnavailable("there is no such model any more"))

    told = await served.play(branch, kind="begin")

    assert [update.kind for update in told] == ["failed"]
    problem = told[0].data["problem"]
    assert (problem["status"], problem["type"]) == (502, "urn:tta:problem:ModelUnavailable")
    assert problem["do"]
    assert (await served.client.get(branch)).json()["turn"] == 0


async def test_a_refused_move_and_a_note_of_care_end_a_turn_with_nothing_told(
    served: Running,
) -> None:
    branch = await served.story()
    await served.play(branch, kind="begin")

    refused = await served.play(branch, kind="choose", choice=9)
    cry = "I want to kill myself tonight, for real."
    paused = await served.play(branch, kind="say", text=cry)
    on = await served.play(branch, **{k: v for k, v in paused[-1].data["go_on"].items() if v})

    assert [update.kind for update in refused] == ["refused"]
    assert [update.kind for update in paused] == ["paused"]
    assert paused[0].data["help_lines"][0]["contact"]
    assert on[-1].kind == "stored"


async def test_somebody_is_asked_aside(served: Running) -> None:
    branch = await served.story(characters=[{"name": "Mara"}])
    await served.play(branch, kind="begin")
    asked = await served.client.post(
        f"{branch}/asides",
        json={"kind": "ask", "text": "Mara, how many boats are there?"},
        headers={"Idempotency-Key": "a"},
    )

    told = [update async for update in served.follow(asked.json()["turn_id"])]

    assert told[-1].kind == "aside"
    assert told[-1].data["name"] == "Mara"
    assert (await served.client.get(branch)).json()["turn"] == 1


async def test_too_many_turns_at_once_are_told_when_to_come_again(
    tmp_path: Path, machines: Machines | None
) -> None:
    teller = HeldTeller()
    async with running(tmp_path, teller=teller, most_turns=2, machines=machines) as served:
        branches = [await served.story() for _ in range(3)]
        teller.gate.clear()
        asked = [await served.ask(branch, kind="begin") for branch in branches]
        teller.gate.set()

    assert [one.status_code for one in asked] == [202, 202, 429]
    assert asked[-1].json()["limit"] == "turns_at_once"
    assert int(asked[2].headers["Retry-After"]) >= 1


async def test_a_server_that_is_told_to_stop_finishes_the_turn_and_tells_its_readers(
    served: Running,
) -> None:
    assert served.teller is not None
    branch = await served.story()
    served.teller.gate.clear()
    turn_id = (await served.ask(branch, kind="begin")).json()["turn_id"]
    async with aclosing(served.follow(turn_id)) as updates:
        await anext(updates)
        served.server.should_exit = True
        while (await served.client.get(f"{served.address}/readyz")).status_code == 200:
            pass
        refused = await served.ask(branch, "other", kind="say", text="Wait.")
        served.teller.gate.set()
        rest = [update async for update in updates]

    assert refused.status_code == 429
    assert rest[-1].kind == "stored"


CRY = "I want to kill myself tonight, for real."


async def asked_aside(served: Running, branch: str) -> None:
    asked = await served.client.post(
        f"{branch}/asides",
        json={"kind": "ask", "text": "Mara, how many boats are there?"},
        headers={"Idempotency-Key": "aside"},
    )
    told = [update async for update in served.follow(asked.json()["turn_id"])]
    assert told[-1].kind == "aside"


async def test_a_move_made_before_ones_own_aside_was_stored_is_no_conflict(
    served: Running,
) -> None:
    branch = await served.story(characters=[{"name": "Mara"}])
    await served.play(branch, kind="begin")
    before = (await served.client.get(branch)).json()["position"]
    await asked_aside(served, branch)
    assert (await served.client.get(branch)).json()["position"] > before

    told = await served.play(branch, kind="say", text="I wait for the tide", position=before)

    assert told[-1].kind == "stored"


async def test_a_cry_is_answered_with_care_wherever_the_branch_stands(served: Running) -> None:
    branch = await served.story()
    seen = (await served.play(branch, kind="begin"))[-1].data["position"]
    await served.play(branch, kind="choose", choice=1)

    paused = await served.play(branch, kind="say", text=CRY, position=seen)
    late = await served.ask(branch, kind="say", text="I wait for the tide", position=seen)

    assert [update.kind for update in paused] == ["paused"]
    assert late.status_code == 409
    assert (await served.client.get(branch)).json()["turn"] == 2


async def test_a_cry_that_was_answered_goes_on_only_where_the_branch_stood(
    served: Running,
) -> None:
    branch = await served.story()
    seen = (await served.play(branch, kind="begin"))[-1].data["position"]
    await served.play(branch, kind="choose", choice=1)
    await served.play(branch, kind="say", text=CRY, position=seen)

    on = await served.play(branch, kind="say", text=CRY, position=seen, after_note=True)

    assert [update.kind for update in on] == ["failed"]
    assert on[-1].data["problem"]["status"] == 409
    assert (await served.client.get(branch)).json()["turn"] == 2


async def test_a_cry_while_a_turn_is_told_is_answered_and_the_turn_goes_on(
    served: Running,
) -> None:
    assert served.teller is not None
    branch = await served.story(characters=[{"name": "Mara"}])
    await served.play(branch, kind="begin")
    served.teller.gate.clear()
    turn_id = (await served.ask(branch, kind="choose", choice=1)).json()["turn_id"]

    paused = await served.play(branch, kind="say", text=CRY)
    headers = {"Idempotency-Key": "aside"}
    wanted = {"kind": "ask", "text": f"Mara, {CRY}"}
    asked = (await served.client.post(f"{branch}/asides", json=wanted, headers=headers)).json()
    aside = [update async for update in served.follow(asked["turn_id"])]
    busy = await served.ask(branch, kind="say", text="I wait for the tide")
    present = (await served.client.get(branch)).json()
    served.teller.gate.set()
    told = [update async for update in served.follow(turn_id)]
    on = await served.play(branch, **{k: v for k, v in paused[-1].data["go_on"].items() if v})

    assert [update.kind for update in (*paused, *aside)] == ["paused", "paused"]
    assert paused[0].data["help_lines"][0]["contact"]
    assert (asked["state"], present["running"]["turn_id"]) == ("paused", turn_id)
    assert (busy.status_code, told[-1].kind, on[-1].kind) == (409, "stored", "stored")
