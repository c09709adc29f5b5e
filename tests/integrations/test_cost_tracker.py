"""Booking: every attempt has its row and its price, whatever became of it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Sequence
from datetime import timedelta

import pytest

from tests.integrations.costed import PRICES, SCENE, SCENE_USD, Fixed, items_of
from tests.integrations.fakes import (
    ManualClock,
    MemoryLedger,
    ScriptedProvider,
    Told,
    request_of,
    settle,
)
from tta_rebuild.core.errors import (
    ContentRefused,
    ProviderBusy,
    ProviderError,
    ProviderTimeout,
    ReplyUnusable,
    StoreFull,
    StreamBroken,
)
from tta_rebuild.core.usage import Attempt, Usage
from tta_rebuild.integrations.cost_tracker import CostTracker
from tta_rebuild.integrations.llm_provider import (
    LLMConfig,
    LLMRequest,
    LLMResponse,
    RequestProvider,
    StreamEnded,
    StreamItem,
    TextPiece,
)
from tta_rebuild.integrations.prices import Price, Rates
from tta_rebuild.integrations.wrappers.costed import (
    AccountedLLMProvider,
    BudgetedLLMProvider,
    CostTrackingLLMProvider,
)
from tta_rebuild.integrations.wrappers.fallback import (
    FallbackLLMProvider,
    Link,
)
from tta_rebuild.integrations.wrappers.retrying import RetryingLLMProvider


async def test_every_attempt_is_a_row_with_all_that_reports_ask_for() -> None:
    at = Fixed(Told(usage=SCENE, takes_s=1.5), player_id="ada", session_id="s-1")
    request = request_of(task="scene", story_id="st", branch_id="br", turn=7, template="scene@3")
    response = await at.clock.until(at.costed.complete(request))
    assert response.cost_usd == pytest.approx(SCENE_USD, abs=1e-12)  # type: ignore[attr-defined]
    assert await at.rows() == [
        Attempt(
            at=at.clock.wall() - timedelta(seconds=1.5),
            provider="gemini",
            model="gemini-2.5-flash",
            task="scene",
            outcome="ok",
            usage=SCENE,
            cost_usd=response.cost_usd,  # type: ignore[attr-defined]
            story_id="st",
            branch_id="br",
            turn=7,
            player_id="ada",
            session_id="s-1",
            correlation_id="corr-1",
            latency_s=1.5,
            prompt_version="scene@3",
        )
    ]


async def test_a_streams_row_tells_when_the_first_piece_came() -> None:
    at = Fixed(Told(takes_s=0.45))
    await at.clock.until(items_of(at.costed))
    (row,) = await at.rows()
    assert row.first_piece_s == pytest.approx(0.45)


async def test_the_price_is_that_of_the_model_that_answered() -> None:
    at = Fixed(Told(usage=SCENE, model="gemini-2.5-pro"))
    response = await at.costed.complete(request_of())
    assert response.cost_usd == pytest.approx((1000 * 1.25 + 500 * 10) / 1e6, abs=1e-12)


async def test_retries_and_fallbacks_are_attempts_of_one_call() -> None:
    at = Fixed(ProviderBusy("503"), Told(error=ReplyUnusable("?")), Told(error=ReplyUnusable("?")))
    second = ScriptedProvider(Told(usage=SCENE), max_tokens=1000)
    links = [
        BudgetedLLMProvider(
            RetryingLLMProvider(
                CostTrackingLLMProvider(model, at.tracker, provider="gemini"),
                clock=at.clock,
                random=random.Random(1),
            ),
            at.tracker,
            provider="gemini",
        )
        for model in (at.model, second)
    ]
    provider = AccountedLLMProvider(
        FallbackLLMProvider(
            [Link(provider=link, name=f"model {n}") for n, link in enumerate(links)]
        ),
        at.tracker,
    )
    response = await at.clock.until(provider.complete(request_of()))
    rows = await at.rows()
    assert [(row.attempt, row.outcome) for row in rows] == [
        (1, "busy"),
        (2, "unusable"),
        (3, "ok"),
    ]
    assert response.cost_usd == pytest.approx(at.ledger.total_usd)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("error", "outcome", "is_charged"),
    [
        (ProviderBusy("503"), "busy", False),
        (ProviderTimeout("no word for 30 s"), "busy", True),
        (ReplyUnusable("empty"), "unusable", True),
        (ContentRefused("no", reason="SAFETY"), "refused", True),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
async def test_a_failed_attempt_is_charged_where_an_answer_may_have_been_written(
    error: ProviderError, outcome: str, is_charged: bool
) -> None:
    at = Fixed(error)
    with pytest.raises(type(error)):
        await at.costed.complete(request_of())
    (row,) = await at.rows()
    assert row.outcome == outcome
    assert (row.cost_usd > 0) is is_charged


async def test_what_the_provider_counted_for_a_failure_is_believed() -> None:
    error = ReplyUnusable("no JSON")
    error.usage = SCENE
    at = Fixed(error)
    with pytest.raises(ReplyUnusable):
        await at.costed.complete(request_of())
    (row,) = await at.rows()
    assert row.usage == SCENE
    assert row.cost_usd == pytest.approx(SCENE_USD)


async def test_an_accounted_stream_ends_with_its_cost_and_is_closed_when_it_is_left() -> None:
    at = Fixed(Told(usage=SCENE))
    provider = AccountedLLMProvider(at.costed, at.tracker)
    *_, ended = await items_of(provider)
    assert isinstance(ended, StreamEnded)
    assert ended.response.cost_usd == pytest.approx(SCENE_USD)

    items = provider.stream(request_of())
    await anext(items)
    await items.aclose()
    assert at.model.seen[1].closed
    async with at.tracker.call(at.model.seen[1].request) as (call, _):
        assert call.attempts == 0  # another one


@pytest.mark.parametrize("counts", [True, False], ids=["counted", "estimated"])
async def test_a_stream_that_is_left_is_charged_for_what_was_sent(counts: bool) -> None:
    text = "word " * 400
    at = Fixed(Told(text, pieces=40, counts=counts))
    items = at.costed.stream(request_of("p" * 400))
    for _ in range(10):
        await anext(items)
    await items.aclose()
    (row,) = await at.rows()
    assert row.outcome == "cancelled"
    assert row.usage.estimated
    piece_tokens = len(text) / 40 / 4
    sent_tokens = 10 * piece_tokens
    assert abs(row.usage.output_tokens - sent_tokens) <= piece_tokens + 1
    assert at.model.seen[0].closed


async def test_a_stream_whose_task_is_cancelled_is_charged_alike() -> None:
    at = Fixed(Told("word " * 400, pieces=40))

    async def read_slowly() -> None:
        async for _ in at.costed.stream(request_of()):
            await at.clock.sleep(1.0)

    reader = asyncio.create_task(read_slowly())
    await at.clock.advance(5.0)
    reader.cancel()
    await settle()
    (row,) = await at.rows()
    assert row.outcome == "cancelled"
    assert 0 < row.usage.output_tokens < 500


async def test_a_stream_that_broke_is_charged_for_what_came() -> None:
    at = Fixed(Told("word " * 100, StreamBroken("cut", text=""), in_mid_stream=True, pieces=10))
    with pytest.raises(StreamBroken):
        await items_of(at.costed)
    (row,) = await at.rows()
    assert row.outcome == "broken"
    assert 0 < row.usage.output_tokens < 125


class Sends(RequestProvider):
    """Streams these pieces and breaks off, or answers as a whole with a bare count of tokens."""

    def __init__(self, *pieces: TextPiece) -> None:
        super().__init__(LLMConfig(model="gemini-2.5-flash", max_tokens=1000))
        self.pieces = pieces

    async def complete(self, request: LLMRequest) -> LLMResponse:
        return LLMResponse(text="x", tokens_used=30, model="", finish_reason="stop")

    async def stream(self, request: LLMRequest) -> AsyncGenerator[StreamItem, None]:
        for piece in self.pieces:
            yield piece
        raise StreamBroken("cut", text="".join(piece.text for piece in self.pieces))


async def _broken(*pieces: TextPiece) -> Usage:
    """What is charged for a stream that breaks after these pieces."""
    tracker = CostTracker(prices=PRICES, clock=ManualClock())
    with pytest.raises(StreamBroken):
        await items_of(CostTrackingLLMProvider(Sends(*pieces), tracker))
    (row,) = tracker.calls
    return row.usage


async def test_a_broken_stream_is_charged_for_one_piece_more_than_came() -> None:
    usage = await _broken(*(TextPiece("x" * size) for size in (40, 80, 40)))
    assert usage.output_tokens == 160 / 4 + 80 / 4


async def test_what_was_counted_in_mid_stream_is_believed_rather_than_estimated() -> None:
    counted = Usage(input_tokens=7, output_tokens=300)
    usage = await _broken(TextPiece("x" * 40), TextPiece("x" * 40, counted), TextPiece("x" * 8))
    assert usage == Usage(input_tokens=7, output_tokens=310, estimated=True)


async def test_a_stream_that_is_left_before_its_first_piece_costs_no_output() -> None:
    at = Fixed(Told(takes_s=9.0))
    reader = asyncio.create_task(items_of(at.costed))
    await settle()
    reader.cancel()
    await settle()
    (row,) = await at.rows()
    assert (row.outcome, row.usage.output_tokens) == ("cancelled", 0)
    assert row.usage.input_tokens > 0


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
async def test_an_attempt_that_crashes_is_charged_at_its_worst_or_for_what_was_sent(
    stream: bool,
) -> None:
    at = Fixed(Told("word " * 40, RuntimeError("a defect"), in_mid_stream=stream))
    with pytest.raises(RuntimeError):
        await (items_of(at.costed) if stream else at.costed.complete(request_of()))
    (row,) = await at.rows()
    assert row.outcome == "error"
    assert row.usage.output_tokens == (25 + 13 if stream else 1000)


async def test_an_unnamed_wrapper_books_under_the_name_that_the_answer_gives() -> None:
    tracker = CostTracker(prices=PRICES, clock=ManualClock())
    await CostTrackingLLMProvider(ScriptedProvider(name="openai"), tracker).complete(request_of())
    assert tracker.calls[0].provider == "openai"


async def test_a_bare_count_of_tokens_is_booked_as_an_estimate() -> None:
    tracker = CostTracker(prices=PRICES, clock=ManualClock())
    await CostTrackingLLMProvider(Sends(), tracker).complete(request_of())
    assert tracker.calls[0].usage == Usage(output_tokens=30, estimated=True)


async def test_a_whole_answer_that_nobody_waited_for_is_charged_at_its_worst() -> None:
    at = Fixed(Told(takes_s=9.0))
    call = asyncio.create_task(at.costed.complete(request_of()))
    await settle()
    call.cancel()
    await settle()
    (row,) = await at.rows()
    assert (row.outcome, row.usage.output_tokens) == ("cancelled", 1000)


async def test_a_reader_who_leaves_after_the_end_pays_the_real_bill() -> None:
    at = Fixed(Told(usage=SCENE))
    items = at.costed.stream(request_of())
    while not isinstance(await anext(items), StreamEnded):
        pass
    await items.aclose()
    (row,) = await at.rows()
    assert (row.outcome, row.usage) == ("ok", SCENE)


async def test_a_ledger_that_cannot_be_written_loses_no_row() -> None:
    class Full(MemoryLedger):
        is_full = True

        async def book_all(self, attempts: Sequence[Attempt]) -> None:
            if self.is_full:
                raise StoreFull("no space left")
            await super().book_all(attempts)

    at = Fixed()
    ledger = Full()
    tracker = CostTracker(ledger, prices=PRICES, clock=at.clock)
    provider = CostTrackingLLMProvider(at.model, tracker)
    for _ in range(3):
        await provider.complete(request_of())
    with pytest.raises(StoreFull):
        await tracker.flush()
    ledger.is_full = False
    await tracker.flush()
    assert len(ledger.rows) == 3


async def test_rows_of_a_moment_are_written_together_and_in_order() -> None:
    class Batches(MemoryLedger):
        def __init__(self) -> None:
            super().__init__()
            self.sizes: list[int] = []

        async def book_all(self, attempts: Sequence[Attempt]) -> None:
            await asyncio.sleep(0)
            self.sizes.append(len(attempts))
            self.rows.extend(attempts)

    clock = ManualClock()
    ledger = Batches()
    tracker = CostTracker(ledger, prices=PRICES, clock=clock)
    provider = CostTrackingLLMProvider(ScriptedProvider(), tracker)
    for turn in range(5):
        await provider.complete(request_of(turn=turn))
    assert ledger.rows == []
    await clock.advance(0.6)
    await provider.complete(request_of(turn=5))
    await tracker.flush()
    assert ledger.sizes == [5, 1]
    assert [row.turn for row in ledger.rows] == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("price", "costs_usd"),
    [(None, 0.0), (Price(rates=Rates(input=1.0, output=2.0)), (1000 * 1.0 + 500 * 2.0) / 1e6)],
)
async def test_a_provider_of_ones_own_costs_what_it_says_else_nothing(
    price: Price | None, costs_usd: float
) -> None:
    own = ScriptedProvider(Told(usage=SCENE), Told(usage=SCENE), model="house-1", name="house")
    own.price = price
    tracker = CostTracker(budget_usd=0.01)
    costed = CostTrackingLLMProvider(RetryingLLMProvider(own), tracker)

    response = await costed.complete(request_of())
    await items_of(costed)

    assert response.cost_usd == pytest.approx(costs_usd)
    assert tracker.spent == pytest.approx(2 * costs_usd)


async def test_a_chain_does_not_put_the_price_of_its_first_model_on_the_next() -> None:
    own = ScriptedProvider(ProviderBusy("later"), model="house-1", name="house")
    own.price = Price(rates=Rates(input=0.0, output=0.0))
    gemini = ScriptedProvider(Told(usage=SCENE), model="gemini-2.5-flash")
    tracker = CostTracker(MemoryLedger(), prices=PRICES)
    costed = CostTrackingLLMProvider(FallbackLLMProvider([own, gemini]), tracker)

    assert (await costed.complete(request_of())).cost_usd == pytest.approx(SCENE_USD)
