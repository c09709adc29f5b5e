"""Embeddings of questions by a provider's own API, through the vendors' SDKs.

An embedding is asked for as any answer is, its text the vector as JSON: so pacing, circuits,
prices, budgets and errors are those of all calls. ``bootstrap.stack_builder`` puts the wrappers
around ``GeminiEmbeddings`` or ``OpenAIEmbeddings``; ``ProviderEncoder`` is what the semantic cache
asks. Anthropic has no embeddings.
"""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import AsyncGenerator, Sequence
from typing import Any, ClassVar

from tta_rebuild.core.errors import ProviderTimeout, ReplyUnusable
from tta_rebuild.core.usage import Usage
from tta_rebuild.integrations.adapter import Chunk
from tta_rebuild.integrations.gemini_provider import GeminiLLMProvider
from tta_rebuild.integrations.llm_provider import LLMProvider, LLMRequest
from tta_rebuild.integrations.openai_provider import OpenAIProvider
from tta_rebuild.integrations.parameters import Asked

NUMBERS = 768
"""So many numbers of a vector Gemini is asked for; 3,072 propose no better here."""

QUEUES_S = 1.5
"""How much longer than an answer all that comes before it may take: quotas, budgets."""


class GeminiEmbeddings(GeminiLLMProvider):
    """Google's embeddings, at Google's Gemini API."""

    default_model: ClassVar[str] = "gemini-embedding-001"

    async def _chunks(self, asked: Asked) -> AsyncGenerator[Chunk, None]:
        config = {"output_dimensionality": NUMBERS}
        answer = await self._client.aio.models.embed_content(
            model=asked.model, contents=asked.prompt, config=config
        )
        counts = getattr(answer, "usage_metadata", None)
        found = answer.embeddings or [None]
        yield _chunk(
            asked, getattr(found[0], "values", None), _counted(counts, "prompt_token_count")
        )


class OpenAIEmbeddings(OpenAIProvider):
    """OpenAI's embeddings, or those of a server that speaks its protocol."""

    default_model: ClassVar[str] = "text-embedding-3-small"

    async def _chunks(self, asked: Asked) -> AsyncGenerator[Chunk, None]:
        answer = await self._client.embeddings.create(
            # said, since the SDK asks for base64 else, which not every server knows
            model=asked.model, input=asked.prompt, encoding_format="float"
        )  # fmt: skip
        if isinstance(answer, str):
            raise ValueError("the server answered with text instead of JSON")
        found = answer.data or [None]
        yield _chunk(
            asked,
            getattr(found[0], "embedding", None),
            _counted(getattr(answer, "usage", None), "prompt_tokens"),
        )


class ProviderEncoder:
    """Asks a provider of embeddings, as what the call of whose question it is.

    Args:
        provider: ``GeminiEmbeddings`` or ``OpenAIEmbeddings`` with what guards it.
        name: ``provider:model``.
        patience_s: how long an answer may take; a player is waiting.
    """

    def __init__(self, provider: LLMProvider, name: str, *, patience_s: float = 3.0) -> None:
        self.name = name
        self._provider = provider
        self._patience_s = patience_s

    async def encode(self, text: str, asked: LLMRequest) -> Sequence[float]:
        """A vector of length 1. Raises ProviderError, BudgetExceededError."""
        request = LLMRequest(
            prompt=text,
            context=asked.context,
            task="embedding",
            story_id=asked.story_id,
            branch_id=asked.branch_id,
            turn=asked.turn,
            max_tokens=1,  # there are none, and some at least must be said
            timeout_seconds=self._patience_s,
        )
        await self._provider.warm()  # an SDK that is loaded for the first time takes seconds
        try:
            async with asyncio.timeout(self._patience_s + QUEUES_S):
                response = await self._provider.complete(request)
        except TimeoutError as error:
            said = f"no embedding from {self.name} within {self._patience_s:g} s"
            raise ProviderTimeout(said, model=self.name) from error
        return _unit(response.text, self.name)

    async def aclose(self) -> None:
        """Release connections; safe to call twice."""
        await self._provider.aclose()


def _unit(text: str, name: str) -> Sequence[float]:
    """The vector with length 1."""
    try:
        vector = [float(number) for number in json.loads(text)]
    except (ValueError, TypeError):
        vector = []
    length = math.hypot(*vector)
    if not length or not math.isfinite(length):
        raise ReplyUnusable(f"what came from {name} is no embedding", model=name)
    return [number / length for number in vector]


def _chunk(asked: Asked, vector: Sequence[float] | None, input_tokens: int | None) -> Chunk:
    """The whole answer; without a vector it has no text, which is an error for all adapters."""
    likely = asked.request.likely_input_tokens
    usage = Usage(input_tokens=likely, estimated=True)
    if input_tokens is not None:
        usage = Usage(input_tokens=input_tokens)
    return Chunk(text=json.dumps(list(vector)) if vector else "", usage=usage, finish="stop")


def _counted(counts: Any, name: str) -> int | None:
    found = getattr(counts, name, None)
    return found if isinstance(found, int) and found > 0 else None
