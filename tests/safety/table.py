"""The corpus, and an engine around a storyteller that says what a test or a figure wrote down."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tta_rebuild.core.story import CharacterSketch, Premise
from tta_rebuild.core.usage import Usage
from tta_rebuild.engine.action import Action
from tta_rebuild.engine.dependencies import Dependencies
from tta_rebuild.engine.session import Session
from tta_rebuild.engine.stories import Stories
from tta_rebuild.engine.turn_events import (
    ChoicesReady,
    PassageReleased,
    SceneFinished,
    TurnEvent,
    TurnRefused,
    TurnWarning,
)
from tta_rebuild.integrations.llm_provider import (
    LLMConfig,
    LLMProvider,
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

CORPUS = Path(__file__).parent / "corpus"
CATALOG = PromptCatalog.load()
MARA = CharacterSketch(character_id="mara", name="Mara")
CALM = "The lamp burns steadily. A gull sits on the rail."
CHOICES = ("Follow Mara down to the harbour", "Ask Mara about the old lamp")


def rows(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (CORPUS / f"{name}.jsonl").read_text().splitlines()]


def reply(*passages: str | dict[str, Any], choices: Sequence[Any] = CHOICES, **more: Any) -> str:
    """A scene reply in passages."""
    scene = {
        "passages": [p if isinstance(p, dict) else {"facts": [], "text": p} for p in passages],
        "setting_description": "the harbour",
        "emotional_tone": "calm",
        "story_branches": [
            c if isinstance(c, dict) else {"choice": c, "consequence": "It leads on."}
            for c in choices
        ],
    }
    return json.dumps(scene | more)


class Scripted(RequestProvider):
    """Answers with the script's replies in order, then with a calm scene.

    Attributes:
        piece_chars: how much of a reply each piece of a stream holds.
        restart_with: what is streamed first and then taken back.
    """

    def __init__(self, *replies: str) -> None:
        super().__init__(LLMConfig(model="scripted"))
        self.replies = list(replies)
        self.requests: list[LLMRequest] = []
        self.piece_chars = 40
        self.restart_with = ""
        self.provider = "test"

    async def complete(self, request: LLMRequest) -> LLMResponse:
        self.requests.append(request)
        text = self.replies.pop(0) if self.replies else reply(CALM)
        return LLMResponse(
            text=text,
            tokens_used=10,
            model="scripted",
            finish_reason="stop",
            usage=Usage(input_tokens=5, output_tokens=5),
            cost_usd=0.0,
            provider=self.provider,
        )

    async def stream(self, request: LLMRequest) -> AsyncGenerator[StreamItem, None]:
        if self.restart_with:
            yield TextPiece(self.restart_with)
            self.restart_with = ""
            yield StreamRestarted("the line broke")
        response = await self.complete(request)
        for at in range(0, len(response.text), self.piece_chars):
            yield TextPiece(response.text[at : at + self.piece_chars])
        yield StreamEnded(response)


@dataclass
class Table:
    """Who plays: an engine, its storyteller, and everything that was seen."""

    teller: Scripted
    provider: LLMProvider | None = None
    store: MemoryStoryStore = field(default_factory=MemoryStoryStore)
    seen: list[TurnEvent] = field(default_factory=list)
    ticks: int = 0

    def _clock(self) -> datetime:
        self.ticks += 1
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.ticks)

    def _new_id(self) -> str:
        self.ticks += 1
        return f"id{self.ticks}"

    @property
    def stories(self) -> Stories:
        parts = Dependencies(
            provider=self.provider or self.teller,
            catalog=CATALOG,
            safety=SafetyGate,
            world_rules=lambda rules: WorldRules(compiled(rules).rules),
            clock=self._clock,
            new_id=self._new_id,
        )
        return Stories(parts, self.store)

    async def begin(
        self, *, theme: str = "A lighthouse on a quiet shore", **boundaries: str
    ) -> Session:
        """Open a story and play its opening scene."""
        session = await self.stories.open(
            Premise(theme=theme, characters=(MARA,), boundaries=boundaries)
        )
        await self.play(session, Action.begin())
        return session

    async def play(self, session: Session, action: Action) -> list[TurnEvent]:
        """Play one move; gives what was seen of it."""
        seen = [event async for event in session.play(action)]
        self.seen += seen
        return seen

    @property
    def shown(self) -> str:
        """Every word that reached the player, in the order in which it did."""
        words: list[str] = []
        for event in self.seen:
            match event:
                case PassageReleased(passage=p):
                    words += [p.speaker.replace("_", " "), p.emotion, p.text]
                case SceneFinished(scene=s):
                    words += [s.setting, s.tone, s.scene_id.replace("_", " "), s.text]
                case ChoicesReady(choices=choices):
                    words += [f"{c.text} {c.consequence}" for c in choices]
                case TurnWarning(text=text) | TurnRefused(reason=text):
                    words.append(text)
        return "\n".join(words)


def flat(text: str, **more: Any) -> str:
    """A reply in the flat shape of the contract."""
    return json.dumps(
        {
            "scene_id": "s1",
            "narrative_text": text,
            "dialogue": [],
            "setting_description": "a yard",
            "emotional_tone": "calm",
            "story_branches": [{"choice": "Walk down to the sea", "consequence": "It goes on."}],
        }
        | more
    )


def telling(path: str, bad: str) -> list[str]:
    """The storyteller's replies that bring ``bad`` in on a path."""
    line = {"character_id": "mara", "text": f"{bad}.", "emotion": "calm"}
    choice = {"choice": f"{bad} and go", "consequence": "It leads on."}
    leads = {"choice": "Walk down to the sea", "consequence": f"{bad}."}
    effect = {"subject": "mara", "relation": "remembers", "value": bad}
    return {
        "passage": [reply(CALM, f"{bad}.")],
        "middle of a passage": [reply(f"The sea is grey. {bad}. The day goes on.")],
        "spoken passage": [reply(CALM, {"text": f"{bad}.", "speaker": "mara"})],
        "speaker": [reply({"text": "Good day.", "speaker": bad.replace(" ", "_")})],
        "emotion": [reply({"text": "Good day.", "speaker": "mara", "emotion": bad})],
        "fact": [reply({"text": CALM, "facts": [{**effect, "sentence": bad}]})],
        "flat": [flat(f"{CALM} {bad}.")],
        "flat dialogue": [flat(CALM, dialogue=[line])],
        "choice": [reply(CALM, choices=[choice])],
        "consequence": [reply(CALM, choices=[leads])],
        "effect": [reply(CALM, choices=[{**leads, "consequence": "", "effects": [effect]}])],
        "setting": [reply(CALM, setting_description=bad)],
        "tone": [reply(CALM, emotional_tone=bad)],
        "scene id": [reply(CALM, scene_id=bad.replace(" ", "_"))],
        "no JSON": [f"{bad}.", f"{CALM} {bad}."],
        "JSON cut off": [reply(CALM, f"{bad}. More.")[:-120]],
        "repair": [reply(f"{bad}."), reply(CALM, f"{bad} again.")],
        "both halves": [reply("Rowan st", "abbed the watchman in the yard.")],
    }[path]


PATHS = (
    "passage|middle of a passage|spoken passage|speaker|emotion|fact|flat|flat dialogue|choice|"
    "consequence|effect|setting|tone|scene id|no JSON|JSON cut off|repair|both halves"
).split("|")
