"""A context, and models that answer from a script."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from tta_rebuild.core import TTAContext
from tta_rebuild.core.errors import ExecutionError
from tta_rebuild.integrations import LLMConfig, LLMRequest, LLMResponse, RequestProvider
from tta_rebuild.integrations.llm_provider import (
    StreamEnded,
    StreamItem,
    StreamRestarted,
    TextPiece,
)

Step = str | ExecutionError | StreamRestarted


class ScriptedProvider(RequestProvider):
    """Gives one script per call: texts are streamed, errors raised, restarts passed on."""

    def __init__(
        self, *scripts: Sequence[Step], finish_reason: str = "stop", provider: str = "scripted"
    ) -> None:
        super().__init__(LLMConfig(model="scripted-model"))
        self.scripts = list(scripts)
        self.finish_reasons = [finish_reason] if isinstance(finish_reason, str) else finish_reason
        self.provider = provider
        self.requests: list[LLMRequest] = []
        self.closed_streams = 0

    def _script(self, request: LLMRequest) -> Sequence[Step]:
        self.requests.append(request)
        return self._of_this_call(self.scripts)

    def _of_this_call(self, given: Sequence[Any]) -> Any:
        return given[min(len(self.requests), len(given)) - 1]

    def _response(self, text: str) -> LLMResponse:
        return LLMResponse(
            text=text,
            tokens_used=len(text),
            model="scripted-model",
            finish_reason=self._of_this_call(self.finish_reasons),
            provider=self.provider,
        )

    async def complete(self, request: LLMRequest) -> LLMResponse:
        text = ""
        for step in self._script(request):
            if isinstance(step, ExecutionError):
                raise step
            text = "" if isinstance(step, StreamRestarted) else text + step
        return self._response(text)

    async def stream(self, request: LLMRequest) -> AsyncGenerator[StreamItem, None]:
        text = ""
        try:
            for step in self._script(request):
                if isinstance(step, ExecutionError):
                    raise step
                if isinstance(step, StreamRestarted):
                    text = ""
                    yield step
                else:
                    text += step
                    yield TextPiece(step)
            yield StreamEnded(self._response(text))
        finally:
            self.closed_streams += 1


@pytest.fixture
def scripted() -> type[ScriptedProvider]:
    return ScriptedProvider


@pytest.fixture
def context() -> TTAContext:
    return TTAContext(
        workflow_id="workflow",
        correlation_id="correlation",
        timestamp=datetime(2026, 1, 1, tzinfo=UTC),
        metaconcepts=["Maintain Chronology"],
        player_boundaries={"violence": "low"},
    )


@pytest.fixture
def bounded_context(context: TTAContext) -> Callable[[dict[str, str]], TTAContext]:
    return lambda boundaries: replace(context, player_boundaries=boundaries)
