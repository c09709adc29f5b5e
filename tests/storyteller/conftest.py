from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest

from tta_rebuild.core.base_primitive import TTAContext
from tta_rebuild.integrations.llm_provider import LLMRequest
from tta_rebuild.storyteller import OfflineProvider

Ask = Callable[..., Awaitable[Any]]


@pytest.fixture(scope="session")
def provider() -> OfflineProvider:
    return OfflineProvider()


@pytest.fixture
def context() -> TTAContext:
    return TTAContext(
        workflow_id="story",
        correlation_id="turn",
        timestamp=datetime(2026, 1, 1, tzinfo=UTC),
        metaconcepts=[],
        player_boundaries={},
    )


@pytest.fixture
def ask(provider: OfflineProvider, context: TTAContext) -> Ask:
    """Ask for one scene (or another task) with these variables; gives the parsed reply."""

    async def asked(task: str = "scene", **variables: Any) -> Any:
        response = await provider.complete(
            LLMRequest(prompt="-", context=context, task=task, variables=variables)
        )
        if task in ("dialogue", "monologue"):
            return response.text
        return json.loads(response.text)

    return asked


@pytest.fixture
def play(ask: Ask) -> Ask:
    """Play some turns with a player who takes choices at random; gives the replies."""

    async def played(
        theme: str, turns: int, *, seed: int = 3, said: dict[int, str] | None = None, **more: Any
    ) -> list[Any]:
        rng = Random(seed)
        replies: list[Any] = []
        notes: dict[str, Any] = {}
        chosen: dict[str, Any] | None = None
        action = ""
        for turn in range(1, turns + 1):
            share = turn / turns
            stage = "setup" if share <= 0.2 else "development" if share <= 0.7 else "climax"
            reply = await ask(
                theme=theme,
                seed=seed,
                turn=turn,
                stage="resolution" if share > 0.9 else stage,
                should_end=more.get("ends", True) and turn == turns,
                notes=notes,
                chosen=chosen,
                action=action,
                recent=[scene_text(r) for r in replies[-20:]],
                **{k: v for k, v in more.items() if k != "ends"},
            )
            replies.append(reply)
            notes = json.loads(json.dumps(reply["notes"]))
            branches = reply["story_branches"]
            chosen, action = None, (said or {}).get(turn, "")
            if not action and branches:
                branch = rng.choice(branches)
                chosen, action = {"text": branch["choice"], **branch}, branch["choice"]
        return replies

    return played


def scene_text(reply: Any) -> str:
    return "\n\n".join(p["text"] for p in reply["passages"])


@pytest.fixture
def text_of() -> Callable[[Any], str]:
    return scene_text
