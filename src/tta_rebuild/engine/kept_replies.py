"""Kept replies: a turn that is played anew is given each whole reply that it had, and pays once.

``turn_steps`` puts it around the whole stack, so that it is the innermost that a turn sees. A call
is noted just before its request leaves; what it has cost is in the ledger before its reply is
kept. A machine lost between the two books that call once more than it was made, as lost: the ledger
never says less than was spent. Whole answers are asked for as streams, so that it is known how far
they have come.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from tta_rebuild.core.errors import StreamBroken
from tta_rebuild.core.turn_calls import CallAsked, CallHeard, CallPlace, TurnCalls
from tta_rebuild.core.usage import Usage
from tta_rebuild.engine.model_paces import ModelPaces
from tta_rebuild.integrations import llm_provider as llm

LEAST_S = 0.2
"""How fast text comes is measured over no shorter time, seconds."""


class TurnMemory:
    """What one playing of a turn knows of its calls, over all the providers that it asks.

    ``open_calls`` are those that are under way.
    """

    def __init__(
        self,
        turn_id: str,
        calls: TurnCalls,
        *,
        settle: Callable[[], Awaitable[None]],
        clock: Callable[[], datetime],
        worker: str = "",
        paces: ModelPaces | None = None,
        open_calls: dict[CallPlace, OpenCall] | None = None,
    ) -> None:
        """``settle`` has what was spent kept in the ledger."""
        self.turn_id, self.calls, self.settle, self.clock = turn_id, calls, settle, clock
        self.worker, self.paces = worker, paces or ModelPaces()
        self.open_calls = {} if open_calls is None else open_calls
        self._seen = Counter[str]()
        self._kept: Mapping[CallPlace, Mapping[str, Any]] | None = None

    def around(self, provider: llm.LLMProvider) -> llm.LLMProvider:
        """A provider with this memory."""
        return KeptReplies(provider, self)

    def place(self, request: llm.LLMRequest) -> CallPlace:
        """Which call of the turn a request begins."""
        fingerprint = request.key()
        self._seen[fingerprint] += 1
        return CallPlace(fingerprint, self._seen[fingerprint])

    async def kept(self, place: CallPlace) -> Mapping[str, Any] | None:
        """The reply that this call had when the turn was played before."""
        if self._kept is None:
            self._kept = await self.calls.kept(self.turn_id)
        return self._kept.get(place)


class OpenCall:
    """A call that is under way: a ``CallWatch`` that notes it, and knows how far it has come."""

    def __init__(self, memory: TurnMemory, place: CallPlace, request: llm.LLMRequest) -> None:
        self._memory, self._place, self._request = memory, place, request
        self.asked: CallAsked | None = None
        """What is noted of it; None while nothing was sent."""
        self._first_s: float | None = None
        self._usage: Usage | None = None
        self._chars, self._fastest, self._before = 0, 0.0, (0.0, 0)

    @property
    def _now_s(self) -> float:
        return self._memory.clock().timestamp()

    async def sending(self, provider: str, model: str, most_output_tokens: int) -> None:
        """See ``CallWatch.sending``."""
        memory = self._memory
        if self.asked is not None:  # what an earlier attempt has cost is kept before it is let go
            await memory.settle()
        self.asked = asked = self._noted(provider, model, most_output_tokens)
        self._first_s, self._usage = None, None
        self._chars, self._fastest, self._before = 0, 0.0, (asked.at.timestamp(), 0)
        await memory.calls.sending(memory.turn_id, self._place, asked)

    def heard(self, chars: int, usage: Usage | None) -> None:
        """See ``CallWatch.heard``."""
        if self._first_s is None:
            self._first_s = self._now_s
        self._chars += chars
        self._usage = usage or self._usage

    def now(self) -> CallHeard:
        """How far it has come."""
        at_s, (before_s, before) = self._now_s, self._before
        if at_s - before_s >= LEAST_S:
            self._fastest = max(self._fastest, (self._chars - before) / (at_s - before_s))
            self._before = at_s, self._chars
        return CallHeard(
            at_s=at_s,
            first_s=self._first_s,
            chars=self._chars,
            fastest=self._fastest,
            usage=self._usage,
        )

    def learn(self, response: llm.LLMResponse) -> None:
        """Take in how fast its whole answer came."""
        if self.asked is None or self._first_s is None:
            return
        sent_s, first_s = self.asked.at.timestamp(), self._first_s
        self._memory.paces.learn(
            self.asked,
            response.usage,
            chars=self._chars,
            waited_s=first_s - sent_s,
            told_s=self._now_s - first_s,
        )

    def _noted(self, provider: str, model: str, most_output_tokens: int) -> CallAsked:
        request = self._request
        state = request.context.session_state
        asked = CallAsked(
            at=self._memory.clock(),
            provider=provider,
            model=model,
            task=request.task,
            input_tokens=request.likely_input_tokens,
            story_id=request.story_id,
            branch_id=request.branch_id,
            turn=request.turn,
            player_id=str(state.get("player_id", "")),
            session_id=str(state.get("session_id", "")),
            correlation_id=request.context.correlation_id,
            prompt_version=request.template,
            most_output_tokens=most_output_tokens,
            prompt_bytes=request.size_bytes,
            worker=self._memory.worker,
        )
        paces = self._memory.paces
        return replace(asked, pace=paces.pace(asked), input_tokens=paces.input_tokens(asked))


class KeptReplies(llm.WrapperProvider):
    """Keeps every whole reply of a running turn, and gives it to whoever plays the turn anew.

    A call that fails, or that its reader leaves, is made again.
    """

    def __init__(self, wrapped: llm.LLMProvider, memory: TurnMemory) -> None:
        super().__init__(wrapped)
        self._memory = memory

    async def items(self, request: llm.LLMRequest, *, whole: bool = False) -> llm.Items:
        """The kept reply, or what the wrapped provider answers."""
        memory = self._memory
        place = memory.place(request)
        kept = await memory.kept(place)
        if kept is not None:
            response = response_of(kept)
            if not whole and response.text:
                yield llm.TextPiece(response.text)
            yield llm.StreamEnded(response)
            return
        call, is_kept = OpenCall(memory, place, request), False
        memory.open_calls[place] = call
        try:
            async with aclosing(self.wrapped.items(replace(request, watch=call))) as items:
                async for item in items:
                    if isinstance(item, llm.StreamEnded):
                        response = item.response
                        if whole and response.finish_reason == llm.SILENT:
                            raise StreamBroken(response.degraded, text=response.text)
                        call.learn(response)
                        await memory.settle()
                        await memory.calls.keep(memory.turn_id, place, values_of(response))
                        is_kept = True
                    elif whole:
                        continue
                    yield item
        finally:
            del memory.open_calls[place]
            if not is_kept and call.asked is not None:
                await memory.settle()
                await memory.calls.drop(memory.turn_id, place)


def values_of(response: llm.LLMResponse) -> Mapping[str, Any]:
    """A response as plain values, without what of its metadata is none."""
    metadata = {name: one for name, one in response.metadata.items() if _is_plain(one)}
    return asdict(replace(response, metadata=metadata))


def response_of(values: Mapping[str, Any]) -> llm.LLMResponse:
    """The response that such values say."""
    return llm.LLMResponse(**{**values, "usage": Usage(**values["usage"])})


def _is_plain(value: object) -> bool:
    try:
        json.dumps(value)
    except (TypeError, ValueError):
        return False
    return True
