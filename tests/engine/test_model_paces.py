"""What a call that was cut off is booked at: never less than was billed, and not much more."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import ceil, floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tta_rebuild.core.turn_calls import CallAsked, CallHeard, ModelPace
from tta_rebuild.core.usage import Attempt, Outcome, Usage
from tta_rebuild.engine.model_paces import ModelPaces, usage_when_lost

AT = datetime(2026, 1, 1, tzinfo=UTC)
SENT_S = AT.timestamp()
LONG_S = 10.0
CALL = CallAsked(
    at=AT,
    provider="p",
    model="m",
    task="scene",
    input_tokens=1_100,
    story_id="s",
    branch_id="s.1",
    turn=1,
    prompt_version="scene@1",
    most_output_tokens=2_000,
    prompt_bytes=4_000,
)


def paces_of(
    *per_s: float, thinking: int = 0, asked: CallAsked = CALL, waited_s: float = 0.5
) -> ModelPaces:
    """A model whose answers of 400 tokens came so fast, ``waited_s`` after they were asked."""
    paces = ModelPaces()
    for speed in per_s:
        usage = Usage(input_tokens=900, output_tokens=400, thinking_tokens=thinking)
        paces.learn(asked, usage, chars=1_600, waited_s=waited_s, told_s=400 / speed)
    return paces


def test_of_a_model_of_which_nothing_is_known_the_longest_answer_is_booked() -> None:
    lost = usage_when_lost(CALL, None, SENT_S + 1.0, ModelPaces())

    assert (lost.input_tokens, lost.output_tokens, lost.estimated) == (1_100, 2_000, True)
    assert lost.cache_write_tokens == 1_100, "it may all have been written to a cache"


def test_a_call_that_was_never_heard_of_had_no_longer_than_its_worker_lived() -> None:
    lost = usage_when_lost(CALL, None, SENT_S + 2.0, paces_of(100.0, 90.0))

    assert 200 <= lost.output_tokens <= 220
    assert (lost.input_tokens, lost.cache_write_tokens) == (900, 0)


def test_what_had_come_by_the_last_heartbeat_is_known_and_the_rest_is_by_the_time_since() -> None:
    heard = CallHeard(at_s=SENT_S + 4.0, first_s=SENT_S + 3.0, chars=400, fastest=400.0)
    lost = usage_when_lost(CALL, heard, SENT_S + 4.2, paces_of(100.0, 90.0))
    early = replace(heard, at_s=SENT_S - 1.0, first_s=SENT_S - 2.0, chars=1)

    assert 120 <= lost.output_tokens <= 135
    assert usage_when_lost(CALL, early, SENT_S + 4.2, paces_of(100.0, 90.0)).output_tokens > 400


def test_what_the_provider_counted_early_is_taken_as_it_is() -> None:
    counted = Usage(input_tokens=777, cached_tokens=500, output_tokens=100, thinking_tokens=40)
    heard = CallHeard(at_s=SENT_S + 1, first_s=SENT_S, chars=40, fastest=40.0, usage=counted)
    lost = usage_when_lost(CALL, heard, SENT_S + 1.0, ModelPaces())

    assert (lost.input_tokens, lost.cached_tokens) == (777, 500)
    assert lost.output_tokens >= 140


def test_a_prompt_is_counted_as_the_one_of_nearly_its_length_was() -> None:
    paces = paces_of(100.0)
    longer, shorter = replace(CALL, prompt_bytes=4_300), replace(CALL, prompt_bytes=3_200)

    assert paces.input_tokens(CALL) == 900
    assert paces.input_tokens(longer) == 1_000
    assert paces.input_tokens(shorter) == 800
    assert paces.input_tokens(replace(CALL, prompt_version="check@1")) == 1_100


def test_what_the_worker_knew_that_asked_counts_as_well() -> None:
    fast = ModelPace(
        written_share=0.0, output_per_char=0.25, output_per_s=300.0, thinking_per_s=0.0
    )
    asked = replace(CALL, pace=fast)

    assert usage_when_lost(asked, None, SENT_S + 1.0, ModelPaces()).output_tokens >= 300
    assert usage_when_lost(asked, None, SENT_S + 1.0, paces_of(50.0, 50.0)).output_tokens >= 300


@pytest.mark.parametrize(("outcome", "most"), [("ok", 120), ("cancelled", 2_000)])
def test_a_worker_that_begins_knows_from_the_ledger_how_fast_a_model_is(
    outcome: Outcome, most: int
) -> None:
    row = Attempt(
        at=AT,
        provider="p",
        model="m",
        task="scene",
        outcome=outcome,
        usage=Usage(input_tokens=900, output_tokens=400),
        cost_usd=0.1,
        latency_s=4.5,
        first_piece_s=0.5,
    )
    paces = ModelPaces()
    paces.learn_of([row, row, replace(row, first_piece_s=None)])

    assert usage_when_lost(CALL, None, SENT_S + 1.0, paces).output_tokens <= most


@given(
    speed=st.floats(20, 200),
    before=st.lists(st.floats(0.5, 1.0), min_size=1, max_size=4),
    waits_s=st.floats(0.05, 3.0),
    lives_s=st.floats(0.0, 12.0),
    noticed_s=st.floats(0.0, 0.5),
    beats_s=st.lists(st.floats(0.3, 2.0), max_size=10),
    thinks=st.booleans(),
)
def test_whenever_a_worker_is_killed_no_less_is_booked_than_was_billed(
    speed: float,
    before: list[float],
    waits_s: float,
    lives_s: float,
    noticed_s: float,
    beats_s: list[float],
    thinks: bool,
) -> None:
    def told(at_s: float) -> int:
        """Tokens of the text by then, as the server sends them."""
        return max(0, floor((at_s - waits_s) * speed))

    def thought(at_s: float) -> int:
        return floor(min(at_s, waits_s) * speed) if thinks else 0

    thinking = ceil(speed * LONG_S) if thinks else 0  # over half a second a token is a tenth
    told_at = (speed, *(speed * share for share in before))
    paces = paces_of(*told_at, thinking=thinking, waited_s=LONG_S)
    heard, at_s, chars, fastest = None, 0.0, 0, 0.0
    for apart_s in beats_s:
        if (at_s := at_s + apart_s) > lives_s:
            break
        fastest = max(fastest, (4 * told(at_s) - chars) / apart_s)
        chars = 4 * told(at_s)
        first_s = SENT_S + waits_s if chars else None
        heard = CallHeard(at_s=SENT_S + at_s, first_s=first_s, chars=chars, fastest=fastest)

    billed = min(2_000, told(lives_s) + thought(lives_s))
    gone_s = (AT + timedelta(seconds=lives_s + noticed_s)).timestamp()
    lost = usage_when_lost(CALL, heard, gone_s, paces)

    assert lost.output_tokens >= billed
    assert lost.output_tokens <= 1.1 * speed * (lives_s + noticed_s + 0.1) + 5
