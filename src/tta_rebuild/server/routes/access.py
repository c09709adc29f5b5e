"""Sessions of browsers, the tokens of players, and links by which a story is read."""

from __future__ import annotations

import secrets
from dataclasses import asdict
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Header, Path, Request, Response

from tta_rebuild.bootstrap.serving import Serving
from tta_rebuild.bootstrap.spending import budget_of_player, budget_of_story
from tta_rebuild.core.access import AccessToken, SharedLink, new_secret, operators_of
from tta_rebuild.server import access_shapes as shapes
from tta_rebuild.server.access import COOKIE, SHARE_HEADER, Access, Asking, Principal, TheAccess
from tta_rebuild.server.problems import Problem
from tta_rebuild.server.resources import ID, Served, TheStory, documented
from tta_rebuild.storage.story_store import StoryRow

router = APIRouter(tags=["access"], responses=documented(401))

SESSION_DAYS = 30
Link = Annotated[str, Header(alias=SHARE_HEADER, max_length=200, examples=["the secret of a link"])]


@router.get("/session")
async def get_session(asking: Asking, access: TheAccess) -> shapes.SessionOut:
    """Who asks, and whether there are accounts here."""
    return _session(access, asking)


def _session(access: Access, asking: Principal) -> shapes.SessionOut:
    return shapes.SessionOut(
        accounts=access.accounts,
        player=asking.player_id,
        role=asking.role,
        expires_at=asking.token.expires_at if asking.token else None,
    )


@router.post("/session")
async def sign_in(
    wanted: shapes.SessionIn, request: Request, response: Response, access: TheAccess, asks: Asking
) -> shapes.SessionOut:
    """Sign a browser in: a cookie that no script can read, for thirty days at most."""
    if not access.accounts:
        return _session(access, asks)
    token = await access.good(wanted.token)
    if token is None or token.is_session:
        said = "That token is not known, has expired, or was revoked."
        raise Problem(401, "Who are you?", said, do="Ask an operator for one.", kind="NotSignedIn")
    now, secret = access.now(), new_secret("session")
    ends = now + timedelta(days=SESSION_DAYS)
    ends = min(ends, token.expires_at or ends)
    made = AccessToken(
        token_id=secrets.token_hex(4),
        player_id=token.player_id,
        role=token.role,
        created_at=now,
        expires_at=ends,
        is_session=True,
    )
    await access.records.add(made, secret, made_from=token.token_id)
    response.set_cookie(
        COOKIE,
        secret,
        max_age=int((ends - now).total_seconds()) if wanted.stay else None,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return _session(access, Principal(player_id=made.player_id, role=made.role, token=made))


@router.delete("/session", status_code=204)
async def sign_out(response: Response, access: TheAccess, asks: Asking) -> None:
    """Sign this browser out; the token itself stays good."""
    if asks.token and asks.token.is_session:
        await access.records.revoke(asks.token.token_id, access.now())
    response.delete_cookie(COOKIE, httponly=True, samesite="strict")


@router.get("/tokens")
async def list_tokens(access: TheAccess, served: Served) -> shapes.ListedTokensOut:
    """The tokens of all players, without their secrets, and what those may spend a day."""
    found = await access.records.tokens()
    players = {one.player_id for one in found}
    app = served.application
    budgets = {one: await budget_of_player(app.access, app.tracker, one) for one in players}
    rows = [{**asdict(one), **asdict(budgets[one.player_id])} for one in found]
    return shapes.ListedTokensOut(tokens=[shapes.ListedTokenOut(**row) for row in rows])


@router.put("/players/{name}/budget", responses=documented(404))
async def set_budget(
    name: Annotated[str, Path(pattern=shapes.PLAYER_NAME, examples=["anna"])],
    wanted: shapes.BudgetIn,
    access: TheAccess,
    served: Served,
) -> shapes.PlayerBudgetOut:
    """Say what a player may spend a day; it counts from the next call of a model on."""
    if name not in {one.player_id for one in await access.records.tokens()}:
        said = f"no player has the name '{name}'"
        raise Problem(404, "No such player", said, do="GET /api/v1/tokens lists them.")
    await access.records.limit(name, wanted.usd_a_day)
    app = served.application
    return shapes.PlayerBudgetOut.model_validate(
        await budget_of_player(app.access, app.tracker, name)
    )


@router.put("/stories/{story}/budget", responses=documented(404))
async def set_story_budget(
    story: TheStory,
    wanted: shapes.StoryBudgetIn,
    access: TheAccess,
    asking: Asking,
    served: Served,
) -> shapes.StoryBudgetOut:
    """Say what a story may cost in all, whosever it is; it counts from a model's next call on."""
    await access.records.limit_story(story.story_id, wanted.usd)
    return await _story_budget(story, access, asking, served)


@router.get("/budgets")
async def list_story_budgets(
    access: TheAccess, asking: Asking, served: Served
) -> shapes.StoryBudgetsOut:
    """The stories that have a budget of their own, and what they have cost."""
    limits = await access.records.story_limits()
    stories = [row for row in await served.application.stories.list() if row.story_id in limits]
    rows = [await _story_budget(story, access, asking, served) for story in stories]
    return shapes.StoryBudgetsOut(budgets=rows)


async def _story_budget(
    story: StoryRow, access: Access, asking: Principal, served: Serving
) -> shapes.StoryBudgetOut:
    """The budget of a story, with its title if it is their own, else with whose it is."""
    app = served.application
    found = await budget_of_story(app.access, app.tracker, story.story_id)
    owner = await access.records.owner(story.story_id) or ""
    is_own = asking.owns_all or asking.owns(owner)
    title = story.title if is_own else f"a story of {owner}"
    return shapes.StoryBudgetOut(story_id=story.story_id, title=title, **asdict(found))


@router.post("/tokens", status_code=201, responses=documented(409))
async def add_token(wanted: shapes.TokenIn, access: TheAccess) -> shapes.NewTokenOut:
    """Give somebody a token; its secret is in this answer, and nowhere else."""
    if not access.accounts:
        said = "This server has one player and no accounts."
        do = "End it, make the first token with 'tta tokens add', and start it again."
        raise Problem(409, "No accounts here", said, do=do, kind="NoAccounts")
    now, secret = access.now(), new_secret("tta")
    made = AccessToken(
        token_id=secrets.token_hex(4),
        player_id=wanted.player,
        role=wanted.role,
        created_at=now,
        expires_at=now + timedelta(days=wanted.days) if wanted.days else None,
    )
    await access.records.add(made, secret)
    if wanted.usd_a_day is not None:
        await access.records.limit(wanted.player, wanted.usd_a_day)
    shown = shapes.TokenOut.model_validate(made).model_dump()
    return shapes.NewTokenOut(**shown, secret=secret)


@router.delete("/tokens/{name}", responses=documented(404, 409))
async def revoke_tokens(
    name: Annotated[str, Path(pattern=ID, examples=["5c0f9a21"])], access: TheAccess
) -> shapes.TokensOut:
    """Revoke a token by its id, or all of a player by their name; at once, and for good.

    The last token of an operator stays (409): nobody could give another while the server runs.
    """
    now = access.now()
    operators = operators_of(await access.records.tokens(), now)
    if operators and all(name in (one.token_id, one.player_id) for one in operators):
        said = "It is the last token of an operator: nobody could give tokens any more."
        do = (
            "Give another operator one (POST /api/v1/tokens), or stop the server and use "
            "'tta tokens revoke'."
        )
        raise Problem(409, "The last operator", said, do=do, kind="LastOperator")
    gone = await access.records.revoke(name, now)
    if not gone:
        said = f"no token that is good has the id, or the player, '{name}'"
        raise Problem(404, "No such token", said, do="GET /api/v1/tokens lists them.")
    return shapes.TokensOut(tokens=[shapes.TokenOut.model_validate(one) for one in gone])


@router.get("/stories/{story}/shares", responses=documented(404))
async def list_shares(story: TheStory, access: TheAccess) -> shapes.SharesOut:
    """The links by which a story is read."""
    found = await access.records.shares(story.story_id)
    return shapes.SharesOut(shares=[shapes.ShareOut.model_validate(one) for one in found])


@router.post("/stories/{story}/shares", status_code=201, responses=documented(404))
async def share_story(story: TheStory, access: TheAccess) -> shapes.NewShareOut:
    """Make a link by which anybody who has it may read the story, and nothing else."""
    secret = new_secret("read")
    made = SharedLink(
        share_id=secrets.token_hex(4), story_id=story.story_id, created_at=access.now()
    )
    await access.records.share(made, secret)
    shown = shapes.ShareOut.model_validate(made).model_dump()
    return shapes.NewShareOut(**shown, secret=secret, link=f"/#/shared/{secret}")


@router.delete("/stories/{story}/shares/{share_id}", status_code=204, responses=documented(404))
async def unshare_story(
    story: TheStory,
    share_id: Annotated[str, Path(pattern=ID, examples=["9d1e77b0"])],
    access: TheAccess,
) -> None:
    """Take a link back: it leads nowhere any more."""
    if not await access.records.unshare(story.story_id, share_id):
        said = f"this story has no link '{share_id}'"
        raise Problem(404, "No such link", said, do="GET …/shares lists them.")


@router.get("/shared", responses=documented(404))
async def get_shared(served: Served, access: TheAccess, link: Link = "") -> shapes.SharedOut:
    """The story that a link gives to read; its routes are read with the same header."""
    found = await access.records.shared(link) if link else None
    if found is None:
        said = "The link leads nowhere: it is wrong, or was taken back."
        raise Problem(404, "No such link", said, do="Ask who gave it to you for another.")
    row = await served.application.stories.story(found.story_id)
    return shapes.SharedOut.model_validate(row)
