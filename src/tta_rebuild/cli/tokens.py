"""``tta tokens``: who may come in to a server that serves several people."""

from __future__ import annotations

import json
import re
import secrets
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, TypeAlias

import typer

import tta_rebuild as tta
from tta_rebuild.bootstrap.spending import PlayerBudget, budget_of_player
from tta_rebuild.cli import arguments as take
from tta_rebuild.cli.exits import NothingThere
from tta_rebuild.cli.opening import with_stories
from tta_rebuild.cli.screen import Screen, message, one_line
from tta_rebuild.core.access import AccessToken, Role, new_secret, operators_of
from tta_rebuild.core.errors import StoreLocked

Budgets: TypeAlias = Mapping[str, PlayerBudget]
SERVER = "http://127.0.0.1:8000/api/v1"
"""Where a server answers that was started without options."""
PLAYER = re.compile(r"[\w.@-]{1,60}")

app = take.group("Make, list and revoke the tokens of a server's players.")


def _changed(ctx: typer.Context, work: Any, request: str) -> Any:
    """Do something with the store; where a server holds it, say by which ``request`` it does."""
    try:
        return with_stories(ctx.obj, work, changes=True)
    except StoreLocked as error:
        raise StoreLocked(message("tokens_held", request=request)) from error


def _with_json(**values: Any) -> str:
    """The option of curl that sends these values, without those that are None."""
    given = {name: value for name, value in values.items() if value is not None}
    return f"--json '{json.dumps(given)}'"


@app.command()
def add(
    ctx: typer.Context,
    player: Annotated[str, take.argument("token_player")],
    *,
    role: Annotated[Role, take.option("token_role")] = "player",
    days: Annotated[int, take.number("token_days", 0, 3_650)] = 0,
    budget: Annotated[float | None, take.dollars("token_budget")] = None,
    json_: take.AsJson = False,
) -> None:
    """Make a token; it is shown this once."""
    if not PLAYER.fullmatch(player):
        raise take.wrong("PLAYER", "a name has 1 to 60 letters, digits and . _ @ -")
    now, secret = datetime.now(UTC), new_secret("tta")
    made = AccessToken(
        token_id=secrets.token_hex(4),
        player_id=player,
        role=role,
        created_at=now,
        expires_at=now + timedelta(days=days) if days else None,
    )

    async def work(application: tta.Application) -> bool:
        is_first = not await application.access.tokens()
        await application.access.add(made, secret)
        if budget is not None:
            await application.access.limit(player, budget)
        return is_first

    wanted = _with_json(player=player, role=role, days=days or None, usd_a_day=budget)
    is_first, screen = _changed(ctx, work, f"{wanted} {SERVER}/tokens"), ctx.obj.screen
    if json_:
        screen.json(_row(made) | {"secret": secret, "usd_a_day": budget})
        return
    ends = f", until {made.expires_at:%Y-%m-%d}" if made.expires_at else ""
    screen.note(message("token_made", player=player, role=role, ends=ends))
    screen.raw(f"{secret}\n")
    screen.note(message("token_how"), "dim")
    if is_first:
        screen.note(message("token_first"), "yellow")


@app.command("list")
def list_tokens(ctx: typer.Context, *, json_: take.AsJson = False) -> None:
    """All tokens, without their secrets."""

    async def work(application: tta.Application) -> tuple[list[AccessToken], Budgets]:
        rows = await application.access.tokens()
        players = {row.player_id for row in rows}
        return rows, {
            one: await budget_of_player(application.access, application.tracker, one)
            for one in players
        }

    rows, budgets = with_stories(ctx.obj, work)
    shown = [_row(row) | asdict(budgets[row.player_id]) for row in rows]
    ctx.obj.screen.answer(shown, json_, lambda s, _: _show(s, rows, budgets))


@app.command("budget")
def set_budget(
    ctx: typer.Context,
    player: Annotated[str, take.argument("token_player")],
    usd: Annotated[float | None, take.argument("token_usd", min=0)] = None,
) -> None:
    """Say what a player may spend a day; without a number, as much as all others."""

    async def work(application: tta.Application) -> bool:
        known = {one.player_id for one in await application.access.tokens()}
        await application.access.limit(player, usd if player in known else None)
        return player in known

    wanted = f"--json '{json.dumps({'usd_a_day': usd})}'"
    if not _changed(ctx, work, f"-X PUT {wanted} {SERVER}/players/{player}/budget"):
        raise NothingThere(message("no_token", name=one_line(player, 60)))
    at_most = "has no limit of their own" if usd is None else f"may spend ${usd:.2f} a day"
    ctx.obj.screen.say(f"{player} {at_most}.")


@app.command()
def revoke(
    ctx: typer.Context,
    name: Annotated[str, take.argument("token_name")],
    *,
    json_: take.AsJson = False,
) -> None:
    """Revoke a token, or all of a player's, for good."""
    now = datetime.now(UTC)
    request = f"-X DELETE {shlex.quote(f'{SERVER}/tokens/{name}')}"
    gone = _changed(ctx, lambda application: application.access.revoke(name, now), request)
    if not gone:
        raise NothingThere(message("no_token", name=one_line(name, 60)))
    says = "Revoked: " + ", ".join(f"{one.token_id} of {one.player_id}" for one in gone)
    ctx.obj.screen.answer([_row(one) for one in gone], json_, lambda s, _: s.say(says))
    left = with_stories(ctx.obj, lambda application: application.access.tokens())
    if not operators_of(left, now):
        ctx.obj.screen.note(message("access_no_operator"), "yellow")


def _row(token: AccessToken) -> dict[str, Any]:
    row = asdict(token)
    del row["is_session"]
    return row


def _show(screen: Screen, tokens: Sequence[AccessToken], budgets: Budgets) -> None:
    now = datetime.now(UTC)
    for one in tokens:
        said = [one.role, f"made {one.created_at:%Y-%m-%d}"]
        said += [f"used {one.used_at:%Y-%m-%d %H:%M}" if one.used_at else "never used"]
        if one.revoked_at:
            said.append(f"revoked {one.revoked_at:%Y-%m-%d}")
        elif one.expires_at:
            ends = "expires" if one.is_good(now) else "expired"
            said.append(f"{ends} {one.expires_at:%Y-%m-%d}")
        budget = budgets[one.player_id]
        said.append(f"${budget.spent_today_usd:.4f} spent today")
        if budget.usd_a_day is not None:
            said[-1] += f" of at most ${budget.usd_a_day:.2f}"
        screen.entry(f"{one.token_id} {one.player_id}", " · ".join(said))
    if not tokens:
        screen.say(message("no_tokens"))
