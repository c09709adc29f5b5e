"""Telling a scene: from what the player did, through what it brings, to what may be done next.

Called by ``provider`` for the tasks ``scene`` and ``continue_scene``. The plot is a chain of
strands (small questions of four or five scenes) inside a tension (a chapter); the arc's stage says
how hard the tension presses; the notes say how far everything has come.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import takewhile
from typing import Any

from tta_rebuild.storyteller.answer import answer
from tta_rebuild.storyteller.choices import Chooser
from tta_rebuild.storyteller.drafted_passage import (
    DraftedPassage,
    cap,
    claim,
    count_words,
    person_slots,
    quoted,
)
from tta_rebuild.storyteller.kit import Person, Place
from tta_rebuild.storyteller.line_template import LineTemplate, tidy
from tta_rebuild.storyteller.player_move import PlayerMove, understood
from tta_rebuild.storyteller.plot import other_weather, settle
from tta_rebuild.storyteller.scene_context import SceneContext

LEAST_WORDS, MOST_WORDS = 115, 205
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


class Teller(SceneContext):
    """Tells one scene of one story. Use once."""

    def scene(self) -> dict[str, Any]:
        """The scene reply."""
        settle(self)
        if self.ending and self.memory.told:
            self.memory.step = 3 if 1 <= self.memory.step <= 3 else 4
        act = self._act()
        parts: list[DraftedPassage] = []
        entering = self._entering(act)
        moved = self._place_after(act)
        self.fill_slots(act)
        if not self.memory.told:
            parts += self._opening(entering)
        else:
            parts += self._turned_to(act, entering)
            parts += answer(self, act)
            if moved:
                parts.append(self._arrival())
            parts += self._entrances(entering)
        self._middle(parts, moved)
        if self.ending:
            parts += self._ending()
        parts = self._cut(parts)
        offers = [] if self.ending else self._choices()
        if not self.ending and (self.rng.random() < 0.6 or count_words(parts) < LEAST_WORDS):
            hook = self.writer.line(self.kit.pools["hook"])
            if hook:
                parts.append(DraftedPassage(hook))
        return self._reply(parts, offers)

    def _turned_to(self, act: PlayerMove, entering: list[Person]) -> list[DraftedPassage]:
        """Whoever the player's own words are for comes first, and answers."""
        memory = self.memory
        if not (act.free and act.npc):
            return []
        parts: list[DraftedPassage] = []
        for person in [p for p in entering if p.character_id == act.npc]:
            entering.remove(person)
            parts += self._entrances([person])
        if act.npc in memory.present:
            memory.present.remove(act.npc)
            memory.present.insert(0, act.npc)
            self.fill_people()
        return parts

    def _reply(
        self, parts: Sequence[DraftedPassage], offers: list[dict[str, Any]]
    ) -> dict[str, Any]:
        memory = self.memory
        memory.told.append("".join(self.writer.prints))
        memory.marks += "".join(self.writer.marks)
        memory.stage = self.stage
        if not self.ending:
            memory.step += 1
        place = self.here()
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

    def _act(self) -> PlayerMove:
        if not self.memory.told:
            return PlayerMove("")
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

    def _entering(self, act: PlayerMove) -> list[Person]:
        """Who joins the scene; the partner of a new strand, or whoever the player turned to."""
        memory = self.memory
        wanted: list[str] = []
        if memory.step == 0 or not memory.present:
            first = memory.strands_told % len(memory.cast)
            turns = memory.cast[first:] + memory.cast[:first]
            strand = self.strand()
            turn_of = next((p for p in turns if not strand.speaks_of(p.name)), turns[0])
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

    def _entrances(self, entering: Sequence[Person]) -> list[DraftedPassage]:
        parts: list[DraftedPassage] = []
        memory = self.memory
        here = self.here().name
        for person in entering:
            first = person.character_id not in memory.met
            pool = self.kit.pools["meet" if first else "meet_again"]
            text = self.writer.line(pool, **person_slots(person, "npc"))
            facts = [claim(person.character_id, "located_in", here)]
            if first:
                memory.met.append(person.character_id)
                facts.append(claim(self.world.player_id, "met", person.character_id))
                if person.role:
                    facts.append(claim(person.character_id, "role", person.role.split(",")[0]))
            if memory.step == 0:
                memory.present.insert(0, person.character_id)
            else:
                memory.present.append(person.character_id)
            if text:
                parts.append(DraftedPassage(text, facts))
            if len(memory.present) > 2:
                gone = memory.person(memory.present.pop())
                if gone is not None and gone is not person:
                    left = self.writer.line(
                        self.kit.pools["leave"],
                        **person_slots(self.partner(), "npc"),
                        **person_slots(gone, "other"),
                    )
                    leaving = [claim(gone.character_id, "located_in", here, ends=True)]
                    if left:
                        parts.append(DraftedPassage(left, leaving))
        self.fill_people()
        return parts

    def _opening(self, entering: Sequence[Person]) -> list[DraftedPassage]:
        world, pools, slots = self.world, self.kit.pools, self.writer.slots
        here = self.here()
        me = world.player_id
        self.memory.visited.append(here.name)
        start = [
            claim(me, "located_in", here.name),
            claim("story", "time_of_day", self.memory.time),
            claim("story", "weather", self.memory.weather),
        ]
        parts: list[DraftedPassage] = []
        told = list(takewhile(self.bounds.allows, self.reading.opening))[:4]
        if told and not self.reading.speaks_to_you:
            frame = self.writer.line(pools["opening_frame"])
            text = f"{frame} {' '.join(told)}"
            if self.reading.is_lone:
                text += f" That {self.reading.role.split()[-1]} is you."
        else:
            text = " ".join(told)
        if text:
            self.writer.keep(text)
            parts.append(DraftedPassage(text))
            lead = self.writer.line(pools["opening_focus"])
        else:
            lead = self.writer.line(pools["opening_bare"])
        if len(world.focuses) > 1 and len(text.split()) < 30:
            lead += " " + self.writer.line(
                pools["opening_also"], focus=world.focuses[1], focus_cap=cap(world.focuses[1])
            )
        parts.append(DraftedPassage(tidy(lead)))
        self.memory.present = []
        partner = entering[0] if entering else self.memory.cast[0]
        slots.update(person_slots(partner, "npc"))
        arrival = self._why_here() if text else ""
        parts.append(DraftedPassage(tidy(f"{arrival} {self._sight(here)}"), start))
        return parts + self._entrances(entering or [partner])

    def _why_here(self) -> str:
        """What has brought the player here, unless it is the place itself."""
        here = self.here().name
        other = next((f for f in self.world.focuses if f != here), "")
        lines = self.kit.pools["opening_you"]
        return self.writer.line(lines, focus=other, focus_cap=cap(other)) if other else ""

    def _place_after(self, act: PlayerMove) -> bool:
        """Move the player and their company, if that is what the act was."""
        memory = self.memory
        dest = act.dest if act.kind == "go" else ""
        if not dest or dest == memory.place or self.world.place(dest) is None:
            return False
        memory.last_place, memory.place = memory.place, dest
        memory.visited.append(dest)
        return True

    def _arrival(self) -> DraftedPassage:
        memory = self.memory
        here = self.here()
        facts = []
        for who in (self.world.player_id, *memory.present):
            if memory.last_place:
                facts.append(claim(who, "located_in", memory.last_place, ends=True))
            facts.append(claim(who, "located_in", here.name))
        text = self.writer.line(self.kit.pools["arrive"])
        return DraftedPassage(tidy(f"{text} {self._sight(here)}"), facts)

    def _sight(self, here: Place) -> str:
        return self.writer.line(here.sights)

    def _air(self) -> DraftedPassage:
        """Place, hour or weather: one or two sentences."""
        memory = self.memory
        here = self.here()
        if memory.step in (0, 3) and self.turn > 1 and self.rng.random() < 0.75:
            hours = list(self.kit.times)
            memory.time = hours[(hours.index(memory.time) + 1) % len(hours)]
            text = self.writer.line(self.kit.times[memory.time])
            facts = [claim("story", "time_of_day", memory.time)]
            if self.rng.random() < 0.4:
                memory.weather = other_weather(self, memory.weather)
                facts.append(claim("story", "weather", memory.weather))
                text += " " + self.writer.line(self.kit.weathers[memory.weather])
            return DraftedPassage(tidy(text), facts)
        ways = [self.kit.pools["sense"], here.sights, self.kit.weathers[memory.weather]]
        first = self.rng.randrange(3)
        text = self.writer.line(ways[first])
        if self.rng.random() < 0.5:
            text += " " + self.writer.line(ways[(first + 1) % 3])
        return DraftedPassage(tidy(text), optional=True)

    def _middle(self, parts: list[DraftedPassage], moved: bool) -> None:
        pools, memory = self.kit.pools, self.memory
        strand = self.strand()
        step = memory.step
        if memory.beats.get("chapter"):
            memory.beats.pop("chapter")
            parts.append(DraftedPassage(self.writer.line(pools["chapter"])))
        if not moved and memory.told:
            air = self._air()
            parts.insert(0 if self.rng.random() < 0.25 else len(parts), air)
        plot: list[str] = []
        if step < 4:
            plot += [self.writer.line([line]) for line in strand.steps[step]]
        else:
            plot.append(self.writer.line(pools["focus_return"]))
        facts = []
        if step == 3:
            facts.append(claim(self.world.player_id, "knows", f"the truth about {strand.want}"))
        parts.append(DraftedPassage(tidy(" ".join(plot)), facts))
        press = self._pressure() if self.turn > 1 and not self.ending else None
        if press:
            parts.append(press)
        self._talk(parts, strand.says[step : step + 1] if step < 4 else ())
        if step != 4 and self.rng.random() < 0.45:
            parts.append(DraftedPassage(self.writer.line(pools["focus_return"]), optional=True))
        self._lengthen(parts)

    def _pressure(self) -> DraftedPassage | None:
        memory = self.memory
        stage = self.stage if memory.beats.get("setup") or self.ending else "setup"
        lines = self.tension().lines[stage]
        heads = self.tension().lines["climax"]
        if stage == "resolution" and memory.beats.get("climax", 0) < len(heads):
            stage, lines = "climax", heads  # first what it comes to, then what comes of it
        told = memory.beats.get(stage, 0)
        memory.beats[stage] = told + 1
        # The build-up alternates with quieter scenes; once it comes to a head, every scene tells.
        due, odd = (told, 0) if stage in ("climax", "resolution") else divmod(told, 2)
        if not odd and due < len(lines):
            text = self.writer.line([lines[due]])
            return DraftedPassage(text) if text else None
        if self.rng.random() < 0.4:
            return DraftedPassage(
                self.writer.line(self.kit.pools[f"pressure_{self.stage}"]), optional=True
            )
        return None

    def _talk(self, parts: list[DraftedPassage], says: Sequence[LineTemplate]) -> None:
        """A gesture and a spoken line; the strand's own words where it has some."""
        pools = self.kit.pools
        partner = self.partner()
        emotion = _EMOTIONS[self.stage][self.rng.randrange(3)]
        gesture = self.writer.line(pools["action"])
        spoken = self.writer.line(says) if says else ""
        spoken = spoken or self._say(partner)
        if gesture and spoken:
            parts.append(DraftedPassage(gesture))
            parts.append(DraftedPassage(quoted(spoken), [], partner.character_id, emotion))
        others = self.memory.present[1:]
        other = self.memory.person(others[0]) if others else None
        if other is not None and self.rng.random() < 0.7:
            gesture = self.writer.line(pools["action_other"])
            spoken = self._say(other)
            if gesture and spoken:
                parts.append(DraftedPassage(gesture, optional=False))
                parts.append(DraftedPassage(quoted(spoken), [], other.character_id, emotion))

    def _say(self, person: Person) -> str:
        pools = self.kit.pools
        lines = pools.get(f"say_{person.voice}", pools["say_plain"])
        roll = self.rng.random()
        if roll < 0.15:
            lines = pools["say_ask_you"]
        elif roll < 0.25 and self.memory.deeds:
            lines = pools["say_echo"]
        return self.writer.line(lines) or self.writer.line(pools["say_plain"])

    def _lengthen(self, parts: list[DraftedPassage]) -> None:
        pools = self.kit.pools
        for pool in ("inner", "sense", "focus_return", "inner"):
            if count_words(parts) >= LEAST_WORDS:
                break
            text = self.writer.line(pools[pool])
            if text:
                parts.append(DraftedPassage(text, optional=True))

    def _cut(self, parts: list[DraftedPassage]) -> list[DraftedPassage]:
        parts = [p for p in parts if p.text]
        limit = MOST_WORDS - 20
        for part in [p for p in reversed(parts) if p.optional and not p.facts]:
            if count_words(parts) <= limit:
                break
            parts.remove(part)
        return parts

    def _ending(self) -> list[DraftedPassage]:
        pools = self.kit.pools
        lines = self.tension().lines
        beats = self.memory.beats
        due = lines["climax"][beats.get("climax", 0) :][-2:]
        last = lines["resolution"][beats.get("resolution", 0) and -1 :]
        texts = [self.writer.line([line]) for line in (*due, last[0], *last[1:][-1:])]
        parts = [DraftedPassage(tidy(" ".join(texts)))]
        own = "end_core" if self.rng.random() < 0.6 else "end_core_bare"
        for pool in ("end_turn", "end_deeds", own, "end_people", "end_last"):
            text = self.writer.line(pools[pool])
            if not text and pool == own:
                text = self.writer.line(pools["end_focus"])
            if text:
                parts.append(DraftedPassage(text))
        return parts

    def _choices(self) -> list[dict[str, Any]]:
        strand = self.strand()
        step = self.memory.step
        tries = strand.tries[step : step + 1] if step < 3 else ()
        chooser = Chooser(self.world, self.memory, self.writer, self.partner())
        prints, marks = list(self.writer.prints), list(self.writer.marks)
        offers = chooser.offers(tries, self.writer.slots["want"])
        self.writer.prints = prints  # a choice is no told sentence
        self.writer.marks = marks + self.writer.marks[len(marks) :]
        return offers
