"""Which scene of a file may come next, the likeliest first. Called by ``teller``."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from tta_rebuild.storyteller.act import Act
from tta_rebuild.storyteller.act_binding import SOUGHT
from tta_rebuild.storyteller.casting import Cast
from tta_rebuild.storyteller.entities import Entity, head_of
from tta_rebuild.storyteller.line_template import template
from tta_rebuild.storyteller.line_writer import LineWriter
from tta_rebuild.storyteller.offers import is_same
from tta_rebuild.storyteller.scene_file import (
    END_KINDS,
    SceneEntry,
    WorldFile,
    paragraphs,
    read_world,
)
from tta_rebuild.storyteller.world_state import NOWHERE, Value, WorldState, keys_of

OF_DEEDS = frozenset(("deed.turned", "slain_one", "held_one"))
"""What the endings of ``data/turnings`` ask for."""
_DONE_TO = ("kill", "attack", "capture", "arrest", "send", "lock", "threaten")
"""Acts after which a plot's own flags know that somebody is out of it."""


class Absent:
    """Those who cannot act any more in a plot's parts: dead, held captive, sent away.

    What names one of them is not told, unless it asks for what happened to them: for
    ``PART.dead`` and the like, or for a flag that the plot's own scene of it has set.
    """

    def __init__(self, cast: Cast, state: WorldState) -> None:
        self.parts = {part for part, one in cast.parts.items() if is_out(one, cast.start, state)}
        self._known = {
            key
            for scene in (cast.file.scenes if self.parts else ())
            if scene.act.partition(" ")[0] in _DONE_TO
            for effects in (scene.then, *(choice.then for choice in scene.choices))
            for key in keys_of(effects, is_effect=True)
        }

    def allows(self, scene: SceneEntry, condition: str, text: str) -> bool:
        """Whether a paragraph of a scene can be told, with its own condition."""
        if not self.parts or scene.act or not self.named_in(text):
            return True
        asked = keys_of(scene.when, is_so=True) | keys_of(condition, is_so=True)
        return bool(asked & self._known) or any(
            key.partition(".")[0] in self.parts or key.startswith("deed.") for key in asked
        )

    def allows_scene(self, scene: SceneEntry) -> bool:
        """Whether what a scene says in any case can be told."""
        if not self.parts:
            return True
        if scene.act:
            return not self.named_in(scene.text)
        told = (part for part in paragraphs(scene.text) if not part[0])
        return all(self.allows(scene, condition, text) for condition, _, text in told)

    def named_in(self, text: str) -> bool:
        """Whether a text names one of them by a slot."""
        return bool(self.parts) and any(
            re.sub("^the_|_h(?:e|im|is)$", "", name.lower()) in self.parts
            for name in template(text).needs
        )


def is_out(person: str, at_first: Mapping[str, Value], state: WorldState) -> bool:
    """Whether somebody has died, been taken captive or been sent away since the beginning."""
    was = at_first.get(f"{person}.at", NOWHERE)
    is_gone = state.values.get(f"{person}.at", was) == NOWHERE != was
    is_held = state.is_any(person, "caught") and not at_first.get(f"{person}.caught")
    return state.is_any(person, "dead") or is_held or is_gone


def may_come(scene: SceneEntry, state: WorldState, seen: Collection[str]) -> bool:
    """Whether a scene is not told yet, or may be told again, and its condition holds."""
    return (scene.again or scene.id not in seen) and state.holds(scene.when)


def possible_scenes(
    cast: Cast, state: WorldState, seen: Collection[str], *, must_end: bool, may_end: bool
) -> list[SceneEntry]:
    """What may come by itself now: an ending where the story must end, else events."""
    scenes = list(cast.file.scenes)
    if cast.is_open:
        absent = Absent(cast, state)
        scenes = [scene for scene in scenes if absent.allows_scene(scene)]
        scenes += read_world("data/episodes").scenes + read_world("data/turnings").scenes
    if elsewhere := {one for one in ("away", "ruined") if state.get(one)}:
        scenes = [
            scene
            for scene in scenes
            if (elsewhere | OF_DEEDS if scene.ending else elsewhere) & keys_of(scene.when)
        ]
    endings = [s for s in scenes if s.ending and s.when and state.holds(s.when)]
    if own := [
        s for s in endings if "did_aim" in s.when and s.id in {o.id for o in cast.file.scenes}
    ]:
        endings = [s for s in endings if "did_aim" not in s.when or s in own]
    if must_end and endings:
        return endings
    return [
        s for s in scenes if s.is_event and may_come(s, state, seen) and (may_end or not s.ending)
    ]


@dataclass(frozen=True, slots=True)
class OnAct:
    """Finds the scene that a file has for just what the player does."""

    cast: Cast
    state: WorldState
    seen: Collection[str]
    in_play: Collection[str]  # whom ``npc`` may mean

    def scene(self, act: Act, file: WorldFile) -> SceneEntry | None:
        """``burn lamp``, or ``burn`` of anything; None if there is none that may come."""
        named = act.object or act.person or act.where
        entity = self.cast.found(named) if named else None
        if act.family == "ask" and act.said.startswith(("to ", "not to ")):
            return None  # a request is no question
        is_sought = act.verb in SOUGHT and bool(named)
        absent = Absent(self.cast, self.state)
        for scene in file.scenes:
            family, _, target = scene.act.partition(" ")
            is_meant = family and family in (act.family, act.verb)
            if not is_meant or not may_come(scene, self.state, self.seen):
                continue
            if not absent.allows_scene(scene):
                continue
            if (not target and not is_sought) or self._is_named(target, named, entity):
                return scene
        return None

    def _is_named(self, target: str, named: str, entity: Entity | None) -> bool:
        """Whether a scene's target is what was named, by its id or by a slot."""
        if entity is not None and target in (entity.id, "npc"):
            return target == entity.id or entity.id in self.in_play
        slots = (self.cast.slots.get(slot, "") for slot in (target, f"the_{target}", f"{target}2"))
        names = [name for name in slots if name]
        is_part = entity is not None and entity in map(self.cast.found, names)
        heads = {target, *map(head_of, names)} if named else set()
        return is_part or head_of(named) in heads


def ranked(
    found: Collection[tuple[SceneEntry, str]],
    cast: Cast,
    state: WorldState,
    writer: LineWriter,
    rng: Random,
) -> list[tuple[SceneEntry, str]]:
    """Heavy scenes first, then those told least; those of the other way last of all.

    A scene that needs somebody of the premise is a little heavier than one that needs nobody; of
    endings as heavy as each other the better one comes first, and one that a deed has brought
    about is heavier where the plot has not foreseen the deed. A plot's ordinary scenes are dealt
    out to two ways, so that another first step meets other scenes.
    """
    ordinary = [s for s in cast.file.scenes if s.is_event and not s.ending and s.weight in (1, 2)]
    has_ways = cast.is_open and "way_taken" in state.values
    dealt = {s.id: number % 2 for number, s in enumerate(ordinary)} if has_ways else {}
    way = state.values.get("way_taken")
    is_unforeseen = not state.get("deed.foreseen")

    def place(one: tuple[SceneEntry, str]) -> tuple[bool, int, int, int, float]:
        scene = one[0]
        uses = writer.uses(template(paragraphs(scene.text)[0][2]))
        end = END_KINDS.index(scene.ending) if scene.ending else 0
        weight = scene.weight + ("npc" in scene.when or "!alone" in scene.when)
        weight += 2 * bool(scene.ending and is_unforeseen and OF_DEEDS & keys_of(scene.when))
        return dealt.get(scene.id, way) != way, -weight, end, uses, rng.random()

    return sorted(found, key=place)


def take_a_way(state: WorldState, offered: Sequence[str], words: str, seed: int) -> None:
    """Let the first decision of a story set its way: the first choice one, the third the other."""
    number = next((i for i, text in enumerate(offered) if is_same(text, words)), len(words) % 3)
    state.values.setdefault("way_taken", (0, seed % 2, 1)[min(number, 2)])
