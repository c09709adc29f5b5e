"""The application as ``bootstrap`` builds it, its Gemini being the loopback server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tools.wire.process import RunningWire

from tta_rebuild.bootstrap.application import Application, open_application
from tta_rebuild.core.secret import Secret
from tta_rebuild.core.story import CharacterSketch, Premise
from tta_rebuild.engine.action import Action
from tta_rebuild.engine.session import Session
from tta_rebuild.integrations.gemini_provider import GeminiLLMProvider
from tta_rebuild.integrations.llm_provider import LLMConfig, LLMProvider
from tta_rebuild.settings import Settings

MODEL = "gemini:gemini-3.5-flash-lite"
FIRST_TOKEN_S, TOKENS_PER_S = 0.45, 180.0
"""The pace of a quick model."""
PREMISE = Premise(
    theme="A ferryman finds letters that are addressed to his passengers, from themselves.",
    characters=(CharacterSketch(character_id="companion", name="Orla", traits={"curious": 0.7}),),
)


@asynccontextmanager
async def application_on(wire: RunningWire, folder: str, **more: Any) -> AsyncIterator[Application]:
    """An application whose model is the loopback server; ``more`` are settings."""

    def make_adapter(provider: str, config: LLMConfig) -> LLMProvider:
        return GeminiLLMProvider(
            "no-real-key", config=config, base_url=wire.url, piece_timeout_s=2.0
        )

    settings = Settings(
        data_dir=Path(folder),
        model=MODEL,
        gemini_api_key=Secret("no-real-key"),
        rate_limit_rpm=1_000_000,
        max_cost_usd=1_000.0,
        **more,
    )
    async with open_application(settings, make_adapter=make_adapter) as application:
        yield application


def next_move(session: Session) -> Action:
    """The next move of a player who takes the choices in turn."""
    state = session.state
    if not state.turn:
        return Action.begin()
    if state.choices:
        return Action.choose(state.turn % len(state.choices) + 1)
    return Action.say(f"I read letter {state.turn} to Orla")
