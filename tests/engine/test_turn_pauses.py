"""A pause that a server comes to itself is the one that a worker would have come to."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from tests.engine.test_turn_steps import Machines
from tests.engine.turn_runner_contract import CRY, asks

from tta_rebuild.core.clock import Clock
from tta_rebuild.core.events import CareShown
from tta_rebuild.engine.action import Action
from tta_rebuild.engine.session import Session
from tta_rebuild.engine.session_cache import SessionCache
from tta_rebuild.engine.turn_pauses import TurnPauses
from tta_rebuild.engine.turn_runner import TurnRequest

LIKELY = "he hits me every night and I am scared to go home"
"""What a reader is asked of, where there is one."""


class _Killed(BaseException):
    """The process ends here."""


@pytest.fixture
def machines() -> Machines:
    return Machines()


def server(machines: Machines) -> TurnPauses:
    desk = machines.desk
    return TurnPauses(
        desk.stories, desk.store, machines.updates, SessionCache(desk.stories), Clock()
    )


def said(session: Session, text: str = CRY, **more: Any) -> TurnRequest:
    return asks(session, **({"kind": "say", "choice": 0, "text": text} | more))


async def played(machines: Machines, turn_id: str = "t1") -> None:
    """A turn as a worker plays it."""
    steps = machines.machine()
    if await steps.admit(turn_id):
        await steps.tell(turn_id)
        await steps.store_events(turn_id)
        await steps.finish(turn_id)


async def left_by(machines: Machines, session: Session, turn_id: str) -> tuple[Any, ...]:
    """What is known of a turn that is over: its row, what was seen of it, and the story's log."""
    row = await machines.records.turn(turn_id)
    assert row is not None
    same = {"turn_id": "", "key": "", "story_id": "", "branch_id": "", "request": {}}
    at: dict[str, Any] = {"began_at": datetime.min, "ended_at": None}
    asked = {**row.request, "story_id": "", "branch_id": ""}
    shown = await machines.updates.read(turn_id, after=0, wait_s=0)
    events = [one.event for one in await machines.desk.stories.path(session.story_id)]
    assert await machines.records.outcome(turn_id) is None
    return replace(row, **same, **at), asked, shown, events[-2:]


@pytest.mark.parametrize(
    "wanted",
    [
        {"kind": "say", "text": CRY},
        {"kind": "end", "text": CRY},
        {"kind": "ask", "text": f"Mara, {CRY}"},
        {"kind": "think", "text": CRY},
    ],
    ids=lambda wanted: wanted["kind"],
)
async def test_the_note_the_row_the_updates_and_the_log_are_those_of_a_worker(
    machines: Machines, wanted: dict[str, Any]
) -> None:
    one = await machines.begun("t1", choice=0, **wanted)
    two = await machines.begun("t2", key="k2", choice=0, **wanted)
    await played(machines, "t1")
    here, request = server(machines), asks(two, choice=0, **wanted)
    values = await here.ahead(request)
    assert values is not None
    await here.end("t2", values)

    by_worker, by_server = [
        await left_by(machines, session, turn_id) for session, turn_id in ((one, "t1"), (two, "t2"))
    ]

    row, asked, shown, events = by_server
    assert (row, shown) == (by_worker[0], by_worker[2])
    assert {**asked, "key": ""} == {**by_worker[1], "key": ""}
    assert asked.get("text", "") == "", "no word of the player's is kept"
    assert [type(event) for event in events] == [type(event) for event in by_worker[3]]
    assert isinstance(events[-1], CareShown)
    assert (row.state, [kind for _, kind, _ in shown]) == ("paused", ["paused"])


@pytest.mark.parametrize(
    ("checks", "text", "is_clear"),
    [("all", CRY, True), ("all", LIKELY, False), ("off", LIKELY, True), ("off", "I wait.", False)],
)
async def test_what_a_reader_is_asked_of_is_left_to_the_turn(
    checks: str, text: str, is_clear: bool
) -> None:
    machines = Machines(checks=checks)
    session = await machines.begun()
    calls = len(machines.teller.requests)

    paused = await server(machines).ahead(said(session, text))

    assert (paused is not None) == is_clear
    assert len(machines.teller.requests) == calls, "no model is asked"


async def test_a_cry_pauses_once_and_soon_after_it_its_turn_is_played(machines: Machines) -> None:
    session = await machines.begun(kind="say", choice=0, text=CRY)
    here = server(machines)
    values = await here.ahead(said(session))
    assert values is not None
    await here.end("t1", values)

    assert await here.ahead(said(session, after_note=True)) is None
    assert await here.ahead(said(session)), "nobody has chosen what to do after the note"
    current = await machines.desk.stories.resume(session.story_id)
    await current.turn(replace(Action.say(CRY), after_note=True))
    assert await here.ahead(said(session)) is None, "a line before the turn is enough"


async def test_the_theme_of_an_opening_pauses_too_and_a_story_that_is_gone_does_not(
    machines: Machines,
) -> None:
    from tests.engine.conftest import PREMISE

    session = await machines.desk.stories.open(replace(PREMISE, theme=CRY))
    opening = asks(session, kind="begin", choice=0)
    here = server(machines)

    assert await here.ahead(opening)
    assert await here.ahead(replace(said(session), story_id="no", branch_id="no.1")) is None


async def test_a_pause_that_was_broken_off_is_ended_the_same_by_a_worker(
    machines: Machines,
) -> None:
    session = await machines.begun(kind="say", choice=0, text=CRY)
    here, store = server(machines), machines.desk.store
    values = await here.ahead(said(session))
    assert values is not None
    append = store.append

    async def lost(*given: Any, **more: Any) -> int:
        raise _Killed

    store.append = lost  # type: ignore[method-assign]
    with pytest.raises(_Killed):
        await here.end("t1", values)
    store.append = append  # type: ignore[method-assign]
    await played(machines)
    await played(machines)

    log = [one.event for one in await machines.desk.stories.path(session.story_id)]
    assert await machines.seen() == ["paused"]
    assert sum(isinstance(event, CareShown) for event in log) == 1
