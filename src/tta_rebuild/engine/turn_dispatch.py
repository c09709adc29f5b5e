"""What a ``TurnRequest`` asks of a session: a turn, a question aside, or a pause in place of them.

Called by the runners, whose requests are plain values.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import cast

from tta_rebuild.core.turn_records import TurnRecord
from tta_rebuild.engine.action import Action
from tta_rebuild.engine.session import AsideItem, Session
from tta_rebuild.engine.turn_events import TurnPaused
from tta_rebuild.engine.turn_runner import RunningTurn, TurnRequest, TurnState


def items_of(session: Session, request: TurnRequest) -> AsyncGenerator[AsideItem, None]:
    """The turn, or the question aside, as the session plays it."""
    if request.kind == "ask":
        whose = request.player_id
        return session.ask(request.text, after_note=request.after_note, player_id=whose)
    if request.kind == "think":
        return session.think(request.text, player_id=request.player_id)
    return session.play(_action_of(request), seen_at=request.position)


async def pause_of(
    session: Session, request: TurnRequest, *, may_ask: bool = True
) -> TurnPaused | None:
    """The pause for what cannot be played now, if it may be a cry for help."""
    if request.kind != "ask" and request.kind != "think":
        return await session.pause_beside(_action_of(request), may_ask=may_ask)
    return await session.pause_aside_beside(
        request.text,
        is_thought=request.kind == "think",
        after_note=request.after_note,
        player_id=request.player_id,
        may_ask=may_ask,
    )


async def pause_ahead_of(session: Session, request: TurnRequest) -> TurnPaused | None:
    """The pause that the turn would come to, where that is clear without a model."""
    if request.kind != "ask" and request.kind != "think":
        return await session.pause_ahead(_action_of(request))
    return await session.pause_aside_ahead(
        request.text,
        is_thought=request.kind == "think",
        after_note=request.kind == "ask" and request.after_note,
        player_id=request.player_id,
    )


def is_same(known: RunningTurn, request: TurnRequest) -> bool:
    """Whether a request is that of a turn; of one that is over, the words may not be known."""
    wanted = request
    if known.state != "running" and not known.request.text:
        wanted = replace(request, text="")
    first, second = (replace(r, position=None, player_id="") for r in (known.request, wanted))
    return first == second


def turn_of(record: TurnRecord) -> RunningTurn:
    """The turn that a row tells of, without what was seen of it."""
    return RunningTurn(
        turn_id=record.turn_id,
        request=TurnRequest(**record.request),
        state=cast("TurnState", record.state),
        began_at=record.began_at,
        ended_at=record.ended_at,
        position=record.position,
        last=record.last,
    )


def _action_of(request: TurnRequest) -> Action:
    kind = request.kind
    assert kind != "ask"
    assert kind != "think"
    return Action(
        kind,
        request.text,
        request.choice,
        request.after_note,
        request.is_retold,
        request.player_id,
    )
