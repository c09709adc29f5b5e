"""Branches: list, fork, the present, the turns told, undo."""

from __future__ import annotations

from fastapi import APIRouter, Response

from tta_rebuild.server import shapes
from tta_rebuild.server.access import Asking
from tta_rebuild.server.presenting import present_out
from tta_rebuild.server.resources import After, Limit, Served, TheSession, TheStory, documented
from tta_rebuild.server.routes.stories import next_after

router = APIRouter(
    prefix="/stories/{story}/branches", tags=["branches"], responses=documented(404, 409)
)


@router.get("")
async def list_branches(
    story: TheStory, served: Served, after: After = 0, limit: Limit = 50
) -> shapes.BranchesOut:
    """The branches of a story, in the order in which they were made."""
    rows = await served.application.stories.branches(story.story_id)
    page = [shapes.BranchOut.model_validate(row) for row in rows[after : after + limit]]
    return shapes.BranchesOut(branches=page, next=next_after(after, limit, len(rows)))


@router.post("", status_code=201)
async def fork(
    wanted: shapes.ForkIn, story: TheStory, served: Served, response: Response
) -> shapes.BranchOut:
    """A new branch that shares everything up to and including a turn."""
    stories = served.application.stories
    made = await stories.fork(
        story.story_id, turn=wanted.turn, branch=wanted.branch, name=wanted.name
    )
    response.headers["Location"] = f"/api/v1/stories/{story.story_id}/branches/{made.branch_id}"
    return shapes.BranchOut.model_validate(made)


@router.get("/{branch}")
async def get_present(
    story: TheStory, session: TheSession, served: Served, asking: Asking
) -> shapes.PresentOut:
    """How a branch stands: the last scene, what may be done next, what was held back."""
    present = await present_out(served, session, story.title, asking.player_id)
    if asking.reads == story.story_id:  # by a link: what is being played now is not shared
        return present.model_copy(update={"running": None, "interrupted": None})
    return present


@router.post("/{branch}/undo", status_code=201)
async def undo(
    wanted: shapes.UndoIn,
    story: TheStory,
    session: TheSession,
    served: Served,
    asking: Asking,
) -> shapes.PresentOut:
    """Go back: a new branch from some turns ago; what was played stays on its own."""
    back = await served.application.stories.rewind(session, wanted.turns)
    served.sessions.keep(back)
    return await present_out(served, back, story.title, asking.player_id)
