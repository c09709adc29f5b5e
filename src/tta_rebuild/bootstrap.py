"""From settings to objects: the only place that knows every adapter, wrapper and store.

``cli`` and ``server`` open a ``Workshop`` here and work with what is in it. Whoever opens, closes:
everything that holds a file or a connection is released when the ``async with`` block ends.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from tta_rebuild.canon.world_rules import WorldRules, compiled
from tta_rebuild.core.errors import SettingsError
from tta_rebuild.core.redaction import Redactor
from tta_rebuild.core.usage import Ledger
from tta_rebuild.engine.parts import Parts
from tta_rebuild.engine.stories import Stories
from tta_rebuild.integrations.code_executor import CodeExecutor
from tta_rebuild.integrations.llm_provider import LLMProvider
from tta_rebuild.integrations.offline import OfflineProvider
from tta_rebuild.prompts import PromptCatalog
from tta_rebuild.safety import SafetyGate
from tta_rebuild.settings import Settings
from tta_rebuild.storage.sql_store import SqlStoryStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """Everything that a caller needs to tell stories.

    Attributes:
        ledger: what was spent.
        place: where the stories are kept, in words.
    """

    stories: Stories
    ledger: Ledger
    provider: LLMProvider
    place: str


def utc_now() -> datetime:
    """The time now, UTC."""
    return datetime.now(UTC)


def short_id() -> str:
    """A fresh identifier: twelve hexadecimal digits."""
    return uuid4().hex[:12]


@asynccontextmanager
async def open_workshop(
    data_dir: str | Path,
    *,
    clock: Callable[[], datetime] = utc_now,
    new_id: Callable[[], str] = short_id,
) -> AsyncIterator[Workshop]:
    """Open the store and the storyteller.

    Raises:
        StoreError: the data directory cannot be used.
    """
    async with AsyncExitStack() as stack:
        store = await SqlStoryStore.open(data_dir, clock=clock)
        stack.push_async_callback(store.close)
        provider: LLMProvider = OfflineProvider()
        stack.push_async_callback(provider.aclose)
        parts = Parts(
            provider=provider,
            catalog=PromptCatalog.load(),
            safety=SafetyGate,
            world_rules=lambda rules: WorldRules(compiled(rules).rules),
            clock=clock,
            new_id=new_id,
            session_id=new_id(),
        )
        yield Workshop(
            stories=Stories(parts, store),
            ledger=store.ledger(),
            provider=provider,
            place=store.place,
        )


def executor_for(
    settings: Settings, engine: str = "auto", *, ledger: Ledger | None = None
) -> CodeExecutor:
    """What runs code found in stories; close it when done (``async with``).

    Args:
        engine: ``auto`` is E2B where its key is set, else this machine; ``e2b``, ``local``, or
            ``monty`` for this machine without the jail.
        ledger: where E2B's sandboxes are booked.

    Raises:
        ProviderError: E2B was asked for and its key or its SDK is missing.
        SettingsError: no such engine.
    """
    if engine == "e2b" or (engine == "auto" and settings.e2b_api_key):
        from tta_rebuild.integrations.e2b_executor import E2BExecutor

        return E2BExecutor(settings.e2b_api_key, ledger=ledger)
    if engine not in {"auto", "local", "monty"}:
        raise SettingsError("engine", f"'{engine}' is none; take auto, local, monty or e2b")
    from tta_rebuild.integrations.local_executor import LocalExecutor

    return LocalExecutor(use_jail=engine != "monty")


def redactor_for(settings: Settings) -> Redactor:
    """Knows every key in the settings; put it on whatever leaves the program."""
    keys = (
        settings.gemini_api_key,
        settings.anthropic_api_key,
        settings.openai_api_key,
        settings.e2b_api_key,
        *(server.key for server in settings.servers.values()),
    )
    return Redactor(key.reveal() for key in keys)
