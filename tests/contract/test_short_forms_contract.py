"""The model layer in single parts, as programs write it that use one part alone."""

from __future__ import annotations

import itertools
import logging
import secrets
import subprocess
import sys
from collections.abc import Callable

import pytest

from tests.integrations.e2b_server import E2BServer
from tests.integrations.fakes import ManualClock, settle
from tta_rebuild.core import ResilientPrimitive, TTAContext
from tta_rebuild.core.errors import (
    BudgetExceededError,
    ExecutionError,
    KeyMissing,
    ProviderBusy,
    ValidationError,
)
from tta_rebuild.core.resilient_primitive import Resilience
from tta_rebuild.integrations import (
    AnthropicProvider,
    CachedLLMProvider,
    CircuitBreakerLLMProvider,
    CostTracker,
    CostTrackingLLMProvider,
    E2BEndpoint,
    E2BExecutor,
    FallbackLLMProvider,
    GeminiLLMProvider,
    LLMConfig,
    LLMProvider,
    LocalExecutor,
    MockLLMProvider,
    OpenAIProvider,
    RateLimitedLLMProvider,
    RateLimiter,
    RetryingLLMProvider,
)

ADAPTERS = [
    (GeminiLLMProvider, "GEMINI_API_KEY", "gemini-2.5-flash"),
    (OpenAIProvider, "OPENAI_API_KEY", "gpt-5.4-mini"),
    (AnthropicProvider, "ANTHROPIC_API_KEY", "claude-haiku-4-5"),
]


# -------------------------------------------------------------------------------- adapters


@pytest.mark.contract("short#1")
@pytest.mark.parametrize(("adapter", "variable", "model"), ADAPTERS)
def test_an_adapter_takes_a_key_and_a_model(
    adapter: Callable[..., LLMProvider], variable: str, model: str
) -> None:
    provider = adapter(api_key=secrets.token_hex(16), model=model)
    assert provider.config.model == model


@pytest.mark.contract("short#1")
@pytest.mark.parametrize(("adapter", "variable", "model"), ADAPTERS)
def test_an_adapter_finds_its_key_in_the_environment_and_has_a_usual_model(
    adapter: Callable[..., LLMProvider],
    variable: str,
    model: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(variable, secrets.token_hex(16))
    assert adapter().config.model


@pytest.mark.contract("short#1")
def test_a_model_named_beside_a_config_comes_first() -> None:
    provider = GeminiLLMProvider(
        secrets.token_hex(16), "gemini-2.5-flash", config=LLMConfig(model="other", max_tokens=9)
    )
    assert (provider.config.model, provider.config.max_tokens) == ("gemini-2.5-flash", 9)
    with pytest.raises(ValidationError, match="model must be a text that is not empty"):
        GeminiLLMProvider(secrets.token_hex(16), model="")


# --------------------------------------------------------------------------------- limiter


@pytest.mark.contract("short#2")
async def test_a_limiter_of_sixty_lets_sixty_through_and_then_one_by_one_a_minute_later() -> None:
    clock = ManualClock()
    limiter = RateLimiter(requests_per_minute=60, clock=clock)
    for _ in range(60):
        await limiter.acquire()
    late = [clock.now()]

    async def one_more() -> None:
        await limiter.acquire()
        late.append(clock.now())

    await clock.until(one_more())
    assert late[1] - late[0] == pytest.approx(60.0)


@pytest.mark.contract("short#2")
async def test_the_short_form_of_a_limiter_works_with_the_clock_of_this_machine() -> None:
    limiter = RateLimiter(requests_per_minute=60)
    assert [await limiter.acquire() for _ in range(60)] == [None] * 60
    assert limiter.used("") == (60, 0)


@pytest.mark.contract("short#2")
async def test_a_provider_is_limited_by_a_number_alone(context: TTAContext) -> None:
    mock = MockLLMProvider(latency_ms=0)
    provider = RateLimitedLLMProvider(mock, requests_per_minute=60)
    assert (await provider.generate("p", context)).text == mock.response
    assert [piece async for piece in provider.generate_stream("p", context)]
    assert isinstance(provider.limiter, RateLimiter)
    assert provider.limiter.used("mock-model")[0] == 2
    assert provider.limiter.quota("mock-model").rpm == 60


@pytest.mark.contract("short#2")
def test_a_limit_that_cannot_be_is_refused_with_what_to_write() -> None:
    mock = MockLLMProvider()
    for wrong in (0, -1, True, "60", 1.5):
        with pytest.raises(ValidationError, match="rpm must be a whole number and at least 1"):
            RateLimiter(requests_per_minute=wrong)  # type: ignore[arg-type]
    with pytest.raises(ValidationError, match="for a number write requests_per_minute="):
        RateLimiter(60)  # type: ignore[arg-type]
    with pytest.raises(ValidationError, match="for a number write requests_per_minute="):
        RateLimitedLLMProvider(mock, 60)  # type: ignore[arg-type]
    with pytest.raises(ValidationError, match="either a limiter or"):
        RateLimitedLLMProvider(mock, RateLimiter(), requests_per_minute=60)


# ----------------------------------------------------------------------------------- costs


@pytest.mark.contract("short#3")
def test_a_tracker_adds_up_the_calls_it_is_told_of_without_any_event_loop() -> None:
    tracker = CostTracker(budget_usd=1.0)
    assert (tracker.budget_usd, tracker.spent, tracker.calls) == (1.0, 0.0, [])
    cost = tracker.record_call("gemini-2.5-flash", 1_000_000)
    assert cost == pytest.approx(0.30)
    assert tracker.record_call("gemini-2.5-flash", 1000, 1000) == pytest.approx(0.0028)
    assert tracker.spent == pytest.approx(0.3028)
    assert [call.model for call in tracker.calls] == ["gemini-2.5-flash"] * 2
    assert tracker.calls[1].usage.output_tokens == 1000


@pytest.mark.contract("short#3")
def test_the_call_that_passes_the_budget_is_booked_and_raises() -> None:
    tracker = CostTracker(budget_usd=0.5)
    tracker.record_call("gemini-2.5-flash", 1_000_000)
    with pytest.raises(BudgetExceededError, match=r"exceeded: \$0\.6000 of \$0\.5000") as told:
        tracker.record_call("gemini-2.5-flash", input_tokens=1_000_000, output_tokens=0)
    assert "raise budget_usd" in str(told.value)
    assert tracker.spent == pytest.approx(0.6)
    assert len(tracker.calls) == 2


@pytest.mark.contract("short#3")
def test_a_budget_that_is_just_used_up_is_not_exceeded() -> None:
    tracker = CostTracker(budget_usd=0.6)
    for _ in range(2):
        tracker.record_call("gemini-2.5-flash", 1_000_000)
    assert tracker.spent == pytest.approx(0.6)


@pytest.mark.contract("short#3")
def test_a_model_without_a_price_is_counted_dearly_and_says_so(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING):
        assert CostTracker().record_call("nobody-knows-me", 1000, 10) > 0.1
    assert "no price is known for nobody-knows-me" in caplog.text
    assert CostTracker().record_call("any", 1000, 10, provider="ollama") == 0.0


@pytest.mark.contract("short#3")
def test_a_tracker_refuses_what_cannot_be() -> None:
    with pytest.raises(ValidationError, match="budget_usd must be a number and at least 0"):
        CostTracker(budget_usd=-1)
    with pytest.raises(ValidationError, match=r"write CostTracker\(budget_usd=1\.0\)"):
        CostTracker(1.0)  # type: ignore[arg-type]
    with pytest.raises(ValidationError, match="model must be a text"):
        CostTracker().record_call("", 1)
    for wrong in (-1, 1.5):
        with pytest.raises(ValidationError, match="input_tokens must be"):
            CostTracker().record_call("gemini-2.5-flash", wrong)  # type: ignore[arg-type]


@pytest.mark.contract("short#3")
async def test_a_provider_is_tracked_by_a_tracker_of_its_own(context: TTAContext) -> None:
    model = LLMConfig(model="gemini-2.5-flash")
    provider = CostTrackingLLMProvider(MockLLMProvider(model, latency_ms=0), provider="gemini")
    response = await provider.generate("p", context)
    assert [piece async for piece in provider.generate_stream("p", context)]
    assert response.cost_usd > 0
    assert provider.tracker.spent == pytest.approx(2 * response.cost_usd)
    assert len(provider.tracker.calls) == 2
    assert provider.tracker.budget_usd is None


@pytest.mark.contract("short#3")
async def test_a_tracker_handed_in_is_used_and_its_budget_holds_before_a_call(
    context: TTAContext,
) -> None:
    tracker = CostTracker(budget_usd=0.001)
    mock = MockLLMProvider(LLMConfig(model="gemini-2.5-flash"), latency_ms=0)
    provider = CostTrackingLLMProvider(mock, tracker=tracker, provider="gemini")
    assert provider.tracker is tracker
    with pytest.raises(BudgetExceededError, match="exceeded"):
        await provider.generate("p", context)
    assert (mock.call_count, tracker.spent) == (0, 0.0)
    assert (await provider.generate("p", context, max_tokens=10)).text == mock.response
    assert tracker.spent > 0


@pytest.mark.contract("short#3")
async def test_what_costs_nothing_fits_any_budget_without_a_word_about_it(
    context: TTAContext, model: MockLLMProvider, caplog: pytest.LogCaptureFixture
) -> None:
    provider = CostTrackingLLMProvider(RetryingLLMProvider(model), CostTracker(budget_usd=0.0))
    with caplog.at_level(logging.WARNING):
        assert (await provider.generate("p", context)).cost_usd == 0.0
    assert not caplog.records
    assert [call.provider for call in provider.tracker.calls] == ["mock"]


# -------------------------------------------------------------------------------- wrappers

AROUND: dict[str, Callable[[LLMProvider], LLMProvider]] = {
    "circuit": CircuitBreakerLLMProvider,
    "retrying": RetryingLLMProvider,
    "fallback": lambda provider: FallbackLLMProvider([provider]),
    "cached": CachedLLMProvider,
    "limited": lambda provider: RateLimitedLLMProvider(provider, requests_per_minute=60),
    "costed": CostTrackingLLMProvider,
}


@pytest.mark.contract("short#4")
async def test_the_wrappers_stack_in_every_order(context: TTAContext) -> None:
    for number, order in enumerate(itertools.permutations(AROUND)):
        provider: LLMProvider = MockLLMProvider(latency_ms=0)
        for name in order:
            provider = AROUND[name](provider)
        response = await provider.generate("p", context, max_tokens=50)
        pieces = [piece async for piece in provider.generate_stream("another", context)]
        assert "".join(pieces) == response.text == MockLLMProvider().response, order
        assert response.provider == "mock", (number, order)
        await provider.aclose()


@pytest.mark.contract("short#4")
async def test_a_chain_of_bare_providers_goes_on_to_the_next(context: TTAContext) -> None:
    gemini = MockLLMProvider(LLMConfig(model="gemini"), should_fail=True, latency_ms=0)
    claude = MockLLMProvider(LLMConfig(model="claude"), should_fail=True, latency_ms=0)
    mock = MockLLMProvider(response="the third", latency_ms=0)
    provider = FallbackLLMProvider([gemini, claude, mock])
    response = await provider.generate("p", context)
    assert response.text == "the third"
    assert response.degraded.startswith("mock-model has taken over")
    assert "".join([piece async for piece in provider.generate_stream("p", context)]) == "the third"
    assert (gemini.call_count, claude.call_count, mock.call_count) == (2, 2, 2)


@pytest.mark.contract("short#4")
async def test_a_failing_model_is_retried_behind_a_circuit_and_then_replaced(
    context: TTAContext,
) -> None:
    clock = ManualClock()
    down = MockLLMProvider(should_fail=True, latency_ms=0)
    guarded = RetryingLLMProvider(CircuitBreakerLLMProvider(down, clock=clock), clock=clock)
    provider = FallbackLLMProvider([guarded, MockLLMProvider(response="next", latency_ms=0)])
    for _ in range(3):
        response = await clock.until(provider.generate("p", context))
        assert response.text == "next"  # type: ignore[attr-defined]
    assert down.call_count == 5  # then the circuit is open


@pytest.mark.contract("short#4")
async def test_overrides_reach_a_provider_of_two_methods_through_wrappers(
    context: TTAContext,
) -> None:
    seen = []

    class Own(MockLLMProvider):
        async def generate(self, prompt, context, **overrides):  # type: ignore[no-untyped-def]
            seen.append(overrides)
            return await super().generate(prompt, context, **overrides)

    provider = RetryingLLMProvider(Own(latency_ms=0))
    await provider.generate("p", context, temperature=0.1, max_tokens=7)
    assert seen == [{"temperature": 0.1, "max_tokens": 7}]


@pytest.mark.contract("short#4")
@pytest.mark.parametrize("wrapper", [f for n, f in AROUND.items() if n != "limited"])
def test_a_wrapper_refuses_what_is_no_provider(
    wrapper: Callable[[LLMProvider], LLMProvider],
) -> None:
    with pytest.raises(ValidationError, match="provider"):
        wrapper("gemini")  # type: ignore[arg-type]


# ------------------------------------------------------------------------------- executors


@pytest.mark.contract("short#5")
@pytest.mark.parametrize(
    ("code", "success"),
    [
        ("print('hello')", True),
        ("1 / 0", False),
        ("while True: pass", False),
        ("input()", None),
    ],
    ids=["valid", "invalid", "blocked", "unverified"],
)
async def test_the_local_executor_gives_a_verdict(code: str, success: bool | None) -> None:
    verdict = await LocalExecutor().execute(code)
    assert verdict.success is success, verdict
    assert verdict.output == ("hello\n" if success else "")
    assert verdict.reason


@pytest.mark.contract("short#5")
def test_a_local_executor_that_nobody_closes_leaves_nothing_behind() -> None:
    code = (
        "import asyncio\n"
        "from tta_rebuild.integrations import LocalExecutor\n"
        "print((asyncio.run(LocalExecutor().execute('print(6 * 7)'))).output)\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert (done.stdout.strip(), done.stderr) == ("42", "")


@pytest.mark.contract("short#5")
async def test_the_e2b_executor_takes_its_key_from_the_environment_and_leaves_no_sandbox(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    key = "e2b_" + secrets.token_hex(20)
    monkeypatch.setenv("E2B_API_KEY", key)
    async with E2BServer(key) as server:
        endpoint = E2BEndpoint(api_url=server.url, sandbox_url=server.url, domain="none.invalid")
        verdict = await E2BExecutor(endpoint=endpoint).execute("print('hi')")
        assert (verdict.success, verdict.output) == (True, "hi\n")
        assert not server.running


@pytest.mark.contract("short#5")
def test_the_e2b_executor_without_a_key_names_the_variable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("E2B_API_KEY", raising=False)
    with pytest.raises(KeyMissing, match="E2B_API_KEY"):
        E2BExecutor()


# ------------------------------------------------------------------------------ primitives


class Oracle(ResilientPrimitive[str, str]):
    """Somebody else's primitive: one method."""

    def __init__(self, *failures: Exception, **options: object) -> None:
        super().__init__("Oracle", **options)  # type: ignore[arg-type]
        self.failures = list(failures)
        self.runs = 0

    async def _execute_once(self, input_data: str, context: TTAContext) -> str:
        self.runs += 1
        if self.failures:
            raise self.failures.pop(0)
        return f"yes to {input_data}"


@pytest.mark.contract("short#6")
async def test_a_primitive_of_ones_own_waits_for_a_busy_provider(context: TTAContext) -> None:
    clock = ManualClock()
    oracle = Oracle(ProviderBusy("429", retry_after_s=7.0), clock=clock)
    assert await clock.until(oracle.execute("rain", context)) == "yes to rain"
    assert clock.slept[0] >= 7.0
    assert (oracle.name, oracle.runs) == ("Oracle", 2)


@pytest.mark.contract("short#6")
async def test_a_timeout_is_answered_with_the_fallback(context: TTAContext) -> None:
    oracle = Oracle(
        TimeoutError(),
        resilience=Resilience(attempts=1),
        fallback=lambda question, context, error: f"nobody knows about {question}",
    )
    assert await oracle.execute("rain", context) == "nobody knows about rain"


@pytest.mark.contract("short#6")
async def test_invalid_input_leaves_at_once_and_is_logged_with_its_context(
    context: TTAContext, caplog: pytest.LogCaptureFixture
) -> None:
    oracle = Oracle(ValidationError("no question"), fallback=lambda *_: "never")
    with caplog.at_level(logging.ERROR), pytest.raises(ValidationError, match="no question"):
        await oracle.execute("", context)
    assert caplog.records[0].__dict__["correlation_id"] == "correlation"
    assert oracle.runs == 1


@pytest.mark.contract("short#6")
async def test_without_a_fallback_the_last_failure_is_raised(context: TTAContext) -> None:
    clock = ManualClock()
    oracle = Oracle(*[ExecutionError(f"run {n}") for n in (1, 2, 3)], clock=clock)
    with pytest.raises(ExecutionError, match="run 3"):
        await clock.until(oracle.execute("rain", context))
    await settle()
