"""What comes in and goes out of accounts, sessions and links."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from tta_rebuild.server.base_shapes import Given, Taken
from tta_rebuild.server.shapes import StoryOut

RoleName = Literal["player", "author", "operator"]
PLAYER_NAME = r"^[\w.@-]{1,60}$"


class SessionIn(Taken):
    """A token, to be exchanged for a session of a browser."""

    token: str = Field(min_length=1, max_length=200, examples=["the token that you were given"])
    stay: bool = Field(True, description="False: the session ends with the browser")


class SessionOut(Given):
    """Who asks."""

    accounts: bool = Field(description="Whether players have accounts here; else all are one")
    player: str = Field(description="Empty for nobody, and where there are no accounts")
    role: RoleName | None = Field(description="null: no token was shown that is good")
    expires_at: datetime | None


class TokenIn(Taken):
    """A token to be given to somebody."""

    player: str = Field(pattern=PLAYER_NAME, examples=["anna"])
    role: RoleName = "player"
    days: int | None = Field(None, ge=1, le=3_650, description="Until it expires; null: never")
    usd_a_day: float | None = Field(
        None, ge=0, le=10**6, description="What the player may spend a day (UTC); null: as before"
    )


class BudgetIn(Taken):
    """What a player may spend a day (UTC) in US dollars; null: as much as all others."""

    usd_a_day: float | None = Field(ge=0, le=10**6, examples=[0.5])


class PlayerBudgetOut(Given):
    """What a player may spend a day, null for no limit of their own, and has spent today (UTC)."""

    usd_a_day: float | None
    spent_today_usd: float


class StoryBudgetIn(Taken):
    """What a story may cost in all, in US dollars; null: no budget of its own."""

    usd: float | None = Field(ge=0, le=10**6, examples=[2.5])


class StoryBudgetOut(Given):
    """What a story may cost in all, null for no budget of its own, and has cost."""

    story_id: str
    title: str
    usd: float | None
    spent_usd: float


class StoryBudgetsOut(Given):
    """The stories that have a budget of their own, the latest played first."""

    budgets: list[StoryBudgetOut]


class TokenOut(Given):
    """A token that was given, without its secret."""

    token_id: str = Field(examples=["5c0f9a21"])
    player_id: str
    role: RoleName
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None = Field(description="To the minute")
    revoked_at: datetime | None


class ListedTokenOut(TokenOut, PlayerBudgetOut):
    """A token in the list, with the budget of its player."""


class NewTokenOut(TokenOut):
    """A token that was just made."""

    secret: str = Field(description="Shown this once; only its digest is kept")


class TokensOut(Given):
    """The tokens, in the order in which they were made."""

    tokens: list[TokenOut]


class ListedTokensOut(Given):
    """The tokens, in the order in which they were made, with what their players may spend."""

    tokens: list[ListedTokenOut]


class ShareOut(Given):
    """A link by which anybody who has it may read a story."""

    share_id: str = Field(examples=["9d1e77b0"])
    created_at: datetime


class NewShareOut(ShareOut):
    """A link that was just made."""

    secret: str = Field(description="Shown this once; sent as `X-TTA-Share` by who reads")
    link: str = Field(
        description="The page that reads it: the secret stands where no server sees it",
        examples=["/#/shared/the-secret"],
    )


class SharesOut(Given):
    """The links to a story."""

    shares: list[ShareOut]


class SharedOut(StoryOut):
    """The story that a link gives to read."""
