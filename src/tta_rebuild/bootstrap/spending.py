"""What may be spent: budgets, prices and the day's quotas, from the settings and the ledger."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from tta_rebuild.core.access import AccessRecords
from tta_rebuild.core.base_primitive import TTAContext
from tta_rebuild.core.turn_calls import CallAsked
from tta_rebuild.core.usage import Ledger, Usage
from tta_rebuild.integrations.budgets import Budget, Scope
from tta_rebuild.integrations.cost_tracker import CostTracker
from tta_rebuild.integrations.llm_provider import LLMProvider, LLMRequest
from tta_rebuild.integrations.local_discovery import USUAL_SERVERS
from tta_rebuild.integrations.prices import FREE_PROVIDERS, Price, PriceBook, Rates
from tta_rebuild.settings import Settings

OWN = "own"
"""The provider name under which a program's own provider is quoted, priced and reported."""

_BUDGETS: Mapping[Scope, tuple[str, str, str]] = {
    "session": ("max_cost_usd", "LLM_MAX_COST", "This session"),
    "story": ("budget_per_story_usd", "TTA_BUDGET_PER_STORY", "this story"),
    "day": ("budget_per_day_usd", "TTA_BUDGET_PER_DAY", "today"),
    "player": ("budget_per_player_usd", "TTA_BUDGET_PER_PLAYER", "this player"),
    "total": ("budget_total_usd", "TTA_BUDGET_TOTAL", "in all"),
    "call": ("budget_per_call_usd", "TTA_BUDGET_PER_CALL", ""),
}
"""The setting behind the budget of each scope, its variable, and what a player is told of."""

_VERSION = re.compile(r"-(\d{3}|\d{8}|\d{4}-\d\d-\d\d)$")
"""What providers append to the name of the model that answered; quotas are named without it."""


@dataclass(frozen=True, slots=True)
class PlayerBudget:
    """What a player of a server may spend a day, None for no limit of their own; and has today."""

    usd_a_day: float | None
    spent_today_usd: float


@dataclass(frozen=True, slots=True)
class StoryBudget:
    """What a story may cost in all, None for no budget of its own; and has cost."""

    usd: float | None
    spent_usd: float


def budgets_of(settings: Settings) -> Iterator[Budget]:
    """The budgets that are set."""
    for scope, (field, variable, _) in _BUDGETS.items():
        limit_usd: float | None = getattr(settings, field)
        if limit_usd is not None:
            otherwise = "lower TTA_MAX_TOKENS" if scope == "call" else "play offline"
            how = f"raise {variable}, or {otherwise}"
            yield Budget(scope=scope, limit_usd=limit_usd, how_to_raise=how)


async def spent_of_budgets(tracker: CostTracker, story_id: str) -> list[str]:
    """Session, story and each other budget that is set: ``today $0.0123 of at most $5.00``."""
    own_usd = await tracker.story_limit_usd(story_id)
    return spent_in_words(tracker, await spent_by_scope(tracker, story_id), own_usd)


async def spent_by_scope(tracker: CostTracker, story_id: str) -> Mapping[Scope, float]:
    """What session and story have spent, and whom each other budget is for, in US dollars."""
    limited = {budget.scope for budget in tracker.budgets}
    return {
        scope: await tracker.spent_usd(scope, story_id if scope == "story" else "")
        for scope, (_, _, name) in _BUDGETS.items()
        if name and (scope in limited or scope in ("session", "story"))
    }


def spent_in_words(
    tracker: CostTracker, spent_usd: Mapping[Scope, float], own_usd: float | None
) -> list[str]:
    """A line for each scope, with its limit if it has one; ``own_usd`` is the story's own."""
    most = {budget.scope: budget.limit_usd for budget in tracker.budgets}
    if own_usd is not None:
        most["story"] = min(own_usd, most.get("story", own_usd))
    limits = {scope: f" of at most ${usd:.2f}" for scope, usd in most.items()}
    return [
        f"{_BUDGETS[scope][2]} ${usd:.4f}{limits.get(scope, '')}"
        for scope, usd in spent_usd.items()
    ]


async def budget_of_player(
    access: AccessRecords, tracker: CostTracker, player_id: str
) -> PlayerBudget:
    """What a player may spend a day, and has spent today (UTC)."""
    limits = await access.limits()
    today = f"{player_id} {tracker.clock.wall().date().isoformat()}"
    spent_usd = await tracker.spent_usd("player day", today)
    return PlayerBudget(limits.get(player_id), spent_usd)


async def budget_of_story(
    access: AccessRecords, tracker: CostTracker, story_id: str
) -> StoryBudget:
    """What a story may cost in all, and has."""
    limits = await access.story_limits()
    return StoryBudget(limits.get(story_id), await tracker.spent_usd("story", story_id))


def price_book(settings: Settings, own: LLMProvider | None = None) -> PriceBook:
    """The catalogue under the user's own prices; servers and providers of one's own are free.

    Unless their price is set: a server's in the settings, a provider's as its ``price``.
    """
    prices = settings.prices.items()
    overlay = {name: Price(rates=Rates(**rates.model_dump())) for name, rates in prices}
    if own is not None and own.price is not None:
        overlay[f"{OWN}:{own.config.model}"] = own.price
    at_home = {OWN, *USUAL_SERVERS}
    if settings.servers:
        from tta_rebuild.integrations.openai_provider import is_near

        at_home |= {s.name for s in settings.servers.values() if is_near(s.base_url)}
    return PriceBook(overlay, free_providers=FREE_PROVIDERS | at_home)


async def used_today(ledger: Ledger, settings: Settings, *, now: datetime) -> Mapping[str, int]:
    """Requests since the provider's midnight, by model, where a day has a quota."""
    of_a_day = {name: q.rpd for name, q in settings.quotas.items() if q.rpd}
    if not of_a_day:
        return {}
    from tta_rebuild.integrations.rate_limiter import end_of_day

    since = end_of_day(now) - timedelta(days=1)
    rows = await ledger.attempts(limit=2 * sum(of_a_day.values()))  # others lie between
    return Counter(
        f"{row.provider}:{_VERSION.sub('', row.model)}"
        for row in rows
        if row.at >= since and row.outcome != "cached"
    )


def booker_of_lost_calls(tracker: CostTracker) -> Callable[[CallAsked, Usage], Awaitable[None]]:
    """Books a call of which nobody heard the end, by what may have been billed, as an estimate.

    It is spent of every budget that the call fell under.
    """

    async def book(asked: CallAsked, usage: Usage) -> None:
        price = tracker.price_of(asked.provider, asked.model)
        whose = {"player_id": asked.player_id, "session_id": asked.session_id}
        context = TTAContext(
            workflow_id=asked.story_id,
            correlation_id=asked.correlation_id,
            timestamp=asked.at,
            metaconcepts=[],
            player_boundaries={},
            session_state={name: value for name, value in whose.items() if value},
        )
        request = LLMRequest(
            prompt="",
            context=context,
            task=asked.task,
            template=asked.prompt_version,
            story_id=asked.story_id,
            branch_id=asked.branch_id,
            turn=asked.turn,
        )
        facts = {"outcome": "broken", "usage": usage, "priced": price.is_known, "at": asked.at}
        async with tracker.call(request) as (call, request):
            cost_usd = price.cost_usd(usage)
            call.spend(
                tracker.book(request, asked.provider, asked.model, cost_usd=cost_usd, **facts)
            )

    return book
