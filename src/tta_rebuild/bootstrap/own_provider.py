"""A program's own provider, as the stack asks it: named, within its time, its defects told.

``application`` has it checked, ``stack_builder`` puts it where a known model's adapter stands.
"""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, contextmanager
from dataclasses import replace
from pathlib import Path

from tta_rebuild.bootstrap.spending import OWN
from tta_rebuild.core.errors import (
    ProviderFault,
    ProviderTimeout,
    ReplyUnusable,
    StreamBroken,
    TTAError,
    ValidationError,
)
from tta_rebuild.core.usage import Usage
from tta_rebuild.integrations.adapter import FEWEST_KEPT_WORDS, Patience
from tta_rebuild.integrations.llm_provider import (
    SILENT,
    LLMConfig,
    LLMProvider,
    LLMRequest,
    LLMResponse,
    StreamEnded,
    StreamItem,
    StreamRestarted,
    TextPiece,
    WrapperProvider,
    estimated_usage,
)
from tta_rebuild.integrations.prices import Price
from tta_rebuild.settings import Settings

_PACKAGE = Path(__file__).parents[1]

_RESPONSE = {
    "text": str,
    "tokens_used": int,
    "model": str,
    "finish_reason": str,
    "metadata": dict,
    "usage": Usage,
    "provider": str,
    "degraded": str,
}
"""What the fields of an answer are."""


def check_own(provider: LLMProvider) -> None:
    """Refuse what cannot be asked at all. Raises ValidationError (no provider), ProviderFault."""
    name = type(provider).__qualname__
    if not isinstance(provider, LLMProvider):
        raise ValidationError(
            f"provider= takes an object of a class that derives from tta.LLMProvider or "
            f"tta.RequestProvider, not {provider!r:.80} ({name})"
        )
    if not isinstance(getattr(provider, "config", None), LLMConfig):
        raise ProviderFault(
            f"the provider {name} has no config: call "
            'super().__init__(tta.LLMConfig(model="…")) in its __init__'
        )
    if not isinstance(provider.price, Price | None):
        raise ProviderFault(
            f"the price of the provider {name} is {provider.price!r:.80}; write it like "
            "price = tta.Price(rates=tta.Rates(input=0.30, output=2.50))"
        )


class OwnLLMProvider(WrapperProvider):
    """The caller's own provider: used here, closed by whoever made it.

    It has as long as a known model: ``timeout_s`` of the settings (else of its config) until the
    first piece or the whole answer, ``silence_timeout_s`` between two pieces.
    """

    def __init__(self, wrapped: LLMProvider, settings: Settings) -> None:
        super().__init__(wrapped)
        self._first_s = settings.timeout_s or wrapped.config.timeout_seconds
        self._silence_s = settings.silence_timeout_s or Patience().silence_s

    async def complete(self, request: LLMRequest) -> LLMResponse:
        """The provider's answer, with a name where it gives none.

        Raises ProviderFault, and ProviderTimeout where it takes too long.
        """
        allowed_s = request.timeout_seconds or self._first_s
        limit = asyncio.timeout(allowed_s)
        with self._faults_named():
            try:
                async with limit:
                    return self._checked(await self.wrapped.complete(request))
            except TimeoutError:
                if not limit.expired():
                    raise
        raise self._late(allowed_s)

    async def stream(self, request: LLMRequest) -> AsyncGenerator[StreamItem, None]:
        """The provider's answer in pieces, with a name where it gives none.

        What came before a silence is kept if it is worth it. Raises ProviderFault, ProviderTimeout,
        StreamBroken, and ReplyUnusable for one that forgets ``StreamEnded``.
        """
        text = ""
        with self._faults_named():
            items = self.wrapped.stream(request)
            if not isinstance(items, AsyncGenerator):
                raise self._fault(f"streams a {type(items).__name__}: write `yield` in `stream`")
            async with aclosing(items):
                while True:
                    wait_s = self._silence_s if text else request.timeout_seconds or self._first_s
                    limit = asyncio.timeout(wait_s)
                    try:
                        async with limit:
                            item = await anext(items, None)
                    except TimeoutError:
                        if not limit.expired():
                            raise
                        yield StreamEnded(self._kept(request, text, wait_s))
                        return
                    match item:
                        case TextPiece(str()):
                            text += item.text
                            yield item
                        case StreamRestarted():
                            text = ""
                            yield item
                        case StreamEnded():
                            yield StreamEnded(self._checked(item.response))
                            return
                        case None:
                            raise ReplyUnusable(
                                f"the stream of {self._class} ended without StreamEnded",
                                provider=OWN,
                                model=self.config.model,
                            )
                        case _:
                            raise self._fault(
                                f"streamed {item!r:.80}; each piece is a TextPiece(text), the last "
                                "item a StreamEnded(response)"
                            )

    def _late(self, seconds: float) -> ProviderTimeout:
        model = self.config.model
        return ProviderTimeout(
            f"no word from {model} for {seconds:g} s: try again, or allow it longer (TTA_TIMEOUT)",
            provider=OWN,
            model=model,
        )

    def _kept(self, request: LLMRequest, text: str, seconds: float) -> LLMResponse:
        """What came before a silence, as an answer. Raises where it is too little for one."""
        if not text:
            raise self._late(seconds)
        model, words = self.config.model, len(text.split())
        why = f"{model} went silent after {words} words (none for {seconds:g} s)"
        if words < FEWEST_KEPT_WORDS:
            raise StreamBroken(why, text=text, provider=OWN, model=model)
        usage = estimated_usage(request.full_text, text)
        return LLMResponse(
            text=text,
            tokens_used=usage.total_tokens,
            model=model,
            finish_reason=SILENT,
            usage=usage,
            provider=OWN,
            degraded=why,
        )

    @contextmanager
    def _faults_named(self) -> Iterator[None]:
        """Any exception that is not of the tree becomes one that names the provider's class."""
        try:
            yield
        except TTAError:
            raise
        except Exception as error:
            frames = traceback.extract_tb(error.__traceback__)
            theirs = [f for f in frames if not Path(f.filename).is_relative_to(_PACKAGE)] or frames
            raise ProviderFault(
                f"the provider {self._class} failed with {type(error).__name__}: {error} "
                f"({theirs[0].filename}, line {theirs[0].lineno}); the story is as it was before "
                "this turn. Mend the provider, or let it raise an error of tta's own"
            ) from error

    def _checked(self, response: LLMResponse) -> LLMResponse:
        if not isinstance(response, LLMResponse):
            raise self._fault(f"gave a {type(response).__name__} where an LLMResponse is due")
        for field, kind in _RESPONSE.items():
            value = getattr(response, field)
            if not isinstance(value, kind):
                raise self._fault(
                    f"gave an LLMResponse whose {field} is {value!r:.80}, not a {kind.__name__}"
                )
        return response if response.provider else replace(response, provider=OWN)

    def _fault(self, what: str) -> ProviderFault:
        return ProviderFault(
            f"the provider {self._class} {what}; the story is as it was before this turn"
        )

    @property
    def _class(self) -> str:
        return type(self.wrapped).__qualname__

    async def aclose(self) -> None:
        """Leave it open."""
