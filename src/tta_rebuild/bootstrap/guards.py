"""What runs code found in stories, and what keeps keys from leaving the program."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tta_rebuild.core.errors import SettingsError
from tta_rebuild.core.redaction import Redactor
from tta_rebuild.core.usage import Ledger
from tta_rebuild.settings import Settings, passwords_in

SHORTEST_KEY_IN_PROSE = 8
"""Shorter ones, such as the ``none`` that a local server takes, would mask ordinary words."""

if TYPE_CHECKING:
    from tta_rebuild.core.events import CodeVerdictNoted
    from tta_rebuild.engine.dependencies import CodeCheck
    from tta_rebuild.integrations.code_executor import CodeExecutor


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


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeEngines:
    """What runs code found in stories on this machine.

    Attributes:
        versions: engine → version; ``jail`` is among them only if it held against its own escapes.
        jail_problem: why there is no jail, "" if there is one.
        hides_files: whether code in the jail cannot even see that the host's files exist.
    """

    versions: Mapping[str, str]
    jail_problem: str
    hides_files: bool


async def code_engines() -> CodeEngines:
    """Open the engines of this machine, put the jail to its test, and close them again."""
    from tta_rebuild.integrations.local_executor import LocalExecutor

    async with LocalExecutor() as executor:
        return CodeEngines(
            versions=await executor.engines(),
            jail_problem=executor.jail_problem,
            hides_files=executor.hides_files,
        )


def code_check_for(settings: Settings, stack: AsyncExitStack, *, ledger: Ledger) -> CodeCheck:
    """Checks the code of scenes; ``stack`` opens its engine at the first block that comes."""
    executors: list[CodeExecutor] = []

    async def check(text: str) -> tuple[CodeVerdictNoted, ...]:
        from tta_rebuild.core.events import CodeVerdictNoted
        from tta_rebuild.quality.story_code import check_code

        if not executors:
            executor = executor_for(settings, ledger=ledger)
            executors.append(await stack.enter_async_context(executor))
        report = await check_code(text, executors[0])
        return tuple(
            CodeVerdictNoted(
                language=one.snippet.language,
                verdict=one.verdict.verdict,
                reason=one.verdict.reason,
            )
            for one in report.checked
        )

    return check


def redactor_for(settings: Settings) -> Redactor:
    """Knows every key and password in the settings; put it on whatever leaves the program."""
    return Redactor((*_keys(settings), *passwords_in(settings.database_url.reveal())))


def reply_redactor_for(settings: Settings) -> Redactor:
    """Knows what to mask in a model's words: every key that is not short enough to be a word."""
    return Redactor(key for key in _keys(settings) if len(key) >= SHORTEST_KEY_IN_PROSE)


def _keys(settings: Settings) -> list[str]:
    keys = (
        settings.gemini_api_key,
        settings.anthropic_api_key,
        settings.openai_api_key,
        settings.e2b_api_key,
        *(server.key for server in settings.servers.values()),
    )
    return [key.reveal() for key in keys if key]
