"""The provider stack, written down once, outermost first::

    traced → routed → cached → accounted → fallback over
        [ softening → fitting → budgeted → retrying → circuit → paced → costed → traced → adapter ]

``application`` builds one per run, unless the embedded storyteller alone answers. The reason for
each place stands in ``integrations.wrappers``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from tta_rebuild.bootstrap.guards import reply_redactor_for
from tta_rebuild.bootstrap.model_names import OFFLINE, PROVIDERS, named_chain
from tta_rebuild.bootstrap.spending import OWN
from tta_rebuild.core.errors import SettingsError
from tta_rebuild.core.secret import Secret
from tta_rebuild.integrations.cost_tracker import CostTracker
from tta_rebuild.integrations.llm_provider import LLMConfig, LLMProvider, LLMRequest
from tta_rebuild.integrations.rate_limiter import Quota, RateLimiter, TokenEstimate
from tta_rebuild.integrations.response_cache import ResponseCache
from tta_rebuild.integrations.wrappers.cached import CachedLLMProvider
from tta_rebuild.integrations.wrappers.circuit import CircuitBreakerLLMProvider
from tta_rebuild.integrations.wrappers.costed import (
    AccountedLLMProvider,
    BudgetedLLMProvider,
    CostTrackingLLMProvider,
)
from tta_rebuild.integrations.wrappers.fallback import (
    ALSO_WITHOUT_BUDGET,
    WHEN_IT_CANNOT,
    FallbackLLMProvider,
    Link,
    RoutedLLMProvider,
)
from tta_rebuild.integrations.wrappers.paced import RateLimitedLLMProvider
from tta_rebuild.integrations.wrappers.redacting import RedactingLLMProvider
from tta_rebuild.integrations.wrappers.rephrasing import FittingLLMProvider, SofteningLLMProvider
from tta_rebuild.integrations.wrappers.retrying import RetryingLLMProvider
from tta_rebuild.integrations.wrappers.traced import TracedLLMProvider
from tta_rebuild.settings import Settings
from tta_rebuild.settings_values import Server
from tta_rebuild.storyteller import OfflineProvider

if TYPE_CHECKING:
    from tta_rebuild.integrations.adapter import Adapter
    from tta_rebuild.prompts import PromptCatalog

LONGEST_QUEUE_S = 20.0
"""How long a call waits for its place in a quota before the next model of the chain is asked."""

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
    from tta_rebuild import integrations

    name = {"gemini": "GeminiLLMProvider", "anthropic": "AnthropicProvider"}.get(provider)
    found: type[Adapter] = getattr(integrations, name or "OpenAIProvider")
    return found


@dataclass
class StackBuilder:
    """Builds provider stacks; what they share (quotas, cache, tracker) is kept here.

    Attributes:
        used_today: requests made today before this start, by ``provider:model``.
        own: a provider that the caller made and closes.
        has_fallback: whether somebody else is asked where it, or the model of a route, fails.
    """

    settings: Settings
    tracker: CostTracker
    cache: ResponseCache | None
    make_adapter: MakeAdapter | None = None
    used_today: Mapping[str, int] | None = None
    own: LLMProvider | None = None
    has_fallback: bool = True

    def __post_init__(self) -> None:
        quotas = self.settings.quotas.items()
        self._redactor = reply_redactor_for(self.settings)
        self._estimate = TokenEstimate()
        self._limiter = RateLimiter(
            Quota(rpm=self.settings.rate_limit_rpm),
            {name: Quota(rpm=q.rpm, tpm=q.tpm, rpd=q.rpd) for name, q in quotas},
            used_today=self.used_today,
        )
        self._guarded_models: dict[str, LLMProvider] = {}
        self._local: dict[str, str] = {}
        self._windows = dict(self.settings.windows)
        self._catalog: PromptCatalog | None = None
        self._made: list[tuple[str, LLMProvider]] = []

    async def chain(self) -> tuple[str, ...]:
        """The full names of the models to ask, in order; the embedded storyteller last.

        Raises SettingsError, and ModelUnavailable if no local server runs.
        """
        named = named_chain(self.settings)
        if self.own is not None:
            others = (self.settings.chain or (OFFLINE,)) if self.has_fallback else ()
            named = (f"{OWN}:{self.own.config.model}", *others)
        full = [await self._full_name(name) for name in named]
        return tuple(dict.fromkeys(full))

    async def stack(self, models: Sequence[str]) -> LLMProvider:
        """The stack over a chain of models, with the routes of single tasks beside it."""
        default = self._answering(models)
        routes = {}
        for task, model in self.settings.routes.items():
            full = await self._full_name(model)
            others = models if self.has_fallback else ()
            routes[task] = self._answering(tuple(dict.fromkeys((full, *others))))
        stacked = RoutedLLMProvider(default, routes) if routes else default
        return TracedLLMProvider(stacked, record_text=self.settings.trace_prompts)

    async def warm(self) -> None:
        """Load what the first call needs: SDKs, clients, the catalogue of prices."""
        # All begun at once: the command line waits for its player without letting others run.
        priced = [name.partition(":") for name, _ in self._made]
        await asyncio.gather(
            *(adapter.warm() for _, adapter in self._made),
            *(asyncio.to_thread(self.tracker.price_of, name, model) for name, _, model in priced),
        )

    def _answering(self, models: Sequence[str]) -> LLMProvider:
        links = [
            Link(
                provider=self._guarded(model),
                name="the embedded storyteller" if model == OFFLINE else model,
                takes_over_for=ALSO_WITHOUT_BUDGET if model == OFFLINE else WHEN_IT_CANNOT,
            )
            for model in models
        ]
        provider: LLMProvider = AccountedLLMProvider(FallbackLLMProvider(links), self.tracker)
        if self.cache is not None:
            provider = CachedLLMProvider(
                provider, self.cache, tracker=self.tracker, scope=" ".join(models)
            )
        return provider

    def _guarded(self, full_name: str) -> LLMProvider:
        """One model with all that guards it; the same one for every chain that names it."""
        if full_name not in self._guarded_models:
            guarded = OfflineProvider() if full_name == OFFLINE else self._with_guards(full_name)
            self._guarded_models[full_name] = guarded
        return self._guarded_models[full_name]

    def _with_guards(self, full_name: str) -> LLMProvider:
        adapter = self._adapter(full_name)
        self._made.append((full_name, adapter))
        if self._redactor:
            adapter = RedactingLLMProvider(adapter, self._redactor)
        name = full_name.partition(":")[0]
        record_text = self.settings.trace_prompts
        seen = TracedLLMProvider(adapter, layer="attempt", provider=name, record_text=record_text)
        costed = CostTrackingLLMProvider(seen, self.tracker, provider=name)
        paced = RateLimitedLLMProvider(
            costed,
            self._limiter,
            max_wait_s=LONGEST_QUEUE_S,
            estimate=self._estimate,
            provider=name,
        )
        retrying = RetryingLLMProvider(CircuitBreakerLLMProvider(paced))
        budgeted = BudgetedLLMProvider(retrying, self.tracker, provider=name)
        fitting = FittingLLMProvider(budgeted, self._fit, self._windows.get(full_name))
        return SofteningLLMProvider(fitting, _softer)

    async def _full_name(self, name: str) -> str:
        """``provider:model`` for a name that may leave the model open. Raises SettingsError."""
        provider, _, model = name.partition(":")
        if provider == OFFLINE:
            return OFFLINE
        if provider == "local":
            return await self._found_here(model)
        if provider == OWN and self.own is not None:
            return name
        if provider in self.settings.servers:
            if not model:
                said = f"{name}: say which model, as {name}:MODEL"
                raise SettingsError(self._named_in(name), said)
            return name
        if provider not in PROVIDERS:
            known = ", ".join((OFFLINE, "local", *PROVIDERS, *self.settings.servers))
            said = f"'{provider}' is no provider; choose from {known}"
            raise SettingsError(self._named_in(name), said)
        if not model:
            return f"{provider}:{adapter_class(provider).default_model}"
        return name

    def _named_in(self, name: str) -> str:
        """The option or setting that names a model, for an error about it."""
        settings = self.settings
        if name == settings.model:
            by_option = settings.origins.get("TTA_MODEL") == "command line"
            return "--model" if by_option else "TTA_MODEL"
        tasks = [task for task, model in settings.routes.items() if model == name]
        return f"routes.{tasks[0]}" if tasks else "TTA_CHAIN"

    async def _found_here(self, wanted: str) -> str:
        from tta_rebuild.integrations.local_discovery import choose_local

        server, model = await choose_local(wanted, servers_here(self.settings))
        self._local[server.name] = server.base_url
        if model in server.windows:
            self._windows.setdefault(f"{server.name}:{model}", server.windows[model])
        return f"{server.name}:{model}"

    def _fit(
        self, request: LLMRequest, window_tokens: int, max_tokens: int
    ) -> tuple[LLMRequest, str] | None:
        from tta_rebuild.narrative.fitting import fitted
        from tta_rebuild.prompts import PromptCatalog

        self._catalog = self._catalog or PromptCatalog.load()
        return fitted(request, self._catalog, window_tokens, max_tokens)

    def _adapter(self, full_name: str) -> LLMProvider:
        from tta_rebuild.integrations.openai_provider import OpenAIProvider, patience_with

        settings = self.settings
        provider, _, model = full_name.partition(":")
        server = settings.servers.get(provider)
        base_url = server.base_url if server else self._local.get(provider, "")
        patience = patience_with(base_url)
        config = LLMConfig(
            model=model,
            max_tokens=settings.max_tokens,
            temperature=settings.temperature,
            timeout_seconds=settings.timeout_s or patience.first_piece_s,
        )
        if provider == OWN and self.own is not None:
            from tta_rebuild.bootstrap.own_provider import OwnLLMProvider

            return OwnLLMProvider(self.own, settings)
        if self.make_adapter is not None:
            return self.make_adapter(provider, config)
        if base_url:
            return OpenAIProvider(
                _key_of(server) if server else None,
                key_variable=server.key_variable if server else "",
                config=config,
                base_url=base_url,
                provider=provider,
                piece_timeout_s=settings.silence_timeout_s,
            )
        adapter: LLMProvider = adapter_class(provider)(
            getattr(settings, f"{provider}_api_key"),
            config=config,
            base_url=getattr(settings, f"{provider}_base_url") or None,
            piece_timeout_s=settings.silence_timeout_s,
        )
        return adapter


def _key_of(server: Server) -> Secret:
    """The key to ask a server with, "" for a near one without. Raises SettingsError."""
    from tta_rebuild.integrations.openai_provider import is_near

    said = f"{server.lacks}: put the key into the environment or .env" if server.lacks else ""
    if not said and not server.key and not is_near(server.base_url):
        said = "must name the environment variable that holds the key of this server"
    if said:
        raise SettingsError(f"servers.{server.name}.key_variable", said)
    return server.key


def _softer(request: LLMRequest) -> LLMRequest | None:
    """A refused scene, put more gently; other tasks are small enough to do without."""
    from tta_rebuild.narrative.scene_request import softened

    return softened(request) if request.task in ("scene", "continue_scene") else None
