"""The shape of a kit file, checked where it enters. Called by ``kit`` only."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Text = Annotated[str, Field(min_length=1, max_length=1000)]
Some = Annotated[list[Text], Field(min_length=1)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, defer_build=True)


class PersonEntry(_Strict):
    """Someone of the cast."""

    name: Text
    they: Literal["she", "he", ""] = ""
    role: str = ""
    voice: Literal["plain", "warm", "dry", "wary", "bold", "learned"] = "plain"
    look: str = ""


class PlaceEntry(_Strict):
    """Somewhere the story can go."""

    name: Text
    at: Text
    inside: bool = False
    sights: Some
    sounds: Some
    smells: Some


class StrandEntry(_Strict):
    """A small question and its answer."""

    want: Text
    open: Some
    snag: Some
    find: Some
    turn: Some
    say: Annotated[list[Text], Field(min_length=4)]
    tries: Annotated[list[Text], Field(min_length=2)]


class TensionEntry(_Strict):
    """What a chapter is about."""

    name: Text
    setup: Some
    development: Some
    climax: Some
    resolution: Some


class KitFile(_Strict):
    """A whole kit."""

    name: Text
    keywords: list[str] = []
    cast: Annotated[list[PersonEntry], Field(min_length=3)]
    places: Annotated[list[PlaceEntry], Field(min_length=3)]
    things: Annotated[list[Text], Field(min_length=3)]
    chores: Some
    times: Annotated[dict[str, Some], Field(min_length=2)]
    weathers: Annotated[dict[str, Some], Field(min_length=1)]
    tensions: Annotated[list[TensionEntry], Field(min_length=1)]
    strands: Annotated[list[StrandEntry], Field(min_length=2)]
    words: dict[str, Some] = {}
    pools: dict[str, Some] = {}


class OwnFile(_Strict):
    """What is told about a story's own premise, whatever its kit."""

    tensions: Annotated[list[TensionEntry], Field(min_length=1)]
    strands: Annotated[list[StrandEntry], Field(min_length=1)]
