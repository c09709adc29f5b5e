"""Sharing: a question that was asked in other words before is answered again, for nothing.

Stands inside the cache of equal requests and outside the accounts. Serves branch checks and what a
character is asked aside, never prose, moves or thoughts: there near-duplicates that must not share
an answer lie nearer to each other than paraphrases do.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from tta_rebuild.core.errors import BudgetExceededError, ProviderError
from tta_rebuild.core.usage import Usage
from tta_rebuild.integrations import llm_provider as llm
from tta_rebuild.integrations.cost_tracker import CostTracker
from tta_rebuild.integrations.semantic_cache import Encoder, KeptAnswer, SemanticCache
from tta_rebuild.integrations.wrappers.cached import REPLAY_CHARS, is_worth_keeping

_log = logging.getLogger("tta_rebuild.cache")

NEAREST = 4
"""Kept questions that are compared; the nearest that asks the same is shared."""

IsSame: TypeAlias = Callable[[str, str, Sequence[str]], bool]
"""Two texts and the names of the story → whether one answer does for both."""

_CONTINUED = ("told_so_far", "withheld")
_UNSEEN = ("seed", "question", "proposals")
"""Variables that are no part of the key: ``seed`` reaches no model, the others are the question."""


@dataclass(frozen=True, slots=True)
class SharedQuestion:
    """What a request asks, apart from all that its answer depends on else.

    Attributes:
        texts: the question aside; or choice and description of every proposal, in order.
        names: of the people whom it concerns, as far as the request says.
        key: SHA-256 (hex) of everything else: branch state, character, what they know, guidance,
            template with version, model and its knobs, and the prompt around the question.
    """

    texts: tuple[str, ...]
    names: tuple[str, ...]
    key: str


class SemanticCachedLLMProvider(llm.WrapperProvider):
    """Shares kept answers among questions that are the same in other words.

    The key must be equal; the ``encoder`` proposes the nearest kept questions, ``is_same`` decides
    for every text. ``metadata["cache"]`` is then ``"semantic"``, the cost 0, and ``tracker`` books
    a row ``cached``. What is told another way (``llm_provider.RETOLD``) is asked anew. While the
    encoder fails, everything is asked.
    """

    def __init__(
        self,
        wrapped: llm.LLMProvider,
        cache: SemanticCache,
        encoder: Encoder,
        is_same: IsSame,
        *,
        tracker: CostTracker | None = None,
        scope: str = "",
    ) -> None:
        super().__init__(wrapped)
        self.cache = cache
        self.encoder = encoder
        self.tracker = tracker
        self._is_same = is_same
        config = self.config
        settings = (scope, config.model, config.max_tokens, config.temperature, config.top_p)
        self._scope = hashlib.sha256(repr((*settings, encoder.name)).encode()).hexdigest()[:16]
        self._has_warned = False

    async def items(self, request: llm.LLMRequest, *, whole: bool = False) -> llm.Items:
        """A kept answer to the same in other words, or a new one."""
        asked = None if request.context.session_state.get(llm.RETOLD) else shared_question(request)
        if asked is None:
            async with aclosing(self.wrapped.items(request, whole=whole)) as items:
                async for item in items:
                    yield item
            return
        key = f"{self._scope}:{asked.key}"
        encoding = asyncio.create_task(self._encoded(asked, request))
        try:
            # where nothing is kept nobody waits for the encoder
            kept = (
                await self._kept(key, await encoding, asked) if await self.cache.has(key) else None
            )
            if kept is not None:
                for start in range(0, len(kept.text), REPLAY_CHARS) if not whole else ():
                    yield llm.TextPiece(kept.text[start : start + REPLAY_CHARS])
                yield self._given_again(request, kept)
                return
            async with aclosing(self.wrapped.items(request, whole=whole)) as items:
                async for item in items:
                    yield item
                    if isinstance(item, llm.StreamEnded) and is_worth_keeping(
                        request, item.response
                    ):
                        await self._keep(key, await encoding, asked, item.response)
        finally:
            encoding.cancel()

    async def aclose(self) -> None:
        """Close what is wrapped, then encoder and cache."""
        await super().aclose()
        await self.encoder.aclose()
        await self.cache.aclose()

    async def _encoded(
        self, asked: SharedQuestion, request: llm.LLMRequest
    ) -> Sequence[float] | None:
        try:
            vector = await self.encoder.encode("\n".join(asked.texts), request)
        except (ProviderError, BudgetExceededError, OSError) as error:
            if not self._has_warned:
                _log.warning("no answers are shared, for their encoder fails: %s", error)
            self._has_warned = True
            return None
        self._has_warned = False
        return vector

    async def _kept(
        self, key: str, vector: Sequence[float] | None, asked: SharedQuestion
    ) -> llm.LLMResponse | None:
        """The kept answer to the same question."""
        near = () if vector is None else await self.cache.nearest(key, vector, NEAREST)
        return next((kept.response for kept in near if self._agrees(asked, kept)), None)

    async def _keep(
        self,
        key: str,
        vector: Sequence[float] | None,
        asked: SharedQuestion,
        response: llm.LLMResponse,
    ) -> None:
        if vector is not None:
            await self.cache.put(key, vector, asked.texts, response)

    def _agrees(self, asked: SharedQuestion, kept: KeptAnswer) -> bool:
        return len(asked.texts) == len(kept.texts) and all(
            self._is_same(one, other, asked.names)
            for one, other in zip(asked.texts, kept.texts, strict=True)
        )

    def _given_again(self, request: llm.LLMRequest, response: llm.LLMResponse) -> llm.StreamEnded:
        if self.tracker is not None:
            named = (response.provider, response.model)
            self.tracker.book(request, *named, outcome="cached", usage=Usage())
        metadata = {**response.metadata, "cache": "semantic"}
        return llm.StreamEnded(replace(response, cost_usd=0.0, metadata=metadata))


def shared_question(request: llm.LLMRequest) -> SharedQuestion | None:
    """What of a request may be asked in other words; None where its answer must not be shared.

    None for every task but ``branch_check`` and ``dialogue`` with a question, for the rest of an
    answer that was broken off, for stories that are not in English, and where the question does
    not stand in the prompt just once, as it is.
    """
    variables = request.variables
    if any(variables.get(name) for name in _CONTINUED) or request.passed_over is not None:
        return None
    if variables.get("language") not in (None, "", "en"):
        return None
    if request.task == "dialogue":
        return _aside(request)
    return _check(request) if request.task == "branch_check" else None


def _aside(request: llm.LLMRequest) -> SharedQuestion | None:
    asked = request.variables.get("question")
    if not isinstance(asked, str) or not asked.strip() or request.prompt.count(asked.strip()) != 1:
        return None
    character = request.variables.get("character")
    who = [character.get("name")] if isinstance(character, Mapping) else []
    names = [str(name) for name in (*who, request.variables.get("asked_by")) if name]
    around = request.prompt.replace(asked.strip(), "")
    return SharedQuestion((asked,), tuple(names), _key(request, around, None))


def _check(request: llm.LLMRequest) -> SharedQuestion | None:
    proposals, around = request.variables.get("proposals"), request.prompt
    if not isinstance(proposals, list) or not proposals:
        return None
    texts, rest, names = list[str](), list[Any](), list[str]()
    for proposal in proposals:
        if not isinstance(proposal, Mapping):
            return None
        for part in ("choice", "description"):
            text = str(proposal.get(part, ""))
            line = f"{part}: {text}"
            if text and line not in around:
                return None
            around = around.replace(line, f"{part}:", 1) if text else around
            texts.append(text)
        rest.append({k: v for k, v in proposal.items() if k not in ("choice", "description")})
        names += map(str, proposal.get("affects") or ())
    return SharedQuestion(tuple(texts), tuple(dict.fromkeys(names)), _key(request, around, rest))


def _key(request: llm.LLMRequest, around: str, rest: object) -> str:
    kept = {name: value for name, value in request.variables.items() if name not in _UNSEEN}
    decides = (
        request.task, request.system, around, rest, kept, request.template, request.schema,
        request.overrides(),
    )  # fmt: skip
    canonical = json.dumps(decides, sort_keys=True, default=str, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()
