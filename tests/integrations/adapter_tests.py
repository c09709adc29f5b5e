"""What the tests of all adapters ask, and how a subclass says how its adapter is made."""

from __future__ import annotations

from contextlib import aclosing
from datetime import UTC, datetime
from typing import Any, ClassVar

import pytest
from tools.wire import WireServer

from tta_rebuild.core.base_primitive import TTAContext
from tta_rebuild.core.errors import (
    ProviderError,
)
from tta_rebuild.integrations.adapter import Adapter
from tta_rebuild.integrations.llm_provider import (
    LLMConfig,
    LLMRequest,
    LLMResponse,
    StreamEnded,
    TextPiece,
)

SCENE_SCHEMA = {
    "type": "object",
    "properties": {
        "passages": {
            "type": "array",
            "items": {"type": "object", "properties": {"text": {"type": "string"}}},
        },
        "story_branches": {"type": "array", "items": {"type": "object"}},
    },
    "required": ["passages", "story_branches"],
}

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def context() -> TTAContext:
    return TTAContext(
        workflow_id="w",
        correlation_id="c",
        timestamp=NOON,
        metaconcepts=[],
        player_boundaries={},
    )


def request(**changes: Any) -> LLMRequest:
    values: dict[str, Any] = {
        "prompt": "Tell the next scene. METACONCEPTS TO FOLLOW: none.",
        "system": "You tell stories.",
        "context": context(),
        "task": "scene",
        "schema": SCENE_SCHEMA,
    }
    return LLMRequest(**(values | changes))


async def told(adapter: Adapter, asked: LLMRequest) -> tuple[list[TextPiece], LLMResponse]:
    """All pieces of a stream, and its end."""
    pieces: list[TextPiece] = []
    async with aclosing(adapter.stream(asked)) as items:
        async for item in items:
            if isinstance(item, StreamEnded):
                return pieces, item.response
            assert isinstance(item, TextPiece)
            pieces.append(item)
    raise AssertionError("the stream had no end")


async def failure(adapter: Adapter, asked: LLMRequest, *, stream: bool) -> ProviderError:
    """The error of a call that fails."""
    call = told(adapter, asked) if stream else adapter.complete(asked)
    with pytest.raises(ProviderError) as caught:
        await call
    return caught.value


both_ways = pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])


class AdapterTests:
    """Subclass it with ``adapter_class`` and ``key_variable``."""

    adapter_class: type[Adapter]
    key_variable: str
    base_path = ""
    provider_name: str
    asked_as = "json_schema"
    warm_model = "some-model"
    expected: ClassVar[dict[str, type[ProviderError]]] = {}
    """What this vendor's errors mean where it differs from the others."""

    def make(self, wire: WireServer, *, key: str = "any", **options: Any) -> Adapter:
        config = options.pop("config", LLMConfig(model="some-model", max_tokens=4000))
        return self.adapter_class(
            key, config=config, base_url=wire.url + self.base_path, now=lambda: NOON, **options
        )
