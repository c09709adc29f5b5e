"""A storyteller that tells what a test wrote down, and an engine around it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tta_rebuild.core.errors import ProviderBusy
from tta_rebuild.core.story import CharacterSketch, Premise
from tta_rebuild.core.usage import Usage
from tta_rebuild.engine.action import Action
from tta_rebuild.engine.dependencies import Checks, CodeCheck, Dependencies
from tta_rebuild.engine.session import Session
from tta_rebuild.engine.stories import Stories
from tta_rebuild.engine.turn_events import TurnEvent
from tta_rebuild.integrations.llm_provider import (
    LLMConfig,
    LLMRequest,
    LLMResponse,
    RequestProvider,
    StreamEnded,
    StreamItem,
    StreamRestarted,
    TextPiece,
)
from tta_rebuild.prompts import PromptCatalog
from tta_rebuild.reading.world_rules import WorldRules, compiled
from tta_rebuild.safety import SafetyGate
from tta_rebuild.storage.memory_store import MemoryStoryStore
from tta_rebuild.storage.story_store import StoryStore


def scene(
    *passages: str | dict[str, Any],
    choices: Sequence[str] = (
        "Follow Mara down to the harbour",
        "Ask Mara where the lamp came from",
    ),
    **more: Any,
) -> str:
    """A scene reply; passages may be plain texts."""
    reply = {
        "passages": [p if isinstance(p, dict) else {"facts": [], "text": p} for p in passages],
        "setting_description": "the harbour",
        "emotional_tone": "calm",
        "story_branches": [
            {"choice": c, "consequence": f"{c}, and it leads on.", "affects": ["mara"]}
            for c in choices
        ],
        "is_ending": False,
        "notes": {},
    }
    return json.dumps(reply | more)


class ScriptedStoryteller(RequestProvider):
    """Answers with the script's replies in order, then with scenes made from the call's number.

    ``restart_with``: a text that is streamed first and then taken back.
    """

    def __init__(self, *replies: str | Exception) -> None:
        super().__init__(LLMConfig(model="scripted"))
        self.replies = list(replies)
        self.requests: list[LLMRequest] = []
        self.piece_chars = 40
        self.restart_with: str | None = None
        self.closed_early = 0

    def _next(self, request: LLMRequest) -> str:
        self.requests.append(request)
        if not self.replies:
            number = len(self.requests)
            return scene(
                f"Mara counts {number} boats in the harbour. A gull watches from post {number}.",
                {"text": f"That makes {number}.", "speaker": "mara", "emotion": "hopeful"},
                notes={"told": number},
            )
        reply = self.replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        return reply

    async def complete(self, request: LLMRequest) -> LLMResponse:
        text = self._next(request)
        return LLMResponse(
            text=text,
            tokens_used=150,
            model="scripted",
            finish_reason="stop",
            usage=Usage(input_tokens=100, output_tokens=50),
            cost_usd=0.001,
            provider="test",
        )

    async def stream(self, request: LLMRequest) -> AsyncGenerator[StreamItem, None]:
        if self.restart_with is not None:
            yield TextPiece(self.restart_with)
            self.restart_with = None
            yield StreamRestarted("the line broke")
        response = await self.complete(request)
        ended = False
        try:
            for at in range(0, len(response.text), self.piece_chars):
                yield TextPiece(response.text[at : at + self.piece_chars])
            ended = True
            yield StreamEnded(response)
        finally:
            self.closed_early += not ended


class HeldStoryteller(ScriptedStoryteller):
    """Waits after half of a scene while the gate is shut."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = asyncio.Event()
        self.gate.set()

    async def stream(self, request: LLMRequest) -> AsyncGenerator[StreamItem, None]:
        count = 0
        async for item in super().stream(request):
            yield item
            count += 1
            if count == 5:
                await self.gate.wait()


CATALOG = PromptCatalog.load()
MARA = CharacterSketch(character_id="mara", name="Mara", traits={"brave": 0.8})
PREMISE = Premise(theme="A lighthouse keeper finds a door under the stairs", characters=(MARA,))


@dataclass
class Desk:
    """An engine around one storyteller, with a clock and ids that a test can foresee."""

    teller: ScriptedStoryteller
    store: StoryStore
    ticks: int = 0
    made: list[str] = field(default_factory=list)
    check_code: CodeCheck | None = None
    checks: Checks = "off"

    def clock(self) -> datetime:
        self.ticks += 1
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.ticks)

    def new_id(self) -> str:
        self.made.append(f"id{len(self.made)}")
        return self.made[-1]

    @property
    def stories(self) -> Stories:
        dependencies = Dependencies(
            provider=self.teller,
            catalog=CATALOG,
            safety=SafetyGate,
            world_rules=lambda rules: WorldRules(compiled(rules).rules),
            clock=self.clock,
            new_id=self.new_id,
            check_code=self.check_code,
            checks=self.checks,
        )
        return Stories(dependencies, self.store)


@dataclass(frozen=True)
class Kit:
    """What tests of this room use."""

    scene: Callable[..., str] = scene
    premise: Premise = PREMISE
    busy: type[ProviderBusy] = ProviderBusy

    def desk(self, *replies: str | Exception) -> Desk:
        return Desk(ScriptedStoryteller(*replies), MemoryStoryStore())

    async def play(self, session: Session, *actions: Action) -> list[TurnEvent]:
        """Play moves one after the other; gives all that was seen."""
        return [event for action in actions async for event in session.play(action)]

    async def exported(self, desk: Desk, story_id: str) -> dict[str, Any]:
        """A story's export, read back."""
        exported: dict[str, Any] = json.loads(
            "\n".join([line async for line in desk.stories.export(story_id)])
        )
        return exported


@pytest.fixture
def kit() -> Kit:
    return Kit()


@pytest.fixture
async def begun(kit: Kit) -> tuple[Desk, Session]:
    """A desk and a session whose opening scene has been told."""
    desk = kit.desk()
    session = await desk.stories.open(PREMISE)
    await kit.play(session, Action.begin())
    return desk, session
