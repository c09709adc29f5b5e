"""Which model answers: one by the task, and where it cannot, the next one, which says so."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from tta_rebuild.core import errors
from tta_rebuild.integrations import llm_provider as llm

_log = logging.getLogger("tta_rebuild.fallback")

Reasons = tuple[type[errors.ExecutionError], ...]

_REASONS = """CircuitOpen KeyMissing KeyRejected ModelUnavailable ProviderBusy QuotaExhausted
QuotaFull ReplyUnusable RequestTooLarge SdkMissing StreamBroken""".split()

WHEN_IT_CANNOT: Reasons = tuple(getattr(errors, name) for name in _REASONS)
"""The model before could not. Content that it refused is not taken elsewhere, and a request that
is wrong is not repeated."""

ALSO_WITHOUT_BUDGET: Reasons = (errors.ProviderError, errors.BudgetExceededError)
"""Whatever happens: for a last link that costs nothing and whose content is safe by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One model of the chain: what the player is told, and the errors that bring it in."""

    provider: llm.LLMProvider
    name: str
    takes_over_for: Reasons = WHEN_IT_CANNOT


Failed = list[tuple[Link, errors.ExecutionError]]
"""The links asked so far, with their errors."""


class FallbackLLMProvider(llm.WrapperProvider):
    """Asks the links in order until one answers; a bare provider is one named after its model.

    A response of another than the first says so in ``degraded``; ``metadata["place"]`` is the
    link's (see ``LLMRequest.passed_over``). If all fail, the first link's error is raised, as the
    one to act upon, with the others' as notes.
    """

    def __init__(self, links: Sequence[Link | llm.LLMProvider]) -> None:
        if isinstance(links, llm.LLMProvider) or not links:
            raise errors.ValidationError("a fallback chain is a list of at least one model")
        self.links = tuple(link if isinstance(link, Link) else _bare(link) for link in links)
        super().__init__(self.links[0].provider)
        self.price = None  # the first one's is not the others'
        self._teller = self.links[0]

    async def items(self, request: llm.LLMRequest, *, whole: bool = False) -> llm.Items:
        """The answer of the first link that comes to its end."""
        failed: Failed = []
        place = 0
        has_begun = False
        if request.passed_over is not None:
            passed, request = request.passed_over, replace(request, passed_over=None, model=None)
            place = self._next(min(passed.place, len(self.links) - 1), passed.error, failed)
        while True:
            link = self.links[place]
            why = f"{link.name} has taken over: {failed[0][1]}" if place else ""
            if has_begun:
                yield llm.StreamRestarted(why, provider=link.name)
                has_begun = False
            try:
                async with aclosing(link.provider.items(request, whole=whole)) as items:
                    async for item in items:
                        if isinstance(item, llm.StreamEnded):
                            self._note(link, request, why)
                            degraded = "; ".join(filter(None, (why, item.response.degraded)))
                            told = {**item.response.metadata, "place": place}
                            got = replace(item.response, degraded=degraded, metadata=told)
                            item = llm.StreamEnded(got)
                        has_begun = isinstance(item, llm.TextPiece) or has_begun
                        yield item
                return
            except (errors.ProviderError, errors.BudgetExceededError) as error:
                place = self._next(place, error, failed)
            # A model named in the request belongs to the first link.
            request = replace(request, model=None)

    def _next(self, place: int, error: errors.ExecutionError, failed: Failed) -> int:
        """The place of the next link that takes over for this error; raises if there is none."""
        failed.append((self.links[place], error))
        for later in range(place + 1, len(self.links)):
            if isinstance(error, self.links[later].takes_over_for):
                return later
        (_, first), *others = failed
        for link, other in others:
            first.add_note(f"{link.name} was asked next and failed too: {other}")
        raise first

    def _note(self, link: Link, request: llm.LLMRequest, why: str) -> None:
        """Log who tells the story now, once whenever that changes."""
        if link is not self._teller:
            extra = {"correlation_id": request.context.correlation_id}
            _log.warning("%s", why or f"{link.name} tells the story again", extra=extra)
            self._teller = link

    async def aclose(self) -> None:
        """Close all links."""
        for link in self.links:
            await link.provider.aclose()


def _bare(provider: llm.LLMProvider) -> Link:
    if not isinstance(provider, llm.LLMProvider):
        raise errors.ValidationError(f"a chain takes providers or links, not {provider!r}")
    return Link(provider=provider, name=provider.config.model)


class RoutedLLMProvider(llm.WrapperProvider):
    """Passes each request to its task's provider (see ``core.tasks``), others to ``default``."""

    def __init__(self, default: llm.LLMProvider, routes: Mapping[str, llm.LLMProvider]) -> None:
        super().__init__(default)
        self.price = None  # the default's is not the others'
        self.routes = dict(routes)

    def items(self, request: llm.LLMRequest, *, whole: bool = False) -> llm.Items:
        """Put the request to its route."""
        return self.routes.get(request.task, self.wrapped).items(request, whole=whole)

    async def aclose(self) -> None:
        """Close every provider once."""
        for provider in {id(p): p for p in (self.wrapped, *self.routes.values())}.values():
            await provider.aclose()
