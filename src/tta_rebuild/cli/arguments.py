"""Arguments and options that several commands take, with what a shell completes them to."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Annotated, Any, TypeAlias

import typer

import tta_rebuild as tta
from tta_rebuild.core.data_files import packaged_toml


def group(about: str, **settings: Any) -> typer.Typer:
    """A command that has commands of its own."""
    return typer.Typer(help=about, rich_markup_mode=None, add_completion=False, **settings)


def option(name: str, *flags: str, **settings: Any) -> Any:
    """An option with the help of that name; called as its variable if it has no ``flags``."""
    return typer.Option(*flags, help=_help(name), **settings)


def argument(name: str, **settings: Any) -> Any:
    """An argument with the help of that name."""
    return typer.Argument(help=_help(name), **settings)


def number(name: str, at_least: int, at_most: int | None = None) -> Any:
    """An option that takes a whole number."""
    return typer.Option(metavar="<n>", help=_help(name), min=at_least, max=at_most)


def dollars(name: str) -> Any:
    """An option that takes US dollars."""
    return typer.Option(metavar="<usd>", help=_help(name), min=0)


def repeated(name: str, metavar: str = "<text>") -> Any:
    """An option that may be given several times."""
    return typer.Option(metavar=metavar, help=f"{_help(name)} Repeatable.")


def _help(name: str) -> str:
    text: str = packaged_toml("tta_rebuild.cli", "help")[name]
    return text


def wrong(option: str, says: str) -> typer.BadParameter:
    """What to raise where an option, or what a file has in its place, cannot be used."""
    return typer.BadParameter(says, param_hint=option)


def with_options(command: Callable[..., None]) -> Callable[..., None]:
    """Offer each field of the dataclass that a command takes as ``options`` as an option."""
    own = dict(inspect.signature(command, eval_str=True).parameters)
    kind = own.pop("options").annotation
    offered = inspect.signature(kind, eval_str=True).parameters

    @functools.wraps(command)
    def gathered(**given: Any) -> None:
        values = {name: given.pop(name) for name in offered}
        command(**given, options=kind(**values))

    own |= offered
    gathered.__signature__ = inspect.Signature([*own.values()])  # type: ignore[attr-defined]
    return gathered


def _stories(ctx: typer.Context, incomplete: str) -> Iterator[tuple[str, str]]:
    """Ids of the stories kept here, with their titles; none where they cannot be read."""
    from tta_rebuild.cli.opening import CommandContext, with_stories
    from tta_rebuild.cli.screen import one_line

    command = CommandContext(data_dir=ctx.find_root().params.get("data_dir"))
    with suppress(tta.TTAError, OSError):
        for row in with_stories(command, lambda application: application.stories.list()):
            if row.story_id.startswith(incomplete):
                yield row.story_id[:8], one_line(row.title, 60)


def _worlds(incomplete: str) -> list[str]:
    from tta_rebuild.storyteller.scene_file import packaged

    return sorted(name for name in packaged("worlds") if name.startswith(incomplete))


def _plots(incomplete: str) -> list[str]:
    """The plots of the embedded storyteller whose name begins so."""
    from tta_rebuild.storyteller.premise_situation import plot_names

    return sorted(name for name in plot_names() if name.startswith(incomplete))


Texts: TypeAlias = list[str] | None
WhichStory = Annotated[str, argument("story", autocompletion=_stories)]
StoryOrFile = Annotated[str, argument("story_or_file", autocompletion=_stories)]
GoOnWith = Annotated[str, option("go_on_with", "--story", autocompletion=_stories)]
OnlyStory = Annotated[str, option("only_story", "--story", autocompletion=_stories)]
World = Annotated[str, option("world", autocompletion=_worlds)]
Plot = Annotated[str, option("plot", autocompletion=_plots)]
WhichBranch = Annotated[str, option("branch")]
AsJson = Annotated[bool, option("json", "--json")]
