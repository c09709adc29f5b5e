"""``tta models``: what is configured, with prices, quotas and health."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from tta_rebuild.cli.arguments import AsJson
from tta_rebuild.cli.opening import CommandContext, context_of, settings_for, with_stories
from tta_rebuild.cli.screen import Screen, counted

if TYPE_CHECKING:
    from tta_rebuild.bootstrap.application import Application
    from tta_rebuild.bootstrap.overview import ModelOverview
    from tta_rebuild.core.usage import Attempt
    from tta_rebuild.settings import Settings

LATEST_ATTEMPTS = 500
"""How far back in the ledger health is looked for."""


def models(
    ctx: typer.Context,
    *,
    local: Annotated[
        bool, typer.Option(help="Look for servers on this machine (Ollama, LM Studio ...).")
    ] = True,
    json_: AsJson = False,
) -> None:
    """Show models, prices, quotas and health.

    Nothing is asked of a model, and nothing is spent.
    """
    command = context_of(ctx)
    command.screen.answer(overview(command), json_, _show)
    if local and not json_:
        _show_local(command.screen, settings_for(command))


def overview(command: CommandContext) -> list[ModelOverview]:
    """Every model that is set up or could be; the ledger is read for their health."""
    from tta_rebuild.bootstrap.overview import models_overview

    async def attempts(application: Application) -> Sequence[Attempt]:
        return await application.ledger.attempts(limit=LATEST_ATTEMPTS)

    # The embedded storyteller opens without a key, so that a missing one can be shown here.
    seen = with_stories(command, attempts)
    return models_overview(settings_for(command), seen, at=datetime.now(UTC))


def _show(screen: Screen, lines: Sequence[ModelOverview]) -> None:
    for line in lines:
        show_model(screen, line)


def show_model(screen: Screen, line: ModelOverview) -> None:
    """A model in a few lines."""
    use = [f"choice {line.place}"] if line.place else []
    use += [f"does {task}" for task in line.tasks]
    screen.say(f"{line.name}" + (f"  ({', '.join(use)})" if use else ""), "bold")
    if line.lacks:
        screen.say(f"not ready: {line.lacks}", "yellow", indent=2)
    if line.key_ends:
        screen.say(f"key set, ends in {line.key_ends}", indent=2)
    screen.say(_price(line), indent=2)
    limits = ((line.rpm, "requests a minute"), (line.tpm, "tokens a minute"), (line.rpd, "a day"))
    quota = ", ".join(f"{n:,} {what}" for n, what in limits if n)
    if quota:
        screen.say(f"at most {quota}", indent=2)
    if line.calls:
        screen.say(
            f"{counted(line.calls, 'call')} of late, {line.failed} failed, "
            f"{line.latency_s:.1f} s each; the last: {line.last_outcome}",
            indent=2,
        )


def _price(line: ModelOverview) -> str:
    if line.input_usd is None or line.output_usd is None:
        return "price not known: counted at the provider's dearest"
    if not line.input_usd and not line.output_usd:
        return "free"
    return f"${line.input_usd:.2f} in, ${line.output_usd:.2f} out per million tokens"


def _show_local(screen: Screen, settings: Settings) -> None:
    import asyncio

    from tta_rebuild.bootstrap.overview import local_servers

    found = asyncio.run(local_servers(settings))
    for server in found:
        screen.say(f"{server.name} on this machine, {server.base_url}", "bold")
        for model in server.models:
            screen.say(f"--model local:{model}", indent=2)
    if not found:
        screen.say("No server with models answers on this machine.", "dim")
