"""What a call costs: prices by model and date, in US dollars.

They come from the genai-prices package, loaded for the first paid model. A model that nobody knows
is counted at the dearest price its provider has, so that a budget holds.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tta_rebuild.core.usage import Usage

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo, ModelPrice

_log = logging.getLogger("tta_rebuild.prices")

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
        asked = plain_tokens * self.input + usage.cached_tokens * cached
        told = (usage.output_tokens + usage.thinking_tokens) * self.output
        return (asked + usage.cache_write_tokens * written + told) / 1e6


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What one model costs; ``is_known`` is False where the worst case stands in for its price.

    ``tiers`` are, in order, input tokens above which other rates hold for all tokens of a call.
    """

    rates: Rates
    tiers: tuple[tuple[int, Rates], ...] = ()
    is_known: bool = True

    def cost_usd(self, usage: Usage) -> float:
        """What a call with this usage costs."""
        reached = [dearer for start, dearer in self.tiers if usage.input_tokens > start]
        return (reached[-1] if reached else self.rates).cost_usd(usage)

    def worst_usd(self, usage: Usage) -> float:
        """The most that a call of this size can cost, nothing cached and all written to a cache."""
        written = replace(usage, cache_write_tokens=usage.input_tokens)
        return max(self.cost_usd(usage), self.cost_usd(written))


FREE = Price(rates=Rates(input=0, output=0))


class PriceBook:
    """Prices by provider and model; the user's own, in ``overlay``, come first.

    ``overlay`` is by ``"model"`` or ``"provider:model"``; ``free_providers`` cost nothing.
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
        """The price of a model on a day; where nobody knows one, ``otherwise`` or the dearest."""
        own = self._overlay.get(f"{provider}:{model}") or self._overlay.get(model)
        if own is not None:
            return own
        if provider in self._free:
            return FREE
        key = (provider, model)
        if key not in self._catalog:
            level = logging.WARNING if otherwise is None else logging.DEBUG
            self._catalog[key] = _in_catalog(provider, model, level)
        info = self._catalog[key]
        if info is None:
            return otherwise or self._worst(provider, at)
        prices = info.get_prices(at)
        # The catalog's objects live as long as this book, which keeps each one it has read.
        read = self._read.get(id(prices))
        if read is None:
            read = self._read[id(prices)] = (prices, _read(prices))
        return read[1]

    def _worst(self, provider: str, at: datetime) -> Price:
        """The dearest rates of a provider, of any there is where it is not known."""
        if provider not in self._dearest:
            name = CATALOG_NAMES.get(provider, provider)
            asked, told = 0.0, 0.0
            with suppress(ModuleNotFoundError):
                from genai_prices.data_snapshot import get_snapshot

                models = [m for p in get_snapshot().providers if p.id == name for m in p.models]
                for price in (_read(model.get_prices(at)) for model in models):
                    for one in (price.rates, *(dearer for _, dearer in price.tiers)):
                        asked = max(asked, one.input, one.cache_write or 0.0)
                        told = max(told, one.output)
            if not told:
                asked, told = DEAREST_WITHOUT_CATALOG
            self._dearest[provider] = Price(rates=Rates(input=asked, output=told), is_known=False)
        return self._dearest[provider]


def _in_catalog(provider: str, model: str, level: int) -> ModelInfo | None:
    """What genai-prices has of a model; None where it has nothing, which is logged."""
    do = ""
    try:
        from genai_prices.data_snapshot import get_snapshot

        bare = model.removeprefix("models/")
        for of in (CATALOG_NAMES.get(provider, provider), None) if provider else (None,):
            with suppress(LookupError):
                return get_snapshot().find_provider_model(bare, None, of, None)[1]
    except ModuleNotFoundError:
        do = "pip install genai-prices, or "
    said = "no price is known for %s: counted as the dearest model there is; %sput its price into "
    name = f"{provider}:{model}" if provider else model
    _log.log(level, said + "the configuration, under prices", name, do)
    return None


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
        at: dict[str, Any] = {name: _rate(value, input_tokens) for name, value in raw.items()}
        return Rates(**at | {"input": at["input"] or 0.0, "output": at["output"] or 0.0})

    return Price(rates=rates(0), tiers=tuple((start, rates(start + 1)) for start in starts))


def _rate(value: Any, input_tokens: int) -> float | None:
    """A rate of the catalog: none, a number, or one with dearer tiers."""
    reached = [tier.price for tier in getattr(value, "tiers", ()) if input_tokens > tier.start]
    rate = reached[-1] if reached else getattr(value, "base", value)
    return None if rate is None else float(rate)
