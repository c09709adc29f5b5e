"""What may be spent: budgets, prices and the day's quotas, from the settings and the ledger.

``application`` builds the cost tracker and the limiter from it, ``overview`` shows it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from tta_rebuild.core.usage import Ledger
from tta_rebuild.integrations.budgets import Budget, Scope
from tta_rebuild.integrations.cost_tracker import CostTracker
from tta_rebuild.integrations.llm_provider import LLMProvider
from tta_rebuild.integrations.local_discovery import USUAL_SERVERS
from tta_rebuild.integrations.prices import FREE_PROVIDERS, Price, PriceBook, Rates
from tta_rebuild.settings import Settings

OWN = "own"
"""The provider name under which a program's own provider is quoted, priced and reported."""

BUDGET_SETTINGS: Mapping[Scope, str] = {
    "session": "LLM_MAX_COST",
    "call": "TTA_BUDGET_PER_CALL",
    "story": "TTA_BUDGET_PER_STORY",
    "player": "TTA_BUDGET_PER_PLAYER",
    "day": "TTA_BUDGET_PER_DAY",
    "total": "TTA_BUDGET_TOTAL",
}
"""The setting behind the budget of each scope."""

_COUNTED: Mapping[Scope, str] = {
    "session": "This session",
    "story": "this story",
    "day": "today",
    "player": "this player",
    "total": "in all",
}
"""The budgets that a player is told of; beside session and story only those that are set."""

_VERSION = re.compile(r"-(\d{3}|\d{8}|\d{4}-\d\d-\d\d)$")
"""What providers append to the name of the model that answered; quotas are named without it."""

ROWS_PER_REQUEST = 2
"""Rows of the ledger read for each request that a daily quota allows; others lie between."""


def budgets_of(settings: Settings) -> Iterator[Budget]:
    """The budgets that are set."""
    limits: dict[Scope, float | None] = {
        "session": settings.max_cost_usd,
        "call": settings.budget_per_call_usd,
        "story": settings.budget_per_story_usd,
        "player": settings.budget_per_player_usd,
        "day": settings.budget_per_day_usd,
        "total": settings.budget_total_usd,
    }
    for scope, limit_usd in limits.items():
        if limit_usd is not None:
            otherwise = "lower TTA_MAX_TOKENS" if scope == "call" else "play offline"
            how = f"raise {BUDGET_SETTINGS[scope]}, or {otherwise}"
            yield Budget(scope=scope, limit_usd=limit_usd, how_to_raise=how)


async def spent_of_budgets(tracker: CostTracker, story_id: str) -> list[str]:
    """Session, story and each other budget that is set: ``today $0.0123 of at most $5.00``."""
    await tracker.flush()
    limits_usd = {budget.scope: budget.limit_usd for budget in tracker.budgets}
    said = []
    for scope, name in _COUNTED.items():
        limit_usd = limits_usd.get(scope)
        if scope in ("session", "story") or limit_usd is not None:
            spent_usd = await tracker.spent_usd(scope, story_id if scope == "story" else "")
            limit = "" if limit_usd is None else f" of at most ${limit_usd:.2f}"
            said.append(f"{name} ${spent_usd:.4f}{limit}")
    return said


def price_book(settings: Settings, own: LLMProvider | None = None) -> PriceBook:
    """The catalogue under the user's own prices; servers and providers of one's own are free.

    Unless their price is set: a server's in the settings, a provider's as its ``price``.
    """
    overlay = {
        name: Price(
            rates=Rates(input=r.input, output=r.output, cached=r.cached, cache_write=r.cache_write)
        )
        for name, r in settings.prices.items()
    }
    if own is not None and own.price is not None:
        overlay[f"{OWN}:{own.config.model}"] = own.price
    at_home = {OWN, *USUAL_SERVERS}
    if settings.servers:
        from tta_rebuild.integrations.openai_provider import is_near

        at_home |= {s.name for s in settings.servers.values() if is_near(s.base_url)}
    return PriceBook(overlay, free_providers=FREE_PROVIDERS | at_home)


async def used_today(ledger: Ledger, settings: Settings, *, now: datetime) -> Mapping[str, int]:
    """Requests made since the provider's midnight, by ``provider:model``, where a day has a quota.

    Raises StoreError.
    """
    of_a_day = {name: q.rpd for name, q in settings.quotas.items() if q.rpd}
    if not of_a_day:
        return {}
    from tta_rebuild.integrations.quota_window import Quota
    from tta_rebuild.integrations.waiting_times import end_of_day

    since = end_of_day(now, Quota().day_zone) - timedelta(days=1)
    rows = await ledger.attempts(limit=ROWS_PER_REQUEST * sum(of_a_day.values()))
    return Counter(
        f"{row.provider}:{_VERSION.sub('', row.model)}"
        for row in rows
        if row.at >= since and row.outcome != "cached"
    )
