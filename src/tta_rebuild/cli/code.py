"""``tta code run`` and ``tta code check``: what comes of code, alone or in a story."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from tta_rebuild.bootstrap.guards import executor_for
from tta_rebuild.cli import arguments as take
from tta_rebuild.cli import exits
from tta_rebuild.cli.inputs import MAX_STORY_BYTES
from tta_rebuild.cli.opening import CommandContext, settings_for, with_application
from tta_rebuild.cli.screen import plain, words
from tta_rebuild.core.data_files import read_text
from tta_rebuild.core.usage import Ledger
from tta_rebuild.integrations.code_executor import CodeExecutor, CodeVerdict, Verdict
from tta_rebuild.quality.story_code import check_code

T = TypeVar("T")

app = take.group(
    "Run code where it can do no harm, and check the code in a story.", no_args_is_help=True
)

Engine = Annotated[str, take.option("engine")]
MAX_CODE_BYTES = 2_000_000


@app.command()
def run(
    ctx: typer.Context,
    file: Annotated[str, take.argument("code_file")],
    language: Annotated[str, take.option("language")] = "",
    engine: Engine = "auto",
    json_: take.AsJson = False,
) -> None:
    """Run a file of code and show the verdict.

    Ends with code 1 if the code is invalid.
    """
    code = read_text(Path(file), max_bytes=MAX_CODE_BYTES)
    spoken = language or words("languages").get(Path(file).suffix.lower()[1:], "python")
    verdict = _with_executor(ctx.obj, engine, lambda executor: executor.run(code, spoken))
    screen, is_invalid = ctx.obj.screen, verdict.verdict == "invalid"
    if json_:
        screen.json(verdict)
    else:
        if verdict.output:
            screen.raw(plain(verdict.output.rstrip("\n") + (" …" if verdict.truncated else "")))
        screen.say(_shown(verdict), "red" if is_invalid else "")
    if is_invalid:
        raise typer.Exit(exits.FAILED)


@app.command()
def check(
    ctx: typer.Context,
    story: Annotated[str, take.argument("markdown")],
    engine: Engine = "auto",
    json_: take.AsJson = False,
) -> None:
    """Find the code in a story and show a verdict on each piece.

    Ends with code 1 if any is invalid.
    """
    text, screen = read_text(Path(story), max_bytes=MAX_STORY_BYTES), ctx.obj.screen
    report = _with_executor(ctx.obj, engine, lambda executor: check_code(text, executor))
    for checked in report.checked:
        snippet, verdict = checked.snippet, asdict(checked.verdict)
        if json_:
            row = {"line": snippet.line, "language": snippet.language}
            row |= {"truncated": snippet.truncated, "needs_earlier": checked.needs_earlier}
            screen.json(row | {"code_line": verdict.pop("line")} | verdict)
        else:
            screen.say(f"line {snippet.line}, {snippet.language}: {_shown(checked.verdict)}")
    invalid = report.count("invalid")
    if not json_:
        kinds: tuple[Verdict, ...] = ("valid", "invalid", "blocked", "unverified")
        counts = [f"{report.count(kind)} {kind}" for kind in kinds if report.count(kind)]
        effect = "; the story's quality counts × 0.8" if invalid else ""
        screen.say(f"{', '.join(counts)}{effect}" or "no code in this story")
    if invalid:
        raise typer.Exit(exits.FAILED)


def _with_executor(
    command: CommandContext, engine: str, work: Callable[[CodeExecutor], Awaitable[T]]
) -> T:
    """Open the engine, do the work, close it; where it costs money, with the ledger at hand."""
    settings = settings_for(command)

    async def opened(ledger: Ledger | None = None) -> T:
        async with executor_for(settings, engine, ledger=ledger) as executor:
            return await work(executor)

    if settings.e2b_api_key and engine in {"auto", "e2b"}:
        return with_application(command, lambda application: opened(application.ledger), settings)
    return asyncio.run(opened())


def _shown(verdict: CodeVerdict) -> str:
    where = f" in line {verdict.line} of the code" if verdict.line else ""
    by = f"{verdict.engine} {verdict.version}".strip()
    told = f" [{by}, {verdict.duration_s * 1000:.0f} ms]" if by else ""
    return f"{verdict.verdict}: {verdict.reason}{where}{told}"
