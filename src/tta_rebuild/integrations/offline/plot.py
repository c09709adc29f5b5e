"""Where the story stands: chapters, strands and stages, brought in line with facts and notes.

Called by ``teller`` before a scene is told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from tta_rebuild.integrations.offline.desk import Desk

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
        memory.tension = Random(f"{desk.root}:tension").randrange(len(desk.kit.tensions))
    if memory.strand < 0 or memory.strand >= len(desk.kit.strands) or memory.step >= STEPS:
        next_strand(desk)


def new_chapter(desk: Desk) -> None:
    """The next tension begins."""
    memory = desk.memory
    memory.chapter += 1
    memory.tension = (memory.tension + 1) % len(desk.kit.tensions)
    memory.beats = {"chapter": 1}


def next_strand(desk: Desk) -> None:
    """The next question, in the order of the seed."""
    memory = desk.memory
    if memory.strand >= 0:
        memory.strands_done.append(memory.strand)
    order = list(range(len(desk.kit.strands)))
    Random(f"{desk.root}:strands").shuffle(order)
    count = len(memory.strands_done)
    allowed = [i for i in order if desk.bounds.allows(desk.kit.strands[i].want)] or order
    memory.strand = allowed[count % len(allowed)]
    memory.step = 0


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
