"""What is set up: the models with their keys, prices, quotas and health; nothing is asked of them.

``tta models`` and ``tta doctor`` show it. Only servers on this machine are looked for, where the
caller wishes so.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.util import find_spec

from tta_rebuild.bootstrap.model_names import OFFLINE, PROVIDERS, chosen_model
from tta_rebuild.bootstrap.spending import price_book
from tta_rebuild.bootstrap.stack_builder import adapter_class, servers_here
from tta_rebuild.core.usage import Attempt
from tta_rebuild.integrations.local_discovery import LocalServer, ask_server, find_local_servers
from tta_rebuild.integrations.prices import PriceBook
from tta_rebuild.settings import Settings

KEYS = {name: f"{name.upper()}_API_KEY" for name in PROVIDERS}


SHORTEST_KEY_SHOWN = 16
"""Of a shorter key, four characters would tell too much."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelOverview:
    """One model as it is set up.

    Attributes:
        name: ``provider:model``, or ``"offline"``.
        place: 1 for the first of the chain, 0 where it is not in the chain.
        tasks: the tasks that are routed to it.
        key_ends: the last four characters of its key, "" without one.
        lacks: what is missing before it can be asked, and what to do; "" if nothing is.
        input_usd, output_usd: per million tokens; None where the price is not known.
        rpm, tpm, rpd: its quota; None is no limit.
        calls, failed: its latest attempts in the ledger, and how many of them failed.
        latency_s: mean seconds of those that answered.
        last_outcome: of the latest attempt, "" if there was none.
    """

    name: str
    place: int = 0
    tasks: tuple[str, ...] = ()
    key_ends: str = ""
    lacks: str = ""
    input_usd: float | None = None
    output_usd: float | None = None
    rpm: int | None = None
    tpm: int | None = None
    rpd: int | None = None
    calls: int = 0
    failed: int = 0
    latency_s: float = 0.0
    last_outcome: str = ""


def models_overview(
    settings: Settings, attempts: Sequence[Attempt], *, at: datetime
) -> list[ModelOverview]:
    """Every model of the chain and the routes, then the other providers' usual ones.

    Args:
        attempts: the latest of the ledger, newest last.
        at: the day whose prices count.
    """
    chain = _chain(settings)
    named = dict.fromkeys([*chain, *(_full(m) for m in settings.routes.values())])
    named.update(dict.fromkeys(_full(provider) for provider in PROVIDERS))
    named.setdefault(OFFLINE)
    prices = price_book(settings)
    return [_overview(name, chain, settings, prices, attempts, at) for name in named]


def _chain(settings: Settings) -> list[str]:
    named = list(settings.chain) or [chosen_model(settings), OFFLINE]
    if settings.model and settings.model not in named:
        named.insert(0, settings.model)
    return list(dict.fromkeys(_full(name) for name in named))


def _full(name: str) -> str:
    provider, colon, _ = name.partition(":")
    if provider in PROVIDERS and not colon:
        return f"{provider}:{adapter_class(provider).default_model}"
    return name


def _overview(
    name: str,
    chain: Sequence[str],
    settings: Settings,
    prices: PriceBook,
    attempts: Sequence[Attempt],
    at: datetime,
) -> ModelOverview:
    provider, _, model = name.partition(":")
    # the catalogue of prices comes with the first SDK; without it there is nothing to look up
    looked_up = provider not in PROVIDERS or name in settings.prices or _installed("genai_prices")
    price = prices.price(provider, model, at=at) if looked_up else None
    known = price if price and price.is_known else None
    quota = settings.quotas.get(name)
    seen = [a for a in attempts if (a.provider, a.model) == (provider, model)]
    answered = [a.latency_s for a in seen if a.outcome == "ok"]
    return ModelOverview(
        name=name,
        place=chain.index(name) + 1 if name in chain else 0,
        tasks=tuple(t for t, m in settings.routes.items() if _full(m) == name),
        key_ends=_key_ends(provider, settings),
        lacks="; ".join(_lacking(provider, settings)),
        input_usd=known.rates.input if known else None,
        output_usd=known.rates.output if known else None,
        rpm=quota.rpm if quota and quota.rpm else _usual_rpm(provider, settings),
        tpm=quota.tpm if quota else None,
        rpd=quota.rpd if quota else None,
        calls=len(seen),
        failed=sum(a.outcome not in ("ok", "cached", "cancelled") for a in seen),
        latency_s=sum(answered) / len(answered) if answered else 0.0,
        last_outcome=seen[-1].outcome if seen else "",
    )


def _usual_rpm(provider: str, settings: Settings) -> int | None:
    return None if provider == OFFLINE else settings.rate_limit_rpm


def _key_ends(provider: str, settings: Settings) -> str:
    if provider in PROVIDERS:
        key = getattr(settings, f"{provider}_api_key").reveal()
    else:
        server = settings.servers.get(provider)
        key = server.key.reveal() if server else ""
    return key[-4:] if len(key) >= SHORTEST_KEY_SHOWN else ""


def _lacking(provider: str, settings: Settings) -> Iterator[str]:
    if provider in PROVIDERS:
        if not getattr(settings, f"{provider}_api_key"):
            yield f"{KEYS[provider]} is not set"
        adapter = adapter_class(provider)
        if not _installed(adapter.sdk):
            yield f"its SDK is missing: pip install 'tta-rebuild[{adapter.vendor}]'"


def _installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # the package around it is missing
        return False


async def local_servers(settings: Settings) -> Sequence[LocalServer]:
    """The servers with models that answer on this machine now, the user's own first."""
    return await find_local_servers(servers_here(settings))


async def configured_servers(settings: Settings) -> dict[str, LocalServer | str]:
    """Name → what each server that the user has named says of itself, or why it does not.

    Each is asked once for its list of models, for three seconds at most and all at a time.
    """
    named = {s.name: (s.base_url, s.key) for s in settings.servers.values()}
    if settings.openai_base_url:
        named["openai"] = (settings.openai_base_url, settings.openai_api_key)
    asked = [ask_server(name, url, key) for name, (url, key) in named.items()]
    return dict(zip(named, await asyncio.gather(*asked), strict=True))
