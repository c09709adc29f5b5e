"""What a call costs: prices by model and date, in US dollars.

The cost tracker asks here. Prices come from the genai-prices package, which is installed with any
model's SDK and loaded when the first paid model is priced; the user's own come first. A model that
nobody knows is counted at the dearest price its provider has, with a warning, so that a budget
holds all the same.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tta_rebuild.core.usage import Usage

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo, ModelPrice

log = logging.getLogger("tta_rebuild.prices")

FREE_PROVIDERS = frozenset(
    {"offline", "mock", "local", "ollama", "llama.cpp", "lmstudio", "lm-studio", "vllm"}
)
"""Providers that run on this machine or on one that nobody is billed for."""

CATALOG_NAMES = {"gemini": "google", "vertex": "google"}
"""Our name of a provider → the name in genai-prices, where they differ."""

DEAREST_WITHOUT_CATALOG = (150.0, 600.0)
"""USD per million input and output tokens where even the provider is unknown: the dearest text
model of genai-prices 0.2.3 (o1-pro)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """US dollars per million tokens; the cached part costs as much as the rest where None."""

    input: float
    output: float
    cached: float | None = None
    cache_write: float | None = None

    def cost_usd(self, usage: Usage) -> float:
        """What these tokens cost. Thinking is billed as output."""
        cached = self.input if self.cached is None else self.cached
        written = self.input if self.cache_write is None else self.cache_write
        plain_tokens = usage.input_tokens - usage.cached_tokens - usage.cache_write_tokens
        return (
            plain_tokens * self.input
            + usage.cached_tokens * cached
            + usage.cache_write_tokens * written
            + (usage.output_tokens + usage.thinking_tokens) * self.output
        ) / 1e6


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What one model costs.

    Attributes:
        tiers: (input tokens, rates): above so many input tokens these rates hold for all tokens of
            the call; in ascending order.
        is_known: False where the worst case stands in for an unknown price.
    """

    rates: Rates
    tiers: tuple[tuple[int, Rates], ...] = ()
    is_known: bool = True

    def cost_usd(self, usage: Usage) -> float:
        """What a call with this usage costs."""
        return self._rates(usage.input_tokens).cost_usd(usage)

    def worst_usd(self, usage: Usage) -> float:
        """The most that a call of this size can cost, nothing cached and all written to a cache."""
        rates = self._rates(usage.input_tokens)
        dearest_input = max(rates.input, rates.cache_write or 0.0)
        return (usage.input_tokens * dearest_input + usage.output_tokens * rates.output) / 1e6

    def _rates(self, input_tokens: int) -> Rates:
        rates = self.rates
        for start, dearer in self.tiers:
            if input_tokens > start:
                rates = dearer
        return rates


FREE = Price(rates=Rates(input=0, output=0))


class PriceBook:
    """Prices by provider and model.

    ``overlay`` has the user's own, by ``"model"`` or ``"provider:model"``: they come first. The
    answers of ``free_providers`` cost nothing.
    """

    def __init__(
        self,
        overlay: Mapping[str, Price] | None = None,
        *,
        free_providers: Collection[str] = FREE_PROVIDERS,
    ) -> None:
        self._overlay = dict(overlay or {})
        self._free = frozenset(free_providers)
        self._catalog: dict[tuple[str, str], ModelInfo | None] = {}
        self._read: dict[int, tuple[ModelPrice, Price]] = {}
        self._dearest: dict[str, Price] = {}

    def price(
        self, provider: str, model: str, *, at: datetime, otherwise: Price | None = None
    ) -> Price:
        """The price of a model on a day; ``provider`` may be "" where only the model is known.

        ``otherwise`` is the price where nobody knows one; None is the dearest.
        """
        own = self._overlay.get(f"{provider}:{model}") or self._overlay.get(model)
        if own is not None:
            return own
        if provider in self._free:
            return FREE
        key = (provider, model)
        if key not in self._catalog:
            self._catalog[key] = self._find(provider, model, warns=otherwise is None)
        info = self._catalog[key]
        if info is None:
            return otherwise or self._worst(provider, at)
        prices = info.get_prices(at)
        # The catalog's objects live as long as this book, which keeps each one it has read.
        read = self._read.get(id(prices))
        if read is None:
            read = self._read[id(prices)] = (prices, _read(prices))
        return read[1]

    def _find(self, provider: str, model: str, *, warns: bool) -> ModelInfo | None:
        level = logging.WARNING if warns else logging.DEBUG
        name = f"{provider}:{model}" if provider else model
        try:
            from genai_prices import Usage as CatalogUsage
            from genai_prices import calc_price
        except ModuleNotFoundError:
            log.log(
                level,
                "no prices are installed: %s is counted as the dearest model there is; "
                "pip install genai-prices, or put its price into the configuration, under prices",
                name,
            )
            return None
        bare = model.rsplit("/", 1)[-1] if model.startswith("models/") else model
        for of in (CATALOG_NAMES.get(provider, provider), None) if provider else (None,):
            try:
                return calc_price(CatalogUsage(), bare, provider_id=of).model
            except LookupError:
                continue
        log.log(
            level,
            "no price is known for %s: counted as the dearest model there is; "
            "put its price into the configuration, under prices",
            name,
        )
        return None

    def _worst(self, provider: str, at: datetime) -> Price:
        """The dearest rates of a provider, of any there is where it is not known."""
        if provider not in self._dearest:
            try:
                from genai_prices.data_snapshot import get_snapshot

                catalog = get_snapshot().providers
            except ModuleNotFoundError:
                catalog = []
            name = CATALOG_NAMES.get(provider, provider)
            models = [model for known in catalog if known.id == name for model in known.models]
            prices = [_read(model.get_prices(at)) for model in models]
            every = [r for price in prices for r in (price.rates, *(r for _, r in price.tiers))]
            costs_output = max((r.output for r in every), default=0.0)
            costs_input = max((max(r.input, r.cache_write or 0.0) for r in every), default=0.0)
            if not costs_output:
                costs_input, costs_output = DEAREST_WITHOUT_CATALOG
            rates = Rates(input=costs_input, output=costs_output)
            self._dearest[provider] = Price(rates=rates, is_known=False)
        return self._dearest[provider]


def _read(prices: ModelPrice) -> Price:
    """The catalog's price as ours: one set of rates per tier."""
    raw: dict[str, Any] = {
        "input": prices.input_mtok,
        "output": prices.output_mtok,
        "cached": prices.cache_read_mtok,
        "cache_write": prices.cache_write_mtok,
    }
    starts = sorted({tier.start for value in raw.values() for tier in getattr(value, "tiers", ())})

    def rates(input_tokens: int) -> Rates:
        at = {name: _rate(value, input_tokens) for name, value in raw.items()}
        return Rates(
            input=at["input"] or 0.0,
            output=at["output"] or 0.0,
            cached=at["cached"],
            cache_write=at["cache_write"],
        )

    return Price(rates=rates(0), tiers=tuple((start, rates(start + 1)) for start in starts))


def _rate(value: Any, input_tokens: int) -> float | None:
    """A rate of the catalog: none, a number, or one with dearer tiers."""
    if value is None or isinstance(value, Decimal):
        return None if value is None else float(value)
    reached = [tier.price for tier in value.tiers if input_tokens > tier.start]
    return float(reached[-1] if reached else value.base)
