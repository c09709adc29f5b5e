"""What a heartbeat says of calls comes to whoever takes the turn over as it was said."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from tta_rebuild.core.base_primitive import TTAContext
from tta_rebuild.core.turn_calls import CallPlace
from tta_rebuild.core.usage import Usage
from tta_rebuild.engine.kept_replies import OpenCall, TurnMemory
from tta_rebuild.integrations.llm_provider import LLMRequest
from tta_rebuild.storage.memory_store import MemoryStoryStore
from tta_rebuild.worker.activities import details_of, heard_of

SCENE, WAITS = CallPlace("scene", 1), CallPlace("check", 1)


class WallClock:
    """A time of day that the test turns on."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def later(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def call_of(clock: WallClock) -> OpenCall:
    context = TTAContext(
        workflow_id="s",
        correlation_id="c",
        timestamp=clock(),
        metaconcepts=[],
        player_boundaries={},
        session_state={},
    )
    calls = MemoryStoryStore().turn_calls()

    async def settle() -> None:
        pass

    memory = TurnMemory("t1", calls, settle=settle, clock=clock)
    return OpenCall(memory, SCENE, LLMRequest(prompt="Tell on.", context=context))


async def test_how_far_a_call_has_come_and_how_fast_it_ever_was_is_told_with_a_heartbeat() -> None:
    clock = WallClock()
    call = call_of(clock)
    await call.sending("p", "m", 500)
    counted = Usage(input_tokens=70, output_tokens=9)
    for chars in (0, 100, 300, 50):
        clock.later(0.5)
        if chars:
            call.heard(chars, counted)
        details = details_of({SCENE: call, WAITS: call_of(clock)})

    [(place, heard)] = heard_of(json.loads(json.dumps(details))).items()
    assert place == SCENE, "one whose request has not left is not told of"
    assert (heard.chars, heard.fastest, heard.usage) == (450, 600.0, counted)
    assert heard.at_s == clock().timestamp()
    assert heard.first_s == clock().timestamp() - 1.0


async def test_another_attempt_at_the_same_call_begins_from_nothing() -> None:
    clock = WallClock()
    call = call_of(clock)
    await call.sending("p", "m", 500)
    call.heard(100, None)
    clock.later(1.0)
    call.now()
    await call.sending("q", "n", 400)

    assert (call.now().chars, call.now().fastest, call.now().first_s) == (0, 0.0, None)
    assert call.asked is not None
    assert (call.asked.provider, call.asked.most_output_tokens) == ("q", 400)
    assert call.asked.at == clock()
