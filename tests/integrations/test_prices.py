"""What a call costs: by model, date and tier; the unknown is never free."""

from __future__ import annotations

import logging
import sys
from datetime import UTC, datetime

import pytest

from tta_rebuild.core.usage import Usage
from tta_rebuild.integrations.prices import DEAREST_WITHOUT_CATALOG, Price, PriceBook, Rates

NOW = datetime(2026, 11, 22, tzinfo=UTC)
PROSE = Usage(input_tokens=1000, output_tokens=200)


def cost(
    model: str, usage: Usage = PROSE, *, provider: str = "gemini", at: datetime = NOW
) -> float:
    return PriceBook().price(provider, model, at=at).cost_usd(usage)


def test_the_catalog_knows_the_common_models_of_all_three_vendors() -> None:
    assert cost("gemini-2.5-flash") == pytest.approx((1000 * 0.30 + 200 * 2.50) / 1e6, abs=1e-12)
    for provider, model in (("anthropic", "claude-sonnet-4-5"), ("openai", "gpt-5-mini")):
        price = PriceBook().price(provider, model, at=NOW)
        assert price.is_known
        assert price.cost_usd(PROSE) > 0


def test_cached_tokens_cost_less_and_thinking_costs_as_much_as_output() -> None:
    usage = Usage(input_tokens=1000, cached_tokens=400, output_tokens=100, thinking_tokens=50)
    assert cost("gemini-2.5-flash", usage) == pytest.approx(
        (600 * 0.30 + 400 * 0.03 + 150 * 2.50) / 1e6, abs=1e-12
    )


def test_writing_to_a_providers_cache_has_its_own_price() -> None:
    usage = Usage(input_tokens=1000, cache_write_tokens=1000)
    plain = Usage(input_tokens=1000)
    written = cost("claude-sonnet-4-5", usage, provider="anthropic")
    assert written == pytest.approx(1.25 * cost("claude-sonnet-4-5", plain, provider="anthropic"))


def test_above_a_tier_all_tokens_cost_more() -> None:
    below = cost("gemini-2.5-pro", Usage(input_tokens=200_000))
    above = cost("gemini-2.5-pro", Usage(input_tokens=200_001))
    assert below == pytest.approx(200_000 * 1.25 / 1e6)
    assert above == pytest.approx(200_001 * 2.50 / 1e6)


def test_a_price_that_changes_on_a_date_is_read_by_the_date_of_the_call() -> None:
    later = datetime(2027, 1, 2, tzinfo=UTC)
    assert cost("gemini-3.6-flash", at=later) == pytest.approx(2 * cost("gemini-3.6-flash"))


def test_our_figures_are_those_of_the_catalog_itself() -> None:
    from genai_prices import Usage as CatalogUsage
    from genai_prices import calc_price

    for size in (10, 5_000, 300_000):
        usage = Usage(input_tokens=size, cached_tokens=size // 3, output_tokens=size // 7)
        theirs = calc_price(
            CatalogUsage(input_tokens=size, cache_read_tokens=size // 3, output_tokens=size // 7),
            "gemini-2.5-pro",
            provider_id="google",
            genai_request_timestamp=NOW,
        )
        assert cost("gemini-2.5-pro", usage) == pytest.approx(float(theirs.total_price), abs=1e-9)


def test_the_users_own_price_comes_first() -> None:
    own = Price(rates=Rates(input=1.0, output=2.0))
    book = PriceBook({"gemini:gemini-2.5-flash": own, "house-model": own})
    assert book.price("gemini", "gemini-2.5-flash", at=NOW) is own
    assert book.price("local", "house-model", at=NOW) is own
    assert book.price("vertex", "gemini-2.5-flash", at=NOW) is not own


@pytest.mark.parametrize("provider", ["offline", "mock", "ollama", "local"])
def test_what_runs_at_home_is_free(provider: str) -> None:
    price = PriceBook().price(provider, "any-model", at=NOW)
    assert price.cost_usd(PROSE) == 0.0


def test_an_unknown_model_is_counted_at_its_providers_dearest_with_one_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    book = PriceBook()
    with caplog.at_level(logging.WARNING):
        price = book.price("gemini", "gemini-from-the-future", at=NOW)
        book.price("gemini", "gemini-from-the-future", at=NOW)
    assert not price.is_known
    assert price.cost_usd(PROSE) >= cost("gemini-2.5-pro", PROSE)
    assert [r.getMessage() for r in caplog.records if "no price is known" in r.getMessage()] == [
        "no price is known for gemini:gemini-from-the-future: counted as the dearest model there "
        "is; put its price into the configuration, under prices"
    ]


def test_an_unknown_provider_is_dear_too() -> None:
    price = PriceBook().price("nobody", "nothing-like-it", at=NOW)
    assert not price.is_known
    assert price.cost_usd(PROSE) >= cost("claude-opus-4-1", provider="anthropic")


def test_the_worst_case_is_no_less_than_any_real_bill() -> None:
    book = PriceBook()
    for provider, model in (("gemini", "gemini-2.5-pro"), ("anthropic", "claude-sonnet-4-5")):
        price = book.price(provider, model, at=NOW)
        worst = price.worst_usd(Usage(input_tokens=250_000, output_tokens=1000))
        for written in (0, 250_000):
            usage = Usage(input_tokens=250_000, cache_write_tokens=written, output_tokens=1000)
            assert price.cost_usd(usage) <= worst + 1e-12


def test_without_the_catalogue_a_model_counts_as_the_dearest_there_is(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for module in ("genai_prices", "genai_prices.data_snapshot"):
        monkeypatch.setitem(sys.modules, module, None)

    price = PriceBook().price("gemini", "gemini-2.5-flash", at=NOW)

    assert not price.is_known
    assert (price.rates.input, price.rates.output) == DEAREST_WITHOUT_CATALOG
    assert "pip install genai-prices" in caplog.text
