"""What is set up: models with their keys, prices, quotas and health; nothing is asked of them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.util import find_spec
from typing import Any

from tta_rebuild.bootstrap.model_names import OFFLINE, PROVIDERS, named_chain
from tta_rebuild.bootstrap.spending import price_book
from tta_rebuild.bootstrap.stack_builder import adapter_class, full_name, servers_here
from tta_rebuild.core.redaction import hint
from tta_rebuild.core.usage import Attempt
from tta_rebuild.integrations.local_discovery import LocalServer, ask_server, find_local_servers
from tta_rebuild.integrations.prices import Price, Rates
from tta_rebuild.settings import Settings
from tta_rebuild.settings_values import ModelQuota

_UNKNOWN = Price(rates=Rates(input=0, output=0), is_known=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelOverview:
    """One model (``provider:model``, or ``"offline"``) as it is set up; shown by ``models --json``.

    Attributes:
        place: 1 for the first of the chain, 0 where it is not in the chain.
        key_ends: the last four characters of its key, "" without one.
        lacks: what is missing before it can be asked, and what to do; "" if nothing is.
        input_usd, output_usd: per million tokens; None where the price is not known.
        rpm, tpm, rpd: its quota; None is no limit.
        latency_s: mean seconds of those of its latest ``calls`` that answered.
    """

    name: str
    place: int
    tasks: tuple[str, ...]
    key_ends: str
    lacks: str
    input_usd: float | None
    output_usd: float | None
    rpm: int | None
    tpm: int | None
    rpd: int | None
    calls: int
    failed: int
    latency_s: float
    last_outcome: str


def models_overview(
    settings: Settings, attempts: Sequence[Attempt], *, at: datetime
) -> list[ModelOverview]:
    """Every model of the chain and the routes, then the other providers' usual ones.

    ``attempts`` are the latest of the ledger, newest last; ``at`` is the day whose prices count.
    """
    chain = list(dict.fromkeys(map(full_name, named_chain(settings))))
    routes = {task: full_name(model) for task, model in settings.routes.items()}
    prices, lines = price_book(settings), []
    for name in dict.fromkeys([*chain, *routes.values(), *map(full_name, PROVIDERS), OFFLINE]):
        provider, _, model = name.partition(":")
        price = prices.price(provider, model, at=at, otherwise=_UNKNOWN)
        quota = settings.quotas.get(name) or ModelQuota()
        usual_rpm = None if provider == OFFLINE else settings.rate_limit_rpm
        seen = [a for a in attempts if f"{a.provider}:{a.model}" == name]
        answered = [a.latency_s for a in seen if a.outcome == "ok"]
        key, lacks = _key_and_lacks(provider, settings)
        line = ModelOverview(
            name=name,
            place=chain.index(name) + 1 if name in chain else 0,
            tasks=tuple(task for task, model in routes.items() if model == name),
            key_ends=hint(key).lstrip("…"),
            lacks=lacks,
            input_usd=price.rates.input if price.is_known else None,
            output_usd=price.rates.output if price.is_known else None,
            rpm=quota.rpm or usual_rpm,
            tpm=quota.tpm,
            rpd=quota.rpd,
            calls=len(seen),
            failed=sum(a.outcome not in ("ok", "cached", "cancelled") for a in seen),
            latency_s=sum(answered) / max(1, len(answered)),
            last_outcome=seen[-1].outcome if seen else "",
        )
        lines.append(line)
    return lines


def _key_and_lacks(provider: str, settings: Settings) -> tuple[str, str]:
    """The key of a provider or a server, and what is missing before a provider can be asked."""
    if provider not in PROVIDERS:
        server = settings.servers.get(provider)
        return (server.key.reveal(), server.lacks) if server else ("", "")
    key: str = getattr(settings, f"{provider}_api_key").reveal()
    lacks = [] if key else [f"{provider.upper()}_API_KEY is not set"]
    adapter = adapter_class(provider)
    package = adapter.sdk.partition(".")[0]
    if find_spec(package) is None or find_spec(adapter.sdk) is None:
        lacks.append(f"its SDK is missing: pip install 'tta-rebuild[{adapter.vendor}]'")
    return key, "; ".join(lacks)


async def local_servers(settings: Settings) -> Sequence[LocalServer]:
    """The servers with models that answer on this machine now, the user's own first."""
    return await find_local_servers(servers_here(settings))


async def configured_servers(settings: Settings) -> dict[str, dict[str, Any]]:
    """By name, what each server that the user has named says of itself, or is ``wrong``."""
    servers = settings.servers.values()
    named = {s.name: (s.base_url, s.key) for s in servers if not s.lacks}
    if settings.openai_base_url:
        named["openai"] = (settings.openai_base_url, settings.openai_api_key)
    found = await asyncio.gather(*(ask_server(name, *at) for name, at in named.items()))
    said: dict[str, dict[str, Any]] = {
        name: {"wrong": server}
        if isinstance(server, str)
        else {"address": server.base_url, "models": server.models, "windows": dict(server.windows)}
        for name, server in zip(named, found, strict=True)
    }
    return said | {s.name: {"wrong": f"wants a key, and {s.lacks}"} for s in servers if s.lacks}
