"""The steps of a turn: each may be done again, by another machine, and changes nothing more."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.engine.conftest import PREMISE, Desk
from tests.engine.test_turn_runner import HeldStoryteller
from tests.engine.turn_runner_contract import asks
from tests.storage.test_turn_records import CALL

from tta_rebuild.core.clock import Clock
from tta_rebuild.core.errors import ProviderBusy, StoreAway, StoreError, StoreFull
from tta_rebuild.core.turn_calls import CallAsked, CallPlace
from tta_rebuild.core.turn_records import TurnRecord
from tta_rebuild.core.usage import Usage
from tta_rebuild.engine.action import Action
from tta_rebuild.engine.kept_replies import OpenCall
from tta_rebuild.engine.session import Session
from tta_rebuild.engine.turn_steps import TurnSteps
from tta_rebuild.integrations.cost_tracker import CostTracker
from tta_rebuild.integrations.llm_provider import LLMRequest, LLMResponse
from tta_rebuild.integrations.prices import Price, Rates
from tta_rebuild.integrations.wrappers.costed import CostTrackingLLMProvider
from tta_rebuild.storage.memory_store import MemoryStoryStore


class Lives:
    """When workers were gone, as the test says."""

    def __init__(self) -> None:
        self.gone = dict[str, datetime]()

    async def gone_at(self, worker: str) -> datetime | None:
        return self.gone.get(worker)


class Machines:
    """A store that several machines share, with a storyteller that can be held back."""

    def __init__(self, *, checks: Any = "off") -> None:
        self.teller, self.lost = HeldStoryteller(), list[tuple[str, int]]()
        self.teller.price = Price(rates=Rates(input=1.0, output=10.0))
        self.settling: StoreError | None = None
        self.lives = Lives()
        costed = CostTrackingLLMProvider(self.teller, CostTracker())
        self.desk = Desk(costed, MemoryStoryStore(), checks=checks)
        self.records = self.desk.store.turns()
        self.updates = self.desk.store.turn_updates()

    def machine(self, name: str = "w") -> TurnSteps:
        store = self.desk.store

        async def book_lost(asked: CallAsked, usage: Usage) -> None:
            self.lost.append((asked.task, usage.output_tokens))

        async def settle() -> None:
            if self.settling is not None:
                raise self.settling

        return TurnSteps(
            stories=self.desk.stories,
            store=store,
            records=store.turns(),
            updates=store.turn_updates(),
            calls=store.turn_calls(),
            settle=settle,
            book_lost=book_lost,
            lives=self.lives,
            clock=Clock(),
            worker=name,
        )

    async def begun(self, turn_id: str = "t1", **wanted: Any) -> Session:
        """A story whose opening is told, and a turn that is asked for."""
        session = await self.desk.stories.open(PREMISE)
        await session.turn(Action.begin())
        request = asks(session, **wanted)
        record = TurnRecord(
            turn_id=turn_id,
            key=turn_id,
            story_id=session.story_id,
            branch_id=session.branch.branch_id,
            request=asdict(request),
            state="running",
            began_at=datetime.now(UTC),
        )
        await self.records.begin(record)
        return session

    async def seen(self) -> list[str]:
        return [kind for _, kind, _ in await self.updates.read("t1", after=0, wait_s=0)]

    async def turns_of(self, session: Session) -> int:
        return (await self.desk.stories.resume(session.story_id)).state.turn


@pytest.fixture
def machines() -> Machines:
    return Machines()


async def test_the_steps_play_a_turn_and_are_harmless_when_they_are_done_again(
    machines: Machines,
) -> None:
    session = await machines.begun()
    calls = len(machines.teller.requests)
    one, other = machines.machine(), machines.machine()
    seen = []
    for steps in (one, other, one):
        assert await steps.admit("t1")
    for steps in (one, other):
        await steps.tell("t1")
    told = await machines.seen()
    for steps in (one, other):
        await steps.store_events("t1")
        seen.append(await machines.turns_of(session))
    for steps in (one, other):
        await steps.finish("t1")

    assert set(told) == {"passage"}
    assert seen == [2, 2]
    assert len(machines.teller.requests) == calls + 1
    assert (await machines.seen())[len(told) :] == ["scene", "choices", "cost", "stored"]
    ended = await machines.records.turn("t1")
    assert ended is not None
    assert (ended.state, ended.last["turn"], ended.position) == (
        "stored",
        2,
        session.branch.length,
    )
    assert not await one.admit("t1")


async def test_another_machine_tells_the_turn_anew_and_every_reader_is_told_so(
    machines: Machines,
) -> None:
    session = await machines.begun()
    machines.teller.gate.clear()
    held, open_calls = machines.teller.gate, dict[CallPlace, OpenCall]()
    first = asyncio.create_task(machines.machine("one").tell("t1", open_calls=open_calls))
    early = len(await machines.updates.read("t1", after=0, wait_s=5))
    # it is not heard of any more; its heartbeats said how far the text had come
    known = {place: call.now() for place, call in open_calls.items()}
    machines.lives.gone["one"], anew = datetime.now(UTC), machines.machine("other")
    machines.teller.gate = asyncio.Event()
    machines.teller.gate.set()
    await anew.tell("t1", lost=known)
    held.set()
    await first
    await anew.store_events("t1")
    await anew.finish("t1")

    seen = await machines.seen()
    assert seen[early] == "restarted"
    assert seen.count("restarted") == 1
    assert seen[-1] == "stored"
    [(task, tokens)], [heard] = machines.lost, known.values()
    assert task == "scene"
    assert heard.chars / 4 <= tokens < machines.teller.config.max_tokens
    assert heard.chars > 0
    assert await machines.turns_of(session) == 2


async def test_a_lost_call_stays_noted_until_it_is_in_the_ledger(machines: Machines) -> None:
    await machines.begun()
    calls, place = machines.desk.store.turn_calls(), CallPlace("f", 1)
    await calls.sending("t1", place, CALL)
    machines.settling = StoreError("the database is away")
    with pytest.raises(StoreError):
        await machines.machine().tell("t1")

    assert await calls.open_calls("t1") == [(place, CALL)]
    machines.settling = None
    await machines.machine().tell("t1")
    assert await calls.open_calls("t1") == []


async def test_what_was_finished_is_not_asked_again() -> None:
    machines = Machines(checks="choices")
    await machines.begun()
    teller, before, is_asked = machines.teller, len(machines.teller.requests), asyncio.Event()
    complete = teller.complete

    async def hang(request: LLMRequest) -> LLMResponse:
        if request.task == "branch_check":
            is_asked.set()
            await asyncio.Event().wait()
        return await complete(request)

    teller.complete = hang  # type: ignore[method-assign]
    first = asyncio.create_task(machines.machine().tell("t1"))
    await is_asked.wait()
    teller.complete = complete  # type: ignore[method-assign]
    anew = machines.machine()
    await anew.tell("t1")
    await anew.store_events("t1")
    await anew.finish("t1")
    first.cancel()

    asked = [request.task for request in teller.requests[before:]]
    assert asked.count("scene") == 1, "the scene was told whole, and is kept"
    assert "branch_check" in asked
    assert "branch_check" in [task for task, _ in machines.lost]
    assert (await machines.seen())[-1] == "stored"


async def test_a_machine_that_was_lost_after_storing_has_stored(machines: Machines) -> None:
    session = await machines.begun()
    lost = machines.machine()
    await lost.tell("t1")
    await lost.store_events("t1")
    await machines.machine().abandon("t1", "the player left")

    assert (await machines.seen())[-1] == "stored"
    assert await machines.turns_of(session) == 2


async def test_a_turn_that_is_abandoned_before_it_is_stored_stores_nothing(
    machines: Machines,
) -> None:
    session = await machines.begun()
    steps = machines.machine()
    await steps.tell("t1")
    await steps.abandon("t1", "the player left")
    await steps.store_events("t1")

    assert (await machines.seen())[-1] == "abandoned"
    assert await machines.turns_of(session) == 1


@pytest.mark.parametrize("is_stored", [True, False])
async def test_a_note_of_care_shown_beside_a_turn_is_stored_after_it_however_it_ends(
    machines: Machines, is_stored: bool
) -> None:
    session = await machines.begun()
    steps = machines.machine()
    await steps.tell("t1")
    await machines.records.owe_note("t1")
    if is_stored:
        await steps.store_events("t1")
    await steps.abandon("t1", "the player left")
    await steps.abandon("t1", "the player left")

    path = await machines.desk.stories.path(session.story_id)
    assert [r.event.KIND for r in path].count("care_shown") == 1
    assert path[-1].event.KIND == "care_shown"
    assert path[-1].turn == (2 if is_stored else 1)


async def test_a_turn_that_came_second_to_the_branch_says_so(machines: Machines) -> None:
    session = await machines.begun()
    steps = machines.machine()
    await steps.tell("t1")
    await session.turn(Action.choose(1))
    await steps.store_events("t1")
    await steps.finish("t1")

    record = await machines.records.turn("t1")
    assert record is not None
    assert (record.state, record.last["errors"][0]) == ("failed", "PositionConflict")
    assert await machines.turns_of(session) == 2


async def test_a_storyteller_that_fails_fails_the_turn_with_its_error(machines: Machines) -> None:
    await machines.begun()
    machines.teller.replies.append(ProviderBusy("too many"))
    steps = machines.machine()
    await steps.tell("t1")
    await steps.store_events("t1")
    await steps.finish("t1")

    record = await machines.records.turn("t1")
    assert record is not None
    assert (record.state, record.last["errors"][0]) == ("failed", "ProviderBusy")


async def test_a_turn_without_an_outcome_ends_as_a_defect(machines: Machines) -> None:
    await machines.begun()
    await machines.machine().finish("t1")

    record = await machines.records.turn("t1")
    assert record is not None
    assert (record.state, record.last["errors"]) == ("failed", [])


@pytest.mark.parametrize("what", ["updates", "outcomes"])
async def test_where_no_text_fits_any_more_a_turn_ends_as_failed_by_its_row(
    machines: Machines, what: str
) -> None:
    session, full = await machines.begun(), StoreFull("no space left")
    steps = machines.machine()

    async def refuse(*given: Any) -> bool:
        raise full

    if what == "updates":
        steps.updates.add = refuse  # type: ignore[method-assign]
    else:
        steps.records.keep_outcome = refuse  # type: ignore[method-assign]
    await steps.tell("t1")
    await steps.store_events("t1")
    await steps.finish("t1")

    ended = await machines.records.turn("t1")
    assert ended is not None
    assert (ended.state, ended.last["errors"][0]) == ("failed", "StoreFull")
    assert await machines.turns_of(session) == 1


async def test_a_database_that_is_away_for_a_moment_is_no_end_of_a_turn(
    machines: Machines,
) -> None:
    """The connection breaks once in each step, and is there again when the step would end it."""
    session, away, steps = await machines.begun(), StoreAway("the connection broke"), [0]
    machine = machines.machine()

    def broken_once(owner: Any, name: str) -> None:
        whole = getattr(owner, name)

        async def once(*given: Any, **named: Any) -> Any:
            setattr(owner, name, whole)
            steps[0] += 1
            raise away

        setattr(owner, name, once)

    broken_once(machine.store, "branch")
    with pytest.raises(StoreAway):
        await machine.admit("t1")
    assert await machine.admit("t1")
    broken_once(machine.updates, "add")
    with pytest.raises(StoreAway):
        await machine.tell("t1")
    assert await machine.tell("t1") == "stored"
    broken_once(machine.store, "append")
    with pytest.raises(StoreAway):
        await machine.store_events("t1")
    await machine.store_events("t1")
    await machine.finish("t1")

    record = await machines.records.turn("t1")
    assert record is not None
    assert (record.state, steps) == ("stored", [3])
    assert await machines.turns_of(session) == 2


async def test_a_turn_of_a_story_that_is_gone_fails(machines: Machines) -> None:
    session = await machines.begun()
    record = await machines.records.turn("t1")
    await machines.desk.store.delete(session.story_id)
    assert record is not None
    await machines.records.begin(record)
    await machines.machine().admit("t1")

    ended = await machines.records.turn("t1")
    assert ended is not None
    assert ended.last["errors"][0] == "BranchNotFound"


@pytest.mark.parametrize(
    ("wanted", "ends"),
    [
        ({"kind": "choose", "choice": 99}, "refused"),
        ({"kind": "ask", "choice": 0, "text": "Mara, how many boats?"}, "aside"),
        ({"kind": "say", "choice": 0, "text": "I want to kill myself tonight."}, "paused"),
    ],
)
async def test_every_kind_of_turn_goes_the_same_way(
    machines: Machines, wanted: dict[str, Any], ends: str
) -> None:
    await machines.begun(**wanted)
    steps = machines.machine()
    await steps.admit("t1")
    await steps.tell("t1")
    await steps.store_events("t1")
    await steps.finish("t1")

    assert (await machines.seen())[-1] == ends
    record = await machines.records.turn("t1")
    assert record is not None
    assert record.state == ends
