"""The commands of ``tta``, put together; ``main`` runs it.

Nothing here or in the modules it names imports another room while it loads.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from tta_rebuild.cli import (
    branches,
    code,
    costs,
    doctor,
    facts,
    models,
    play,
    show,
    stories,
    story,
    validate,
)
from tta_rebuild.cli.opening import CommandContext

EXIT_CODES = (
    "Exit codes: 0 done, 1 it failed or the answer is no, 2 wrong option or input, 3 not found, "
    "4 trouble with the place where stories are kept, 5 trouble with a model or a budget, "
    "130 Ctrl-C and 143 SIGTERM (every finished turn is kept), 141 the reader of the output has "
    "gone."
)


class StoryGroup(TyperGroup):
    """Leads who names a command without its group to it: ``tta export`` to ``stories export``."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that is meant; raises UsageError with the nearest one there is."""
        for name, group in self.commands.items():
            if args and args[0] not in self.commands and args[0] in getattr(group, "commands", {}):
                ctx.fail(f"No such command '{args[0]}'; there is 'tta {name} {args[0]}'.")
        return super().resolve_command(ctx, args)


app = typer.Typer(
    cls=StoryGroup,
    name="tta",
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


@app.callback()
def before(
    ctx: typer.Context,
    data_dir: Annotated[
        Path | None,
        typer.Option(
            help="Where stories are kept; without it TTA_DATABASE_URL, TTA_DATA_DIR, or your data "
            "folder."
        ),
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Branching stories that stay true to themselves. Begin with: tta play."""
    ctx.obj = CommandContext(data_dir=data_dir)


app.command()(play.play)
app.command(cls=story.AutoPolicyCommand)(story.story)
app.add_typer(stories.app, name="stories")
app.add_typer(show.app, name="show")
app.command()(branches.fork)
app.command()(branches.compare)
app.command()(branches.replay)
app.command()(validate.validate)
app.command()(facts.facts)
app.command()(facts.retcon)
app.command()(doctor.doctor)
app.command()(costs.costs)
app.command()(models.models)
app.add_typer(code.app, name="code")
