"""Which scene of a file may come next, the likeliest first. Called by ``teller``."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from random import Random

from tta_rebuild.storyteller.absent import Absent
from tta_rebuild.storyteller.act import Act
from tta_rebuild.storyteller.act_words import SOUGHT, is_request
from tta_rebuild.storyteller.casting import Cast
from tta_rebuild.storyteller.denials import is_true_ending
from tta_rebuild.storyteller.entities import Entity, head_of
from tta_rebuild.storyteller.line_template import template
from tta_rebuild.storyteller.line_writer import LineWriter
from tta_rebuild.storyteller.meant_choice import DECISIVE
from tta_rebuild.storyteller.offers import is_same
from tta_rebuild.storyteller.premise_questions import content_of
from tta_rebuild.storyteller.scene_file import (
    END_KINDS,
    SceneEntry,
    WorldFile,
    paragraphs,
    read_world,
    shared_by,
)
from tta_rebuild.storyteller.world_state import WorldState, keys_of

SHARED_EVERY = 2
"""Turns from one scene that plots share to the next, in a plot of a conflict; one of a kind of
matter has them where its own are told."""
SHARED_AFTER = 13
"""The turn from which on a plot told whole has scenes of others, once its own are told."""
_OF_MOTIVES = "motive_"
"""How the ids of the scenes begin that all stories of motives share (``plots/motive.yaml``)."""
OF_DEEDS = frozenset(("deed.turned", "slain_one", "held_one"))
"""What the endings of ``data/turnings`` ask for."""


def may_come(scene: SceneEntry, state: WorldState, seen: Collection[str]) -> bool:
    """Whether a scene is not told yet, or may be told again, and its condition holds."""
    return (scene.again or scene.id not in seen) and state.holds(scene.when)


def possible_scenes(
    cast: Cast,
    state: WorldState,
    seen: Collection[str],
    *,
    must_end: bool,
    may_end: bool,
    with_others: bool = False,
) -> list[SceneEntry]:
    """What may come by itself now: an ending where the story must end, else events.

    Args:
        with_others: of a plot told whole also what comes only where none of its own can be told.
    """
    scenes = list(cast.file.scenes)
    if cast.is_open:
        absent = Absent(cast, state)
        scenes = [scene for scene in scenes if absent.allows_scene(scene)]
        scenes += read_world("data/episodes").scenes + read_world("data/turnings").scenes
    if elsewhere := {one for one in ("away", "ruined") if state.get(one)}:
        scenes = [
            scene
            for scene in scenes
            if (cast.file.common and _needs_nobody(scene))
            or (elsewhere | OF_DEEDS if scene.ending else elsewhere) & keys_of(scene.when)
        ]
    if cast.file.whole and int(state.get("turn")) < SHARED_AFTER:
        alien = shared_by(cast.name)
        scenes = [s for s in scenes if s.id not in alien or s.id.startswith(_OF_MOTIVES)]
    if cast.is_open:
        scenes = [s for s in scenes if not s.ending or is_true_ending(s, state)]
    endings = [s for s in scenes if s.ending and s.when and state.holds(s.when)]
    if own := [
        s for s in endings if "did_aim" in s.when and s.id in {o.id for o in cast.file.scenes}
    ]:
        endings = [s for s in endings if "did_aim" not in s.when or s in own]
    if cast.file.tells and not with_others:  # what its own story has decided ends it
        endings = [s for s in endings if _is_decided(s, cast)] or endings
    if must_end and endings:
        return endings
    found = [
        s for s in scenes if s.is_event and may_come(s, state, seen) and (may_end or not s.ending)
    ]
    return found if with_others else _own_first(found, cast)


def _own_first(scenes: Sequence[SceneEntry], cast: Cast) -> list[SceneEntry]:
    """In a plot told whole none that plots share comes before its own are told."""
    if not cast.file.whole:
        return [*scenes]
    events = [scene for scene in scenes if not scene.ending]
    own = [scene for scene in events if _is_own(scene, cast)]
    if not cast.file.tells:  # then what a deed has brought about comes first
        shared = shared_by(cast.name)
        own = [scene for scene in events if scene.id not in shared] if own else []
    return own or [*scenes]


def _is_own(scene: SceneEntry, cast: Cast) -> bool:
    """Whether a scene is of the story's plot, and no other has it."""
    return scene.id not in shared_by(cast.name) and scene in cast.file.scenes


def _is_decided(scene: SceneEntry, cast: Cast) -> bool:
    """Whether an ending is that of a decision which the plot has put to the player."""
    return _is_own(scene, cast) and bool(DECISIVE & keys_of(scene.when, is_so=True))


def _needs_nobody(scene: SceneEntry) -> bool:
    """Whether a scene may be told wherever the player has gone."""
    is_of_doer = "{doer" in scene.text.lower()
    is_alone = ".here" not in scene.when and "npc" not in scene.when.replace("!npc", "")
    return bool(scene.when) and is_alone and not is_of_doer


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
        if act.family in ("ask", "tell") and is_request(act):
            return None  # a request is no question, and nothing that is told
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
    words: str = "",
) -> list[tuple[SceneEntry, str]]:
    """Heavy scenes first, then those told least; those of the other way last of all.

    In a plot told whole, of scenes as heavy as each other that comes first which has most of
    ``words``, those of the player's move.

    A scene that needs somebody of the premise is a little heavier than one that needs nobody; of
    endings as heavy as each other the better one comes first, and one that a deed has brought
    about is heavier where the plot has not foreseen the deed. What a deed has earned comes before
    every end at which all is lost or let go. A plot's ordinary scenes are dealt out to two ways, so
    that another first step meets other scenes.
    """
    ordinary = [s for s in cast.file.scenes if s.is_event and not s.ending and s.weight in (1, 2)]
    has_ways = cast.is_open and "way_taken" in state.values
    dealt = {s.id: number % 2 for number, s in enumerate(ordinary)} if has_ways else {}
    way = state.values.get("way_taken")
    is_unforeseen = not state.get("deed.foreseen")
    is_earned = any(is_earned_ending(scene) for scene, _ in found)

    is_first = state.get("turn") == 1
    is_shared_due = "." not in cast.name and not int(state.get("now")) % SHARED_EVERY
    shared = shared_by(cast.name)
    said = content_of(words) if cast.file.whole else frozenset[str]()

    def place(one: tuple[SceneEntry, str]) -> tuple[bool, bool, bool, int, int, int, int, float]:
        scene = one[0]
        uses = writer.uses(template(paragraphs(scene.text)[0][2]))
        end = END_KINDS.index(scene.ending) if scene.ending else 0
        weight = scene.weight + any(one in scene.when for one in ("npc", ".here", "!alone"))
        is_ordinary = bool(shared) and not scene.ending and scene.weight <= 2 and not is_first
        is_other = is_ordinary and (scene.id in shared) != is_shared_due
        weight += 2 * bool(scene.ending and is_unforeseen and OF_DEEDS & keys_of(scene.when))
        is_worse = is_earned and scene.ending in ("lost", "let_go")
        told = "" if scene.ending or not said else _with_slots(scene.text, writer)
        of_move = len(said & content_of(told))
        is_far = dealt.get(scene.id, way) != way
        return is_worse, is_other, is_far, -weight, -of_move, end, uses, rng.random()

    return sorted(found, key=place)


def _with_slots(text: str, writer: LineWriter) -> str:
    """A text with the values of its slots, as far as they have any."""
    return re.sub(r"\{(\w+)\}", lambda found: writer.slots.get(found[1], ""), text)


def is_earned_ending(scene: SceneEntry) -> bool:
    """Whether an ending is one that the decisive deed itself has brought about."""
    is_good = scene.ending in ("won", "price")
    return is_good and bool({"deed.turned", "did_aim"} & keys_of(scene.when, is_so=True))


def take_a_way(state: WorldState, offered: Sequence[str], words: str, seed: int) -> None:
    """Let the first decision of a story set its way: the first choice one, the third the other."""
    number = next((i for i, text in enumerate(offered) if is_same(text, words)), len(words) % 3)
    state.values.setdefault("way_taken", (0, seed % 2, 1)[min(number, 2)])
