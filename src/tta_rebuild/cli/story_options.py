"""What the options of ``play`` and ``story`` say, turned into a premise."""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Annotated, Any

import typer

import tta_rebuild as tta
from tta_rebuild.cli import arguments as take
from tta_rebuild.cli.opening import OnFailure
from tta_rebuild.cli.screen import MAX_NAME_CHARS, message, one_line, plain
from tta_rebuild.engine import premise_notes as engine_notes
from tta_rebuild.engine.premise_notes import DEFAULT_STYLE, slug_of

LEVELS = ("none", "low", "medium", "high")
VOICE_PARTS = ("speaks", "sentences", "says", "never", "line")
WANTS = "wants:"
PLACES = ("place", "the place", "where", "at", "setting", "it begins")
PREPOSITIONS = ("in", "at", "on", "aboard", "under", "by")
CORRECTIONS = {
    "a thing": ("a thing", "thing", "an object", "object", "not a person", "no person"),
    "not here": (
        *("not here", "not there", "away", "elsewhere", "not in this story"),
        *("absent", "gone", "missing", "far away", "somewhere else", "at home"),
    ),
    "alive": ("here", "alive", "not dead", "there"),
}
"""What is so of somebody or something, in the words of a player."""
ME = ("me", "i", "myself", "you", "that is me", "that is you", "that's me")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryOptions:
    """The options of ``play`` and ``story``, as they were typed (see ``with_options``)."""

    theme: Annotated[str | None, take.option("theme")] = None
    story: take.GoOnWith = ""
    branch: take.WhichBranch = "main"
    character: Annotated[take.Texts, take.repeated("character")] = None
    rule: Annotated[take.Texts, take.repeated("rule")] = None
    boundary: Annotated[take.Texts, take.repeated("boundary")] = None
    world: take.World = ""
    plot: take.Plot = ""
    title: Annotated[str, take.option("title")] = ""
    style: Annotated[str, take.option("style")] = DEFAULT_STYLE
    seed: Annotated[int | None, take.number("seed", 0)] = None
    length: Annotated[int, take.number("length", 0, 100_000)] = 0
    model: Annotated[str, take.option("model")] = ""
    on_failure: Annotated[OnFailure | None, take.option("on_failure", show_default=False)] = None


def premise_of(theme: str, options: StoryOptions, *, source: str = "--theme") -> tta.Premise:
    """The premise of a new story, its theme from ``source``; raises BadParameter if it is wrong."""
    from tta_rebuild.engine.stories import check_premise

    try:
        people = tuple(map(character_of, options.character or ()))
        others = [one for one in people if one.description.lower().startswith("your ")]
        player = next((one for one in people if one not in others), None)
        premise = tta.Premise(
            theme=unicodedata.normalize("NFC", plain(theme)).strip(),
            title=one_line(options.title, MAX_NAME_CHARS),
            characters=tuple(replace(one, is_player=one is player) for one in people),
            rules=rules_of(options.rule or ()),
            boundaries=dict(map(_boundary, options.boundary or ())),
            world=options.world,
            plot=options.plot,
            style=options.style,
            seed=secrets.randbelow(2**31) if options.seed is None else options.seed,
            length=options.length,
            model=options.model,
        )
        check_premise(premise)
    except tta.ValidationError as error:
        hints = {"characters have": "--character", "voice": "--character", "world": "--world"}
        hints["plot"] = "--plot"
        hint = next((hints[word] for word in hints if word in str(error)), source)
        raise typer.BadParameter(f"{str(error).rstrip('.')}.", param_hint=hint) from error
    return premise


def theme_of(options: StoryOptions) -> str | None:
    """What the story is about: the theme given, else what the world asked for says of itself."""
    if options.theme is not None or not options.world:
        return options.theme
    from tta_rebuild.core.errors import RequestRejected
    from tta_rebuild.storyteller.scene_file import read_world

    try:
        world = read_world(options.world)
    except RequestRejected as error:
        raise take.wrong("--world", f"{error}.") from error
    return f"{world.title}: {world.about}"


def plot_named(said: str) -> str:
    """The plot that "contest" or "plot: contest" names, "" if it names none."""
    from tta_rebuild.storyteller.premise_situation import plot_names

    name = said.lower().removeprefix("plot:").strip().replace(" ", "_")
    return name if name in plot_names() else ""


def premise_notes(premise: tta.Premise, teller: str) -> Iterator[str]:
    """Before a story begins: how it is understood, and what of it cannot be kept as one thinks."""
    yield from engine_notes.premise_notes(premise, teller, mends=message("mends"))


def character_of(text: str) -> tta.CharacterSketch:
    """``Name: description; brave=0.8; says: aye; wants: the lamp``, after the name as one likes."""
    who, *parts = one_line(text).split(";")
    worded = [part.strip() for part in parts if ":" in part]
    goals = [part for part in worded if part.lower().startswith(WANTS)]
    voice = voice_of(part for part in worded if part not in goals)
    listed = ",".join(part for part in parts if ":" not in part)
    name, _, description = who.partition(":")
    name, traits = name.strip(), dict[str, float]()
    if not slug_of(name) or len(name) > MAX_NAME_CHARS:
        said = message("no_name", text=one_line(text, 60), most=MAX_NAME_CHARS)
        raise take.wrong("--character", said)
    for part in filter(None, map(str.strip, listed.split(","))):
        trait, _, strength = part.partition("=")
        value = -1.0
        with suppress(ValueError):
            value = float(strength or 0.7)
        if not trait.strip() or not 0.0 <= value <= 1.0:
            raise take.wrong("--character", message("no_trait", part=part))
        traits[trait.strip().lower()] = value
    return tta.CharacterSketch(
        character_id=slug_of(name),
        name=name,
        description=description.strip(),
        traits=traits,
        voice=voice,
        goals=tuple(filter(None, (goal.partition(":")[2].strip() for goal in goals))),
    )


_IS_ME = re.compile(r"(?:I am|I['’]m|you are) ([A-Z][^:]*)|([A-Z][^:]*) is (?:me|you)")


def player_of(text: str) -> tta.CharacterSketch | None:
    """Who is played, from ``me: Ada, a pilot`` or ``Ada: me``; None for anything else."""
    who, _, about = (half.strip(" .") for half in one_line(text).partition(":"))
    if is_me := _IS_ME.fullmatch(who):
        who, about = "me", is_me[1] or is_me[2]
    if about.lower() in ME:
        return replace(character_of(who), is_player=True)
    if who.lower() not in ME or not about[:1].isupper():
        return None
    name, _, description = about.partition(",")
    return replace(character_of(f"{name}: {description}"), is_player=True)


_NOBODY = re.compile(r"\b(?:not an? person|no person|nobody|not anybody|no such person)\b", re.I)
_WISH = re.compile(r"(?:(?:I|you|we) wants? to|(?:aim|wish|goal): (?:to )?)\s*(?P<aim>\S.*)", re.I)


def correction_of(said: str) -> str:
    """``baby: not here``, ``starter: a thing``, ``place: High Fell``, ``I want to find her`` as a
    sentence that puts the premise right; "" for anything else.
    """
    from tta_rebuild.storyteller.entities import head_of
    from tta_rebuild.storyteller.noun_phrases import is_animal, is_person, is_place
    from tta_rebuild.storyteller.second_person import to_second_person

    if wish := _WISH.fullmatch(one_line(said)):
        return f"What you want is to {to_second_person(wish['aim'].rstrip(' .!'))}."
    who, colon, about = (part.strip(" .") for part in one_line(said).partition(":"))
    if not colon or not (who and about):
        return ""
    if who.lower() in PLACES:
        return f"It begins {about if about.split()[0].lower() in PREPOSITIONS else f'at {about}'}."
    kind = next((k for k, words in CORRECTIONS.items() if about.lower() in words), "")
    if not kind and _NOBODY.search(about):
        kind = "a thing"
    noun = head_of(about)
    # Orrery: the hill town
    if not kind and is_place(noun) and not (is_person(noun) or is_animal(noun)):
        kind = "a thing"
    return f"{who[:1].upper()}{who[1:]} is {kind}." if kind else ""


def voice_of(parts: Iterable[str]) -> tta.Voice:
    """A voice from ``speaks: gruff``, ``sentences: short``, ``says: aye, mark me``,
    ``never: please`` and ``line: The gate stays shut.``; raises BadParameter.
    """
    given: dict[str, list[str]] = {}
    for part in parts:
        key, _, said = (half.strip() for half in part.partition(":"))
        if key.lower() not in VOICE_PARTS or not said:
            keys = ", ".join((*VOICE_PARTS, WANTS.rstrip(":")))
            raise take.wrong("--character", message("no_voice", part=part.strip(), keys=keys))
        given.setdefault(key.lower(), []).append(said)

    def listed(key: str) -> tuple[str, ...]:
        return tuple(
            s for said in given.get(key, ()) for one in said.split(",") if (s := one.strip())
        )

    sentences: Any = " ".join(given.get("sentences", ())).lower()
    return tta.Voice(
        register=", ".join(given.get("speaks", ())),
        sentences=sentences,
        says=listed("says"),
        never=listed("never"),
        samples=tuple(given.get("line", ())),
    )


def rules_of(texts: Sequence[str]) -> dict[str, str]:
    """A world's rules, name → text, from ``name=text`` or a text; raises BadParameter."""
    rules = {}
    for line in map(one_line, texts):
        name, equals, says = line.partition("=")
        if not equals:
            name, says = "_".join(slug_of(line).split("_")[:4]), line
        if not slug_of(name) or not says.strip():
            raise take.wrong("--rule", message("no_rule", text=one_line(line, 60)))
        rules[slug_of(name)] = says.strip()
    return rules


def _boundary(text: str) -> tuple[str, str]:
    category, _, level = one_line(text).lower().partition("=")
    # not _slug: the / in fear/horror names two
    category, level = "_".join(category.split()), level.strip()
    if not slug_of(category) or level not in LEVELS:
        said = message("no_boundary", text=one_line(text, 60), levels=", ".join(LEVELS))
        raise take.wrong("--boundary", said)
    return category, level
