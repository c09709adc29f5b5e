"""The storyteller of a told story: answers each scene with the reply that the file has for it.

Handed to ``bootstrap`` as a provider of one's own, so that everything around a model (stack,
prompt, stream, parser, gate) is the real one. It keeps every request, for what the prompts held.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from typing import Any, get_args

from tta_rebuild.core.errors import ReplyUnusable
from tta_rebuild.core.tasks import Task
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
from tta_rebuild.lab.told_file import ToldReply

NAME = "told"
PIECE_CHARS = 24
SCENES = ("scene", "continue_scene")
SPOKEN = ("dialogue", "monologue")


def reading_tasks() -> tuple[str, ...]:
    """The tasks that tell and say nothing: those of a reader, which a model may do."""
    return tuple(task for task in get_args(Task) if task not in (*SCENES, *SPOKEN))


_NOTHING_LEFT = {"text": "…", "facts": [], "speaker": "", "emotion": ""}
"""The only passage of a continuation after the last passage was held back."""


class ToldProvider(RequestProvider):
    """Tells each story's present turn as the file has it; one story may go on beside another.

    Attributes:
        requests: story id in the store → all requests made for it, in order.
        says: what whoever is asked aside answers.
    """

    provider = "own"

    def __init__(self) -> None:
        super().__init__(LLMConfig(model=NAME))
        self.says = "…"
        self.requests: dict[str, list[LLMRequest]] = {}
        self._now: dict[str, ToldReply] = {}

    def begin_turn(self, story_id: str, reply: ToldReply) -> None:
        """From now on the story is told this reply."""
        self._now[story_id] = reply
        self.requests.setdefault(story_id, [])

    async def complete(self, request: LLMRequest) -> LLMResponse:
        """The reply of the present turn. Raises ReplyUnusable for what no storyteller is asked."""
        text = self._answer(request)
        usage = estimated_usage(request.full_text, text)
        return LLMResponse(
            text=text,
            tokens_used=usage.total_tokens,
            model=NAME,
            finish_reason="stop",
            usage=usage,
            provider=self.provider,
        )

    async def stream(self, request: LLMRequest) -> AsyncGenerator[StreamItem, None]:
        """The same in pieces, as a model sends them."""
        response = await self.complete(request)
        for start in range(0, len(response.text), PIECE_CHARS):
            yield TextPiece(response.text[start : start + PIECE_CHARS])
        yield StreamEnded(response)

    def _answer(self, request: LLMRequest) -> str:
        story = request.story_id or request.context.workflow_id
        if story not in self._now:
            raise ReplyUnusable(f"no story '{story}' is being told", provider=self.provider)
        self.requests[story].append(request)
        if request.task in SPOKEN:
            return self.says
        if request.task not in SCENES:
            raise ReplyUnusable(
                f"a told story has no answer for the task '{request.task}'", provider=self.provider
            )
        reply = self._now[story].model_dump()
        if request.task == "continue_scene":
            held = str(request.variables.get("withheld", ""))
            reply["passages"] = _after(reply["passages"], held)
        return json.dumps(reply, ensure_ascii=False)


def _after(passages: list[dict[str, Any]], held: str) -> list[dict[str, Any]]:
    """The passages after the one that was held back: a storyteller that leaves out what it must."""
    wanted = " ".join(held.split())
    for index, passage in enumerate(passages):
        if wanted and wanted in " ".join(passage["text"].split()):
            return passages[index + 1 :] or [_NOTHING_LEFT]
    return passages
