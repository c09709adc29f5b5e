"""A server with accounts, and clients of it that show a token each."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from tests.server.serving import API, NO_RATE, HeldTeller, Machines, Running, running
from tta_rebuild.core.access import AccessToken, Role, new_secret
from tta_rebuild.core.clock import Clock
from tta_rebuild.server.app import ServerOptions

NAMES: dict[str, Role] = {"anna": "player", "ben": "player", "cleo": "author", "olga": "operator"}


@dataclass
class Accounts:
    """A server and its players, each by name."""

    server: Running
    secrets: dict[str, str]
    clients: dict[str, httpx.AsyncClient]

    def of(self, name: str) -> Running:
        """The server as that player sees it."""
        return replace(self.server, client=self.clients[name])

    @property
    def nobody(self) -> httpx.AsyncClient:
        """A client without a token."""
        return self.server.client


@asynccontextmanager
async def accounts(
    data_dir: Path,
    clock: Clock | None = None,
    *,
    teller: HeldTeller | None = None,
    machines: Machines | None = None,
    **more: Any,
) -> AsyncIterator[Accounts]:
    """A server with the players of ``NAMES``."""
    wanted: dict[str, Any] = {"limits": NO_RATE, "clock": clock or Clock(), **more}
    options = ServerOptions(accounts=True, **wanted)
    async with running(
        data_dir, teller=teller or HeldTeller(), options=options, machines=machines
    ) as server:
        found, clients = dict[str, str](), dict[str, httpx.AsyncClient]()
        for name, role in NAMES.items():
            found[name] = await token(server, name, role)
            headers = {"Authorization": f"Bearer {found[name]}"}
            clients[name] = httpx.AsyncClient(
                base_url=f"{server.address}{API}", timeout=20, trust_env=False, headers=headers
            )
        try:
            yield Accounts(server, found, clients)
        finally:
            for client in clients.values():
                await client.aclose()


async def token(server: Running, player: str, role: Role = "player", **more: Any) -> str:
    """A token, put where they are kept; gives its secret."""
    secret = new_secret("tta")
    made = AccessToken(
        token_id=f"id-{player}",
        player_id=player,
        role=role,
        **{"created_at": datetime.now(UTC)} | more,
    )
    await server.serving.application.access.add(made, secret)
    return secret
