"""Money: held before, booked after, never overspent, and every attempt has its row."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.integrations.fakes import (
    ManualClock,
    MemoryLedger,
    ScriptedProvider,
    Told,
    context_of,
    request_of,
    settle,
)
from tta_rebuild.core.errors import (
    BudgetExceededError,
    ContentRefused,
    ProviderBusy,
    ProviderError,
    ProviderTimeout,
    ReplyUnusable,
    StoreFull,
    StreamBroken,
)
from tta_rebuild.core.usage import Attempt, Usage
from tta_rebuild.integrations.budgets import Budget, BudgetWarning
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
from tta_rebuild.integrations.prices import Price, PriceBook, Rates
from tta_rebuild.integrations.wrappers.costed import (
    AccountedLLMProvider,
    BudgetedLLMProvider,
    CostTrackingLLMProvider,
)
from tta_rebuild.integrations.wrappers.fallback import (
    ALSO_WITHOUT_BUDGET,
    FallbackLLMProvider,
    Link,
)
from tta_rebuild.integrations.wrappers.retrying import RetryingLLMProvider

RATES = Rates(input=1.0, output=10.0)
PRICES = PriceBook({"gemini-2.5-flash": Price(rates=RATES)})
SCENE = Usage(input_tokens=1000, output_tokens=500)
SCENE_USD = (1000 * 1.0 + 500 * 10.0) / 1e6


class Fixed:
    """A tracker, its ledger and a provider that answers by a script."""

    def __init__(self, *answers: Told | BaseException, **options: object) -> None:
        self.clock = ManualClock()
        self.ledger = MemoryLedger()
        self.warnings: list[BudgetWarning] = []
        self.tracker = CostTracker(
            self.ledger,
            prices=PRICES,
            clock=self.clock,
            on_warning=self.warnings.append,
            **options,  # type: ignore[arg-type]
        )
        self.model = ScriptedProvider(*answers, clock=self.clock, max_tokens=1000)
        self.costed = CostTrackingLLMProvider(self.model, self.tracker, provider="gemini")

    async def rows(self) -> list[Attempt]:
        await self.tracker.flush()
        return self.ledger.rows


# --------------------------------------------------------------------------- booking


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
    await at.clock.until(_read(at.costed))
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


async def _read(provider: RequestProvider, request: LLMRequest | None = None) -> list[StreamItem]:
    return [item async for item in provider.stream(request or request_of())]


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
        await _read(at.costed)
    (row,) = await at.rows()
    assert row.outcome == "broken"
    assert 0 < row.usage.output_tokens < 125


class BreaksOff(RequestProvider):
    """Gives three pieces and breaks off; the second is the largest."""

    def __init__(self) -> None:
        super().__init__(LLMConfig(model="gemini-2.5-flash", max_tokens=1000))

    async def complete(self, request: LLMRequest) -> LLMResponse:
        raise NotImplementedError

    async def stream(self, request: LLMRequest) -> AsyncGenerator[StreamItem, None]:
        for size in (40, 80, 40):
            yield TextPiece("x" * size)
        raise StreamBroken("cut", text="x" * 160)


async def test_a_broken_stream_is_charged_for_one_piece_more_than_came() -> None:
    tracker = CostTracker(prices=PRICES, clock=ManualClock())
    came = []
    with pytest.raises(StreamBroken):
        async for item in CostTrackingLLMProvider(BreaksOff(), tracker).stream(request_of()):
            came.append(item)
    assert [len(item.text) for item in came if isinstance(item, TextPiece)] == [40, 80, 40]
    (row,) = tracker.calls
    assert row.usage.output_tokens == 160 / 4 + 80 / 4


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

        async def book(self, attempt: Attempt) -> None:
            if self.is_full:
                raise StoreFull("no space left")
            await super().book(attempt)

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


# --------------------------------------------------------------------------- budgets


async def test_a_call_that_does_not_fit_is_refused_before_anything_is_sent() -> None:
    at = Fixed(budgets=[Budget(scope="session", limit_usd=0.001)])
    with pytest.raises(BudgetExceededError) as told:
        await at.costed.complete(request_of())
    assert at.model.seen == []
    assert at.ledger.rows == []
    assert (told.value.scope, told.value.limit_usd) == ("session", 0.001)
    message = str(told.value)
    assert "$0.0010" in message
    assert "LLM_MAX_COST" in message


@pytest.mark.parametrize("scope", ["story", "player", "day", "session", "total"])
async def test_each_scope_adds_up_its_own(scope: str) -> None:
    at = Fixed(Told(usage=SCENE), budgets=[Budget(scope=scope, limit_usd=0.017)])  # type: ignore[arg-type]
    for _ in range(2):
        await at.costed.complete(request_of(story_id="one"))
    with pytest.raises(BudgetExceededError) as told:
        await at.costed.complete(request_of(story_id="one"))
    assert told.value.scope == scope


async def test_another_story_player_or_day_has_its_own_budget() -> None:
    for scope, request in (
        ("story", request_of(story_id="two")),
        ("player", replace(request_of(), context=context_of(player_id="bob"))),
        ("session", replace(request_of(), context=context_of(session_id="s-2"))),
    ):
        at = Fixed(Told(usage=SCENE), budgets=[Budget(scope=scope, limit_usd=0.0115)])  # type: ignore[arg-type]
        await at.costed.complete(request_of(story_id="one"))
        with pytest.raises(BudgetExceededError):
            await at.costed.complete(request_of(story_id="one"))
        await at.costed.complete(request)
    at = Fixed(Told(usage=SCENE), budgets=[Budget(scope="day", limit_usd=0.0115)])
    await at.costed.complete(request_of())
    with pytest.raises(BudgetExceededError):
        await at.costed.complete(request_of())
    await at.clock.advance(12 * 3600)
    await at.costed.complete(request_of())


async def test_the_budget_per_call_spans_its_retries() -> None:
    unusable = ReplyUnusable("?")
    unusable.usage = SCENE
    at = Fixed(unusable, Told(usage=SCENE), budgets=[Budget(scope="call", limit_usd=0.012)])
    provider = BudgetedLLMProvider(
        RetryingLLMProvider(at.costed, clock=at.clock, random=random.Random(1)),
        at.tracker,
        provider="gemini",
    )
    with pytest.raises(BudgetExceededError) as told:
        await at.clock.until(provider.complete(request_of()))
    assert told.value.scope == "call"
    assert len(at.model.seen) == 1


async def test_after_a_restart_the_budget_goes_on_from_the_ledger() -> None:
    at = Fixed(Told(usage=SCENE))
    await at.costed.complete(request_of())
    await at.tracker.flush()
    again = CostTracker(
        at.ledger, [Budget(scope="total", limit_usd=0.0115)], prices=PRICES, clock=at.clock
    )
    with pytest.raises(BudgetExceededError):
        await CostTrackingLLMProvider(at.model, again).complete(request_of())


async def test_a_model_that_costs_nothing_plays_on_without_any_budget() -> None:
    at = Fixed(budgets=[Budget(scope="session", limit_usd=0.0)])
    free = ScriptedProvider(Told("off"), name="offline", model="storyteller")
    provider = FallbackLLMProvider(
        [
            Link(
                provider=BudgetedLLMProvider(at.costed, at.tracker, provider="gemini"),
                name="the model",
            ),
            Link(
                provider=CostTrackingLLMProvider(free, at.tracker, provider="offline"),
                name="the embedded storyteller",
                takes_over_for=ALSO_WITHOUT_BUDGET,
            ),
        ]
    )
    response = await provider.complete(request_of())
    assert response.text == "off"
    assert "budget per session" in response.degraded
    (row,) = await at.rows()
    assert (row.provider, row.cost_usd) == ("offline", 0.0)


async def test_calls_wait_for_what_others_hold_instead_of_being_refused() -> None:
    at = Fixed(Told(usage=SCENE, takes_s=1.0), budgets=[Budget(scope="total", limit_usd=0.1)])
    calls = [asyncio.create_task(at.costed.complete(request_of())) for _ in range(15)]
    await at.clock.advance(10.0)
    assert all(call.done() and call.exception() is None for call in calls)
    assert at.tracker.clock.now() > 0
    assert at.ledger.total_usd == pytest.approx(15 * SCENE_USD)


async def test_waiting_for_money_ends_when_no_call_ends_for_too_long() -> None:
    at = Fixed(
        Told(takes_s=500.0),
        budgets=[Budget(scope="total", limit_usd=0.012)],
        patience_s=30.0,
    )
    first = asyncio.create_task(at.costed.complete(request_of()))
    await settle()
    second = asyncio.create_task(at.costed.complete(request_of()))
    await at.clock.advance(29.0)
    assert not second.done()
    await at.clock.advance(2.0)
    assert isinstance(second.exception(), BudgetExceededError)
    first.cancel()
    await settle()


async def test_a_cancelled_wait_for_money_leaves_nothing_held() -> None:
    at = Fixed(Told(usage=SCENE, takes_s=1.0), budgets=[Budget(scope="total", limit_usd=0.018)])
    first = asyncio.create_task(at.costed.complete(request_of()))
    await settle()
    waits = asyncio.create_task(at.costed.complete(request_of()))
    await settle()
    waits.cancel()
    await at.clock.advance(2.0)
    await first
    response = await at.clock.until(at.costed.complete(request_of()))
    assert isinstance(response, LLMResponse)


class Billing(RequestProvider):
    """A provider that keeps the bill itself, like a server: whole answers, failures, streams."""

    def __init__(self, clock: ManualClock, seed: int) -> None:
        super().__init__(LLMConfig(model="gemini-2.5-flash", max_tokens=400))
        self.clock = clock
        self.random = random.Random(seed)
        self.billed_usd = 0.0
        self.requests = 0

    def _bill(self, usage: Usage) -> Usage:
        self.billed_usd += RATES.cost_usd(usage)
        return usage

    def _response(self, usage: Usage) -> LLMResponse:
        return LLMResponse(
            text="t" * usage.output_tokens * 4,
            tokens_used=usage.total_tokens,
            model=self.config.model,
            finish_reason="stop",
            usage=usage,
        )

    async def complete(self, request: LLMRequest) -> LLMResponse:
        self.requests += 1
        await self.clock.sleep(self.random.uniform(0, 2))
        fate = self.random.random()
        if fate < 0.2:
            raise ProviderBusy("503")
        usage = self._bill(
            Usage(
                input_tokens=len(request.prompt) // 4,
                output_tokens=self.random.randint(1, 300),
                thinking_tokens=self.random.randint(0, 100),
            )
        )
        if fate < 0.3:
            raise ReplyUnusable("written, but no JSON")
        if fate < 0.4:
            raise ProviderTimeout("written, but never arrived")
        return self._response(usage)

    async def stream(self, request: LLMRequest) -> AsyncGenerator[StreamItem, None]:
        self.requests += 1
        input_tokens = len(request.prompt) // 4
        output_tokens = self.random.randint(50, 400)
        sent = 0
        try:
            while sent < output_tokens:
                await self.clock.sleep(0.01)
                sent = min(output_tokens, sent + 8)
                yield TextPiece("t" * 32, Usage(input_tokens=input_tokens, output_tokens=sent))
                if self.random.random() < 0.01:
                    raise StreamBroken("cut", text="")
        finally:
            usage = self._bill(Usage(input_tokens=input_tokens, output_tokens=sent))
        yield StreamEnded(self._response(usage))


@settings(max_examples=25, deadline=None)
@given(
    limit=st.floats(0.001, 0.05),
    callers=st.integers(1, 40),
    seed=st.integers(0, 10_000),
    places=st.sampled_from(["attempt", "call"]),
)
def test_whatever_happens_the_server_never_bills_more_than_the_budget(
    limit: float, callers: int, seed: int, places: str
) -> None:
    async def play() -> tuple[float, float, list[BudgetWarning]]:
        clock = ManualClock()
        ledger = MemoryLedger()
        warnings: list[BudgetWarning] = []
        tracker = CostTracker(
            ledger,
            [Budget(scope="total", limit_usd=limit)],
            prices=PRICES,
            clock=clock,
            on_warning=warnings.append,
        )
        server = Billing(clock, seed)
        source = random.Random(seed)
        provider: RequestProvider = CostTrackingLLMProvider(server, tracker)
        if places == "call":
            provider = BudgetedLLMProvider(
                RetryingLLMProvider(provider, clock=clock, random=source), tracker
            )

        async def call() -> None:
            await clock.sleep(source.uniform(0, 5))
            fate = source.random()
            work = asyncio.ensure_future(
                provider.complete(request_of("p" * 200))
                if fate < 0.5
                else _read(provider, request_of("p" * 200))
            )
            if fate < 0.2 or fate > 0.8:
                clock.call_later(source.uniform(0, 1), work.cancel)
            await asyncio.wait([work])
            if not work.cancelled() and not isinstance(
                work.exception(), (ProviderError, BudgetExceededError, type(None))
            ):
                work.result()

        await clock.until(asyncio.gather(*(call() for _ in range(callers))))
        await tracker.flush()
        assert len(ledger.rows) == server.requests
        return server.billed_usd, ledger.total_usd, warnings

    billed, booked, warnings = asyncio.run(play())
    assert billed <= booked + 1e-9
    assert booked <= limit + 1e-9
    assert len(warnings) == len({warning.percent for warning in warnings})


# --------------------------------------------------------------------------- warnings


async def test_80_90_and_100_percent_are_told_exactly_once_each() -> None:
    at = Fixed(Told(usage=SCENE), budgets=[Budget(scope="session", limit_usd=20 * SCENE_USD)])
    for _ in range(40):
        try:
            await at.costed.complete(request_of())
        except BudgetExceededError:
            continue
    assert [warning.percent for warning in at.warnings] == [80, 90, 100]
    assert str(at.warnings[0]) == ("80 % of the budget per session is reached: $0.0960 of $0.1200")


async def test_one_large_call_passes_several_levels_and_each_is_told() -> None:
    at = Fixed(
        Told(usage=Usage(input_tokens=100, output_tokens=980)),
        budgets=[Budget(scope="day", limit_usd=0.0108)],
    )
    await at.costed.complete(request_of(max_tokens=1000))
    assert [warning.percent for warning in at.warnings] == [80, 90]


async def test_a_call_too_large_for_an_untouched_budget_warns_of_nothing() -> None:
    at = Fixed(budgets=[Budget(scope="day", limit_usd=0.001)])
    with pytest.raises(BudgetExceededError):
        await at.costed.complete(request_of())
    assert at.warnings == []


async def test_levels_told_before_a_restart_are_not_told_again() -> None:
    at = Fixed(Told(usage=SCENE))
    await at.costed.complete(request_of())
    await at.tracker.flush()
    warnings: list[BudgetWarning] = []
    again = CostTracker(
        at.ledger,
        [Budget(scope="total", limit_usd=SCENE_USD * 1.1)],
        prices=PRICES,
        clock=at.clock,
        on_warning=warnings.append,
    )
    assert await again.spent_usd("total") == pytest.approx(SCENE_USD)
    with pytest.raises(BudgetExceededError):
        await CostTrackingLLMProvider(at.model, again).complete(request_of())
    assert [warning.percent for warning in warnings] == [100]


def test_a_negative_budget_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 0"):
        Budget(scope="day", limit_usd=-1)


async def test_days_begin_at_midnight_of_the_clocks_zone() -> None:
    at = Fixed(Told(usage=SCENE), budgets=[Budget(scope="day", limit_usd=1.0)])
    at.ledger.rows.append(
        Attempt(
            at=datetime(2026, 11, 21, 23, 59, tzinfo=UTC),
            provider="gemini",
            model="m",
            task="",
            outcome="ok",
            usage=SCENE,
            cost_usd=0.9,
        )
    )
    await at.costed.complete(request_of())
    assert await at.tracker.spent_usd("day", "2026-11-22") == pytest.approx(SCENE_USD)


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
    await tracker.aclose()
    assert ledger.sizes == [5, 1]
    assert [row.turn for row in ledger.rows] == [0, 1, 2, 3, 4, 5]


async def test_a_server_at_home_is_free_whatever_adapter_talks_to_it() -> None:
    ledger = MemoryLedger()
    tracker = CostTracker(ledger, [Budget(scope="session", limit_usd=0.0)], clock=ManualClock())
    model = ScriptedProvider(name="openai", model="house-model:7b")
    response = await CostTrackingLLMProvider(model, tracker, provider="ollama").complete(
        request_of()
    )
    await tracker.flush()
    assert (response.cost_usd, ledger.rows[0].provider) == (0.0, "ollama")
