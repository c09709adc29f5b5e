"""Where the story stands: chapters, strands and stages, brought in line with facts and notes.

Called by ``teller`` before a scene is told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from tta_rebuild.integrations.offline.desk import Desk
from tta_rebuild.integrations.offline.kit import Strand

STEPS = 5
"""Scenes of a strand: four steps and a breath between strands."""


def settle(desk: Desk) -> None:
    """Bring the notes in line with the story: first turn, facts, stage, strand."""
    memory, world = desk.memory, desk.world
    fresh = not memory.told
    dead, located, held = _facts(desk.given.get("facts") or [])
    memory.kit = desk.kit.name
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
    if not memory.time or memory.time not in desk.kit.times:
        memory.time = next(iter(desk.kit.times))
    if memory.weather not in desk.kit.weathers:
        memory.weather = other_weather(desk, "")
    if (desk.stage == "setup" and memory.stage == "resolution") or (
        memory.stage == "resolution" and memory.beats.get("resolution", 0) > 7
    ):
        new_chapter(desk)
    if memory.tension < 0:
        memory.tension = _tension(desk)
    memory.tension = min(memory.tension, len(desk.tensions) - 1)
    if memory.strand < 0 or memory.strand >= len(desk.strands) or memory.step >= STEPS:
        if desk.ending and 0 <= memory.strand < len(desk.strands):
            memory.step = STEPS - 1  # nothing new is begun in the last scene
        else:
            next_strand(desk)


def new_chapter(desk: Desk) -> None:
    """The next tension begins."""
    memory = desk.memory
    memory.chapter += 1
    memory.tension = _tension(desk)
    memory.beats = {"chapter": 1}


def _tension(desk: Desk) -> int:
    """The chapter's tension: the premise's own first and every other time, the kit's between."""
    kits = len(desk.kit.tensions)
    own = len(desk.tensions) - kits
    rng = Random(f"{desk.root}:tension")
    first, first_own = rng.randrange(kits), rng.randrange(max(1, own))
    half, odd = divmod(desk.memory.chapter, 2)
    if own and not odd:
        return kits + (first_own + half) % own
    return (first + (half if own else desk.memory.chapter)) % kits


def next_strand(desk: Desk) -> None:
    """The next question, in the order of the seed: of the premise and of the kit by turns."""
    memory = desk.memory
    if memory.strand >= 0:
        memory.strands_told += 1
    kits = list(range(len(desk.kit.strands)))
    own = list(range(len(kits), len(desk.strands)))
    rng = Random(f"{desk.root}:strands")
    rng.shuffle(kits)
    rng.shuffle(own)
    count = memory.strands_told
    if own:
        order, count = (kits if count % 2 else own), count // 2
    else:
        order = kits
    allowed = [i for i in order if _tellable(desk, desk.strands[i])] or kits
    memory.strand = allowed[count % len(allowed)]
    memory.step = 0


def _tellable(desk: Desk, strand: Strand) -> bool:
    """True if boundaries let all of it be told: a strand with a hole makes no sense."""
    lines = [line.source for step in strand.steps for line in step]
    return desk.bounds.allows(" ".join([strand.want, *lines]))


def other_weather(desk: Desk, now: str) -> str:
    """Another weather than this, of those that boundaries allow."""
    names = [name for name in desk.kit.weathers if name != now and desk.bounds.allows(name)]
    return desk.rng.choice(names) if names else now or next(iter(desk.kit.weathers))


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
