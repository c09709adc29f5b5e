"""A program's own provider, as the stack asks it: named, within its time, its defects told."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from tta_rebuild.bootstrap.spending import OWN
from tta_rebuild.core import errors
from tta_rebuild.core.usage import Usage
from tta_rebuild.integrations import llm_provider as llm
from tta_rebuild.integrations.adapter import Patience, silence
from tta_rebuild.integrations.prices import Price
from tta_rebuild.settings import Settings

_PACKAGE = Path(__file__).parents[1]
_TEXTS = ("text", "model", "finish_reason", "provider", "degraded")
_RESPONSE = dict.fromkeys(_TEXTS, str) | {"tokens_used": int, "metadata": dict, "usage": Usage}
"""What the fields of an answer are."""


def check_own(provider: llm.LLMProvider) -> None:
    """Refuse what cannot be asked at all. Raises ValidationError (no provider), ProviderFault."""
    name = type(provider).__qualname__
    if not isinstance(provider, llm.LLMProvider):
        raise errors.ValidationError(
            f"provider= takes an object of a class that derives from tta.LLMProvider or "
            f"tta.RequestProvider, not {provider!r:.80} ({name})"
        )
    if not isinstance(getattr(provider, "config", None), llm.LLMConfig):
        raise errors.ProviderFault(
            f"the provider {name} has no config: call "
            'super().__init__(tta.LLMConfig(model="…")) in its __init__'
        )
    if not isinstance(provider.price, Price | None):
        raise errors.ProviderFault(
            f"the price of the provider {name} is {provider.price!r:.80}; write it like "
            "price = tta.Price(rates=tta.Rates(input=0.30, output=2.50))"
        )


class OwnLLMProvider(llm.WrapperProvider):
    """The caller's own provider: used here, closed by whoever made it.

    It has as long as a known model: ``timeout_s`` of the settings (else of its config) until the
    first piece or the whole answer, ``silence_timeout_s`` between two pieces.
    """

    def __init__(self, wrapped: llm.LLMProvider, settings: Settings) -> None:
        super().__init__(wrapped)
        self._class = type(wrapped).__qualname__
        self._names: dict[str, Any] = {"provider": OWN, "model": wrapped.config.model}
        self._first_s = settings.timeout_s or wrapped.config.timeout_seconds
        self._silence_s = settings.silence_timeout_s or Patience().silence_s

    async def items(self, request: llm.LLMRequest, *, whole: bool = False) -> llm.Items:
        """The provider's answer; what came before a silence is kept if it is worth it.

        Raises ProviderFault, ProviderTimeout, StreamBroken, ReplyUnusable (no ``StreamEnded``).
        """
        text = ""
        with self._faults_named():
            # not self.wrapped.items, a name that their class may have for something of its own
            items = llm.LLMProvider.items(self.wrapped, request, whole=whole)
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
                        item = llm.StreamEnded(self._kept(request, text, wait_s))
                    match item:
                        case llm.StreamEnded():
                            yield llm.StreamEnded(self._own(item.response))
                            return
                        case llm.TextPiece(str()) | llm.StreamRestarted():
                            text = text + item.text if isinstance(item, llm.TextPiece) else ""
                            yield item
                        case None:
                            why = f"the stream of {self._class} ended without StreamEnded"
                            raise errors.ReplyUnusable(why, **self._names)
                        case _:
                            raise self._fault(
                                f"streamed {item!r:.80}; each piece is a TextPiece(text), the last "
                                "item a StreamEnded(response)"
                            )

    def _kept(self, request: llm.LLMRequest, text: str, seconds: float) -> llm.LLMResponse:
        """What came before a silence, as an answer. Raises where it is too little for one."""
        why = silence(text, seconds, **self._names)
        usage = llm.estimated_usage(request.full_text, text)
        kept = self._answered(text, usage, self._names["model"], llm.SILENT, {})
        return replace(kept, degraded=why, provider=OWN)

    @contextmanager
    def _faults_named(self) -> Iterator[None]:
        """Any exception that is not of the tree becomes one that names the provider's class."""
        try:
            yield
        except errors.TTAError:
            raise
        except Exception as error:
            frames = traceback.extract_tb(error.__traceback__)
            theirs = [f for f in frames if not Path(f.filename).is_relative_to(_PACKAGE)] or frames
            raise errors.ProviderFault(
                f"the provider {self._class} failed with {type(error).__name__}: {error} "
                f"({theirs[0].filename}, line {theirs[0].lineno}); the story is as it was before "
                "this turn. Mend the provider, or let it raise an error of tta's own"
            ) from error

    def _own(self, response: Any) -> llm.LLMResponse:
        """An answer with a name; raises ProviderFault for what is none."""
        if not isinstance(response, llm.LLMResponse):
            raise self._fault(f"gave a {type(response).__name__} where an LLMResponse is due")
        for field, kind in _RESPONSE.items():
            value = getattr(response, field)
            if not isinstance(value, kind):
                said = f"gave an LLMResponse whose {field} is {value!r:.80}"
                raise self._fault(f"{said}, not a {kind.__name__}")
        return response if response.provider else replace(response, provider=OWN)

    def _fault(self, what: str) -> errors.ProviderFault:
        said = f"the provider {self._class} {what}"
        return errors.ProviderFault(f"{said}; the story is as it was before this turn")

    async def aclose(self) -> None:
        """Leave it open."""
