"""What guards a story: its boundaries and rules, what runs code found in it, what keeps keys from
leaving the program, and whose help lines a player in need is shown."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

from tta_rebuild.core.errors import SettingsError, UnreadableFile
from tta_rebuild.core.redaction import Redactor, hint
from tta_rebuild.core.usage import Ledger
from tta_rebuild.settings import Settings, passwords_in

if TYPE_CHECKING:
    from tta_rebuild.core.events import CodeVerdictNoted
    from tta_rebuild.engine.dependencies import CodeCheck
    from tta_rebuild.integrations.code_executor import CodeExecutor
    from tta_rebuild.reading.world_rules import WorldRules
    from tta_rebuild.safety import SafetyGate
    from tta_rebuild.safety.care import CarePolicy


def executor_for(
    settings: Settings, engine: str = "auto", *, ledger: Ledger | None = None
) -> CodeExecutor:
    """What runs code found in stories; close it when done (``async with``).

    ``engine`` is ``e2b``, ``local``, ``monty`` (here, without the jail) or ``auto``: E2B where its
    key is set. Raises ProviderError (E2B's key or SDK is missing), SettingsError (no such engine).
    """
    if engine == "e2b" or (engine == "auto" and settings.e2b_api_key):
        from tta_rebuild.integrations.e2b_executor import E2BExecutor

        return E2BExecutor(settings.e2b_api_key, ledger=ledger)
    if engine not in {"auto", "local", "monty"}:
        raise SettingsError("engine", f"'{engine}' is none; take auto, local, monty or e2b")
    from tta_rebuild.integrations.local_executor import LocalExecutor

    return LocalExecutor(use_jail=engine != "monty")


async def code_engines(settings: Settings) -> tuple[dict[str, Any], list[str]]:
    """Where code found in stories runs (``runs_in``), with what (``engines``), and notes on that.

    ``engines`` is engine → version; ``jail`` is among them if it held against its own escapes.
    """
    from tta_rebuild.integrations.local_executor import LocalExecutor

    runs_in, notes = "on this machine", []
    if settings.e2b_api_key:
        runs_in = f"in E2B (E2B_API_KEY {hint(settings.e2b_api_key.reveal())})"
    async with LocalExecutor() as executor:
        engines = dict(await executor.engines())
        if executor.jail_problem:
            notes.append(f"no jail: {executor.jail_problem}")
        elif not executor.hides_files:
            notes.append(
                "code in the jail can see that a file exists, though not read it: "
                "this system allows it no file tree of its own"
            )
    return {"runs_in": runs_in, "engines": engines}, notes


def code_check_for(settings: Settings, stack: AsyncExitStack, *, ledger: Ledger) -> CodeCheck:
    """Checks the code of scenes; ``stack`` opens its engine at the first block that comes."""
    executor: CodeExecutor | None = None

    async def check(text: str) -> tuple[CodeVerdictNoted, ...]:
        from tta_rebuild.core.events import CodeVerdictNoted
        from tta_rebuild.quality.story_code import check_code

        nonlocal executor
        if executor is None:
            executor = await stack.enter_async_context(executor_for(settings, ledger=ledger))
        found = (
            (c.snippet.language, c.verdict) for c in (await check_code(text, executor)).checked
        )
        return tuple(
            CodeVerdictNoted(language=language, verdict=told.verdict, reason=told.reason)
            for language, told in found
        )

    return check


def care_policy(settings: Settings) -> CarePolicy:
    """How players are cared for, with the help lines of their country.

    Raises SettingsError: the operator's own file cannot be read.
    """
    from tta_rebuild.safety.care import CarePolicy
    from tta_rebuild.safety.help_lines import help_lines

    named = (os.environ.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    region = re.search(r"_([A-Z]{2})\b", next(filter(None, named), ""))
    country = settings.country or (region[1] if region else "")
    try:
        lines = help_lines(country, settings.help_lines)
    except UnreadableFile as error:
        raise SettingsError("TTA_HELP_LINES", str(error)) from error
    return CarePolicy(is_strict=settings.care == "strict", given=lines)


def redactor_for(settings: Settings) -> Redactor:
    """Knows every key and password in the settings; put it on whatever leaves the program."""
    addresses = (settings.database_url, settings.redis_url)
    passwords = [word for address in addresses for word in passwords_in(address.reveal())]
    return Redactor((*_keys(settings), *passwords))


def reply_redactor_for(settings: Settings) -> Redactor:
    """Knows what to mask in a model's words: every key too long to be a word (``none`` is one)."""
    return Redactor(key for key in _keys(settings) if len(key) >= 8)


def _keys(settings: Settings) -> list[str]:
    keys = [server.key for server in settings.servers.values()]
    keys += [getattr(settings, name) for name in Settings.model_fields if name.endswith("_api_key")]
    return [key.reveal() for key in keys if key]


def safety_gate(boundaries: Mapping[str, str]) -> SafetyGate:
    """The gate for a player's boundaries. Raises ValidationError: one is none."""
    from tta_rebuild import safety

    return safety.SafetyGate(boundaries)


def world_rules(rules: Mapping[str, str]) -> WorldRules:
    """A story's rules, those among them that can be checked by arithmetic."""
    from tta_rebuild.reading.world_rules import WorldRules, compiled

    return WorldRules(compiled(rules).rules)
