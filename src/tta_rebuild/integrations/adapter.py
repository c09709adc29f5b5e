"""What the adapters share; nothing of a vendor's leaves one: not its types, not its exceptions."""

from __future__ import annotations

import asyncio
import os
import re
from abc import abstractmethod
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib import import_module
from itertools import count
from typing import Any, ClassVar
from urllib.parse import urlsplit

from tta_rebuild.core import errors
from tta_rebuild.core.secret import MASK, Secret, reveal
from tta_rebuild.core.usage import Usage
from tta_rebuild.integrations import llm_provider as llm
from tta_rebuild.integrations.api_errors import ErrorAnswer, api_words, error_of
from tta_rebuild.integrations.parameters import Asked, Parameters, traits_of

_JSON_FRAME = re.compile(r'"\w+"\s*:|[{}\[\],"]')

FEWEST_KEPT_WORDS = 25
"""A stream that goes silent after fewer words has told nothing that is worth keeping."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """Seconds until the first piece, between two, and for each token of a whole answer."""

    first_piece_s: float = 30.0
    silence_s: float = 30.0
    per_token_s: float = 0.0


NEARBY = Patience(first_piece_s=180.0, silence_s=60.0, per_token_s=0.5)
"""A server on one's own machine reads a prompt for minutes and tells a few tokens a second."""


@dataclass(slots=True, kw_only=True)
class Chunk:
    """Some of an answer, or all of it; ``finish`` and ``refusal`` are the vendor's own words."""

    text: str = ""
    usage: Usage | None = None
    finish: str = ""
    model: str = ""
    refusal: str = ""

    def add(self, more: Chunk) -> None:
        """Take the next chunk of the same answer in."""
        self.text += more.text
        self.usage = more.usage or self.usage
        self.finish = more.finish or self.finish
        self.model = more.model or self.model
        self.refusal = more.refusal or self.refusal


class Adapter(llm.ItemsProvider):
    """A provider behind a vendor's SDK, which is imported on the first call.

    Args:
        api_key: the key; None reads ``key_variable`` from the environment.
        config: model and defaults; ``model`` alone is a shorter way to say it, and comes first.
        base_url: another server that speaks the vendor's protocol.
        piece_timeout_s: greatest silence inside a stream, after its first piece; None is the usual.

    Raises KeyMissing where there is no key, and this server needs one.
    """

    vendor: ClassVar[str]
    """The extra to install; also whose rows of ``model_traits.toml`` hold."""
    compatible: bool = False
    """Whether it is another's server that speaks the vendor's protocol: it has rows of its own."""
    sdk: ClassVar[str]
    default_model: ClassVar[str]
    home: ClassVar[str]
    """The vendor's own address, said so that no environment variable sends the key elsewhere."""
    optional: ClassVar[frozenset[str]] = frozenset({"structured", "temperature", "thinking"})
    """Parameters that the adapter can leave out (see ``Parameters``)."""
    key_variable: str
    patience: Patience = Patience()

    def __init__(
        self,
        api_key: str | Secret | None = None,
        model: str | None = None,
        *,
        config: llm.LLMConfig | None = None,
        base_url: str | None = None,
        piece_timeout_s: float | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        usual = llm.LLMConfig(self.default_model, timeout_seconds=self.patience.first_piece_s)
        config = config or usual
        super().__init__(config if model is None else replace(config, model=model))
        self.base_url = base_url
        self.piece_timeout_s = piece_timeout_s or self.patience.silence_s
        self._now = now
        self._key = Secret(self._find_key(api_key))
        self._client: Any = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._vendor_errors: tuple[type[Exception], ...] = ()
        self._parameters = Parameters(self.optional, self.patience.per_token_s)

    def _find_key(self, api_key: str | Secret | None) -> str:
        key = reveal(api_key) or os.environ.get(self.key_variable, "").strip()
        if not key:
            raise errors.KeyMissing(self.key_variable, provider=self.provider)
        return key

    @abstractmethod
    def _connect(self, sdk: Any) -> Any:
        """A client of the SDK, and ``self._vendor_errors``. Called once per event loop."""

    @abstractmethod
    def _chunks(self, asked: Asked) -> AsyncGenerator[Chunk, None]:
        """The answer in pieces, or in one. Closing it early closes the connection."""

    @abstractmethod
    def _translated(self, error: Exception, asked: Asked) -> errors.ProviderError:
        """A vendor's exception as one of ours."""

    @abstractmethod
    async def _disconnect(self, client: Any) -> None:
        """Release the client's connections."""

    async def aclose(self) -> None:
        """Release connections; safe to call twice."""
        client, self._client = self._client, None
        if client is not None and self._loop is asyncio.get_running_loop():
            await self._disconnect(client)

    async def items(self, request: llm.LLMRequest, *, whole: bool = False) -> llm.Items:
        """The answer; closing the generator closes the connection, so nothing more is billed."""
        rows = "compatible" if self.compatible else self.vendor
        traits = traits_of(rows, request.model or self.config.model)
        for requests in count(1):
            asked = self._parameters.settled(request, self.config, traits, is_whole=whole)
            try:
                async with aclosing(self._told(asked, requests)) as items:
                    async for item in items:
                        yield item
                return
            except errors.RequestRejected as error:
                # Refused before the first piece, so nothing has been yielded.
                if not self._parameters.learn(error, asked):
                    raise

    async def _told(self, asked: Asked, requests: int) -> llm.Items:
        whole = Chunk()
        async with aclosing(self._chunks(asked)) as chunks:
            while True:
                allowed_s = self.piece_timeout_s if whole.text else asked.timeout_s
                failure: errors.ProviderError | None = None
                cause: Exception | None = None
                try:
                    async with asyncio.timeout(allowed_s):
                        if not whole.text:
                            await self.warm()
                        chunk = await anext(chunks, None)
                except TimeoutError:
                    why = silence(whole.text, allowed_s, provider=self.provider, model=asked.model)
                    kept = self._response(asked, whole, requests)
                    yield llm.StreamEnded(replace(kept, finish_reason=llm.SILENT, degraded=why))
                    return
                except self._vendor_errors as error:
                    failure, cause = self._translated(error, asked), error
                    if whole.text and type(failure) in (errors.ProviderBusy, errors.ReplyUnusable):
                        failure = self._broken(asked, whole.text)
                # Outside of the handlers, so that a refused key is in no exception's context.
                if failure is not None:
                    raise failure from (None if isinstance(failure, errors.KeyRejected) else cause)
                if chunk is None:
                    break
                whole.add(chunk)
                if chunk.text:
                    yield llm.TextPiece(chunk.text, chunk.usage)
        if whole.text and not whole.finish and not asked.is_whole:
            raise self._broken(asked, whole.text)
        yield llm.StreamEnded(self._response(asked, whole, requests))

    async def warm(self) -> None:
        """Import the SDK (seconds of CPU), make a client for this event loop. Raises SdkMissing."""
        loop = asyncio.get_running_loop()
        if self._client is not None and self._loop is loop:
            return
        try:
            sdk = await asyncio.to_thread(import_module, self.sdk)
            if self._client is None or self._loop is not loop:
                self._client, self._loop = self._connect(sdk), loop
        except ImportError as error:
            do = f"pip install 'tta-rebuild[{self.vendor}]', or play with --model offline"
            said = f"the SDK for {self.provider} is not installed: {do}"
            raise errors.SdkMissing(said, provider=self.provider) from error

    def _response(self, asked: Asked, whole: Chunk, requests: int) -> llm.LLMResponse:
        """The answer as a value; raises where it is none."""
        ours = (
            name for name, said in api_words()["finish"].items() if whole.finish in said.split()
        )
        finish = next(ours, "other")
        if not whole.text:
            failure = self._empty(asked, whole, finish)
            failure.usage = whole.usage
            raise failure
        usage = whole.usage or llm.estimated_usage(
            f"{asked.request.system}{asked.prompt}", whole.text
        )
        told = {"finish": whole.finish, "http_requests": requests}
        return self._answered(whole.text, usage, whole.model or asked.model, finish, told)

    def _failure(
        self, kind: type[errors.ProviderError], asked: Asked, said: str, **facts: Any
    ) -> errors.ProviderError:
        return kind(said, provider=self.provider, model=asked.model, **facts)

    def _empty(self, asked: Asked, whole: Chunk, finish: str) -> errors.ProviderError:
        """For an answer without any text."""
        model = asked.model
        refusal = whole.finish if finish in ("safety", "recitation") else whole.refusal
        if refusal:
            said = f"{model} refused this for its content ({refusal}): "
            said += "say it more softly, or use another model"
            return self._failure(errors.ContentRefused, asked, said, reason=refusal)
        why = f"it ended with {whole.finish}" if whole.finish else "no candidate"
        if finish == "length":
            why = f"all of its {asked.max_tokens} tokens went into thinking: raise max_tokens"
        said = f"{model} answered without any text ({why})"
        return self._failure(errors.ReplyUnusable, asked, said)

    def _refused(self, answer: ErrorAnswer, asked: Asked) -> errors.ProviderError:
        """For an error that the server answered with, without our key in its words."""
        said = answer.said.replace(self._key.reveal(), MASK) if self._key else answer.said
        return error_of(replace(answer, said=said), self.provider, asked.model, self.key_variable)

    def _no_answer(self, error: Exception, asked: Asked) -> errors.ProviderError:
        """For what an SDK cannot encode or decode."""
        if isinstance(error, UnicodeEncodeError):
            said = "the prompt holds half a character: remove it"
            return self._failure(errors.RequestRejected, asked, said)
        said = f"what came from {asked.model} is no answer of this API"
        said += " (a proxy or a sign-in page in between?): try again"
        return self._failure(errors.ReplyUnusable, asked, said)

    def _no_connection(self, error: Exception, asked: Asked) -> errors.ProviderError:
        error = error.__cause__ if isinstance(error.__cause__, Exception) else error
        # A connection that was lost may have carried the request; one never made did not.
        was_made = type(error).__name__ not in api_words()["transport"]["never_connected"].split()
        what = "was lost" if was_made else "could not be made"
        do = "try again" if was_made else "is it running, and the address right?"
        at = urlsplit(self.base_url or self.home)  # shown without name, password and query
        where = f"{at.scheme}://{at.netloc.rpartition('@')[2]}{at.path}"
        said = f"the connection to {asked.model} of {self.provider} at {where} {what}"
        failure = self._failure(errors.ProviderBusy, asked, f"{said} ({_cause(error)}): {do}")
        failure.may_be_billed = was_made
        return failure

    def _broken(self, asked: Asked, text: str) -> errors.ProviderError:
        why = f"the stream from {asked.model} stopped before its end"
        return self._failure(errors.StreamBroken, asked, why, text=text)


def silence(text: str, seconds: float, *, provider: str, model: str) -> str:
    """Why an answer that went silent is kept, in words; raises where there is too little of it."""
    named = {"provider": provider, "model": model}
    if not text:
        said = f"no word from {model} for {seconds:g} s"
        said += ": try again, or allow it longer (TTA_TIMEOUT)"
        raise errors.ProviderTimeout(said, **named)
    words = len(_JSON_FRAME.sub(" ", text).split())
    why = f"{model} went silent after {words} words (none for {seconds:g} s)"
    if words < FEWEST_KEPT_WORDS:
        raise errors.StreamBroken(why, text=text, **named)
    return why


def _cause(error: BaseException) -> str:
    """Why a connection failed: in words where the first cause is known, else its name."""
    below: BaseException | None = error
    while below is not None:
        if said := api_words()["transport"]["why"].get(type(below).__name__):
            return str(said)
        below = below.__cause__ or below.__context__
    return type(error).__name__
