"""Telling a scene: from what the player did, through what it brings, to what may be done next.

Called by ``provider`` for the tasks ``scene`` and ``continue_scene``. The plot is a chain of
strands (small questions of four or five scenes) inside a tension (a chapter); the arc's stage says
how hard the tension presses; the notes say how far everything has come.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tta_rebuild.core.story import ARC_STAGES
from tta_rebuild.integrations.offline.act import Act, in_the_past, understood
from tta_rebuild.integrations.offline.bounds import Bounds
from tta_rebuild.integrations.offline.choices import Chooser
from tta_rebuild.integrations.offline.grammar import Template, article_for, sentences, tidy
from tta_rebuild.integrations.offline.kit import Kit, Person, Place, Strand
from tta_rebuild.integrations.offline.lexicon import words
from tta_rebuild.integrations.offline.memory import DEEDS_REMEMBERED, Memory
from tta_rebuild.integrations.offline.pen import Pen
from tta_rebuild.integrations.offline.premise import read_premise
from tta_rebuild.integrations.offline.world import world_of

STEPS = 5
"""Scenes of a strand: four steps and a breath between strands."""
LEAST_WORDS, MOST_WORDS = 115, 205


@dataclass(slots=True)
class Part:
    """A passage in the making; ``optional`` ones may be left out of a long scene."""

    text: str
    facts: list[dict[str, Any]] = field(default_factory=list)
    speaker: str = ""
    emotion: str = ""
    optional: bool = False


class Teller:
    """One scene of one story. Use once.

    Args:
        variables: ``core.tasks.SceneVariables``.
    """

    def __init__(self, variables: Mapping[str, Any], kit: Kit) -> None:
        self.given = variables
        self.seed = int(variables.get("seed") or 0)
        self.turn = max(1, int(variables.get("turn") or 1))
        stage = str(variables.get("stage") or "setup")
        self.stage = stage if stage in ARC_STAGES else "development"
        self.bounds = Bounds(variables.get("boundaries") or {}, variables.get("rules") or {})
        self.reading = read_premise(str(variables.get("theme") or ""))
        self.kit = kit
        self.world = world_of(
            kit, self.reading, variables.get("characters") or [], self.bounds, self.seed
        )
        self.memory = Memory.from_json(variables.get("notes") or {})
        self.rng = Random(f"{self.seed}:{self.turn}")
        self.pen = Pen(
            self.rng,
            self.bounds,
            kit.words,
            told=self.memory.told,
            marks=self.memory.marks,
            recent=[str(text) for text in variables.get("recent") or []],
        )
        self.ending = bool(variables.get("should_end"))

    # ------------------------------------------------------------------------- the scene

    def scene(self) -> dict[str, Any]:
        """The scene reply."""
        self._settle()
        if self.ending and self.memory.told:
            self.memory.step = 3
        act = self._act()
        parts: list[Part] = []
        entering = self._entering(act)
        moved = self._place_after(act)
        self._fill_slots(act)
        if not self.memory.told:
            parts += self._opening(entering)
        else:
            parts += self._answer(act)
            if moved:
                parts.append(self._arrival())
            parts += self._entrances(entering)
        self._middle(parts, moved)
        if self.ending:
            parts += self._ending()
        parts = self._cut(parts)
        offers = [] if self.ending else self._choices()
        if not self.ending and (self.rng.random() < 0.6 or _words(parts) < LEAST_WORDS):
            hook = self.pen.line(self.kit.pools["hook"])
            if hook:
                parts.append(Part(hook))
        return self._reply(parts, offers)

    def _reply(self, parts: Sequence[Part], offers: list[dict[str, Any]]) -> dict[str, Any]:
        memory = self.memory
        memory.told.append("".join(self.pen.prints))
        memory.marks += "".join(self.pen.marks)
        memory.stage = self.stage
        if not self.ending:
            memory.step += 1
        place = self._here()
        return {
            "scene_id": f"offline-{self.seed}-{self.turn}",
            "setting_description": tidy(f"{place.at}, {memory.time}") + ".",
            "emotional_tone": _TONES[self.stage][self.rng.randrange(3)],
            "passages": [
                {"facts": p.facts, "text": p.text, "speaker": p.speaker, "emotion": p.emotion}
                for p in parts
                if p.text
            ],
            "story_branches": offers,
            "is_ending": self.ending,
            "notes": memory.to_json(),
        }

    # ------------------------------------------------------------------------- state

    def _settle(self) -> None:
        """Bring the notes in line with the story: first turn, facts, stage, strand."""
        memory, world = self.memory, self.world
        fresh = not memory.told
        dead, located, held = _facts(self.given.get("facts") or [])
        memory.kit = self.kit.name
        known = {p.character_id for p in memory.cast}
        if fresh or not memory.cast:
            memory.cast = list(world.cast)
        else:
            memory.cast += [p for p in world.cast[:3] if p.character_id not in known][:2]
        memory.cast = [
            p for p in memory.cast if not {p.character_id, p.name.lower()} & dead
        ] or list(world.cast[:1])
        memory.present = [i for i in memory.present if memory.person(i)]
        if not memory.place or world.place(memory.place) is None:
            memory.place = world.places[0].name
        told_place = located.get(world.player_id)
        if told_place and told_place != memory.place and world.place(told_place):
            memory.place = told_place
        for thing in list(memory.holders):
            if thing.lower() in held:
                memory.holders[thing] = held[thing.lower()]
        if not memory.time or memory.time not in self.kit.times:
            memory.time = next(iter(self.kit.times))
        if memory.weather not in self.kit.weathers:
            memory.weather = self._other_weather("")
        if (self.stage == "setup" and memory.stage == "resolution") or (
            memory.stage == "resolution" and memory.beats.get("resolution", 0) > 7
        ):
            self._new_chapter()
        if memory.tension < 0:
            memory.tension = Random(f"{self.seed}:tension").randrange(len(self.kit.tensions))
        if memory.strand < 0 or memory.strand >= len(self.kit.strands) or memory.step >= STEPS:
            self._next_strand()

    def _new_chapter(self) -> None:
        memory = self.memory
        memory.chapter += 1
        memory.tension = (memory.tension + 1) % len(self.kit.tensions)
        memory.beats = {"chapter": 1}

    def _next_strand(self) -> None:
        memory = self.memory
        if memory.strand >= 0:
            memory.strands_done.append(memory.strand)
        order = list(range(len(self.kit.strands)))
        Random(f"{self.seed}:strands").shuffle(order)
        count = len(memory.strands_done)
        allowed = [i for i in order if self.bounds.allows(self.kit.strands[i].want)] or order
        memory.strand = allowed[count % len(allowed)]
        memory.step = 0

    def _other_weather(self, now: str) -> str:
        names = [name for name in self.kit.weathers if name != now and self.bounds.allows(name)]
        return self.rng.choice(names) if names else now or next(iter(self.kit.weathers))

    def _strand(self) -> Strand:
        return self.kit.strands[self.memory.strand]

    def _here(self) -> Place:
        return self.world.place(self.memory.place) or self.world.places[0]

    def _partner(self) -> Person:
        person = self.memory.person(self.memory.present[0]) if self.memory.present else None
        return person or self.memory.cast[0]

    # ------------------------------------------------------------------------- people

    def _act(self) -> Act:
        if not self.memory.told:
            return Act("")
        names: dict[str, str] = {}
        for place in self.world.places:
            names[place.name.lower().removeprefix("the ")] = f"place:{place.name}"
        for thing in self.world.things:
            names[thing.lower().removeprefix("the ")] = f"thing:{thing}"
        for person in self.memory.cast:
            names[person.name.lower()] = f"npc:{person.character_id}"
        chosen = self.given.get("chosen")
        chosen = chosen if isinstance(chosen, Mapping) else None
        return understood(str(self.given.get("action") or ""), chosen, self.memory, names)

    def _entering(self, act: Act) -> list[Person]:
        """Who joins the scene; the partner of a new strand, or whoever the player turned to."""
        memory = self.memory
        wanted: list[str] = []
        if memory.step == 0 or not memory.present:
            turn_of = memory.cast[len(memory.strands_done) % len(memory.cast)]
            wanted.append(turn_of.character_id)
        if act.npc and memory.person(act.npc) and act.npc not in memory.present:
            wanted.append(act.npc)
        if memory.step == 2 and len(memory.present) == 1 and len(memory.cast) > 1:
            spare = [p.character_id for p in memory.cast if p.character_id not in memory.present]
            wanted.append(spare[self.rng.randrange(len(spare))])
        entering = []
        for character_id in dict.fromkeys(wanted):
            person = memory.person(character_id)
            if person is not None and character_id not in memory.present:
                entering.append(person)
        return entering

    def _entrances(self, entering: Sequence[Person]) -> list[Part]:
        parts: list[Part] = []
        memory = self.memory
        here = self._here().name
        for person in entering:
            first = person.character_id not in memory.met
            pool = self.kit.pools["meet" if first else "meet_again"]
            text = self.pen.line(pool, **_person_slots(person, "npc"))
            facts = [_claim(person.character_id, "located_in", here)]
            if first:
                memory.met.append(person.character_id)
                facts.append(_claim(self.world.player_id, "met", person.character_id))
                if person.role:
                    facts.append(_claim(person.character_id, "role", person.role.split(",")[0]))
            if memory.step == 0:
                memory.present.insert(0, person.character_id)
            else:
                memory.present.append(person.character_id)
            if text:
                parts.append(Part(text, facts))
            if len(memory.present) > 2:
                gone = memory.person(memory.present.pop())
                if gone is not None and gone is not person:
                    left = self.pen.line(
                        self.kit.pools["leave"],
                        **_person_slots(self._partner(), "npc"),
                        **_person_slots(gone, "other"),
                    )
                    leaving = [_claim(gone.character_id, "located_in", here, ends=True)]
                    if left:
                        parts.append(Part(left, leaving))
        self._fill_people()
        return parts

    # ------------------------------------------------------------------------- slots

    def _fill_slots(self, act: Act) -> None:
        slots, memory, world = self.pen.slots, self.memory, self.world
        here = self._here()
        count = len(world.focuses)
        focus = world.focuses[0 if self.turn % 2 else (self.turn // 2) % count]
        if act.kind == "tell" and act.detail:
            focus = act.detail
        want = self._strand().want
        if memory.step >= 3 and not self.ending:  # that question is answered: look past it
            want = self.pen.phrase(self.kit.pools["beyond"], focus=focus)
        mine = [t for t, who in memory.holders.items() if who == world.player_id]
        free = [t for t in world.things if t not in memory.holders and self.pen.allows(t)]
        spare = free or list(world.things)
        thing = act.thing or spare[len(memory.strands_done) % len(spare)]
        dests = [p.name for p in world.places if p.name != here.name]
        fresh = [name for name in dests if name not in memory.visited] or dests
        slots.update(
            place=here.name,
            at=here.at,
            at_place="here",
            focus=focus,
            focus_cap=_cap(focus),
            want=want,
            want_cap=_cap(want),
            thing=thing,
            sound=self._fresh(here.sounds, "sound"),
            smell=self._fresh(here.smells, "smell"),
            chore=self.rng.choice(self.kit.chores),
            time=memory.time,
            tension=self.kit.tensions[memory.tension].name,
        )
        if fresh:
            slots["dest"] = fresh[self.rng.randrange(min(3, len(fresh)))]
        if mine:
            slots["held"] = mine[-1]
        if free:
            slots["thing_free"] = free[len(memory.strands_done) % len(free)]
        if memory.deeds:
            slots["deed"] = memory.deeds[self.rng.randrange(len(memory.deeds))]
        if world.reading.role and self.bounds.allows(world.reading.role):
            role = world.reading.role
            slots["role_player_a"] = f"{article_for(role)} {role}"
        if act.kind in ("help", "care") and act.detail and not act.free:
            slots["chore"] = act.detail
        self._fill_people()

    def _fresh(self, among: Sequence[str], _name: str) -> str:
        allowed = [text for text in among if self.pen.allows(text)] or list(among)
        return allowed[self.rng.randrange(len(allowed))]

    def _fill_people(self) -> None:
        slots, memory = self.pen.slots, self.memory
        slots.update(_person_slots(self._partner(), "npc"))
        others = [p for p in map(memory.person, memory.present[1:]) if p is not None]
        for key in ("other", "they2", "their2", "other_id"):
            slots.pop(key, None)
        if others:
            slots.update(_person_slots(others[0], "other"))

    # ------------------------------------------------------------------------- parts

    def _opening(self, entering: Sequence[Person]) -> list[Part]:
        world, pools, slots = self.world, self.kit.pools, self.pen.slots
        here = self._here()
        me = world.player_id
        self.memory.visited.append(here.name)
        start = [
            _claim(me, "located_in", here.name),
            _claim("story", "time_of_day", self.memory.time),
            _claim("story", "weather", self.memory.weather),
        ]
        parts: list[Part] = []
        told = [s for s in self.reading.opening if self.bounds.allows(s)][:4]
        if told and not self.reading.speaks_to_you:
            frame = self.pen.line(pools["opening_frame"])
            text = f"{frame} {' '.join(told)}"
        else:
            text = " ".join(told)
        if text:
            self.pen.keep(text)
            parts.append(Part(text))
            lead = self.pen.line(pools["opening_focus"])
        else:
            lead = self.pen.line(pools["opening_bare"])
        if len(world.focuses) > 1 and len(text.split()) < 30:
            lead += " " + self.pen.line(
                pools["opening_also"], focus=world.focuses[1], focus_cap=_cap(world.focuses[1])
            )
        parts.append(Part(tidy(lead)))
        self.memory.present = []
        partner = entering[0] if entering else self.memory.cast[0]
        slots.update(_person_slots(partner, "npc"))
        arrival = self.pen.line(pools["opening_you"]) if text else ""
        parts.append(Part(tidy(f"{arrival} {self._sight(here)}"), start))
        return parts + self._entrances(entering or [partner])

    def _answer(self, act: Act) -> list[Part]:
        """What the player did, and what comes of it."""
        pools, memory = self.kit.pools, self.memory
        me, partner = self.world.player_id, self._partner()
        facts: list[dict[str, Any]] = []
        more: dict[str, str] = {}
        if act.clause and self.bounds.allows(act.clause):
            more["act"] = act.clause
        if act.said and self.bounds.allows(act.said):
            more["said"] = act.said
        blocked = (act.clause and "act" not in more) or (act.said and "said" not in more)
        if blocked:
            text = self.pen.line(pools["free_stayed"])
            return [Part(text)]
        if act.free and act.kind in ("say", "question", "refuse", "wait", "puzzle"):
            pool = {
                "say": "free_say",
                "question": "free_ask",
                "refuse": "free_refuse",
                "wait": "free_wait",
                "puzzle": "free_puzzled",
            }[act.kind]
            text = self.pen.line(pools[pool], **more)
            if act.kind == "question":
                text += " " + self._reply_to(act)
            elif act.kind == "say":
                text += " " + self.pen.line(pools["free_result"], **more)
            memory.kinds.append(act.kind)
            return [Part(tidy(text))]
        first = self.pen.line(pools["free_do" if act.free else "echo"], **more)
        if not first and more.get("act"):
            first = tidy(more["act"]) + "."
            self.pen.keep(first)
        thing = act.thing or self.pen.slots.get("held", "")
        if act.kind == "take" and act.thing:
            holder = memory.holders.get(act.thing)
            if holder and holder != me:
                facts.append(_claim(holder, "holds", act.thing, ends=True))
            memory.holders[act.thing] = me
            facts.append(_claim(me, "holds", act.thing))
        elif act.kind == "give" and memory.holders.get(act.thing) == me:
            memory.holders[act.thing] = partner.character_id
            facts += [
                _claim(me, "holds", act.thing, ends=True),
                _claim(partner.character_id, "holds", act.thing),
            ]
        elif act.kind == "promise":
            facts.append(
                _claim(me, "promise", f"to stand by {partner.name} over {self.pen.slots['want']}")
            )
        elif act.kind == "tell":
            known = f"what you know of {act.detail or self.pen.slots['focus']}"
            facts.append(_claim(partner.character_id, "knows", known))
        elif act.kind == "help":
            facts.append(_claim(partner.character_id, "feeling", "grateful"))
        pool = f"result_{act.kind}"
        usable = pool in pools and not (act.free and act.kind in ("take", "give", "show", "do"))
        usable = usable or (bool(act.thing) and pool in pools)
        if act.free and act.kind == "go" and not act.dest and act.detail:
            more["goal"] = act.detail
            pool = "free_impossible_place"
            usable = True
        result = self.pen.line(
            pools[pool if usable else "free_result"],
            **{**more, **({"thing": thing} if thing else {})},
        )
        self._remember(act)
        return [Part(tidy(f"{first} {result}"), facts)]

    def _remember(self, act: Act) -> None:
        memory = self.memory
        memory.kinds.append(act.kind)
        if act.clause and act.kind in _MEMORABLE and len(act.clause) < 90:
            memory.deeds = [*memory.deeds, in_the_past(act.clause)][-DEEDS_REMEMBERED:]

    def _reply_to(self, act: Act) -> str:
        memory = self.memory
        partner = self._partner()
        known = ""
        if act.npc and (person := memory.person(act.npc)) and person is not partner:
            near = "here" if act.npc in memory.present else "not far off, as far as anyone can tell"
            known = f"{person.name} is {near}"
        elif act.thing and act.thing in memory.holders:
            holder = memory.holders[act.thing]
            who = memory.person(holder)
            known = (
                f"you have {act.thing} yourself"
                if holder == self.world.player_id
                else f"{who.name if who else 'somebody else'} has {act.thing}"
            )
        elif act.dest:
            known = f"{act.dest} can be reached on foot, and it is worth the walk"
        if known:
            return self.pen.line(self.kit.pools["free_answer_known"], known=known)
        return self.pen.line(self.kit.pools["free_answer_unknown"])

    def _place_after(self, act: Act) -> bool:
        """Move the player and their company, if that is what the act was."""
        memory = self.memory
        dest = act.dest if act.kind == "go" else ""
        if not dest or dest == memory.place or self.world.place(dest) is None:
            return False
        memory.last_place, memory.place = memory.place, dest
        memory.visited.append(dest)
        return True

    def _arrival(self) -> Part:
        memory = self.memory
        here = self._here()
        facts = []
        for who in (self.world.player_id, *memory.present):
            if memory.last_place:
                facts.append(_claim(who, "located_in", memory.last_place, ends=True))
            facts.append(_claim(who, "located_in", here.name))
        text = self.pen.line(self.kit.pools["arrive"])
        return Part(tidy(f"{text} {self._sight(here)}"), facts)

    def _sight(self, here: Place) -> str:
        return self.pen.line(here.sights)

    def _air(self) -> Part:
        """Place, hour or weather: one or two sentences."""
        memory = self.memory
        here = self._here()
        if memory.step in (0, 3) and self.turn > 1 and self.rng.random() < 0.75:
            hours = list(self.kit.times)
            memory.time = hours[(hours.index(memory.time) + 1) % len(hours)]
            text = self.pen.line(self.kit.times[memory.time])
            facts = [_claim("story", "time_of_day", memory.time)]
            if self.rng.random() < 0.4:
                memory.weather = self._other_weather(memory.weather)
                facts.append(_claim("story", "weather", memory.weather))
                text += " " + self.pen.line(self.kit.weathers[memory.weather])
            return Part(tidy(text), facts)
        ways = [self.kit.pools["sense"], here.sights, self.kit.weathers[memory.weather]]
        first = self.rng.randrange(3)
        text = self.pen.line(ways[first])
        if self.rng.random() < 0.5:
            text += " " + self.pen.line(ways[(first + 1) % 3])
        return Part(tidy(text), optional=True)

    def _middle(self, parts: list[Part], moved: bool) -> None:
        pools, memory = self.kit.pools, self.memory
        strand = self._strand()
        step = memory.step
        if memory.beats.get("chapter"):
            memory.beats.pop("chapter")
            parts.append(Part(self.pen.line(pools["chapter"])))
        if not moved and memory.told:
            air = self._air()
            parts.insert(0 if self.rng.random() < 0.25 else len(parts), air)
        plot: list[str] = []
        if step < 4:
            plot += [self.pen.line([line]) for line in strand.steps[step]]
        else:
            plot.append(self.pen.line(pools["focus_return"]))
        facts = []
        if step == 3:
            facts.append(_claim(self.world.player_id, "knows", f"the truth about {strand.want}"))
        parts.append(Part(tidy(" ".join(plot)), facts))
        press = self._pressure() if self.turn > 1 else None
        if press:
            parts.append(press)
        self._talk(parts, strand.says[step : step + 1] if step < 4 else ())
        if step != 4 and self.rng.random() < 0.45:
            parts.append(Part(self.pen.line(pools["focus_return"]), optional=True))
        self._lengthen(parts)

    def _pressure(self) -> Part | None:
        memory = self.memory
        stage = self.stage if memory.beats.get("setup") or self.ending else "setup"
        lines = self.kit.tensions[memory.tension].lines[stage]
        told = memory.beats.get(stage, 0)
        memory.beats[stage] = told + 1
        if told % 2 == 0 and told // 2 < len(lines):
            text = self.pen.line([lines[told // 2]])
            return Part(text) if text else None
        if self.rng.random() < 0.4:
            return Part(self.pen.line(self.kit.pools[f"pressure_{self.stage}"]), optional=True)
        return None

    def _talk(self, parts: list[Part], says: Sequence[Template]) -> None:
        """A gesture and a spoken line; the strand's own words where it has some."""
        pools = self.kit.pools
        partner = self._partner()
        emotion = _EMOTIONS[self.stage][self.rng.randrange(3)]
        gesture = self.pen.line(pools["action"])
        spoken = self.pen.line(says) if says else ""
        spoken = spoken or self._say(partner)
        if gesture and spoken:
            parts.append(Part(gesture))
            parts.append(Part(_quoted(spoken), [], partner.character_id, emotion))
        others = self.memory.present[1:]
        other = self.memory.person(others[0]) if others else None
        if other is not None and self.rng.random() < 0.7:
            gesture = self.pen.line(pools["action_other"])
            spoken = self._say(other)
            if gesture and spoken:
                parts.append(Part(gesture, optional=False))
                parts.append(Part(_quoted(spoken), [], other.character_id, emotion))

    def _say(self, person: Person) -> str:
        pools = self.kit.pools
        lines = pools.get(f"say_{person.voice}", pools["say_plain"])
        roll = self.rng.random()
        if roll < 0.15:
            lines = pools["say_ask_you"]
        elif roll < 0.25 and self.memory.deeds:
            lines = pools["say_echo"]
        return self.pen.line(lines) or self.pen.line(pools["say_plain"])

    def _lengthen(self, parts: list[Part]) -> None:
        pools = self.kit.pools
        for pool in ("inner", "sense", "focus_return", "inner"):
            if _words(parts) >= LEAST_WORDS:
                break
            text = self.pen.line(pools[pool])
            if text:
                parts.append(Part(text, optional=True))

    def _cut(self, parts: list[Part]) -> list[Part]:
        parts = [p for p in parts if p.text]
        limit = MOST_WORDS - 20
        for part in [p for p in reversed(parts) if p.optional and not p.facts]:
            if _words(parts) <= limit:
                break
            parts.remove(part)
        return parts

    def _ending(self) -> list[Part]:
        pools = self.kit.pools
        lines = list(self.kit.tensions[self.memory.tension].lines["resolution"])
        parts = [Part(self.pen.line([lines[-1]]))] if lines else []
        for pool in ("end_turn", "end_focus", "end_deeds", "end_people", "end_last"):
            text = self.pen.line(pools[pool])
            if text:
                parts.append(Part(text))
        return parts

    def _choices(self) -> list[dict[str, Any]]:
        strand = self._strand()
        step = self.memory.step
        tries = strand.tries[step : step + 1] if step < 3 else ()
        chooser = Chooser(self.world, self.memory, self.pen, self._partner())
        prints, marks = list(self.pen.prints), list(self.pen.marks)
        offers = chooser.offers(tries, self.pen.slots["want"])
        self.pen.prints = prints  # a choice is no told sentence
        self.pen.marks = marks + self.pen.marks[len(marks) :]
        return offers


_MEMORABLE = words(
    """
    give promise help tell try show gather care do
    """
)
_TONES = {
    "setup": ("expectant", "curious", "quiet"),
    "development": ("searching", "uneasy", "wry"),
    "climax": ("tense", "urgent", "resolute"),
    "resolution": ("relieved", "tender", "calm"),
}
_EMOTIONS = {
    "setup": ("neutral", "hopeful", "curious"),
    "development": ("conflicted", "determined", "hopeful"),
    "climax": ("determined", "conflicted", "hopeful"),
    "resolution": ("joyful", "hopeful", "calm"),
}


def _claim(subject: str, relation: str, value: str, *, ends: bool = False) -> dict[str, Any]:
    claim: dict[str, Any] = {"subject": subject, "relation": relation, "value": value}
    if ends:
        claim["ends"] = True
    return claim


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


def _person_slots(person: Person, name: str) -> dict[str, str]:
    they = person.they or person.name
    their = {"she": "her", "he": "his"}.get(person.they, f"{person.name}'s")
    them = {"she": "her", "he": "him"}.get(person.they, person.name)
    if name == "other":
        return {
            "other": person.name,
            "they2": they,
            "their2": their,
            "other_id": person.character_id,
        }
    oneself = {"she": "herself", "he": "himself"}.get(person.they, "themself")
    look = f", {person.look}" if person.look else ""
    return {
        "npc": person.name,
        "they": they,
        "them": them,
        "their": their,
        "them_self": oneself,
        "role": person.role or "a name you have long known",
        "look": look,
    }


def _cap(phrase: str) -> str:
    return phrase[:1].upper() + phrase[1:]


def _quoted(spoken: str) -> str:
    return spoken if spoken.startswith("“") else f"“{spoken}”"


def _words(parts: Sequence[Part]) -> int:
    return sum(len(part.text.split()) for part in parts)


def last_sentence(text: str) -> str:
    """The last sentence of a text, "" if it has none."""
    told = sentences(text)
    return told[-1] if told else ""
