"""The provider stack, built once: ``integrations.wrappers`` has its order, and the reasons."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, TypeAlias, cast

from tta_rebuild import integrations
from tta_rebuild.bootstrap.guards import reply_redactor_for
from tta_rebuild.bootstrap.model_names import OFFLINE, PROVIDERS, named_chain
from tta_rebuild.bootstrap.semantic_sharing import SemanticSharing
from tta_rebuild.bootstrap.sharing import Shared
from tta_rebuild.bootstrap.spending import OWN
from tta_rebuild.bootstrap.telemetry import ModelHealth
from tta_rebuild.core.errors import SettingsError
from tta_rebuild.core.telemetry import Telemetry
from tta_rebuild.integrations.cost_tracker import CostTracker
from tta_rebuild.integrations.llm_provider import LLMConfig, LLMProvider, LLMRequest
from tta_rebuild.integrations.rate_limiter import Quota
from tta_rebuild.integrations.response_cache import ResponseCache
from tta_rebuild.integrations.wrappers.circuit import Circuit
from tta_rebuild.integrations.wrappers.fallback import ALSO_WITHOUT_BUDGET, Link
from tta_rebuild.integrations.wrappers.redacting import RedactingLLMProvider
from tta_rebuild.integrations.wrappers.traced import TracedLLMProvider
from tta_rebuild.narrative.scene_request import fitted, softened
from tta_rebuild.prompts import PromptCatalog
from tta_rebuild.settings import Settings
from tta_rebuild.settings_values import Server
from tta_rebuild.storyteller import OfflineProvider

if TYPE_CHECKING:
    from tta_rebuild.integrations.adapter import Adapter
    from tta_rebuild.integrations.embeddings import ProviderEncoder

LONGEST_QUEUE_S = 20.0
"""How long a call waits for its place in a quota before the next model of the chain is asked."""
LONGEST_QUEUE_FOR_EMBEDDING_S = 1.0
"""How long an embedding waits for its place before its question is asked without one."""

MakeAdapter: TypeAlias = Callable[[str, LLMConfig], LLMProvider]
"""Provider and configuration → the adapter, in place of the usual one (for servers of tests)."""


def servers_here(settings: Settings) -> Mapping[str, str]:
    """Name → address of what ``local`` looks at: the user's servers on this machine come first."""
    from tta_rebuild.integrations.local_discovery import USUAL_SERVERS, is_loopback

    own = {s.name: s.base_url for s in settings.servers.values() if is_loopback(s.base_url)}
    known = {address.replace("localhost", "127.0.0.1") for address in own.values()}
    return own | {name: url for name, url in USUAL_SERVERS.items() if url not in known}


def adapter_class(provider: str) -> type[Adapter]:
    """The adapter of one of ``PROVIDERS``; its module is loaded now, its SDK is not."""
    name = {"gemini": "GeminiLLMProvider", "anthropic": "AnthropicProvider"}.get(provider)
    found: type[Adapter] = getattr(integrations, name or "OpenAIProvider")
    return found


def full_name(name: str) -> str:
    """``provider:model`` for a vendor's name that leaves the model open; others as they are."""
    return f"{name}:{adapter_class(name).default_model}" if name in PROVIDERS else name


@dataclass
class StackBuilder:
    """Builds provider stacks; what they share (quotas, cache, tracker) is kept here.

    ``used_today`` are requests by ``provider:model``, ``own`` a provider that the caller made and
    closes; ``has_fallback``: whether others are asked where it, or the model of a route, fails;
    ``shared``: what other workers have their part in; ``semantic``: how questions in other words
    share an answer, None for not at all.
    """

    settings: Settings
    tracker: CostTracker
    cache: ResponseCache | None
    make_adapter: MakeAdapter | None = None
    used_today: Mapping[str, int] | None = None
    own: LLMProvider | None = None
    has_fallback: bool = True
    shared: Shared | None = None
    telemetry: Telemetry | None = None
    semantic: SemanticSharing | None = None
    catalog: PromptCatalog = field(default_factory=PromptCatalog.load)

    def __post_init__(self) -> None:
        quotas = self.settings.quotas.items()
        self._redactor = reply_redactor_for(self.settings)
        default = Quota(rpm=self.settings.rate_limit_rpm)
        per_model = {name: Quota(**quota.model_dump()) for name, quota in quotas}
        if self.shared is None:
            used = self.used_today
            self._limiter = integrations.RateLimiter(default, per_model, used_today=used)
        else:
            self._limiter = self.shared.limiter(default, per_model, self.used_today)
        self._adapters: dict[str, LLMProvider] = {}
        self._circuits: dict[str, list[Circuit]] = {}
        self._servers, self._windows = dict(self.settings.servers), dict(self.settings.windows)

    async def chain(self) -> tuple[str, ...]:
        """The full names of the models, in order. Raises ModelUnavailable (no local server)."""
        named = named_chain(self.settings)
        if self.own is not None:
            others = (self.settings.chain or (OFFLINE,)) if self.has_fallback else ()
            named = (f"{OWN}:{self.own.config.model}", *others)
        return await self.found(named)

    async def found(self, named: Iterable[str]) -> tuple[str, ...]:
        """Full names, each once. Raises ModelUnavailable (no local server)."""
        return tuple(dict.fromkeys([await self._found(name) for name in named]))

    async def stack(self, models: Sequence[str]) -> LLMProvider:
        """The stack over a chain of models, with the routes of single tasks beside it."""
        others = models if self.has_fallback else ()
        chains = {"": models}
        for task, model in self.settings.routes.items():
            chains[task] = [await self._found(model), *others]
        links = {name: self._link(name) for name in dict.fromkeys(chain(*chains.values()))}
        routes = {task: self._answering(links, chains[task]) for task in chains}
        stacked = routes.pop("")
        if routes:
            stacked = integrations.RoutedLLMProvider(stacked, routes)
        record_text = self.settings.trace_prompts
        return TracedLLMProvider(stacked, record_text=record_text, telemetry=self.telemetry)

    def health(self) -> list[ModelHealth]:
        """How the models are now that can be asked."""
        order = ("closed", "half-open", "open")
        return [
            ModelHealth(
                model=model,
                circuit=max((one.state for one in circuits), key=order.index),
                waiting=self._limiter.waiting(model),
            )
            for model, circuits in self._circuits.items()
        ]

    async def warm(self) -> None:
        """Load what the first call needs: SDKs, clients, the catalogue of prices."""
        # All begun at once: the command line waits for its player without letting others run.
        priced = [name.partition(":") for name in self._adapters]
        await asyncio.gather(
            *(adapter.warm() for adapter in self._adapters.values()),
            *(asyncio.to_thread(self.tracker.price_of, name, model) for name, _, model in priced),
        )

    def _answering(self, links: Mapping[str, Link], models: Sequence[str]) -> LLMProvider:
        names = dict.fromkeys(models)
        fallback = integrations.FallbackLLMProvider([links[name] for name in names])
        stacked: LLMProvider = integrations.AccountedLLMProvider(fallback, self.tracker)
        scope = " ".join(names)
        if self.semantic is not None:
            stacked = self.semantic.around(stacked, tracker=self.tracker, scope=scope)
        if self.cache is None:
            return stacked
        return integrations.CachedLLMProvider(
            stacked, self.cache, tracker=self.tracker, scope=scope
        )

    def _link(self, model: str) -> Link:
        """One model with all that guards it; the same one for every chain that names it."""
        if model == OFFLINE:
            name, always = "the embedded storyteller", ALSO_WITHOUT_BUDGET
            return Link(provider=OfflineProvider(), name=name, takes_over_for=always)
        adapter = self._adapters[model] = self._adapter(model)
        if self._redactor:
            adapter = RedactingLLMProvider(adapter, self._redactor)
        name = model.partition(":")[0]
        guarded = self._guarded(model, adapter, max_wait_s=LONGEST_QUEUE_S)
        retrying = integrations.RetryingLLMProvider(guarded)
        budgeted = integrations.BudgetedLLMProvider(retrying, self.tracker, provider=name)
        rephrasing = integrations.RephrasingLLMProvider(
            budgeted,
            lambda request, window, most: fitted(request, self.catalog, window, most),
            _softer,
            self._windows.get(model),
        )
        return Link(provider=rephrasing, name=model)

    def embeddings(self, named: str) -> ProviderEncoder:
        """An encoder by the API of a provider, all around it but what only slows: no retries.

        ``named`` is ``provider:model`` or a provider. Raises SettingsError, ProviderError.
        """
        from tta_rebuild.integrations import embeddings as embedding

        provider, _, model = named.partition(":")
        kind: type[Adapter] = embedding.OpenAIEmbeddings
        if provider == "gemini":
            kind = embedding.GeminiEmbeddings
        full = f"{provider}:{model or kind.default_model}"
        adapter = self._adapters[full] = self._adapter(full, kind)
        guarded = self._guarded(full, adapter, max_wait_s=LONGEST_QUEUE_FOR_EMBEDDING_S)
        budgeted = integrations.BudgetedLLMProvider(guarded, self.tracker, provider=provider)
        accounted = integrations.AccountedLLMProvider(budgeted, self.tracker)
        return embedding.ProviderEncoder(accounted, full)

    def _guarded(self, model: str, adapter: LLMProvider, *, max_wait_s: float) -> LLMProvider:
        """One model, seen, paid for, paced and left alone while it fails."""
        name = model.partition(":")[0]
        record_text = self.settings.trace_prompts
        seen = TracedLLMProvider(
            adapter,
            layer="attempt",
            provider=name,
            record_text=record_text,
            telemetry=self.telemetry,
        )
        paced = integrations.RateLimitedLLMProvider(
            integrations.CostTrackingLLMProvider(seen, self.tracker, provider=name),
            self._limiter,
            max_wait_s=max_wait_s,
            provider=name,
        )
        circuit = Circuit() if self.shared is None else self.shared.circuit(model)
        self._circuits.setdefault(model, []).append(circuit)
        return integrations.CircuitBreakerLLMProvider(paced, circuit)

    async def _found(self, name: str) -> str:
        """The full name; for ``local`` of what a server on this machine has."""
        provider, _, model = name.partition(":")
        if provider != "local":
            return OFFLINE if provider == OFFLINE else full_name(name)
        from tta_rebuild.integrations.local_discovery import choose_local

        server, model = await choose_local(model, servers_here(self.settings))
        found, here = f"{server.name}:{model}", Server(name=server.name, base_url=server.base_url)
        self._servers.setdefault(server.name, here)
        if model in server.windows:
            self._windows.setdefault(found, server.windows[model])
        return found

    def _adapter(self, full_name: str, kind: type[Adapter] | None = None) -> LLMProvider:
        """The adapter of a model; ``kind`` in place of the usual one of its provider."""
        from tta_rebuild.integrations.openai_provider import OpenAIProvider, is_near, patience_with

        settings = self.settings
        provider, _, model = full_name.partition(":")
        server = self._servers.get(provider)
        base_url = server.base_url if server else ""
        config = LLMConfig(
            model=model,
            max_tokens=settings.max_tokens,
            temperature=settings.temperature,
            timeout_seconds=settings.timeout_s or patience_with(base_url).first_piece_s,
        )
        if provider == OWN and self.own is not None:
            from tta_rebuild.bootstrap.own_provider import OwnLLMProvider

            return OwnLLMProvider(self.own, settings)
        if self.make_adapter is not None and kind is None:
            return self.make_adapter(provider, config)
        if server is None:
            return (kind or adapter_class(provider))(
                getattr(settings, f"{provider}_api_key"),
                config=config,
                base_url=getattr(settings, f"{provider}_base_url") or None,
                piece_timeout_s=settings.silence_timeout_s,
            )
        if server.lacks or not (server.key or is_near(base_url)):
            wrong = "must name the environment variable that holds the key of this server"
            if server.lacks:
                wrong = f"{server.lacks}: put the key into the environment or .env"
            raise SettingsError(f"servers.{provider}.key_variable", wrong)
        return cast("type[OpenAIProvider]", kind or OpenAIProvider)(
            server.key,
            key_variable=server.key_variable,
            config=config,
            base_url=base_url,
            provider=provider,
            piece_timeout_s=settings.silence_timeout_s,
        )


def _softer(request: LLMRequest) -> LLMRequest | None:
    """A refused scene, put more gently; other tasks are small enough to do without."""
    return softened(request) if request.task in ("scene", "continue_scene") else None
