"""Turns: asked for on a branch, followed by server-sent events, cancelled."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Header, Request, Response
from fastapi.responses import StreamingResponse

from tta_rebuild.bootstrap.serving import Serving
from tta_rebuild.core.errors import BranchBusy, PositionConflict
from tta_rebuild.engine.action import Action
from tta_rebuild.engine.turn_runner import TurnRequest
from tta_rebuild.server import shapes, streaming
from tta_rebuild.server.access import Asking, Principal, watch_of
from tta_rebuild.server.presenting import present_out, turn_out
from tta_rebuild.server.problems import ProblemOf
from tta_rebuild.server.resources import Served, TheBranch, TheStory, TurnId, documented
from tta_rebuild.storage.story_store import Branch, StoryRow

on_branch = APIRouter(
    prefix="/stories/{story}/branches/{branch}", tags=["turns"], responses=documented(404, 409)
)
router = APIRouter(prefix="/turns", tags=["turns"], responses=documented(404))

IdempotencyKey = Annotated[
    str,
    Header(
        min_length=1,
        max_length=120,
        pattern=r"^[\x21-\x7e]+$",
        description="Chosen by the client; the same key never makes two turns",
        examples=["8f14e45f-ceea-467a"],
    ),
]


@on_branch.post("/turns", status_code=202)
async def ask_for_turn(
    wanted: shapes.TurnIn,
    story: TheStory,
    branch: TheBranch,
    served: Served,
    idempotency_key: IdempotencyKey,
    asking: Asking,
) -> shapes.TurnOut:
    """Play a turn; it runs on by itself, and `events` tells of it.

    Where another was first, the answer is 409 with the `present` of the branch; words that may be
    a cry for help are answered by a turn that has `paused`, whatever else is being told.
    """
    more = {"choice": wanted.choice or 0, "position": wanted.position}
    return await _submitted(asking, idempotency_key, wanted, story, branch, served, **more)


@on_branch.post("/asides", status_code=202)
async def ask_aside(
    wanted: shapes.AsideIn,
    story: TheStory,
    branch: TheBranch,
    served: Served,
    idempotency_key: IdempotencyKey,
    asking: Asking,
) -> shapes.TurnOut:
    """Ask one person aside, or see what they think; followed as a turn is."""
    return await _submitted(asking, idempotency_key, wanted, story, branch, served)


async def _submitted(
    asking: Principal,
    key: str,
    wanted: shapes.TurnIn | shapes.AsideIn,
    story: StoryRow,
    branch: Branch,
    served: Serving,
    **more: Any,
) -> shapes.TurnOut:
    request = TurnRequest(
        key=asking.key(key),
        player_id=asking.player_id,
        story_id=branch.story_id,
        branch_id=branch.branch_id,
        kind=wanted.kind,
        text=wanted.text,
        after_note=wanted.after_note,
        **more,
    )
    try:
        if known := await served.runner.known(request, again=wanted.again):
            return turn_out(known)
        await _check_position(request, branch, served)
        return turn_out(await served.runner.submit(request, again=wanted.again))
    except (BranchBusy, PositionConflict) as error:
        session = await served.sessions.session(branch.story_id, branch.branch_id)
        present = await present_out(served, session, story.title, asking.player_id)
        raise ProblemOf(error, present=present.model_dump(mode="json")) from error


async def _check_position(request: TurnRequest, branch: Branch, served: Serving) -> None:
    """Raise PositionConflict if the branch has moved on, unless the words may be a cry for help.

    Those go to the session, which looks at care first.
    """
    if request.position is None or request.position == branch.length:
        return
    session = await served.sessions.session(request.story_id, request.branch_id)
    kind = request.kind
    words = "say" if kind == "ask" or kind == "think" else kind  # of an aside they are one's own
    action = Action(words, request.text, request.choice)
    if await session.has_moved_on(request.position) and not session.may_tell_of_need(action):
        there = session.branch.length
        raise PositionConflict(branch_id=request.branch_id, expected=request.position, actual=there)


@router.get("/{turn_id}")
async def get_turn(turn_id: TurnId, served: Served) -> shapes.TurnOut:
    """How a turn stands."""
    return turn_out(await served.runner.turn(turn_id))


@router.get(
    "/{turn_id}/events",
    response_class=StreamingResponse,
    responses={
        200: {"content": {streaming.MEDIA_TYPE: {}}},
        204: {"description": "All of it is known to who asks: nothing more comes"},
    },
)
async def follow_turn(
    turn_id: TurnId,
    request: Request,
    served: Served,
    last_event_id: Annotated[str, Header(pattern=r"^[0-9]{0,9}$", examples=["3"])] = "",
) -> Response:
    """What is seen of a turn, from the event after `Last-Event-ID` to the last.

    It breaks off when the token is revoked or expires: asked for again, the answer is 401.
    """
    turn, after = await served.runner.turn(turn_id), int(last_event_id or 0)
    if turn.state != "running" and after >= turn.updates:
        return Response(status_code=204)  # by which a browser's EventSource stops to ask
    state, watch = request.app.state, watch_of(request)
    return StreamingResponse(
        streaming.turn_stream(
            state.streams, served.runner, turn_id, after, redact=state.redactor.value, watch=watch
        ),
        media_type=streaming.MEDIA_TYPE,
        headers=streaming.HEADERS,
    )


@router.delete("/{turn_id}")
async def cancel_turn(turn_id: TurnId, served: Served) -> shapes.TurnOut:
    """Abandon a turn, if that is still possible; says how it ended."""
    return turn_out(await served.runner.cancel(turn_id))
