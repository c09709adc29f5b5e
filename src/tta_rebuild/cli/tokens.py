"""``tta tokens``: who may come in to a server that serves several people."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

import tta_rebuild as tta
from tta_rebuild.cli import arguments as take
from tta_rebuild.cli.exits import NothingThere
from tta_rebuild.cli.opening import with_stories
from tta_rebuild.cli.screen import Screen, message, one_line
from tta_rebuild.core.access import AccessToken, Role, new_secret
from tta_rebuild.core.errors import StoreLocked

PLAYER = re.compile(r"[\w.@-]{1,60}")

app = take.group("Make, list and revoke the tokens of a server's players.")


def _changed(ctx: typer.Context, work: Any) -> Any:
    """Do something with the store; says what to do where a server holds it."""
    try:
        return with_stories(ctx.obj, work, changes=True)
    except StoreLocked as error:
        raise StoreLocked(message("tokens_held")) from error


@app.command()
def add(
    ctx: typer.Context,
    player: Annotated[str, take.argument("token_player")],
    *,
    role: Annotated[Role, take.option("token_role")] = "player",
    days: Annotated[int, take.number("token_days", 0, 3_650)] = 0,
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
        return is_first

    is_first, screen = _changed(ctx, work), ctx.obj.screen
    if json_:
        screen.json(_row(made) | {"secret": secret})
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
    rows = with_stories(ctx.obj, lambda application: application.access.tokens())
    ctx.obj.screen.answer([_row(row) for row in rows], json_, lambda s, _: _show(s, rows))


@app.command()
def revoke(
    ctx: typer.Context,
    name: Annotated[str, take.argument("token_name")],
    *,
    json_: take.AsJson = False,
) -> None:
    """Revoke a token, or all of a player's, for good."""
    now = datetime.now(UTC)
    gone = _changed(ctx, lambda application: application.access.revoke(name, now))
    if not gone:
        raise NothingThere(message("no_token", name=one_line(name, 60)))
    says = "Revoked: " + ", ".join(f"{one.token_id} of {one.player_id}" for one in gone)
    ctx.obj.screen.answer([_row(one) for one in gone], json_, lambda s, _: s.say(says))


def _row(token: AccessToken) -> dict[str, Any]:
    row = asdict(token)
    del row["is_session"]
    return row


def _show(screen: Screen, tokens: Sequence[AccessToken]) -> None:
    now = datetime.now(UTC)
    for one in tokens:
        said = [one.role, f"made {one.created_at:%Y-%m-%d}"]
        said += [f"used {one.used_at:%Y-%m-%d %H:%M}" if one.used_at else "never used"]
        if one.revoked_at:
            said.append(f"revoked {one.revoked_at:%Y-%m-%d}")
        elif one.expires_at:
            ends = "expires" if one.is_good(now) else "expired"
            said.append(f"{ends} {one.expires_at:%Y-%m-%d}")
        screen.entry(f"{one.token_id} {one.player_id}", " · ".join(said))
    if not tokens:
        screen.say(message("no_tokens"))
