"""From settings to objects: the application that ``cli`` and ``server`` open and work in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import uuid4

from tta_rebuild.bootstrap.guards import (
    care_policy,
    code_check_for,
    redactor_for,
    safety_gate,
    world_rules,
)
from tta_rebuild.bootstrap.model_names import OFFLINE, is_all_offline
from tta_rebuild.bootstrap.spending import budgets_of, price_book, used_today
from tta_rebuild.bootstrap.variants import assignment_by, catalog_of, checks_of, tellers_of
from tta_rebuild.core.access import AccessRecords
from tta_rebuild.core.conversations import ConversationRecords
from tta_rebuild.core.errors import StoreMissing
from tta_rebuild.core.records import LabRecords
from tta_rebuild.core.redaction import guard_handlers
from tta_rebuild.core.telemetry import Telemetry
from tta_rebuild.core.usage import Attempt, Ledger
from tta_rebuild.engine.dependencies import Dependencies, VariantStack
from tta_rebuild.engine.stories import Stories
from tta_rebuild.integrations.budgets import BudgetWarning
from tta_rebuild.integrations.cost_tracker import CostTracker
from tta_rebuild.integrations.llm_provider import LLMProvider
from tta_rebuild.settings import Settings, load_settings
from tta_rebuild.storage import sqlite_file
from tta_rebuild.storage.memory_store import MemoryStoryStore
from tta_rebuild.storage.sqlite_list import FILE_NAME
from tta_rebuild.storage.story_store import StoryStore

if TYPE_CHECKING:
    from tta_rebuild.bootstrap.sharing import Shared
    from tta_rebuild.bootstrap.stack_builder import MakeAdapter, StackBuilder
    from tta_rebuild.bootstrap.telemetry import ModelHealth
    from tta_rebuild.integrations.response_cache import ResponseCache


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """Everything that a caller needs to tell stories.

    Attributes:
        store: where they are kept, with all that is kept beside them.
        provider: the whole stack, as one provider.
        tracker: what is spent and held of the budgets of this session.
        records: ratings of scenes, experiments and their plays.
        access: who may come in, and whose a story is; ``conversations``: those of chat clients.
        models: the chain of models in use, first choice first, as ``provider:model``.
        notices: what the player should be told between turns (budget marks).
        place, note: where the stories are kept, in words, and what should be known of that.
        warm: loads what the first call to a model needs.
        health: how the models are now that can be asked.
        redis: whether what workers share is ``"used"`` or ``"away"``; "" where nothing is shared.
    """

    stories: Stories
    store: StoryStore
    provider: LLMProvider
    tracker: CostTracker
    ledger: Ledger
    records: LabRecords
    access: AccessRecords
    conversations: ConversationRecords
    models: tuple[str, ...]
    notices: list[str]
    place: str
    note: str
    settings: Settings
    warm: Callable[[], Awaitable[None]]
    health: Callable[[], Sequence[ModelHealth]] = tuple
    redis: Callable[[], str] = str


@asynccontextmanager
async def open_application(
    settings: Settings | None = None,
    *,
    provider: LLMProvider | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    new_id: Callable[[], str] = lambda: uuid4().hex[:12],
    make_adapter: MakeAdapter | None = None,
    read_only: bool = False,
    has_fallback: bool = True,
    telemetry: Telemetry | None = None,
) -> AsyncIterator[Application]:
    """Open the store and the storytellers that the settings name; the end of the block closes them.

    Args:
        settings: None reads them from the environment, ``.env`` and the configuration file.
        provider: the caller's own storyteller, asked before all others with everything around it
            and closed by whoever made it; priced as its ``price`` says, else free.
        make_adapter: makes the adapters in place of the usual ones, for a test's own server.
        read_only: only look at what is there: nothing can be played, booked or changed.
        telemetry: where spans and metrics go; None is where the process's OpenTelemetry sends them.
        has_fallback: False where nobody may answer for ``provider`` or for the model of a route.

    Raises StoreError (the data directory), SettingsError (the models or help lines named),
    ProviderError (a key is missing, no local server runs), ValidationError or ProviderFault
    (``provider``).
    """
    settings = settings or load_settings()
    _check_own(provider)
    guard_handlers(redactor_for(settings))
    async with AsyncExitStack() as stack:
        store = await _store(settings, clock, stack, read_only=read_only)
        notices, session_id = list[str](), new_id()
        is_asked = provider is not None or not is_all_offline(settings)
        shared = await _shared(settings, stack, notices) if is_asked and not read_only else None
        tracker = _tracker(
            settings, store, notices, session_id, own=provider, telemetry=telemetry, shared=shared
        )
        stack.push_async_callback(tracker.flush)
        catalog = catalog_of(settings)
        if is_asked:
            from tta_rebuild.bootstrap.stack_builder import StackBuilder

            used = await used_today(store.ledger(), settings, now=clock())
            builder = StackBuilder(
                settings, tracker, None, make_adapter, used, provider, has_fallback,
                shared=shared, telemetry=telemetry, catalog=catalog,
            )  # fmt: skip
            _keep_answers(builder, settings, read_only=read_only)
            tellers = await _asked(builder, settings, stack)
        else:
            tellers = _embedded(telemetry)
        stack.push_async_callback(tellers.told.aclose)
        usual = Dependencies(
            provider=tellers.told, catalog=catalog, safety=safety_gate, world_rules=world_rules,
            clock=clock, new_id=new_id, session_id=session_id, notices=notices,
            settle=tracker.flush, check_code=code_check_for(settings, stack, ledger=store.ledger()),
        )  # fmt: skip
        usual = _as_set(usual, settings, tellers, is_own=provider is not None)
        yield _opened(Stories(usual, store), store, tellers, tracker, settings, notices, shared)


def _as_set(
    usual: Dependencies, settings: Settings, tellers: _Tellers, *, is_own: bool
) -> Dependencies:
    """What the engine works with, told by these and cared for as the settings say."""
    return replace(
        usual,
        tellers=tellers.others,
        care=care_policy(settings),
        checks=checks_of(settings, tellers.models, is_own=is_own),
        assign=assignment_by(settings.experiment, usual.catalog),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tellers:
    """The stack that tells, the models in it, and the stacks of those that variants name."""

    told: LLMProvider
    models: tuple[str, ...]
    others: Mapping[str, VariantStack]
    warm: Callable[[], Awaitable[None]]
    health: Callable[[], Sequence[ModelHealth]]


async def _asked(builder: StackBuilder, settings: Settings, stack: AsyncExitStack) -> _Tellers:
    """The models that the settings name, or the caller's own provider."""
    models = await builder.chain()
    return _Tellers(
        told=await builder.stack(models),
        models=models,
        others=await tellers_of(builder, settings, stack, models),
        warm=builder.warm,
        health=builder.health,
    )


def _opened(
    stories: Stories,
    store: StoryStore,
    tellers: _Tellers,
    tracker: CostTracker,
    settings: Settings,
    notices: list[str],
    shared: Shared | None,
) -> Application:
    """The application of these parts; what it keeps beside the stories is the store's."""
    return Application(
        stories=stories,
        store=store,
        provider=tellers.told,
        tracker=tracker,
        ledger=store.ledger(),
        records=store.records(),
        access=store.access(),
        conversations=store.conversations(),
        models=tellers.models,
        notices=notices,
        place=store.place,
        note=store.note,
        settings=settings,
        warm=tellers.warm,
        health=tellers.health,
        redis=shared.state if shared is not None else str,
    )


async def _store(
    settings: Settings, clock: Callable[[], datetime], stack: AsyncExitStack, *, read_only: bool
) -> StoryStore:
    """The store that the settings name; an empty one in memory where it is only looked for."""
    where = settings.database_url.reveal() or settings.data_dir / FILE_NAME
    try:
        store = await StoryStore.open(where, clock=clock, read_only=read_only)
    except StoreMissing as nothing:
        store = MemoryStoryStore(nothing.place)
    stack.push_async_callback(store.close)
    return store


def _check_own(provider: LLMProvider | None) -> None:
    if provider is not None:
        from tta_rebuild.bootstrap.own_provider import check_own

        check_own(provider)


async def _shared(settings: Settings, stack: AsyncExitStack, notices: list[str]) -> Shared | None:
    """What other workers have their part in; the player is told when that cannot be used."""
    if not settings.redis_url:
        return None
    from tta_rebuild.bootstrap.sharing import open_shared

    return await open_shared(settings, stack, notices.append)


def _keep_answers(builder: StackBuilder, settings: Settings, *, read_only: bool) -> None:
    """Have answers kept for the same question, and for one in other words, as the settings say."""
    from tta_rebuild.bootstrap.semantic_sharing import semantic_sharing_of

    if read_only:
        return
    builder.cache = _cache(settings, builder.shared)
    builder.semantic = semantic_sharing_of(settings, builder.embeddings, builder.shared)


def _cache(settings: Settings, shared: Shared | None) -> ResponseCache | None:
    from tta_rebuild.integrations.response_cache import ResponseCache

    if settings.cache == "off":
        return None
    if settings.cache == "memory" and shared is not None:
        return shared.cache()
    return ResponseCache(settings.data_dir / "replies.db" if settings.cache == "disk" else None)


def check_writable(settings: Settings) -> None:
    """Raise StoreError if no new turn could be stored now where the settings say."""
    if not settings.database_url:
        sqlite_file.check_writable(settings.data_dir / FILE_NAME)


# What only a turn needs is loaded by the first one: most commands look at stories and play none.


def _tracker(
    settings: Settings,
    store: StoryStore,
    notices: list[str],
    session_id: str,
    *,
    own: LLMProvider | None,
    telemetry: Telemetry | None,
    shared: Shared | None = None,
) -> CostTracker:
    """What holds the budgets; it tells the player of them through ``notices``.

    What one of many players has reached is no news for the others: that is in the log alone.
    """

    def warn(warning: BudgetWarning) -> None:
        if warning.scope != "player day":
            notices.append(str(warning))

    return CostTracker(
        store.ledger(),
        budgets_of(settings),
        prices=price_book(settings, own=own),
        session_id=session_id,
        on_warning=warn,
        on_booked=_meter(telemetry),
        limits=store.access().limits,
        story_limits=store.access().story_limits,
        make_call=shared.make_call() if shared is not None else None,
    )


def _meter(telemetry: Telemetry | None) -> Callable[[Attempt], None] | None:
    if telemetry is None or telemetry.meter_provider is None:
        return None
    from tta_rebuild.bootstrap.telemetry import attempts_meter

    return attempts_meter(telemetry.meter_provider)


def _embedded(telemetry: Telemetry | None) -> _Tellers:
    """The embedded storyteller alone."""
    from tta_rebuild.integrations.wrappers.traced import TracedLLMProvider
    from tta_rebuild.storyteller import OfflineProvider

    told = TracedLLMProvider(OfflineProvider(), provider=OFFLINE, telemetry=telemetry)
    others = {OFFLINE: VariantStack(provider=told, checks="off")}
    return _Tellers(told=told, models=(OFFLINE,), others=others, warm=told.warm, health=list)
