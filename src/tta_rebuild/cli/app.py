"""The commands of ``tta``, put together; each one's module is loaded when it is called by name."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from tta_rebuild.cli.opening import CommandContext

EXIT_CODES = """Exit codes: 0 done, 1 it failed or the answer is no, 2 wrong option or input,
3 not found, 4 trouble with the place where stories are kept, 5 trouble with a model or a budget,
75 a database server or Temporal does not answer now (try again),
130 Ctrl-C and 143 SIGTERM (every finished turn is kept), 141 the reader of the output has gone."""

_DATA_DIR = (
    "Where stories are kept; without it TTA_DATABASE_URL, TTA_DATA_DIR, or your data folder."
)
COMMANDS = {
    "play": ("play", "Play a story."),
    "story": ("story", "Tell one or many stories by itself."),
    "serve": ("serve", "Serve stories over HTTP, with pages for a browser."),
    "worker": ("worker", "Play turns for servers on other machines."),
    "tokens": ("tokens", "Make, list and revoke the tokens of a server's players."),
    "stories": ("stories", "List, rename, delete, export, import, budget."),
    "show": ("show", "Show timeline, branches, people, facts."),
    "fork": ("show", "Begin another way from a turn."),
    "compare": ("show", "Show how two branches differ."),
    "replay": ("show", "Play a story again from its log."),
    "validate": ("facts", "Check a choice against a story, or a whole text against itself."),
    "facts": ("facts", "Show who is who, where everybody is, and what holds."),
    "retcon": ("facts", "Take back or correct a fact of a story."),
    "doctor": ("doctor", "Say what is set up, and what is missing."),
    "backup": ("backup", "Copy the stories into one file, also while they are played."),
    "restore": ("backup", "Put a backup in the place of the stories; what was there is kept."),
    "costs": ("set_up", "Show what the models have cost."),
    "models": ("set_up", "Show models, prices, quotas and health."),
    "eval": ("eval", "Measure the engine on stories that nobody wrote for it."),
    "prompts": ("prompts", "Show, check and compare the templates of prompts."),
    "experiment": ("experiment", "Compare prompts and models by playing stories with them."),
    "feedback": ("feedback", "Rate scenes, and see what was rated how."),
    "analytics": ("analytics", "Count how stories are played; nothing leaves the machine."),
    "worlds": ("worlds", "List the authored worlds or the plots, or check a world of your own."),
    "code": ("code", "Run code where it can do no harm, and check the code in a story."),
}
"""Name → the module of it, and the first line of its help."""


def command(name: str) -> Any:
    """A command, loaded: the ``app`` of a module of that name, else the function of that name."""
    from tta_rebuild.cli.arguments import group

    home = COMMANDS[name][0]
    module = import_module(f"tta_rebuild.cli.{home}")
    own = getattr(module, "app", None) if home == name else None
    if own is None:
        own = group("")
        own.command()(getattr(module, name))
    found = get_command(own)
    found.name = name
    return found


class Commands(TyperGroup):
    """All commands; each is loaded when it is called, the help tells of them without that."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands = {name: TyperCommand(name, help=COMMANDS[name][1]) for name in COMMANDS}

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that is meant; leads ``tta export`` to ``tta stories export``."""
        if args and args[0] not in COMMANDS:
            for name in ("stories", "show", "code"):
                if args[0] in command(name).commands:
                    ctx.fail(f"No such command '{args[0]}'; there is 'tta {name} {args[0]}'.")
        found, _, rest = super().resolve_command(ctx, args)
        return found, command(found or ""), rest


app = typer.Typer(
    name="tta",
    cls=Commands,
    help="Branching stories that stay true to themselves. Begin with: tta play",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    add_completion=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        from tta_rebuild import __version__

        typer.echo(f"tta {__version__}")
        raise typer.Exit


_VERSION = typer.Option("--version", help="Show the version.", callback=_version, is_eager=True)


@app.callback()
def before(
    ctx: typer.Context,
    data_dir: Annotated[Path | None, typer.Option(help=_DATA_DIR)] = None,
    version: Annotated[bool, _VERSION] = False,
) -> None:
    """Branching stories that stay true to themselves. Begin with: tta play."""
    ctx.obj = CommandContext(data_dir=data_dir)
