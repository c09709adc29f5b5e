"""What is asked of a server for whoever asks: every route, with what a path may name."""

from __future__ import annotations

from typing import Any

import httpx

from tests.server.serving import API
from tta_rebuild.core.data_files import packaged_toml

SECRET_WORDS = "the cellar of the third lighthouse"


BODIES: dict[str, Any] = {
    "PATCH /api/v1/stories/{story}": {"title": "Mine now"},
    "POST /api/v1/stories/{story}/branches": {"turn": 1},
    "POST /api/v1/stories/{story}/branches/{branch}/undo": {"turns": 1},
    "POST /api/v1/stories/{story}/branches/{branch}/turns": {"kind": "choose", "choice": 1},
    "POST /api/v1/stories/{story}/branches/{branch}/asides": {"text": "Mara, where is it?"},
    "POST /api/v1/stories/{story}/branches/{branch}/validate": {"choices": []},
    "PATCH /api/v1/stories/{story}/branches/{branch}/boundaries": {"gentler": True},
    "POST /api/v1/stories/{story}/branches/{branch}/ratings": {"rating": 1},
    "POST /api/v1/stories/{story}/branches/{branch}/retcons": {
        "claim": {"subject": "mara", "relation": "alive", "value": "true"},
        "how": "keep",
    },
    "PATCH /api/v1/stories/{story}/branches/{branch}/lines/{number}": {"becomes": "Mine."},
    "PUT /api/v1/stories/{story}/budget": {"usd": 1.0},
}


async def sent(
    client: httpx.AsyncClient, operation: str, names: dict[str, str], **more: Any
) -> httpx.Response:
    """Ask for an operation on what is named."""
    method, path = operation.split(" ")
    return await client.request(
        method,
        path.removeprefix(API).format(**names),
        params={"one": "main", "other": f"{names['story']}.1"} if "compare" in path else None,
        json=BODIES.get(operation),
        headers={"Idempotency-Key": "theirs"} | more.pop("headers", {}),
    )


def naming(rules: dict[str, str]) -> list[str]:
    """The operations whose path names a story or a turn."""
    return [one for one in rules if "{story}" in one or "{turn_id}" in one]


RULES: dict[str, str] = dict(packaged_toml("tta_rebuild.server", "access"))
