"""What every way to hold budgets must hold: money is held before a call, settled after it, never
overspent. Subclassed by each, on a clock turned by hand."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Protocol

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.integrations.costed import RATES, SCENE, SCENE_USD, Fixed, items_of
from tests.integrations.fakes import (
    ManualClock,
    ScriptedProvider,
    Told,
    context_of,
    request_of,
)
from tta_rebuild.core.errors import (
    BudgetExceededError,
    PlayersBudgetExceeded,
    ProviderBusy,
    ProviderError,
    ProviderTimeout,
    ReplyUnusable,
    StreamBroken,
)
from tta_rebuild.core.usage import Usage
from tta_rebuild.integrations.budgets import Budget, BudgetWarning
from tta_rebuild.integrations.llm_provider import (
    LLMConfig,
    LLMRequest,
    LLMResponse,
    RequestProvider,
    StreamEnded,
    StreamItem,
    TextPiece,
)
from tta_rebuild.integrations.wrappers.costed import (
    BudgetedLLMProvider,
    CostTrackingLLMProvider,
)
from tta_rebuild.integrations.wrappers.fallback import (
    ALSO_WITHOUT_BUDGET,
    FallbackLLMProvider,
    Link,
)
from tta_rebuild.integrations.wrappers.retrying import RetryingLLMProvider


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


SHARED = [HealthCheck.differing_executors, HealthCheck.function_scoped_fixture]
"""What hypothesis finds odd in a class of tests for several ways."""


class Make(Protocol):
    """A tracker, its ledger, its clock and a provider that answers by a script."""

    async def __call__(self, *answers: Told | BaseException, **options: object) -> Fixed: ...


class BudgetContract:
    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Make]:
        raise NotImplementedError
        yield

    @pytest.fixture
    async def make(self) -> AsyncIterator[Make]:
        async with self.opened() as make:
            yield make

    async def test_a_call_that_does_not_fit_is_refused_before_anything_is_sent(
        self, make: Make
    ) -> None:
        at = await make(budgets=[Budget(scope="session", limit_usd=0.001)])
        with pytest.raises(BudgetExceededError) as told:
            await at.costed.complete(request_of())
        assert at.model.seen == []
        assert at.ledger.rows == []
        assert (told.value.scope, told.value.limit_usd) == ("session", 0.001)
        message = str(told.value)
        assert "$0.0010" in message
        assert "LLM_MAX_COST" in message

    @pytest.mark.parametrize("scope", ["story", "player", "day", "session", "total"])
    async def test_each_scope_adds_up_its_own(self, make: Make, scope: str) -> None:
        at = await make(Told(usage=SCENE), budgets=[Budget(scope=scope, limit_usd=0.017)])  # type: ignore[arg-type]
        for _ in range(2):
            await at.costed.complete(request_of(story_id="one"))
        with pytest.raises(BudgetExceededError) as told:
            await at.costed.complete(request_of(story_id="one"))
        assert told.value.scope == scope

    async def test_another_story_player_or_day_has_its_own_budget(self, make: Make) -> None:
        for scope, request in (
            ("story", request_of(story_id="two")),
            ("player", replace(request_of(), context=context_of(player_id="bob"))),
            ("session", replace(request_of(), context=context_of(session_id="s-2"))),
        ):
            at = await make(Told(usage=SCENE), budgets=[Budget(scope=scope, limit_usd=0.0115)])  # type: ignore[arg-type]
            await at.costed.complete(request_of(story_id="one"))
            with pytest.raises(BudgetExceededError):
                await at.costed.complete(request_of(story_id="one"))
            await at.costed.complete(request)
        at = await make(Told(usage=SCENE), budgets=[Budget(scope="day", limit_usd=0.0115)])
        await at.costed.complete(request_of())
        with pytest.raises(BudgetExceededError):
            await at.costed.complete(request_of())
        await at.clock.advance(12 * 3600)
        await at.costed.complete(request_of())

    async def test_the_budget_per_call_spans_its_retries(self, make: Make) -> None:
        unusable = ReplyUnusable("?")
        unusable.usage = SCENE
        at = await make(
            unusable, Told(usage=SCENE), budgets=[Budget(scope="call", limit_usd=0.012)]
        )
        provider = BudgetedLLMProvider(
            RetryingLLMProvider(at.costed, clock=at.clock, random=random.Random(1)),
            at.tracker,
            provider="gemini",
        )
        with pytest.raises(BudgetExceededError) as told:
            await at.clock.until(provider.complete(request_of()))
        assert told.value.scope == "call"
        assert told.value.spent_usd == pytest.approx(SCENE_USD)
        assert len(at.model.seen) == 1

    async def test_after_a_restart_the_budget_goes_on_from_the_ledger(self, make: Make) -> None:
        at = await make(Told(usage=SCENE))
        await at.costed.complete(request_of())
        await at.tracker.flush()
        budgets = [Budget(scope="total", limit_usd=0.0115)]
        again = await make(ledger=at.ledger, clock=at.clock, budgets=budgets)
        with pytest.raises(BudgetExceededError):
            await again.costed.complete(request_of())

    async def test_a_model_that_costs_nothing_plays_on_without_any_budget(self, make: Make) -> None:
        at = await make(budgets=[Budget(scope="session", limit_usd=0.0)])
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

    async def test_calls_wait_for_what_others_hold_instead_of_being_refused(
        self, make: Make
    ) -> None:
        at = await make(
            Told(usage=SCENE, takes_s=1.0), budgets=[Budget(scope="total", limit_usd=0.1)]
        )
        calls = [asyncio.create_task(at.costed.complete(request_of())) for _ in range(15)]
        await at.clock.advance(10.0)
        assert all(call.done() and call.exception() is None for call in calls)
        assert at.tracker.clock.now() > 0
        assert at.ledger.total_usd == pytest.approx(15 * SCENE_USD)

    async def test_waiting_for_money_ends_when_no_call_ends_for_too_long(self, make: Make) -> None:
        at = await make(
            Told(takes_s=500.0),
            budgets=[Budget(scope="total", limit_usd=0.012)],
            patience_s=30.0,
        )
        first = asyncio.create_task(at.costed.complete(request_of()))
        await at.clock.settle()
        second = asyncio.create_task(at.costed.complete(request_of()))
        await at.clock.advance(29.0)
        assert not second.done()
        await at.clock.advance(2.0)
        assert isinstance(second.exception(), BudgetExceededError)
        first.cancel()
        await at.clock.settle()

    async def test_a_cancelled_wait_for_money_leaves_nothing_held(self, make: Make) -> None:
        at = await make(
            Told(usage=SCENE, takes_s=1.0), budgets=[Budget(scope="total", limit_usd=0.018)]
        )
        first = asyncio.create_task(at.costed.complete(request_of()))
        await at.clock.settle()
        waits = asyncio.create_task(at.costed.complete(request_of()))
        await at.clock.settle()
        waits.cancel()
        await at.clock.advance(2.0)
        await first
        response = await at.clock.until(at.costed.complete(request_of()))
        assert isinstance(response, LLMResponse)

    @settings(max_examples=25, deadline=None, suppress_health_check=SHARED)
    @given(
        limit=st.floats(0.001, 0.05),
        callers=st.integers(1, 40),
        seed=st.integers(0, 10_000),
        places=st.sampled_from(["attempt", "call"]),
    )
    def test_whatever_happens_the_server_never_bills_more_than_the_budget(
        self, limit: float, callers: int, seed: int, places: str
    ) -> None:
        async def play() -> tuple[float, float, list[BudgetWarning]]:
            async with self.opened() as make:
                at = await make(budgets=[Budget(scope="total", limit_usd=limit)])
                clock, ledger, tracker, warnings = at.clock, at.ledger, at.tracker, at.warnings
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
                        else items_of(provider, request_of("p" * 200))
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

    async def test_what_a_player_may_spend_a_day_is_theirs_and_the_days_alone(
        self, make: Make
    ) -> None:
        limits = {"anna": 0.0108, "bo ben": 0.0}

        async def asked() -> Mapping[str, float]:
            return limits

        at = await make(*[Told(usage=SCENE)] * 9, limits=asked)

        async def plays(player: str) -> bool:
            try:
                await at.costed.complete(
                    replace(request_of(), context=context_of(player_id=player))
                )
            except PlayersBudgetExceeded as error:
                return "next day" not in str(error)
            return True

        assert await plays("anna")
        assert not await plays("anna")
        assert await plays("ben")
        assert not await plays("bo ben")
        limits["anna"] = 1.0
        assert await plays("anna")
        limits["anna"] = 0.0108
        assert not await plays("anna"), "what was spent under another limit counts"
        await at.clock.advance(86_400)
        assert await plays("anna")
        day = at.clock.wall().date().isoformat()
        assert await at.tracker.spent_usd("player day", f"anna {day}") == pytest.approx(SCENE_USD)
        assert await at.tracker.spent_usd("player", "anna") == pytest.approx(3 * SCENE_USD)
