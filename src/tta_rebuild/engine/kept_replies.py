"""Kept replies: a turn that is played anew is given each whole reply that it had, and pays once.

``turn_steps`` puts it around the whole stack, so that it is the innermost that a turn sees. What a
call has cost is in the ledger before its reply is kept. A machine lost between the two books that
call once more than it was made, as lost: the ledger never says less than was spent.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from tta_rebuild.core.turn_calls import CallAsked, CallPlace, TurnCalls
from tta_rebuild.core.usage import Usage
from tta_rebuild.integrations import llm_provider as llm


class TurnMemory:
    """What one playing of a turn knows of its calls, over all the providers that it asks.

    ``progress`` has how many characters of each open call have come.
    """

    def __init__(
        self,
        turn_id: str,
        calls: TurnCalls,
        *,
        settle: Callable[[], Awaitable[None]],
        clock: Callable[[], datetime],
        progress: dict[CallPlace, int] | None = None,
    ) -> None:
        """``settle`` has what was spent kept in the ledger."""
        self.turn_id, self.calls, self.settle, self.clock = turn_id, calls, settle, clock
        self.progress = {} if progress is None else progress
        self._seen = Counter[str]()

    def around(self, provider: llm.LLMProvider) -> llm.LLMProvider:
        """A provider with this memory."""
        return KeptReplies(provider, self)

    def place(self, request: llm.LLMRequest) -> CallPlace:
        """Which call of the turn a request begins."""
        fingerprint = request.key()
        self._seen[fingerprint] += 1
        return CallPlace(fingerprint, self._seen[fingerprint])


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
        place, turn_id = memory.place(request), memory.turn_id
        kept = await memory.calls.begin(turn_id, place, self._asked(request))
        if kept is not None:
            response = response_of(kept)
            if not whole and response.text:
                yield llm.TextPiece(response.text)
            yield llm.StreamEnded(response)
            return
        memory.progress[place], is_kept = 0, False
        try:
            async with aclosing(self.wrapped.items(request, whole=whole)) as items:
                async for item in items:
                    if isinstance(item, llm.TextPiece):
                        memory.progress[place] += len(item.text)
                    elif isinstance(item, llm.StreamEnded):
                        await memory.settle()
                        await memory.calls.keep(turn_id, place, values_of(item.response))
                        is_kept = True
                    yield item
        finally:
            del memory.progress[place]
            if not is_kept:
                await memory.settle()
                await memory.calls.drop(turn_id, place)

    def _asked(self, request: llm.LLMRequest) -> CallAsked:
        state = request.context.session_state
        return CallAsked(
            at=self._memory.clock(),
            provider=self.provider,
            model=request.model or self.config.model,
            task=request.task,
            input_tokens=request.likely_input_tokens,
            story_id=request.story_id,
            branch_id=request.branch_id,
            turn=request.turn,
            player_id=str(state.get("player_id", "")),
            session_id=str(state.get("session_id", "")),
            correlation_id=request.context.correlation_id,
            prompt_version=request.template,
            most_output_tokens=request.max_tokens or self.config.max_tokens,
        )


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
