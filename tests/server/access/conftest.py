"""A server with accounts, and what one of its players has."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.server.access.asked import SECRET_WORDS
from tests.server.accounts import Accounts, accounts
from tests.server.serving import Machines


@pytest.fixture
async def there(tmp_path: Path, machines: Machines | None) -> AsyncIterator[Accounts]:
    async with accounts(tmp_path, machines=machines) as made:
        yield made


@pytest.fixture
async def annas(there: Accounts) -> dict[str, str]:
    """What a path may name of Anna's: a story of two turns, the last of them still known."""
    anna = there.of("anna")
    branch = await anna.story(theme=f"A keeper looks for {SECRET_WORDS}.", title=SECRET_WORDS)
    await anna.play(branch, kind="begin")
    asked = await anna.ask(branch, kind="choose", choice=1)
    [_ async for _ in anna.follow(asked.json()["turn_id"])]
    story = branch.split("/")[2]
    link = (await anna.client.post(f"/stories/{story}/shares")).json()
    return {
        "story": story,
        "branch": "main",
        "turn_id": asked.json()["turn_id"],
        "share_id": link["share_id"],
        "secret": link["secret"],
        "character_id": "mara",
        "name": "id-anna",
        "number": "1",
    }
