"""Files of scenes: an authored world, or a plot for premises, as an author writes them in YAML.

``read_world`` is used by the teller for the packaged files and for an author's own; what is wrong
in a file is said with the place where it stands. The guide page "Write a world" has the format.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from tta_rebuild.core.data_files import MAX_CONFIG_BYTES, parse_yaml, read_text
from tta_rebuild.core.errors import RequestRejected, UnreadableFile
from tta_rebuild.storyteller.line_template import LineTemplateError, template
from tta_rebuild.storyteller.world_state import NotationError, keys_of

Text = Annotated[str, Field(min_length=1, max_length=4_000)]
Condition = Annotated[str, Field(max_length=2_000)]
Id = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]

_OF_PREMISES = ("plots", "interludes", "data")
COMMON = "common"
MOST_FILES = 448
"""Files kept as read: all packaged ones, and some of an author's own. A quarter MB each."""
END_KINDS = ("won", "price", "lost", "let_go")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, defer_build=True)


class PersonEntry(_Strict):
    """Somebody of the world, or the player's own character under ``you``."""

    name: str = ""
    role: str = ""
    pronouns: Literal["she", "he", "they", "it", ""] = ""
    at: str = "nowhere"
    also: list[str] = []
    about: list[Text] = []
    asked: dict[str, list[Text]] = {}


class PlaceEntry(_Strict):
    """Somewhere to be: ``at`` is its name with a preposition, ``ways`` where one can go from it."""

    name: Text
    at: str = ""
    ways: list[Id] = []
    if_: dict[str, Condition] = Field({}, alias="if")
    look: list[Text] = []
    also: list[str] = []


class ThingEntry(_Strict):
    """A thing; ``is`` are its properties (``fixed``, ``locked``, ``lit``, ``hidden`` …)."""

    name: Text
    at: str = "nowhere"
    is_: list[Id] = Field([], alias="is")
    look: list[Text] = []
    also: list[str] = []


class ChoiceEntry(_Strict):
    """Something to do. Without ``then`` and ``next`` its words are understood as a free move."""

    do: Annotated[str, Field(min_length=2, max_length=160)]
    if_: Condition = Field("", alias="if")
    then: Condition = ""
    next: str = ""
    says: str = ""
    kind: str = ""


class SceneEntry(_Strict):
    """One scene. It comes when it is somebody's ``next``, on an ``act``, or when ``when`` holds."""

    id: Id
    when: Condition = ""
    act: str = ""
    text: Text
    then: Condition = ""
    lines: list[Text] = []
    choices: list[ChoiceEntry] = []
    weight: int = 1
    again: bool = False
    ending: Literal["won", "price", "lost", "let_go", ""] = ""

    @property
    def is_event(self) -> bool:
        """Whether it may come by itself."""
        return bool(self.when) and not self.act


class WorldFile(_Strict):
    """A whole file; ``parts`` are those of a plot, as ``parts.py`` says.

    ``nouns`` are those of a kind of thing that ``interludes.py`` brings on. ``common`` is True of a
    plot that has the parts and scenes of ``data/common*.yaml`` too. ``whole`` is True of one that
    tells one course of events in a dozen scenes of its own, and takes the others where they end.
    ``tells`` are what the doer, and anybody else (``npc``), have to say in turn to whoever asks.
    """

    title: Text
    about: str = ""
    parts: dict[Id, str] = {}
    nouns: str = ""
    common: bool = False
    whole: bool = False
    tone: str = "plain"
    you: PersonEntry = PersonEntry()
    people: dict[Id, PersonEntry] = {}
    places: dict[Id, PlaceEntry] = {}
    things: dict[Id, ThingEntry] = {}
    start: dict[str, str | int | bool] = {}
    each_turn: list[Annotated[dict[str, Condition], Field()]] = []
    scenes: Annotated[list[SceneEntry], Field(min_length=1)]
    choices: list[ChoiceEntry] = []
    tells: dict[Literal["doer", "npc"], list[Text]] = {}

    @field_validator("scenes")
    @classmethod
    def _ids_once(cls, scenes: list[SceneEntry]) -> list[SceneEntry]:
        ids = [scene.id for scene in scenes]
        twice = next((one for one in ids if ids.count(one) > 1), "")
        if twice:
            raise ValueError(f"two scenes have the id '{twice}'")
        return scenes


@cache
def packaged(folder: str) -> dict[str, Path]:
    """The files of one of the package's folders: ``worlds``, ``plots``, by name."""
    root = files("tta_rebuild.storyteller") / folder
    return {
        path.name.removesuffix(".yaml"): Path(str(path))
        for path in sorted(root.iterdir(), key=lambda path: path.name)
        if path.name.endswith(".yaml")
    }


@cache
def titles() -> dict[str, str]:
    """The packaged worlds by name, with title and what they are about, from their heads alone."""
    found = {}
    for name, path in packaged("worlds").items():
        head = path.read_text("utf-8").partition("\nyou:")[0]
        read = parse_yaml(head, path.name, is_ours=True)
        found[name] = f"{read['title']}: {read['about']}"
    return found


@lru_cache(maxsize=MOST_FILES)
def read_world(name: str) -> WorldFile:
    """A packaged world or plot (``plots/find``), or an author's file by its path.

    Raises:
        RequestRejected: there is none of that name, or what is wrong in it and where.
    """
    folder, _, plain = name.rpartition("/")
    known = packaged(folder if folder in _OF_PREMISES else "worlds")
    path = known.get(plain) if folder in ("", *_OF_PREMISES) else None
    own = path is None
    if path is None:
        path = Path(name).expanduser()
        if path.suffix not in (".yaml", ".yml"):
            raise RequestRejected(
                f"there is no world '{name}': choose one of {', '.join(known)}, or give the path "
                "of a .yaml file of your own"
            )
    try:
        raw = parse_yaml(read_text(path, max_bytes=MAX_CONFIG_BYTES), path.name, is_ours=not own)
        world = WorldFile.model_validate(raw)
        if own:  # ours are checked by the tests: it takes longer than to read one
            check_notation(world)
    except UnreadableFile as error:
        raise RequestRejected(str(error)) from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise RequestRejected(f"{path.name}: {where}: {first['msg']}") from error
    except (NotationError, LineTemplateError) as error:
        raise RequestRejected(f"{path.name}: {error}") from error
    return _with_common(world, name) if world.common else world


def _with_common(world: WorldFile, name: str) -> WorldFile:
    """A plot with the parts and scenes that any may have: who wants what, and says so.

    One of a kind of matter (``plots/find.thing``) has those of its conflict but for the endings.
    """
    parts = read_world(f"data/{COMMON}").parts
    return world.model_copy(update={"scenes": [*world.scenes, *_shared(name)], "parts": parts})


def _shared(name: str) -> Sequence[SceneEntry]:
    conflict, _, kind = name.partition(".")
    if not kind or not name.startswith("plots/"):  # or an author's own file
        return _common()
    return [one for one in read_world(conflict).scenes if not one.ending]


@cache
def shared_by(name: str) -> frozenset[str]:
    """The ids of the scenes of a plot that others have as well."""
    return (
        frozenset(scene.id for scene in _shared(name)) if read_world(name).common else frozenset()
    )


@cache
def _common() -> tuple[SceneEntry, ...]:
    files = (read_world(f"data/{name}") for name in packaged("data") if name.startswith(COMMON))
    return tuple(scene for file in files for scene in file.scenes)


def check_notation(world: WorldFile) -> None:
    """Raise NotationError or LineTemplateError for a condition or a line that cannot be read."""
    for scene in world.scenes:
        keys_of(scene.when)
        keys_of(scene.then, is_effect=True)
        for condition, _, text in paragraphs(scene.text):
            keys_of(condition)
            template(text)
    for choice in [*world.choices, *(c for scene in world.scenes for c in scene.choices)]:
        keys_of(choice.if_)
        keys_of(choice.then, is_effect=True)
        template(choice.do)
        template(choice.says)
    for tells in world.tells.values():
        for one in tells:
            template(one)
    for tick in world.each_turn:
        keys_of(tick.get("if", ""))
        keys_of(tick.get("then", ""), is_effect=True)


@lru_cache(maxsize=4_000)
def paragraphs(text: str) -> tuple[tuple[str, str, str], ...]:
    """The paragraphs of a scene: (condition, who speaks, text).

    ``(if lamp.lit) …`` comes only where the condition holds; ``bee: “…”`` is spoken by her.
    """
    found = []
    for block in text.strip().split("\n\n"):
        line = " ".join(block.split())
        condition = ""
        if line.startswith("(if ") and ")" in line:
            condition, _, line = line[4:].partition(")")
        head, colon, rest = line.strip().partition(": ")
        is_speech = bool(colon) and head.replace("_", "").isalnum() and head == head.lower()
        speaker, line = (head, rest) if is_speech and rest[:1] in '“"' else ("", line.strip())
        found.append((condition.strip(), speaker, line))
    return tuple(found)
