"""The teller's scene: what one scene is told from, and the slots that lines are filled with.

Called by ``teller``, which works at it; ``plot`` and ``answer`` are handed it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from random import Random
from typing import Any

from tta_rebuild.core.story import ARC_STAGES
from tta_rebuild.storyteller.drafted_passage import cap, person_slots
from tta_rebuild.storyteller.kit import Kit, Person, Place, Strand, Tension
from tta_rebuild.storyteller.line_template import article_for, fingerprint
from tta_rebuild.storyteller.line_writer import LineWriter
from tta_rebuild.storyteller.memory import Memory
from tta_rebuild.storyteller.player_move import PlayerMove
from tta_rebuild.storyteller.premise import read_premise
from tta_rebuild.storyteller.word_filter import WordFilter
from tta_rebuild.storyteller.world import world_of


class SceneContext:
    """One scene's material.

    Args:
        variables: ``core.tasks.SceneVariables``.
    """

    def __init__(self, variables: Mapping[str, Any], kit: Kit) -> None:
        self.given = variables
        self.seed = int(variables.get("seed") or 0)
        self.turn = max(1, int(variables.get("turn") or 1))
        stage = str(variables.get("stage") or "setup")
        self.root = fingerprint(f"{self.seed}:{variables.get('theme') or ''}", 10)
        self.stage = stage if stage in ARC_STAGES else "development"
        self.bounds = WordFilter(variables.get("boundaries") or {}, variables.get("rules") or {})
        self.reading = read_premise(str(variables.get("theme") or ""))
        self.kit = kit
        self.world = world_of(
            kit, self.reading, variables.get("characters") or [], self.bounds, self.root
        )
        self.memory = Memory.from_json(variables.get("notes") or {})
        self.rng = Random(f"{self.root}:{self.turn}")
        self.writer = LineWriter(
            self.rng,
            self.bounds,
            kit.words,
            told=self.memory.told,
            marks=self.memory.marks,
            recent=[str(text) for text in variables.get("recent") or []],
        )
        self.ending = bool(variables.get("should_end"))
        core = self.world.core
        self.core = core
        self.strands = self.kit.strands
        self.tensions = self.kit.tensions
        if core:
            self.writer.slots["core"] = core
            self.strands += tuple(
                replace(s, want=s.want.replace("{core}", core)) for s in self.kit.own_strands
            )
            self.tensions += tuple(
                replace(t, name=t.name.replace("{core}", core)) for t in self.kit.own_tensions
            )

    def strand(self) -> Strand:
        """The question being told."""
        return self.strands[self.memory.strand]

    def tension(self) -> Tension:
        """What the chapter is about."""
        return self.tensions[self.memory.tension]

    def here(self) -> Place:
        """Where the player is."""
        return self.world.place(self.memory.place) or self.world.places[0]

    def partner(self) -> Person:
        """Who is with the player."""
        person = self.memory.person(self.memory.present[0]) if self.memory.present else None
        return person or self.memory.cast[0]

    def fill_slots(self, act: PlayerMove) -> None:
        """Fill what lines may ask for, from the state and the act."""
        slots, memory, world = self.writer.slots, self.memory, self.world
        here = self.here()
        count = len(world.focuses)
        focus = world.focuses[0 if self.turn % 2 else (self.turn // 2) % count]
        if act.kind == "tell" and act.detail:
            focus = act.detail
        want = self.strand().want
        slots.pop("riddle", None)
        if memory.step < 3 or self.ending:
            slots["riddle"] = want
        line = self._line()
        if line:
            slots["line"] = line
        if memory.step >= 3 and not self.ending:  # that question is answered: look past it
            want = self.writer.phrase(self.kit.pools["beyond"], focus=focus)
        mine = [t for t, who in memory.holders.items() if who == world.player_id]
        free = [t for t in world.things if t not in memory.holders and self.writer.allows(t)]
        spare = free or list(world.things)
        thing = act.thing or spare[memory.strands_told % len(spare)]
        dests = [p.name for p in world.places if p.name != here.name]
        fresh = [name for name in dests if name not in memory.visited] or dests
        slots.update(
            place=here.name,
            at=here.at,
            at_place="here",
            focus=focus,
            focus_cap=cap(focus),
            want=want,
            want_cap=cap(want),
            thing=thing,
            sound=self._fresh(here.sounds, "sound"),
            smell=self._fresh(here.smells, "smell"),
            chore=self.rng.choice(self.kit.chores),
            time=memory.time,
            tension=self.tension().name,
        )
        if fresh:
            slots["dest"] = fresh[self.rng.randrange(min(3, len(fresh)))]
        if mine:
            slots["held"] = mine[-1]
        if free:
            slots["thing_free"] = free[memory.strands_told % len(free)]
        if memory.deeds:
            slots["deed"] = memory.deeds[self.rng.randrange(len(memory.deeds))]
        if world.reading.role and self.bounds.allows(world.reading.role):
            role = world.reading.role
            slots["role_player_a"] = f"{article_for(role)} {role}"
        if act.kind in ("help", "care") and act.detail and not act.free:
            slots["chore"] = act.detail
        self.fill_people()

    def _line(self) -> str:
        """The premise's first sentence, for when the end comes back to it; "" if it is no fit."""
        said = self.reading.opening[:1]
        line = said[0].rstrip(".") if said and self.bounds.allows(said[0]) else ""
        fits = 4 <= len(line.split()) <= 34 and not re.search(r"[“”\".!?…:]", line)
        return line if fits else ""

    def _fresh(self, among: Sequence[str], _name: str) -> str:
        allowed = [text for text in among if self.writer.allows(text)] or list(among)
        return allowed[self.rng.randrange(len(allowed))]

    def fill_people(self) -> None:
        """Fill the slots of those present, after someone came or went."""
        slots, memory = self.writer.slots, self.memory
        slots.update(person_slots(self.partner(), "npc"))
        others = [p for p in map(memory.person, memory.present[1:]) if p is not None]
        for key in ("other", "they2", "their2", "other_id"):
            slots.pop(key, None)
        if others:
            slots.update(person_slots(others[0], "other"))
