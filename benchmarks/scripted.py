"""A storyteller that tells what a measurement wants told, and words to fill scenes with."""

from __future__ import annotations

import json
import random
from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Any

from tta_rebuild.integrations.llm_provider import (
    LLMConfig,
    LLMRequest,
    LLMResponse,
    RequestProvider,
    StreamEnded,
    StreamItem,
    TextPiece,
    estimated_usage,
)

_NOUNS = (
    "river bridge wall orchard tower ferry meadow quarry chapel market cellar lantern cart barge "
    "hedge kiln loom forge pasture weir"
).split()
_VERBS = "leans rests glitters waits creaks settles hums darkens steams sways".split()
_PLACES = "by the old road|under the limes|past the toll house|near the upper lock".split("|")
_SYLLABLES = (
    "bra del kor mis tan vel or sha lin dru pek sol fen gar hul jas wen yor zim cal"
).split()


def invented_name(chance: random.Random) -> str:
    """A name of three syllables that no story of ours uses otherwise."""
    return "".join(chance.choice(_SYLLABLES) for _ in range(3)).title()


def filler_sentence(chance: random.Random) -> str:
    """An ordinary sentence that states nothing of consequence."""
    return (
        f"A {chance.choice(_NOUNS)} {chance.choice(_VERBS)} {chance.choice(_PLACES)}, "
        f"number {chance.randint(2, 9_999)} of many, and the {chance.choice(_NOUNS)} answers."
    )


def scene_reply(text: str, facts: Sequence[dict[str, Any]] = (), **more: Any) -> str:
    """A scene reply of one passage with two sound choices."""
    return json.dumps(
        {
            "passages": [{"facts": list(facts), "text": text}],
            "setting_description": "the valley",
            "emotional_tone": "even",
            "story_branches": [
                {
                    "choice": "Ada follows the river upstream to the weir",
                    "consequence": "She finds the source of the change.",
                    "affects": ["ada"],
                },
                {
                    "choice": "Ada asks the ferryman about the old maps",
                    "consequence": "He lends her one that differs from hers.",
                    "affects": ["ada"],
                },
            ],
            "is_ending": False,
            "notes": {},
        }
        | more
    )


class ScriptedTeller(RequestProvider):
    """Answers request n with ``tell(turn)``; keeps the requests it saw."""

    def __init__(self, tell: Callable[[int], str], piece_chars: int = 400) -> None:
        super().__init__(LLMConfig(model="scripted"))
        self.requests: list[LLMRequest] = []
        self._tell = tell
        self._piece_chars = piece_chars

    async def complete(self, request: LLMRequest) -> LLMResponse:
        self.requests.append(request)
        text = self._tell(request.turn)
        usage = estimated_usage(request.full_text, text)
        return LLMResponse(
            text=text,
            tokens_used=usage.total_tokens,
            model="scripted",
            finish_reason="stop",
            usage=usage,
            provider="scripted",
        )

    async def stream(self, request: LLMRequest) -> AsyncGenerator[StreamItem, None]:
        response = await self.complete(request)
        for at in range(0, len(response.text), self._piece_chars):
            yield TextPiece(response.text[at : at + self._piece_chars])
        yield StreamEnded(response)
