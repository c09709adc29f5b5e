"""Fallback: when a model cannot, the next one tells the story on, and says so.

Stands outside the retries and circuits of each model. Every call begins with the first model; its
circuit decides how soon it is really asked, so the story goes back to it as soon as it recovers.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from tta_rebuild.core.errors import (
    BudgetExceededError,
    CircuitOpen,
    ExecutionError,
    KeyMissing,
    KeyRejected,
    ModelUnavailable,
    ProviderBusy,
    ProviderError,
    QuotaExhausted,
    QuotaFull,
    ReplyUnusable,
    RequestTooLarge,
    SdkMissing,
    StreamBroken,
    ValidationError,
)
from tta_rebuild.integrations.llm_provider import (
    Ask,
    Items,
    LLMProvider,
    LLMRequest,
    LLMResponse,
    StreamEnded,
    StreamRestarted,
    TextPiece,
    WrapperProvider,
)

log = logging.getLogger("tta_rebuild.fallback")

Reasons = tuple[type[ExecutionError], ...]

WHEN_IT_CANNOT: Reasons = (
    CircuitOpen,
    KeyMissing,
    KeyRejected,
    ModelUnavailable,
    ProviderBusy,
    QuotaExhausted,
    QuotaFull,
    ReplyUnusable,
    RequestTooLarge,
    SdkMissing,
    StreamBroken,
)
"""The model before could not. Content that it refused is not taken elsewhere, and a request that
is wrong is not repeated."""

ALSO_WITHOUT_BUDGET: Reasons = (ProviderError, BudgetExceededError)
"""Whatever happens, also when the budget is used up: for a last link that costs nothing and whose
content is safe by itself, such as the embedded storyteller."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One model of the chain.

    Attributes:
        name: what the player is told, such as ``"the embedded storyteller"``.
        takes_over_for: errors of the link before that bring this one in (not looked at for the
            first link).
    """

    provider: LLMProvider
    name: str
    takes_over_for: Reasons = WHEN_IT_CANNOT


class FallbackLLMProvider(WrapperProvider):
    """Asks the links in order until one answers.

    A response of another than the first link says so in ``degraded``; ``metadata["place"]`` is the
    link's, for callers that find it of no use and ask the next (``LLMRequest.passed_over``). Where
    pieces had come before a link broke off, ``StreamRestarted`` precedes the pieces of the next.
    If all fail, the first link's error is raised, with the others' as notes: it is the one to act
    upon.

    Args:
        links: in order; a bare provider stands for a link that takes over for ``WHEN_IT_CANNOT``
            and is named after its model.
    """

    def __init__(self, links: Sequence[Link | LLMProvider]) -> None:
        if isinstance(links, LLMProvider) or not links:
            raise ValidationError("a fallback chain is a list of at least one model")
        self.links = tuple(link if isinstance(link, Link) else _bare(link) for link in links)
        super().__init__(self.links[0].provider)
        self._teller = self.links[0]

    async def relay(self, request: LLMRequest, ask: Ask) -> Items:
        """The answer of the first link that comes to its end."""
        chain = _Chain(self.links, request)
        has_begun = False
        while True:
            try:
                async with aclosing(ask(chain.link.provider, chain.request)) as items:
                    async for item in items:
                        if isinstance(item, StreamEnded):
                            self._note(chain)
                            item = StreamEnded(chain.told(item.response))
                        else:
                            has_begun = isinstance(item, TextPiece) or has_begun
                        yield item
                return
            except (ProviderError, BudgetExceededError) as error:
                chain.go_on(error)
            if has_begun:
                yield StreamRestarted(chain.why, provider=chain.link.name)
                has_begun = False

    def _note(self, chain: _Chain) -> None:
        """Log who tells the story now, once whenever that changes."""
        if chain.link is self._teller:
            return
        self._teller = chain.link
        if chain.link is self.links[0]:
            log.warning("%s tells the story again", chain.link.name)
        else:
            extra = {"correlation_id": chain.request.context.correlation_id}
            log.warning("%s", chain.why, extra=extra)

    async def aclose(self) -> None:
        """Close all links."""
        for link in self.links:
            await link.provider.aclose()


def _bare(provider: LLMProvider) -> Link:
    if not isinstance(provider, LLMProvider):
        raise ValidationError(f"a fallback chain is made of providers or links, not {provider!r}")
    return Link(provider=provider, name=provider.config.model)


class _Chain:
    """How far along the chain one call has come."""

    __slots__ = ("_errors", "_index", "_links", "request")

    def __init__(self, links: Sequence[Link], request: LLMRequest) -> None:
        self._links = links
        self._index = 0
        self._errors: list[tuple[Link, ExecutionError]] = []
        self.request = request
        if request.passed_over is not None:
            self._index = min(request.passed_over.place, len(links) - 1)
            self.request = replace(request, passed_over=None)
            self.go_on(request.passed_over.error)

    @property
    def link(self) -> Link:
        """The model whose turn it is."""
        return self._links[self._index]

    @property
    def why(self) -> str:
        """Who has taken over and for what reason, in plain words."""
        return f"{self.link.name} has taken over: {self._errors[0][1]}"

    def go_on(self, error: ExecutionError) -> None:
        """To the next link that takes over for this error; raises if there is none."""
        self._errors.append((self.link, error))
        for index in range(self._index + 1, len(self._links)):
            if isinstance(error, self._links[index].takes_over_for):
                break
        else:
            raise self._final()
        self._index = index
        # A model named in the request belongs to the first link.
        self.request = replace(self.request, model=None)

    def told(self, response: LLMResponse) -> LLMResponse:
        """The response, which says so if another than the first link gave it."""
        metadata = {**response.metadata, "place": self._index}
        if self._index == 0:
            return replace(response, metadata=metadata)
        degraded = f"{self.why}; {response.degraded}" if response.degraded else self.why
        return replace(response, degraded=degraded, metadata=metadata)

    def _final(self) -> ExecutionError:
        (_, first), *others = self._errors
        for link, error in others:
            first.add_note(f"{link.name} was asked next and failed too: {error}")
        return first
