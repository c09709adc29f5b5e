"""Where the story stands: chapters, strands and stages, brought in line with facts and notes.

Called by ``teller`` before a scene is told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from tta_rebuild.storyteller.kit import Strand
from tta_rebuild.storyteller.scene_context import SceneContext

STEPS = 5
"""Scenes of a strand: four steps and a breath between strands."""


def settle(scene: SceneContext) -> None:
    """Bring the notes in line with the story: first turn, facts, stage, strand."""
    memory, world = scene.memory, scene.world
    fresh = not memory.told
    dead, located, held = _facts(scene.given.get("facts") or [])
    memory.kit = scene.kit.name
    known = {p.character_id for p in memory.cast}
    if fresh or not memory.cast:
        memory.cast = list(world.cast)
    else:
        memory.cast += [p for p in world.cast[:3] if p.character_id not in known][:2]
    memory.cast = [p for p in memory.cast if not {p.character_id, p.name.lower()} & dead] or list(
        world.cast[:1]
    )
    memory.present = [i for i in memory.present if memory.person(i)]
    if not memory.place or world.place(memory.place) is None:
        memory.place = world.places[0].name
    told_place = located.get(world.player_id)
    if told_place and told_place != memory.place and world.place(told_place):
        memory.place = told_place
    for thing in list(memory.holders):
        if thing.lower() in held:
            memory.holders[thing] = held[thing.lower()]
    if not memory.time or memory.time not in scene.kit.times:
        memory.time = next(iter(scene.kit.times))
    if memory.weather not in scene.kit.weathers:
        memory.weather = other_weather(scene, "")
    if (scene.stage == "setup" and memory.stage == "resolution") or (
        memory.stage == "resolution" and memory.beats.get("resolution", 0) > 7
    ):
        new_chapter(scene)
    if memory.tension < 0:
        memory.tension = _tension(scene)
    memory.tension = min(memory.tension, len(scene.tensions) - 1)
    if memory.strand < 0 or memory.strand >= len(scene.strands) or memory.step >= STEPS:
        if scene.ending and 0 <= memory.strand < len(scene.strands):
            memory.step = STEPS - 1  # nothing new is begun in the last scene
        else:
            next_strand(scene)


def new_chapter(scene: SceneContext) -> None:
    """The next tension begins."""
    memory = scene.memory
    memory.chapter += 1
    memory.tension = _tension(scene)
    memory.beats = {"chapter": 1}


def _tension(scene: SceneContext) -> int:
    """The chapter's tension: the premise's own first and every other time, the kit's between."""
    kits = len(scene.kit.tensions)
    own = len(scene.tensions) - kits
    rng = Random(f"{scene.root}:tension")
    first, first_own = rng.randrange(kits), rng.randrange(max(1, own))
    half, odd = divmod(scene.memory.chapter, 2)
    if own and not odd:
        return kits + (first_own + half) % own
    return (first + (half if own else scene.memory.chapter)) % kits


def next_strand(scene: SceneContext) -> None:
    """The next question, in the order of the seed: of the premise and of the kit by turns."""
    memory = scene.memory
    if memory.strand >= 0:
        memory.strands_told += 1
    kits = list(range(len(scene.kit.strands)))
    own = list(range(len(kits), len(scene.strands)))
    rng = Random(f"{scene.root}:strands")
    rng.shuffle(kits)
    rng.shuffle(own)
    count = memory.strands_told
    if own:
        order, count = (kits if count % 2 else own), count // 2
    else:
        order = kits
    allowed = [i for i in order if _tellable(scene, scene.strands[i])] or kits
    memory.strand = allowed[count % len(allowed)]
    memory.step = 0


def _tellable(scene: SceneContext, strand: Strand) -> bool:
    """True if boundaries let all of it be told: a strand with a hole makes no sense."""
    lines = [line.source for step in strand.steps for line in step]
    return scene.bounds.allows(" ".join([strand.want, *lines]))


def other_weather(scene: SceneContext, now: str) -> str:
    """Another weather than this, of those that boundaries allow."""
    names = [name for name in scene.kit.weathers if name != now and scene.bounds.allows(name)]
    return scene.rng.choice(names) if names else now or next(iter(scene.kit.weathers))


def _facts(facts: Sequence[Mapping[str, Any]]) -> tuple[set[str], dict[str, str], dict[str, str]]:
    """Who is dead, who is where, who holds what, of the facts given."""
    dead: set[str] = set()
    located: dict[str, str] = {}
    held: dict[str, str] = {}
    for fact in facts:
        if not isinstance(fact, Mapping) or fact.get("ends"):
            continue
        subject, value = str(fact.get("subject", "")), str(fact.get("value", ""))
        relation = fact.get("relation")
        if relation == "alive" and value.lower() in ("false", "no"):
            dead |= {subject, subject.lower()}
        elif relation == "located_in":
            located[subject] = value
        elif relation == "holds":
            held[value.lower()] = subject
    return dead, located, held
