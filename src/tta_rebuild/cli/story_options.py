"""What the options of ``play`` and ``story`` say, turned into a premise.

Values come from a person at a keyboard or from a file: each is checked here, and a wrong one is
named with what would be right.
"""

from __future__ import annotations

import functools
import inspect
import re
import secrets
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

from tta_rebuild.cli.arguments import World, number, repeated
from tta_rebuild.cli.screen import MAX_NAME_CHARS, one_line, plain

if TYPE_CHECKING:
    from tta_rebuild.core.story import CharacterSketch, Premise

LEVELS = ("none", "low", "medium", "high")
DEFAULT_STYLE = "balanced"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryOptions:
    """The options that shape a new story, as they were typed; ``with_options`` offers them."""

    character: Annotated[
        list[str] | None, repeated('"Name: description; brave=0.8". The first one is you.')
    ] = None
    rule: Annotated[list[str] | None, repeated('A rule of the world: no_magic="no magic".')] = None
    boundary: Annotated[
        list[str] | None, repeated("What to keep out: violence=low (none, low, medium, high).")
    ] = None
    world: World = ""
    title: Annotated[str, typer.Option(help="The story's title.")] = ""
    style: Annotated[
        str, typer.Option(help="How it is told, in words for a model, such as terse.")
    ] = DEFAULT_STYLE
    seed: Annotated[int | None, number("Same seed, same story.", 0)] = None
    length: Annotated[int, number("Scenes until the end; 0 leaves it to you.", 0, 100_000)] = 0
    model: Annotated[
        str, typer.Option(help="provider:model, 'local' or 'offline'; 'tta models' shows them.")
    ] = ""


def with_options(command: Callable[..., None]) -> Callable[..., None]:
    """Offer the fields of ``StoryOptions`` as options of a command that takes ``options``."""
    kinds = get_type_hints(StoryOptions, include_extras=True)
    own = inspect.signature(command, eval_str=True).parameters.values()
    offered = [
        inspect.Parameter(
            f.name, inspect.Parameter.KEYWORD_ONLY, default=f.default, annotation=kinds[f.name]
        )
        for f in fields(StoryOptions)
    ]

    @functools.wraps(command)
    def gathered(**given: Any) -> None:
        values = {field.name: given.pop(field.name) for field in fields(StoryOptions)}
        command(**given, options=StoryOptions(**values))

    parameters = [*(parameter for parameter in own if parameter.name != "options"), *offered]
    gathered.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return gathered


def premise_of(theme: str, options: StoryOptions, *, source: str = "--theme") -> Premise:
    """The premise of a new story; raises BadParameter where something cannot be understood.

    Args:
        source: what gave the theme.
    """
    from tta_rebuild.core.errors import ValidationError
    from tta_rebuild.core.story import Premise
    from tta_rebuild.engine.premise_check import check_premise

    try:
        premise = Premise(
            theme=unicodedata.normalize("NFC", plain(theme)).strip(),
            title=one_line(options.title, MAX_NAME_CHARS),
            characters=tuple(
                _character(text, is_player=number == 0)
                for number, text in enumerate(options.character or ())
            ),
            rules=rules_of(options.rule or ()),
            boundaries=dict(_boundary(text) for text in options.boundary or ()),
            world=options.world,
            style=options.style,
            seed=secrets.randbelow(2**31) if options.seed is None else options.seed,
            length=options.length,
            model=options.model,
        )
        check_premise(premise)
    except ValidationError as error:
        hint = "--character" if "characters have" in str(error) else source
        raise typer.BadParameter(f"{str(error).rstrip('.')}.", param_hint=hint) from error
    return premise


def premise_notes(premise: Premise, teller: str) -> Iterator[str]:
    """Before a story begins: what of its premise cannot be kept as one might think."""
    from tta_rebuild.reading.world_rules import compiled
    from tta_rebuild.safety.categories import categories_of, category_names

    for name in compiled(premise.rules).left_to_model if premise.rules else ():
        yield (
            f"Not checked: the rule '{one_line(premise.rules[name], 80)}' is no rule that can be "
            "checked word for word; it is told to the model, which may forget it."
        )
    for name, level in premise.boundaries.items():
        for category, own_words in categories_of(name):
            if own_words:
                close = get_close_matches(category.name, category_names(), 1)
                meant = f"did you mean {close[0]}? " if close else ""
                kept = "that word and its forms are kept out, and nothing else"
                if level != "none":
                    kept = "a word of your own is kept out at 'none' only, so nothing is held back"
                yield (
                    f"Boundary {name}={level}: {meant}tta has no list of words for it: {kept}. "
                    f"There are lists for {', '.join(category_names())}."
                )
    if premise.style != DEFAULT_STYLE and teller == "offline":
        yield (
            f"Style '{one_line(premise.style, 40)}' is for a model; the built-in storyteller has "
            "one way of telling."
        )


def _character(text: str, *, is_player: bool) -> CharacterSketch:
    """``Name: description; brave=0.8, shy=0.2``, the parts after the name as one likes."""
    from tta_rebuild.core.story import CharacterSketch

    who, _, traits = one_line(text).partition(";")
    name, _, description = who.partition(":")
    name = name.strip()
    if not _slug(name) or len(name) > MAX_NAME_CHARS:
        raise typer.BadParameter(
            f"'{one_line(text, 60)}' does not begin with a name of 1 to {MAX_NAME_CHARS} "
            'characters; write it like "Mara: a stubborn diver; brave=0.8".',
            param_hint="--character",
        )
    return CharacterSketch(
        character_id=_slug(name),
        name=name,
        description=description.strip(),
        traits=dict(_trait(part) for part in traits.split(",") if part.strip()),
        is_player=is_player,
    )


def _trait(text: str) -> tuple[str, float]:
    name, _, strength = text.partition("=")
    try:
        value = float(strength or 0.7)
    except ValueError:
        value = -1.0
    if not name.strip() or not 0.0 <= value <= 1.0:
        raise typer.BadParameter(
            f"'{text.strip()}' is no trait; write a name and a strength from 0 to 1, "
            "like brave=0.8.",
            param_hint="--character",
        )
    return name.strip().lower(), value


def rules_of(texts: Sequence[str]) -> dict[str, str]:
    """A world's rules, name → text; raises BadParameter for one that cannot be understood."""
    return dict(_rule(one_line(text)) for text in texts)


def _rule(line: str) -> tuple[str, str]:
    """``name=text``, or the text alone, which then names itself."""
    name, equals, says = line.partition("=")
    if not equals:
        name, says = "_".join(_slug(line).split("_")[:4]), line
    if not _slug(name) or not says.strip():
        raise typer.BadParameter(
            f"'{line}' is no rule; write it like no_magic=\"no magic allowed\".",
            param_hint="--rule",
        )
    return _slug(name), says.strip()


def _boundary(text: str) -> tuple[str, str]:
    category, _, level = one_line(text).lower().partition("=")
    # not _slug: the / in fear/horror names two
    category, level = "_".join(category.split()), level.strip()
    if not _slug(category) or level not in LEVELS:
        raise typer.BadParameter(
            f"'{one_line(text, 60)}' is no boundary; write category=level like violence=low; "
            f"the levels are {', '.join(LEVELS)}.",
            param_hint="--boundary",
        )
    return category, level


def _slug(name: str) -> str:
    # NFC last: the lower case of İ is two characters, of which one is no letter
    lower = unicodedata.normalize("NFC", name).lower().replace("i̇", "i")
    return re.sub(r"\W+", "_", lower).strip("_")
