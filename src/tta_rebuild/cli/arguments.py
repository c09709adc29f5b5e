"""Arguments and options that several commands take, with what a shell completes them to."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Annotated, Any

import typer

import tta_rebuild as tta


def group(about: str, **settings: Any) -> typer.Typer:
    """A command that has commands of its own."""
    return typer.Typer(help=about, rich_markup_mode=None, add_completion=False, **settings)


def option(about: str, *names: str, **settings: Any) -> Any:
    """An option with its help; named as its variable if it has no ``names``."""
    return typer.Option(*names, help=about, **settings)


def argument(about: str, **settings: Any) -> Any:
    """An argument with its help."""
    return typer.Argument(help=about, **settings)


def number(about: str, at_least: int, at_most: int | None = None) -> Any:
    """An option that takes a whole number."""
    return typer.Option(metavar="<n>", help=about, min=at_least, max=at_most)


def repeated(about: str, metavar: str = "<text>") -> Any:
    """An option that may be given several times."""
    return typer.Option(metavar=metavar, help=f"{about} Repeatable.")


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


_NAMED = "its id, the start of it, or its title."
_FILE = "A story (id, the start of it, or title), or a text file."
_WORLD = (
    "An authored world for the offline storyteller, or a .yaml file of your own; 'tta worlds' "
    "lists them."
)
WhichStory = Annotated[str, argument(f"A story: {_NAMED}", autocompletion=_stories)]
StoryOrFile = Annotated[str, argument(_FILE, autocompletion=_stories)]
GoOnWith = Annotated[
    str, option(f"Go on with a story: {_NAMED}", "--story", autocompletion=_stories)
]
OnlyStory = Annotated[
    str, option("Only this story: id or title.", "--story", autocompletion=_stories)
]
World = Annotated[str, option(_WORLD, autocompletion=_worlds)]
WhichBranch = Annotated[str, option("The branch, by its name.")]
AsJson = Annotated[bool, option("JSON on standard output.", "--json")]
