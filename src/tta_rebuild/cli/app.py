"""The commands of ``tta``, put together; ``main`` runs it.

Nothing here or in the modules it names imports another room while it loads.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tta_rebuild.cli import (
    branches,
    canon,
    code,
    costs,
    doctor,
    models,
    play,
    show,
    stories,
    story,
    validate,
)
from tta_rebuild.cli.opening import Desk

EXIT_CODES = (
    "Exit codes: 0 done, 1 it failed or the answer is no, 2 wrong option or input, 3 not found, "
    "4 trouble with the place where stories are kept, 5 trouble with a model or a budget, "
    "130 Ctrl-C and 143 SIGTERM (every finished turn is kept), 141 the reader of the output has "
    "gone."
)

app = typer.Typer(
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


def _require_directory(path: Path) -> None:
    from tta_rebuild.settings_values import Wrong, directory

    try:
        directory(str(path))
    except Wrong as wrong:
        raise typer.BadParameter(f"{wrong}.", param_hint="--data-dir") from None


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
    if data_dir is not None:
        _require_directory(data_dir)
    ctx.obj = Desk(data_dir=data_dir)


app.command()(play.play)
app.command(cls=story.AutoTakesAPolicy)(story.story)
app.add_typer(stories.app, name="stories")
app.add_typer(show.app, name="show")
app.command()(branches.fork)
app.command()(branches.compare)
app.command()(branches.replay)
app.command()(validate.validate)
app.command()(canon.facts)
app.command()(canon.retcon)
app.command()(doctor.doctor)
app.command()(costs.costs)
app.command()(models.models)
app.add_typer(code.app, name="code")
