"""When a model cannot, the next one tells the story on: once, honestly, and not for longer."""

from __future__ import annotations

import asyncio

import pytest

from tests.integrations.fakes import ManualClock, ScriptedProvider, Told, request_of
from tta_rebuild.core.errors import (
    BudgetExceededError,
    CircuitOpen,
    ContentRefused,
    KeyRejected,
    ProviderBusy,
    ProviderError,
    RequestRejected,
    StreamBroken,
)
from tta_rebuild.integrations.llm_provider import (
    LLMProvider,
    StreamEnded,
    StreamItem,
    StreamRestarted,
    TextPiece,
)
from tta_rebuild.integrations.wrappers.circuit import CircuitBreakerLLMProvider, CircuitPolicy
from tta_rebuild.integrations.wrappers.fallback import (
    ALSO_WITHOUT_BUDGET,
    FallbackLLMProvider,
    Link,
)

OUT_OF_MONEY = BudgetExceededError(
    scope="day", limit_usd=1, spent_usd=1, needed_usd=0.1, how_to_raise="raise it"
)


def chain(first: LLMProvider, *others: LLMProvider) -> FallbackLLMProvider:
    """first → … → the embedded storyteller, which takes over whatever happens."""
    middle = [Link(provider=p, name=f"model {n}") for n, p in enumerate(others[:-1], 2)]
    last = Link(
        provider=others[-1],
        name="the embedded storyteller",
        takes_over_for=ALSO_WITHOUT_BUDGET,
    )
    return FallbackLLMProvider([Link(provider=first, name="model 1"), *middle, last])


async def read(provider: LLMProvider) -> list[StreamItem]:
    return [item async for item in provider.stream(request_of())]


def told_text(items: list[StreamItem]) -> str:
    """What a reader who heeds restarts has read at the end."""
    text = ""
    for item in items:
        if isinstance(item, StreamRestarted):
            text = ""
        elif isinstance(item, TextPiece):
            text += item.text
    return text


async def test_the_first_model_answers_while_it_can() -> None:
    second = ScriptedProvider(Told("second"))
    response = await chain(ScriptedProvider(Told("first")), second).complete(request_of())
    assert (response.text, response.degraded) == ("first", "")
    assert second.seen == []


async def test_who_has_taken_over_and_why_is_said() -> None:
    provider = chain(ScriptedProvider(ProviderBusy("overloaded")), ScriptedProvider(Told("off")))
    response = await provider.complete(request_of())
    assert response.degraded == "the embedded storyteller has taken over: overloaded"


async def test_the_chain_is_gone_through_in_order() -> None:
    provider = chain(
        ScriptedProvider(KeyRejected("key refused")),
        ScriptedProvider(CircuitOpen("down")),
        ScriptedProvider(Told("off")),
    )
    response = await provider.complete(request_of())
    assert response.degraded == "the embedded storyteller has taken over: key refused"


async def test_the_story_goes_back_to_the_model_when_it_recovers() -> None:
    clock = ManualClock()
    primary = ScriptedProvider(*[ProviderBusy("503")] * 5, Told("primary"))
    guarded = CircuitBreakerLLMProvider(primary, CircuitPolicy(cool_down_s=30), clock=clock)
    provider = chain(guarded, ScriptedProvider(Told("off")))
    texts = [(await provider.complete(request_of())).text for _ in range(8)]
    assert texts == ["off"] * 8
    assert len(primary.seen) == 5
    await clock.advance(30.0)
    response = await provider.complete(request_of())
    assert (response.text, response.degraded) == ("primary", "")


@pytest.mark.parametrize(
    "error", [ContentRefused("blocked", reason="SAFETY"), RequestRejected("wrong")]
)
async def test_refused_content_and_wrong_requests_are_not_taken_to_another_vendor(
    error: ProviderError,
) -> None:
    second = ScriptedProvider()
    provider = FallbackLLMProvider(
        [Link(provider=ScriptedProvider(error), name="a"), Link(provider=second, name="b")]
    )
    with pytest.raises(type(error)):
        await provider.complete(request_of())
    assert second.seen == []


async def test_a_used_up_budget_falls_to_a_free_model_only_where_that_is_wanted() -> None:
    wanted = chain(ScriptedProvider(OUT_OF_MONEY), ScriptedProvider(Told("off")))
    assert (await wanted.complete(request_of())).text == "off"
    unwanted = FallbackLLMProvider(
        [
            Link(provider=ScriptedProvider(OUT_OF_MONEY), name="a"),
            Link(provider=ScriptedProvider(), name="b", takes_over_for=(ProviderError,)),
        ]
    )
    with pytest.raises(BudgetExceededError):
        await unwanted.complete(request_of())


async def test_if_all_fail_the_first_error_is_raised_with_the_others_as_notes() -> None:
    provider = chain(
        ScriptedProvider(ProviderBusy("first")), ScriptedProvider(ProviderBusy("second"))
    )
    with pytest.raises(ProviderBusy, match="first") as told:
        await provider.complete(request_of())
    assert told.value.__notes__ == [
        "the embedded storyteller was asked next and failed too: second"
    ]


async def test_a_model_named_in_the_request_belongs_to_the_first_link() -> None:
    first, second = ScriptedProvider(ProviderBusy("503")), ScriptedProvider(model="offline")
    await chain(first, second).complete(request_of(model="gemini-pro"))
    assert first.seen[0].request.model == "gemini-pro"
    assert second.seen[0].request.model is None


async def test_a_failure_in_mid_stream_restarts_and_never_doubles_text() -> None:
    broken = Told("Half of a scene that", StreamBroken("cut", text=""), in_mid_stream=True)
    provider = chain(ScriptedProvider(broken), ScriptedProvider(Told("A whole other scene.")))
    items = await read(provider)
    restarts = [item for item in items if isinstance(item, StreamRestarted)]
    assert len(restarts) == 1
    assert restarts[0].reason.startswith("the embedded storyteller has taken over: cut")
    assert restarts[0].provider == "the embedded storyteller"
    end = items[-1]
    assert isinstance(end, StreamEnded)
    assert told_text(items) == end.response.text == "A whole other scene."
    assert end.response.degraded


async def test_a_failure_before_the_first_piece_needs_no_restart() -> None:
    provider = chain(ScriptedProvider(ProviderBusy("503")), ScriptedProvider(Told("off")))
    items = await read(provider)
    assert not any(isinstance(item, StreamRestarted) for item in items)
    assert told_text(items) == "off"


async def test_two_failures_in_mid_stream_are_two_restarts() -> None:
    def broken(text: str) -> ScriptedProvider:
        return ScriptedProvider(Told(text, StreamBroken("cut", text=""), in_mid_stream=True))

    items = await read(chain(broken("one two"), broken("three"), ScriptedProvider(Told("end"))))
    assert sum(isinstance(item, StreamRestarted) for item in items) == 2
    assert told_text(items) == "end"


async def test_leaving_early_closes_the_stream_inside_and_asks_nobody_else() -> None:
    first, second = ScriptedProvider(), ScriptedProvider()
    items = chain(first, second).stream(request_of())
    await anext(items)
    await items.aclose()
    assert first.seen[0].closed
    assert second.seen == []


async def test_cancellation_is_no_reason_to_fall_back() -> None:
    clock = ManualClock()
    second = ScriptedProvider()
    provider = chain(ScriptedProvider(Told(takes_s=10), clock=clock), second)
    call = asyncio.create_task(provider.complete(request_of()))
    await clock.advance(1.0)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert second.seen == []


async def test_closing_the_chain_closes_every_link() -> None:
    first, second = ScriptedProvider(), ScriptedProvider()
    await chain(first, second).aclose()
    assert (first.closed, second.closed) == (1, 1)


def test_a_chain_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one model"):
        FallbackLLMProvider([])


async def test_the_log_says_once_who_tells_the_story_now(
    caplog: pytest.LogCaptureFixture,
) -> None:
    busy = ProviderBusy("overloaded")
    provider = chain(ScriptedProvider(busy, busy, busy, Told()), ScriptedProvider(Told("off")))
    with caplog.at_level("WARNING", logger="tta_rebuild.fallback"):
        for _ in range(5):
            await provider.complete(request_of())
    assert [record.getMessage() for record in caplog.records] == [
        "the embedded storyteller has taken over: overloaded",
        "model 1 tells the story again",
    ]
