"""Stories told by a server on loopback: the real SDKs, the real wrappers, SQLite, and the engine.

Only the address of the model is another.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tools.wire import WireServer

from tta_rebuild.bootstrap.application import Application, open_application
from tta_rebuild.core.events import ModelReplied
from tta_rebuild.core.secret import Secret
from tta_rebuild.core.story import CharacterSketch, Premise
from tta_rebuild.core.usage import Attempt
from tta_rebuild.engine.action import Action
from tta_rebuild.engine.session import Session
from tta_rebuild.engine.turn_events import (
    CostReported,
    PassageReleased,
    SceneRestarted,
    TurnEvent,
    TurnStored,
    TurnWarning,
)
from tta_rebuild.settings import Settings

GEMINI = "gemini:gemini-3.5-flash-lite"


CLAUDE = "anthropic:claude-haiku-4-5"


ANY_KEY = Secret("any")


PREMISE = Premise(
    theme="A ferryman finds letters that are addressed to his passengers, from themselves.",
    characters=(CharacterSketch(character_id="companion", name="Orla", traits={"curious": 0.7}),),
)


@asynccontextmanager
async def open_at(wire: WireServer, folder: Path, **fields: Any) -> AsyncIterator[Application]:
    """A application whose models all live on the loopback server."""
    defaults: dict[str, Any] = {
        "model": GEMINI,
        "gemini_api_key": ANY_KEY,
        "anthropic_api_key": ANY_KEY,
        "openai_api_key": ANY_KEY,
        "gemini_base_url": wire.url,
        "anthropic_base_url": wire.url,
        "openai_base_url": f"{wire.url}/v1",
        "rate_limit_rpm": 100_000,
        "checks": "off",
    }
    settings = Settings(data_dir=folder, **(defaults | fields))
    async with open_application(settings) as application:
        yield application


@dataclass
class Seen:
    """What a player saw of one turn."""

    shown: list[str] = field(default_factory=list)
    restarts: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    cost_usd: float = 0.0
    stored: bool = False

    def take(self, event: TurnEvent) -> None:
        if isinstance(event, PassageReleased):
            self.shown.append(event.passage.text)
        elif isinstance(event, SceneRestarted):
            self.restarts.append(event.reason)
            self.shown.clear()
        elif isinstance(event, TurnWarning):
            self.warnings.append(event.text)
        elif isinstance(event, CostReported):
            self.cost_usd = event.cost_usd
        elif isinstance(event, TurnStored):
            self.stored = True


def next_move(session: Session) -> Action:
    if not session.state.turn:
        return Action.begin()
    return Action.choose(1) if session.state.choices else Action.say("I go on to the landing")


async def play(session: Session, action: Action | None = None) -> Seen:
    seen = Seen()
    async for event in session.play(action or next_move(session)):
        seen.take(event)
    assert session.state.scene is not None
    assert seen.shown == [passage.text for passage in session.state.scene.passages]
    return seen


async def rows(application: Application) -> Sequence[Attempt]:
    await application.tracker.flush()
    return await application.ledger.attempts()


async def tellers(application: Application, session: Session) -> list[str]:
    """Which model told each turn, in order."""
    path = await application.stories.path(session.story_id)
    return [r.event.model for r in path if isinstance(r.event, ModelReplied)]
