"""What the adapters to vendors' SDKs have in common: keys, limits of time, streams, errors.

``gemini_provider``, ``openai_provider`` and ``anthropic_provider`` derive from ``Adapter`` and say
how a request is put to their SDK and how its answer is read. Nothing of a vendor's leaves an
adapter: not its types, not its exceptions.
"""

from __future__ import annotations

import asyncio
import os
import re
from abc import abstractmethod
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib import import_module
from typing import Any, ClassVar

from tta_rebuild.core.errors import (
    ContentRefused,
    KeyMissing,
    KeyRejected,
    ProviderBusy,
    ProviderError,
    ProviderTimeout,
    ReplyUnusable,
    RequestRejected,
    SdkMissing,
    StreamBroken,
)
from tta_rebuild.core.secret import Secret, reveal
from tta_rebuild.core.usage import Usage
from tta_rebuild.integrations.llm_provider import (
    SILENT,
    LLMConfig,
    LLMRequest,
    LLMResponse,
    RequestProvider,
    StreamEnded,
    StreamItem,
    TextPiece,
    estimated_usage,
)
from tta_rebuild.integrations.model_traits import ModelTraits, traits_of
from tta_rebuild.integrations.parameters import Asked, Parameters

_NEVER_CONNECTED = frozenset(
    {
        "ClientConnectorError",
        "ClientConnectorDNSError",
        "ClientConnectorCertificateError",
        "ConnectError",
        "ConnectTimeout",
        "ConnectionRefusedError",
        "ConnectionTimeoutError",
        "PoolTimeout",
        "gaierror",
    }
)
"""Names of what the SDKs' transports raise before anything was sent."""

_JSON_FRAME = re.compile(r'"\w+"\s*:|[{}\[\],"]')

FEWEST_KEPT_WORDS = 25
"""A stream that goes silent after fewer words has told nothing that is worth keeping."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a kind of server is waited for, unless something else is set; seconds.

    Attributes:
        first_piece_s: until the first piece of an answer.
        silence_s: between two pieces.
        per_token_s: for each token that an answer in one piece may have, on top.
    """

    first_piece_s: float = 30.0
    silence_s: float = 30.0
    per_token_s: float = 0.0


NEARBY = Patience(first_piece_s=180.0, silence_s=60.0, per_token_s=0.5)
"""A server on one's own machine reads a prompt for minutes and tells a few tokens a second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """Some of an answer, or all of it.

    Attributes:
        usage: tokens counted so far, where the provider says.
        finish: why it ended, in our words (see ``LLMResponse``); "" before the end.
        vendor_finish: the same in the vendor's own word, for metadata and errors.
        refusal: the vendor's word for blocking the whole prompt or answer, "" if it did not.
    """

    text: str = ""
    usage: Usage | None = None
    finish: str = ""
    vendor_finish: str = ""
    model: str = ""
    refusal: str = ""


class Adapter(RequestProvider):
    """A provider behind a vendor's SDK, which is imported on the first call.

    Args:
        api_key: the key; None reads ``key_variable`` from the environment.
        config: model and defaults; ``model`` alone is a shorter way to say it, and comes first.
        base_url: another server that speaks the vendor's protocol.
        piece_timeout_s: greatest silence inside a stream, after its first piece (before it, that is
            ``config.timeout_seconds``); None is the usual. A stream may last while it speaks.
        now: the time, aware; for daily resets and dates in ``Retry-After``.

    Raises:
        KeyMissing: no key, and this server needs one.
    """

    vendor: ClassVar[str]
    """The rows of ``model_traits`` that hold."""
    sdk: ClassVar[str]
    extra: ClassVar[str]
    default_model: ClassVar[str]
    optional: ClassVar[frozenset[str]] = frozenset({"structured", "temperature", "thinking"})
    """Parameters that the adapter can leave out (see ``Parameters``)."""
    key_variable: str
    patience: Patience = Patience()

    def __init__(
        self,
        api_key: str | Secret | None = None,
        model: str | None = None,
        *,
        config: LLMConfig | None = None,
        base_url: str | None = None,
        piece_timeout_s: float | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        if config is None:
            config = LLMConfig(
                model=self.default_model if model is None else model,
                timeout_seconds=self.patience.first_piece_s,
            )
        elif model is not None:
            config = replace(config, model=model)
        super().__init__(config)
        self.base_url = base_url
        self.piece_timeout_s = piece_timeout_s or self.patience.silence_s
        self._now = now
        self._key = Secret(self._find_key(api_key))
        self._client: Any = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._vendor_errors: tuple[type[Exception], ...] = ()
        self._parameters = Parameters(self.optional)

    def _find_key(self, api_key: str | Secret | None) -> str:
        key = reveal(api_key) or os.environ.get(self.key_variable, "").strip()
        if not key:
            raise KeyMissing(self.key_variable, provider=self.provider)
        return key

    # -------------------------------------------------------- what a vendor's adapter says

    @abstractmethod
    def _connect(self, sdk: Any) -> Any:
        """A client of the SDK, and ``self._vendor_errors``. Called once per event loop."""

    @abstractmethod
    async def _whole(self, asked: Asked) -> Chunk:
        """The whole answer."""

    @abstractmethod
    def _chunks(self, asked: Asked) -> AsyncGenerator[Chunk, None]:
        """The answer in pieces. Closing it early closes the connection."""

    @abstractmethod
    def _translated(self, error: Exception, asked: Asked) -> ProviderError:
        """A vendor's exception as one of ours."""

    @abstractmethod
    async def _disconnect(self, client: Any) -> None:
        """Release the client's connections."""

    # ---------------------------------------------------------------------- the two ways in

    async def complete(self, request: LLMRequest) -> LLMResponse:
        """The whole answer. Raises ``ProviderError``."""
        requests = 0
        while True:
            asked = self._asked(request)
            requests += 1
            try:
                return self._response(asked, await self._called(asked), requests)
            except RequestRejected as error:
                if not self._parameters.learn(error, asked):
                    raise

    async def stream(self, request: LLMRequest) -> AsyncGenerator[StreamItem, None]:
        """The answer in pieces, ``StreamEnded`` last. Raises ``ProviderError``.

        Pieces carry the usage so far where the vendor tells. Closing the generator closes the
        connection, so that nothing more is billed.
        """
        requests = 0
        while True:
            asked = self._asked(request)
            requests += 1
            try:
                async for item in self._streamed(asked, requests):
                    yield item
            except RequestRejected as error:
                # Refused before the first piece, so nothing has been yielded.
                if not self._parameters.learn(error, asked):
                    raise
            else:
                return

    async def aclose(self) -> None:
        """Release connections; safe to call twice."""
        client, self._client = self._client, None
        if client is not None and self._loop is asyncio.get_running_loop():
            await self._disconnect(client)

    # ----------------------------------------------------------------------------- the work

    async def _called(self, asked: Asked) -> Chunk:
        try:
            async with asyncio.timeout(asked.whole_timeout_s):
                await self._ready()
                return await self._whole(asked)
        except TimeoutError:
            failure: ProviderError = self._too_late(asked, asked.whole_timeout_s)
            cause: Exception | None = None
        except self._vendor_errors as error:
            failure, cause = self._translated(error, asked), error
        # Outside of the handlers, so that a refused key is in no exception's context either.
        raise failure from (None if isinstance(failure, KeyRejected) else cause)

    async def _streamed(self, asked: Asked, requests: int) -> AsyncGenerator[StreamItem, None]:
        parts: list[str] = []
        last = Chunk()
        loop = asyncio.get_running_loop()
        chunks = self._chunks(asked)
        try:
            while True:
                allowed_s = self.piece_timeout_s if parts else asked.timeout_s
                failure: ProviderError | None = None
                cause: Exception | None = None
                try:
                    async with asyncio.timeout(allowed_s):
                        if self._client is None or self._loop is not loop:
                            await self._ready()
                        chunk = await anext(chunks, None)
                except TimeoutError:
                    if not parts:
                        failure = self._too_late(asked, allowed_s)
                    elif _words(parts) < FEWEST_KEPT_WORDS:
                        failure = self._broken(asked, parts, self._silent(asked, parts, allowed_s))
                    else:
                        yield StreamEnded(self._kept(asked, parts, last, allowed_s))
                        return
                except self._vendor_errors as error:
                    failure, cause = self._translated(error, asked), error
                    if parts and type(failure) in (ProviderBusy, ReplyUnusable):
                        failure = self._broken(asked, parts)
                if failure is not None:
                    raise failure from (None if isinstance(failure, KeyRejected) else cause)
                if chunk is None:
                    break
                last = Chunk(
                    usage=chunk.usage or last.usage,
                    finish=chunk.finish or last.finish,
                    vendor_finish=chunk.vendor_finish or last.vendor_finish,
                    model=chunk.model or last.model,
                    refusal=chunk.refusal or last.refusal,
                )
                if chunk.text:
                    parts.append(chunk.text)
                    yield TextPiece(chunk.text, chunk.usage)
        finally:
            await chunks.aclose()
        if parts and not last.finish:
            raise self._broken(asked, parts)
        whole = Chunk(
            text="".join(parts),
            usage=last.usage,
            finish=last.finish,
            vendor_finish=last.vendor_finish,
            model=last.model,
            refusal=last.refusal,
        )
        yield StreamEnded(self._response(asked, whole, requests))

    async def warm(self) -> None:
        """Import the SDK and make its client. Raises SdkMissing."""
        await self._ready()

    async def _ready(self) -> None:
        """A client for the running event loop; the SDK's import takes a second or two of CPU."""
        loop = asyncio.get_running_loop()
        if self._client is not None and self._loop is loop:
            return
        try:
            sdk = await asyncio.to_thread(import_module, self.sdk)
        except ImportError as error:
            raise SdkMissing(
                f"the SDK for {self.provider} is not installed: "
                f"pip install 'tta-rebuild[{self.extra}]', or play with --model offline",
                provider=self.provider,
            ) from error
        if self._client is None or self._loop is not loop:
            self._client, self._loop = self._connect(sdk), loop

    def _traits(self, model: str) -> ModelTraits:
        """What a model takes."""
        return traits_of(self.vendor, model)

    def _asked(self, request: LLMRequest) -> Asked:
        traits = self._traits(request.model or self.config.model)
        return self._parameters.settled(request, self.config, traits, self.patience.per_token_s)

    def _response(self, asked: Asked, whole: Chunk, requests: int) -> LLMResponse:
        """The answer as a value; raises where it is none."""
        named = {"provider": self.provider, "model": asked.model}
        if not whole.text:
            failure: ProviderError
            if whole.refusal:
                failure = ContentRefused(
                    f"{asked.model} refused this for its content ({whole.refusal}): "
                    "say it more softly, or use another model",
                    reason=whole.refusal,
                    **named,
                )
                failure.usage = whole.usage
                raise failure
            why = f"it ended with {whole.vendor_finish}" if whole.vendor_finish else "no candidate"
            if whole.finish == "length":
                why = f"all of its {asked.max_tokens} tokens went into thinking: raise max_tokens"
            failure = ReplyUnusable(f"{asked.model} answered without any text ({why})", **named)
            failure.usage = whole.usage
            raise failure
        usage = whole.usage or estimated_usage(f"{asked.system}{asked.prompt}", whole.text)
        return LLMResponse(
            text=whole.text,
            tokens_used=usage.total_tokens,
            model=whole.model or asked.model,
            finish_reason=whole.finish or "other",
            metadata={"finish": whole.vendor_finish, "http_requests": requests},
            usage=usage,
            provider=self.provider,
        )

    def _no_answer(self, error: ValueError, asked: Asked) -> ProviderError:
        """For what an SDK cannot encode or decode."""
        named = {"provider": self.provider, "model": asked.model}
        if isinstance(error, UnicodeEncodeError):
            return RequestRejected("the prompt holds half a character: remove it", **named)
        return ReplyUnusable(
            f"what came from {asked.model} is no answer of this API "
            "(a proxy or a sign-in page in between?): try again",
            **named,
        )

    def _no_connection(self, error: Exception, asked: Asked) -> ProviderBusy:
        error = error.__cause__ if isinstance(error.__cause__, Exception) else error
        failure = ProviderBusy(
            f"the connection to {asked.model} failed ({type(error).__name__}): try again",
            provider=self.provider,
            model=asked.model,
        )
        # A connection that was lost may have carried the request; one never made did not.
        failure.may_be_billed = type(error).__name__ not in _NEVER_CONNECTED
        return failure

    def _too_late(self, asked: Asked, seconds: float) -> ProviderTimeout:
        return ProviderTimeout(
            f"no word from {asked.model} for {seconds:g} s: try again, or allow it longer "
            "(TTA_TIMEOUT)",
            provider=self.provider,
            model=asked.model,
        )

    def _silent(self, asked: Asked, parts: list[str], seconds: float) -> str:
        return f"{asked.model} went silent after {_words(parts)} words (none for {seconds:g} s)"

    def _kept(self, asked: Asked, parts: list[str], last: Chunk, seconds: float) -> LLMResponse:
        """What had come of a stream that went silent, as an answer that says so."""
        told = replace(last, text="".join(parts), finish=SILENT, refusal="")
        response = self._response(asked, told, 1)
        return replace(response, degraded=self._silent(asked, parts, seconds))

    def _broken(self, asked: Asked, parts: list[str], why: str = "") -> StreamBroken:
        return StreamBroken(
            why or f"the stream from {asked.model} stopped before its end",
            text="".join(parts),
            provider=self.provider,
            model=asked.model,
        )


def _words(parts: list[str]) -> int:
    """Words of an answer so far, without the names and brackets of JSON."""
    return len(_JSON_FRAME.sub(" ", "".join(parts)).split())
