"""The provider stack, written down once, outermost first::

    traced → routed → cached → accounted → fallback over
        [ softening → fitting → budgeted → retrying → circuit → paced → costed → traced → adapter ]

The reason for each place stands in ``integrations.wrappers``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from tta_rebuild import integrations
from tta_rebuild.bootstrap.guards import reply_redactor_for
from tta_rebuild.bootstrap.model_names import OFFLINE, PROVIDERS, named_chain
from tta_rebuild.bootstrap.spending import OWN
from tta_rebuild.core.errors import SettingsError
from tta_rebuild.integrations.cost_tracker import CostTracker
from tta_rebuild.integrations.llm_provider import LLMConfig, LLMProvider, LLMRequest
from tta_rebuild.integrations.rate_limiter import Quota
from tta_rebuild.integrations.response_cache import ResponseCache
from tta_rebuild.integrations.wrappers import fallback
from tta_rebuild.integrations.wrappers.redacting import RedactingLLMProvider
from tta_rebuild.integrations.wrappers.rephrasing import FittingLLMProvider
from tta_rebuild.integrations.wrappers.traced import TracedLLMProvider
from tta_rebuild.settings import Settings
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
        used_today: requests of this day so far, by ``provider:model``.
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
        self._limiter = integrations.RateLimiter(
            Quota(rpm=self.settings.rate_limit_rpm),
            {name: Quota(rpm=q.rpm, tpm=q.tpm, rpd=q.rpd) for name, q in quotas},
            used_today=self.used_today,
        )
        self._guarded_models: dict[str, LLMProvider] = {}
        self._adapters: dict[str, LLMProvider] = {}
        self._local: dict[str, str] = {}
        self._windows = dict(self.settings.windows)
        self._catalog: PromptCatalog | None = None

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
        stacked = self._answering(models)
        routes = {}
        for task, model in self.settings.routes.items():
            others = models if self.has_fallback else ()
            routes[task] = self._answering([await self._full_name(model), *others])
        if routes:
            stacked = integrations.RoutedLLMProvider(stacked, routes)
        return TracedLLMProvider(stacked, record_text=self.settings.trace_prompts)

    async def warm(self) -> None:
        """Load what the first call needs: SDKs, clients, the catalogue of prices."""
        # All begun at once: the command line waits for its player without letting others run.
        priced = [name.partition(":") for name in self._adapters]
        await asyncio.gather(
            *(adapter.warm() for adapter in self._adapters.values()),
            *(asyncio.to_thread(self.tracker.price_of, name, model) for name, _, model in priced),
        )

    def _answering(self, models: Sequence[str]) -> LLMProvider:
        links = []
        for model in dict.fromkeys(models):
            name, takes_over_for = model, fallback.WHEN_IT_CANNOT
            if model == OFFLINE:
                name, takes_over_for = "the embedded storyteller", fallback.ALSO_WITHOUT_BUDGET
            provider = self._guarded(model)
            link = fallback.Link(provider=provider, name=name, takes_over_for=takes_over_for)
            links.append(link)
        chain = fallback.FallbackLLMProvider(links)
        accounted = integrations.AccountedLLMProvider(chain, self.tracker)
        if self.cache is None:
            return accounted
        scope = " ".join(dict.fromkeys(models))
        return integrations.CachedLLMProvider(
            accounted, self.cache, tracker=self.tracker, scope=scope
        )

    def _guarded(self, full_name: str) -> LLMProvider:
        """One model with all that guards it; the same one for every chain that names it."""
        if full_name not in self._guarded_models:
            guarded = OfflineProvider() if full_name == OFFLINE else self._with_guards(full_name)
            self._guarded_models[full_name] = guarded
        return self._guarded_models[full_name]

    def _with_guards(self, full_name: str) -> LLMProvider:
        adapter = self._adapters[full_name] = self._adapter(full_name)
        if self._redactor:
            adapter = RedactingLLMProvider(adapter, self._redactor)
        name = full_name.partition(":")[0]
        record_text = self.settings.trace_prompts
        seen = TracedLLMProvider(adapter, layer="attempt", provider=name, record_text=record_text)
        paced = integrations.RateLimitedLLMProvider(
            integrations.CostTrackingLLMProvider(seen, self.tracker, provider=name),
            self._limiter,
            max_wait_s=LONGEST_QUEUE_S,
            provider=name,
        )
        retrying = integrations.RetryingLLMProvider(integrations.CircuitBreakerLLMProvider(paced))
        budgeted = integrations.BudgetedLLMProvider(retrying, self.tracker, provider=name)
        fitting = FittingLLMProvider(budgeted, self._fit, self._windows.get(full_name))
        return integrations.SofteningLLMProvider(fitting, _softer)

    async def _full_name(self, name: str) -> str:
        """``provider:model`` for a name that may leave the model open. Raises SettingsError."""
        settings = self.settings
        provider, _, model = name.partition(":")
        if provider == "local":
            from tta_rebuild.integrations.local_discovery import choose_local

            server, model = await choose_local(model, servers_here(settings))
            self._local[server.name] = server.base_url
            if model in server.windows:
                self._windows.setdefault(f"{server.name}:{model}", server.windows[model])
            return f"{server.name}:{model}"
        if provider in PROVIDERS and not model:
            return f"{provider}:{adapter_class(provider).default_model}"
        if provider in (OFFLINE, *PROVIDERS) or (provider == OWN and self.own is not None):
            return OFFLINE if provider == OFFLINE else name
        if provider in settings.servers and model:
            return name
        said = f"{name}: say which model, as {name}:MODEL"
        if provider not in settings.servers:
            known = ", ".join((OFFLINE, "local", *PROVIDERS, *settings.servers))
            said = f"'{provider}' is no provider; choose from {known}"
        routed = [task for task, model in settings.routes.items() if model == name]
        where = f"routes.{routed[0]}" if routed else "TTA_CHAIN"
        if name == settings.model:
            by_option = settings.origins.get("TTA_MODEL") == "command line"
            where = "--model" if by_option else "TTA_MODEL"
        raise SettingsError(where, said)

    def _fit(
        self, request: LLMRequest, window_tokens: int, max_tokens: int
    ) -> tuple[LLMRequest, str] | None:
        from tta_rebuild.narrative.scene_request import fitted
        from tta_rebuild.prompts import PromptCatalog

        self._catalog = self._catalog or PromptCatalog.load()
        return fitted(request, self._catalog, window_tokens, max_tokens)

    def _adapter(self, full_name: str) -> LLMProvider:
        from tta_rebuild.integrations.openai_provider import OpenAIProvider, is_near, patience_with

        settings = self.settings
        provider, _, model = full_name.partition(":")
        server = settings.servers.get(provider)
        base_url = server.base_url if server else self._local.get(provider, "")
        config = LLMConfig(
            model=model,
            max_tokens=settings.max_tokens,
            temperature=settings.temperature,
            timeout_seconds=settings.timeout_s or patience_with(base_url).first_piece_s,
        )
        if provider == OWN and self.own is not None:
            from tta_rebuild.bootstrap.own_provider import OwnLLMProvider

            return OwnLLMProvider(self.own, settings)
        if self.make_adapter is not None:
            return self.make_adapter(provider, config)
        if not base_url:
            adapter: LLMProvider = adapter_class(provider)(
                getattr(settings, f"{provider}_api_key"),
                config=config,
                base_url=getattr(settings, f"{provider}_base_url") or None,
                piece_timeout_s=settings.silence_timeout_s,
            )
            return adapter
        wrong = ""
        if server and server.lacks:
            wrong = f"{server.lacks}: put the key into the environment or .env"
        elif server and not server.key and not is_near(base_url):
            wrong = "must name the environment variable that holds the key of this server"
        if wrong:
            raise SettingsError(f"servers.{provider}.key_variable", wrong)
        return OpenAIProvider(
            server.key if server else None,
            key_variable=server.key_variable if server else "",
            config=config,
            base_url=base_url,
            provider=provider,
            piece_timeout_s=settings.silence_timeout_s,
        )


def _softer(request: LLMRequest) -> LLMRequest | None:
    """A refused scene, put more gently; other tasks are small enough to do without."""
    from tta_rebuild.narrative.scene_request import softened

    return softened(request) if request.task in ("scene", "continue_scene") else None
