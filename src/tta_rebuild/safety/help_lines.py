"""Help lines: whom a person in need can reach, by country; from our data or an operator's file.

Read by ``safety.care``. A file is TOML as ``data/help_lines.toml`` is, which says what is what.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

from tta_rebuild.core.data_files import MAX_CONFIG_BYTES, first_problem, parse_toml, read_text
from tta_rebuild.core.errors import UnreadableFile

Need: TypeAlias = Literal["harm", "danger"]
"""Thoughts of harming oneself; a danger to the player, or to somebody with them, now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HelpLine:
    """One line: ``contact`` says how ("call 116 123"), ``web`` where that is published."""

    name: str
    contact: str
    web: str = ""
    needs: Sequence[Need] = ("harm", "danger")


@dataclass(frozen=True, slots=True, kw_only=True)
class HelpLines:
    """What is shown to a player of ``country`` ("": unknown); the directory stands last.

    ``source`` and ``dated`` say from where and of when the lines are.
    """

    country: str
    emergency: str
    lines: tuple[HelpLine, ...]
    source: str
    dated: date

    def for_need(self, need: Need) -> tuple[HelpLine, ...]:
        """The lines for one need, in order; never empty.

        A danger may be pills that were taken: the first line for harm stands second there.
        """
        own = tuple(line for line in self.lines if need in line.needs)
        for_harm = (line for line in self.lines if "harm" in line.needs and line not in own)
        first = next(for_harm, None) if need == "danger" else None
        return (*own[:1], first, *own[1:]) if first else own


def help_lines(country: str = "", own: Path | None = None) -> HelpLines:
    """The lines for a country; what an operator's ``own`` file says of it counts instead of ours.

    Raises UnreadableFile: the file is none, or leaves somebody without a line.
    """
    text = (files("tta_rebuild.safety") / "data" / "help_lines.toml").read_text("utf-8")
    ours = tomllib.loads(text)
    given = ours if own is None else _checked(own)
    everywhere = given.get("international") or ours["international"]
    theirs, source = given.get("countries", {}).get(country), given
    if theirs is None:
        theirs, source = ours["countries"].get(country, {}), ours if country else given
    return HelpLines(
        country=country,
        emergency=theirs.get("emergency") or everywhere["emergency"],
        lines=tuple(HelpLine(**row) for row in (*theirs.get("lines", ()), *everywhere["lines"])),
        source=source["source"],
        dated=source["date"],
    )


def _checked(file: Path) -> dict[str, Any]:
    """What an operator's file says. Raises UnreadableFile."""
    from pydantic import BaseModel, ConfigDict, Field, ValidationError

    class Strict(BaseModel):
        model_config = ConfigDict(extra="forbid")

    class Line(Strict):
        name: str = Field(min_length=1)
        contact: str = Field(min_length=1)
        web: str = ""
        needs: tuple[Need, ...] = Field(("harm", "danger"), min_length=1)

    class Lines(Strict):
        emergency: str = Field(min_length=1)
        lines: tuple[Line, ...]

    class Directory(Lines):
        lines: tuple[Line, ...] = Field(min_length=1)

    class File(Strict):
        source: str = Field(min_length=1)
        date: date
        international: Directory | None = None
        countries: dict[Annotated[str, Field(pattern="^[A-Z]{2}$")], Lines] = Field(
            default_factory=dict
        )

    data = parse_toml(read_text(file, max_bytes=MAX_CONFIG_BYTES), str(file))
    try:
        read = File.model_validate(data)
    except ValidationError as error:
        raise UnreadableFile(f"{file}: {first_problem(error)}") from None
    for need in ("harm", "danger"):
        everywhere = read.international
        if everywhere and not any(need in line.needs for line in everywhere.lines):
            raise UnreadableFile(f"{file}: international names no line for the need '{need}'")
    return read.model_dump()
