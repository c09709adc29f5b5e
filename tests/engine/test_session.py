"""A session beside a turn that is being played: what is read of it, and what is stored after it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.engine.conftest import PREMISE, Desk, HeldStoryteller

from tta_rebuild.core.errors import StoreFull
from tta_rebuild.core.events import CareShown
from tta_rebuild.engine.action import Action
from tta_rebuild.engine.session import Session
from tta_rebuild.engine.turn_events import PassageReleased, TurnPaused, TurnStored
from tta_rebuild.storage.memory_store import MemoryStoryStore

CRY = "I want to kill myself tonight, for real."


@pytest.fixture
def desk() -> Desk:
    return Desk(HeldStoryteller(), MemoryStoryStore())


@pytest.fixture
def gate(desk: Desk) -> asyncio.Event:
    assert isinstance(desk.teller, HeldStoryteller)
    return desk.teller.gate


@pytest.fixture
async def session(desk: Desk, kit: Any) -> Session:
    session = await desk.stories.open(PREMISE)
    await kit.play(session, Action.begin())
    return session


async def test_the_present_is_given_while_a_turn_is_played_and_while_the_next_one_waits(
    session: Session, gate: asyncio.Event, kit: Any
) -> None:
    first = session.play(Action.choose(1))
    await anext(first)
    second = asyncio.create_task(kit.play(session, Action.choose(2)))
    await asyncio.sleep(0)

    await asyncio.wait_for(session.refresh(), 5)
    turn_in_the_first = session.state.turn
    async for event in first:
        if isinstance(event, TurnStored):
            gate.clear()  # the second, whose moment it is, will be long
    await asyncio.wait_for(session.refresh(), 5)

    assert (turn_in_the_first, session.state.turn) == (1, 2)
    gate.set()
    assert isinstance((await second)[-1], TurnStored)


async def test_what_others_stored_is_taken_in_after_the_turn(
    session: Session, desk: Desk, gate: asyncio.Event, kit: Any
) -> None:
    other = await desk.stories.resume(session.story_id)
    gate.clear()
    turn = session.play(Action.choose(1))
    await anext(turn)
    gate.set()
    await kit.play(other, Action.choose(2))

    await session.refresh()
    during = session.state.turn
    await turn.aclose()
    await session.refresh()

    assert (during, session.state.turn) == (1, 2)


async def noted_in(desk: Desk, session: Session) -> list[str]:
    path = [r.event async for r in desk.store.read(session.branch.branch_id)]
    return [type(event).__name__ for event in path[-1:]]


async def test_a_note_shown_beside_a_turn_that_is_given_up_is_stored_all_the_same(
    session: Session, desk: Desk
) -> None:
    turn = session.play(Action.choose(1))
    assert isinstance(await anext(turn), PassageReleased)

    paused = await session.pause_beside(Action.say(CRY))
    before = await noted_in(desk, session)
    await turn.aclose()

    assert isinstance(paused, TurnPaused)
    assert paused.go_on is not None
    assert before != ["CareShown"]
    assert await noted_in(desk, session) == ["CareShown"]
    assert await session.pause_beside(paused.go_on) is None


async def test_where_nothing_is_played_any_more_a_note_is_stored_at_once(
    session: Session, desk: Desk
) -> None:
    assert isinstance(await session.pause_aside_beside(f"Mara, {CRY}"), TurnPaused)

    assert await noted_in(desk, session) == ["CareShown"]


async def test_a_note_that_cannot_be_stored_takes_nothing_from_the_turn_beside_it(
    desk: Desk, kit: Any
) -> None:
    class Full(MemoryStoryStore):
        async def append(self, branch_id: str, turn: int, events: Any, **more: Any) -> int:
            if isinstance(events[0], CareShown):
                raise StoreFull("the disk is full")
            return await super().append(branch_id, turn, events, **more)

    desk.store = Full()
    session = await desk.stories.open(PREMISE)
    turn = session.play(Action.begin())
    await anext(turn)
    await session.pause_beside(Action.say(CRY))

    assert isinstance([event async for event in turn][-1], TurnStored)
    assert session.state.turn == 1
