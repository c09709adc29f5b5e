"""A provider whose calls are priced and booked, for the tests of bookings and of budgets."""

from __future__ import annotations

from tests.integrations.fakes import (
    ManualClock,
    MemoryLedger,
    ScriptedProvider,
    Told,
    request_of,
)
from tta_rebuild.core.usage import Attempt, Usage
from tta_rebuild.integrations.budgets import BudgetWarning
from tta_rebuild.integrations.cost_tracker import CostTracker
from tta_rebuild.integrations.llm_provider import (
    LLMRequest,
    RequestProvider,
    StreamItem,
)
from tta_rebuild.integrations.prices import Price, PriceBook, Rates
from tta_rebuild.integrations.wrappers.costed import (
    CostTrackingLLMProvider,
)

RATES = Rates(input=1.0, output=10.0)
PRICES = PriceBook({"gemini-2.5-flash": Price(rates=RATES)})
SCENE = Usage(input_tokens=1000, output_tokens=500)
SCENE_USD = (1000 * 1.0 + 500 * 10.0) / 1e6


class Fixed:
    """A tracker, its ledger and a provider that answers by a script."""

    def __init__(
        self,
        *answers: Told | BaseException,
        clock: ManualClock | None = None,
        ledger: MemoryLedger | None = None,
        **options: object,
    ) -> None:
        self.clock = clock or ManualClock()
        self.ledger = ledger or MemoryLedger()
        self.warnings: list[BudgetWarning] = []
        self.tracker = CostTracker(
            self.ledger,
            prices=PRICES,
            clock=self.clock,
            on_warning=self.warnings.append,
            **options,  # type: ignore[arg-type]
        )
        self.model = ScriptedProvider(*answers, clock=self.clock, max_tokens=1000)
        self.costed = CostTrackingLLMProvider(self.model, self.tracker, provider="gemini")

    async def rows(self) -> list[Attempt]:
        await self.tracker.flush()
        return self.ledger.rows


async def items_of(
    provider: RequestProvider, request: LLMRequest | None = None
) -> list[StreamItem]:
    return [item async for item in provider.stream(request or request_of())]
