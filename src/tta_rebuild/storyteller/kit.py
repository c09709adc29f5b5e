"""Story kits: what the embedded storyteller tells with, authored as YAML files.

Called by ``provider`` (through ``KitShelf``). ``kits/common.yaml`` holds what every story may use;
one file per kind of story holds its places, people, objects, tensions and strands. A player's own
file is read with the same rules, and what is wrong in it is said with file and place.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tta_rebuild.core.data_files import MAX_CONFIG_BYTES, first_problem, parse_yaml, read_text
from tta_rebuild.core.errors import RequestRejected, UnreadableFile
from tta_rebuild.storyteller.line_template import LineTemplate, LineTemplateError, parse

KIT_NAMES = ("fantasy", "mystery", "science_fiction", "contemporary", "reflective")
DEFAULT_KIT = "contemporary"
_ALIASES = {
    "scifi": "science_fiction",
    "sci-fi": "science_fiction",
    "sf": "science_fiction",
    "science fiction": "science_fiction",
    "slice_of_life": "contemporary",
    "slice of life": "contemporary",
    "gentle": "reflective",
}

if TYPE_CHECKING:
    from tta_rebuild.storyteller.kit_file import StrandEntry, TensionEntry

Lines = tuple[LineTemplate, ...]


@dataclass(frozen=True, slots=True)
class Person:
    """Someone of the cast. ``they`` is ``she``, ``he`` or "" (then the name stands instead)."""

    character_id: str
    name: str
    they: str = ""
    role: str = ""
    voice: str = "plain"
    look: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Somewhere. ``at`` is the place with its preposition: "in the salt market"."""

    name: str
    at: str
    inside: bool
    sights: Lines
    sounds: tuple[str, ...]
    smells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Strand:
    """A small question and its answer, told over four or five scenes.

    Attributes:
        want: what is looked for, a noun phrase with its article.
        steps: lines for ``open``, ``snag``, ``find`` and ``turn``.
        says: one spoken line for each step.
        tries: choices that fit, ``text => consequence``.
    """

    want: str
    steps: tuple[Lines, Lines, Lines, Lines]
    says: Lines
    tries: Lines

    def speaks_of(self, name: str) -> bool:
        """True if someone of that name is part of it."""
        lines = (*self.says, *self.tries, *(line for step in self.steps for line in step))
        return any(name in line.source for line in lines)


@dataclass(frozen=True, slots=True)
class Tension:
    """What a chapter is about: lines by stage of the arc, told in order."""

    name: str
    lines: Mapping[str, Lines]


@dataclass(frozen=True, slots=True)
class Kit:
    """Everything to tell one kind of story with, templates parsed.

    ``pools`` holds the lines of ``common.yaml`` with the kit's own added, by name. ``fixed`` are
    names of the cast that strands or tensions speak of: they keep their own role. The ``own_``
    ones are told about the premise itself, whatever the kit (``kits/premise.yaml``).
    """

    name: str
    keywords: tuple[str, ...]
    cast: tuple[Person, ...]
    places: tuple[Place, ...]
    things: tuple[str, ...]
    chores: tuple[str, ...]
    times: Mapping[str, Lines]
    weathers: Mapping[str, Lines]
    tensions: tuple[Tension, ...]
    strands: tuple[Strand, ...]
    own_tensions: tuple[Tension, ...]
    own_strands: tuple[Strand, ...]
    words: Mapping[str, tuple[str, ...]]
    pools: Mapping[str, Lines]
    fixed: frozenset[str]


class KitShelf:
    """Kits by name or path, read once and kept."""

    def __init__(self) -> None:
        self._kits: dict[str, Kit] = {}

    def kit(self, name: str, theme: str) -> Kit:
        """The kit of that name or path; with no name, the one whose words the theme uses most.

        Raises:
            RequestRejected: no such kit, or its file cannot be read; the message says what is
                wrong and where.
        """
        wanted = name.strip() or kit_for(theme)
        wanted = _ALIASES.get(wanted.lower(), wanted)
        if wanted not in self._kits:
            self._kits[wanted] = load_kit(wanted)
        return self._kits[wanted]


def is_path(name: str) -> bool:
    """True if a kit's name means a file."""
    return name.lower().endswith((".yaml", ".yml"))


def load_kit(name: str) -> Kit:
    """Read one kit. Raises ``RequestRejected`` with file, place and remedy."""
    if is_path(name):
        try:
            text = read_text(Path(name).expanduser(), max_bytes=MAX_CONFIG_BYTES)
        except UnreadableFile as error:
            raise RequestRejected(
                f"the kit file {error}; check the path, or use one of {', '.join(KIT_NAMES)}",
                provider="offline",
            ) from error
    elif name in KIT_NAMES:
        text = _packaged(name)
    else:
        raise RequestRejected(
            f"there is no kit '{name}'; use one of {', '.join(KIT_NAMES)}, or the path of a "
            ".yaml file of your own",
            provider="offline",
        )
    return _built(name, _read(name, text), _common())


def _packaged(name: str) -> str:
    return resources.files(__package__).joinpath("kits", f"{name}.yaml").read_text(encoding="utf-8")


@lru_cache(maxsize=1)
def _common() -> tuple[Mapping[str, tuple[str, ...]], Mapping[str, Lines]]:
    raw = _yaml("common", _packaged("common"))
    words = {name: tuple(values) for name, values in raw["words"].items()}
    pools = {name: tuple(map(parse, lines)) for name, lines in raw["pools"].items()}
    return words, pools


@lru_cache(maxsize=1)
def _own() -> tuple[tuple[Tension, ...], tuple[Strand, ...]]:
    """What is told about the premise itself."""
    from tta_rebuild.storyteller.kit_file import OwnFile

    raw = OwnFile.model_validate(_yaml("premise", _packaged("premise")))
    return tuple(map(_tension, raw.tensions)), tuple(map(_strand, raw.strands))


def _tension(entry: TensionEntry) -> Tension:
    stages = ("setup", "development", "climax", "resolution")
    return Tension(
        entry.name, {stage: tuple(map(parse, getattr(entry, stage))) for stage in stages}
    )


def _strand(entry: StrandEntry) -> Strand:
    return Strand(
        entry.want,
        (
            tuple(map(parse, entry.open)),
            tuple(map(parse, entry.snag)),
            tuple(map(parse, entry.find)),
            tuple(map(parse, entry.turn)),
        ),
        tuple(map(parse, entry.say)),
        tuple(map(parse, entry.tries)),
    )


def _yaml(name: str, text: str) -> Any:
    try:
        return parse_yaml(text, "it", is_ours=not is_path(name))
    except UnreadableFile as error:
        raise _wrong(name, str(error)) from error


def _wrong(name: str, why: str) -> RequestRejected:
    return RequestRejected(
        f"the kit '{name}' cannot be used: {why} (docs: The embedded storyteller, 'A kit of your "
        "own')",
        provider="offline",
    )


def _read(name: str, text: str) -> Any:
    from pydantic import ValidationError

    from tta_rebuild.storyteller.kit_file import KitFile

    raw = _yaml(name, text)
    if not isinstance(raw, dict):
        raise _wrong(name, "its top level must be a mapping with 'name', 'cast', 'places' …")
    try:
        return KitFile.model_validate(raw)
    except ValidationError as error:
        raise _wrong(name, first_problem(error)) from error


def _built(
    name: str, raw: Any, common: tuple[Mapping[str, tuple[str, ...]], Mapping[str, Lines]]
) -> Kit:
    words = {**common[0], **{key: tuple(values) for key, values in raw.words.items()}}
    story = str([*raw.strands, *raw.tensions])
    own = _own()
    try:
        pools = dict(common[1])
        for key, lines in raw.pools.items():
            pools[key] = pools.get(key, ()) + tuple(map(parse, lines))
        return Kit(
            name=raw.name,
            keywords=tuple(raw.keywords),
            cast=tuple(
                Person(slug(p.name), p.name, p.they, p.role, p.voice, p.look) for p in raw.cast
            ),
            places=tuple(
                Place(
                    p.name,
                    p.at,
                    p.inside,
                    tuple(map(parse, p.sights)),
                    tuple(p.sounds),
                    tuple(p.smells),
                )
                for p in raw.places
            ),
            things=tuple(raw.things),
            chores=tuple(raw.chores),
            times={key: tuple(map(parse, lines)) for key, lines in raw.times.items()},
            weathers={key: tuple(map(parse, lines)) for key, lines in raw.weathers.items()},
            tensions=tuple(map(_tension, raw.tensions)),
            strands=tuple(map(_strand, raw.strands)),
            own_tensions=own[0],
            own_strands=own[1],
            words=words,
            pools=pools,
            fixed=frozenset(p.name for p in raw.cast if p.name in story),
        )
    except LineTemplateError as error:
        raise _wrong(name, str(error)) from error


def slug(name: str) -> str:
    """An id from a name: ``Old Tam`` → ``old_tam``."""
    return re.sub(r"\W+", "_", name.strip().lower()).strip("_") or "someone"


@lru_cache(maxsize=1)
def _keywords() -> Mapping[str, frozenset[str]]:
    return {
        name: frozenset(_yaml(name, _packaged(name).split("\ncast:")[0])["keywords"])
        for name in KIT_NAMES
    }


@lru_cache(maxsize=256)
def kit_for(theme: str) -> str:
    """The packaged kit whose key words a theme uses most; contemporary where none does."""
    text = theme[:3000].lower()
    found = frozenset(re.findall(r"[a-z]+", text))
    best, most = DEFAULT_KIT, 0
    for name, keywords in _keywords().items():
        score = len(found & keywords) + sum(2 for k in keywords if " " in k and k in text)
        if score > most:
            best, most = name, score
    return best
