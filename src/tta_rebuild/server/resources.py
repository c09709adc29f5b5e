"""What the routes are given: what the server plays with, and the story and branch that are named.

Here alone a path becomes a story; who may see or change it is decided here too.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Path, Query, Request

from tta_rebuild.bootstrap.serving import Serving
from tta_rebuild.engine.session import Session
from tta_rebuild.storage.story_store import Branch, StoryRow

ID = r"^[^\x00/]{1,120}$"
MOST_ROWS = 200
"""Rows of one page."""

StoryId = Annotated[str, Path(pattern=ID, examples=["3f9c1a7be402"])]
BranchId = Annotated[str, Path(pattern=ID, examples=["main"])]
TurnId = Annotated[str, Path(pattern=ID, examples=["6f1de0c2b0a14c3d9b5e7f8a90123456"])]
CharacterId = Annotated[str, Path(pattern=ID, examples=["mara"])]
After = Annotated[int, Query(ge=0, le=10**9, description="Rows after this one")]
Limit = Annotated[int, Query(ge=1, le=MOST_ROWS, description="Rows at most")]


MEANS = {
    400: "The body or a header cannot be read",
    401: "No token was shown that is good",
    403: "The request comes from another site, names another host, or is not for this role",
    404: "There is no such thing",
    409: "The branch has moved on, or is being played",
    413: "The body is too large",
    415: "The body does not say that it is JSON",
    422: "The input is wrong",
    429: "Too many requests or turns: come again after `Retry-After`",
    500: "A defect in the program",
    503: "The stories, or who plays turns, cannot be reached now: come again after `Retry-After`",
}
ALWAYS = (400, 401, 403, 413, 415, 422, 429, 500, 503)


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The problems that routes answer with, for the OpenAPI document."""
    return {status: {"description": MEANS[status]} for status in statuses}


def serving_of(request: Request) -> Serving:
    """What the server plays with."""
    serving: Serving = request.app.state.serving
    return serving


async def _serving(request: Request) -> Serving:
    return serving_of(request)  # async: FastAPI takes a thread for what is not


Served = Annotated[Serving, Depends(_serving)]


async def story_named(story: StoryId, served: Served) -> StoryRow:
    """The story of a path. Raises StoryNotFound."""
    return await served.application.stories.story(story)


TheStory = Annotated[StoryRow, Depends(story_named)]


async def branch_named(branch: BranchId, story: TheStory, served: Served) -> Branch:
    """The branch of a path, by its id or its name. Raises BranchNotFound."""
    return await served.application.stories.find_branch(story, branch)


TheBranch = Annotated[Branch, Depends(branch_named)]


async def session_on(branch: TheBranch, served: Served) -> Session:
    """The session of the branch of a path, as of the last that was stored."""
    return await served.sessions.session(branch.story_id, branch.branch_id)


TheSession = Annotated[Session, Depends(session_on)]
