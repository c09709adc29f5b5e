"""Who and what there is in a story: from an authored world's file, or from a premise and a plot.

Called by ``teller`` for every scene; what the player has named since comes from the notes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from tta_rebuild.core.errors import RequestRejected
from tta_rebuild.storyteller.cast_people import add_people, noun_of
from tta_rebuild.storyteller.entities import Entity, bare, head_of, named, slug
from tta_rebuild.storyteller.fact_cast import FactCast, fact_cast
from tta_rebuild.storyteller.line_template import capital
from tta_rebuild.storyteller.motives import ABOUT
from tta_rebuild.storyteller.noun_phrases import is_animal, is_portable, words_in
from tta_rebuild.storyteller.parts import part_slots, played_by, renamed, sides_of
from tta_rebuild.storyteller.plot_choice import chosen_plot, matter_asked_about
from tta_rebuild.storyteller.premise import PremiseReading, read_premise
from tta_rebuild.storyteller.premise_people import PremisePerson
from tta_rebuild.storyteller.premise_situation import plot_names
from tta_rebuild.storyteller.scene_file import PersonEntry, WorldFile, read_world
from tta_rebuild.storyteller.surroundings import (
    Surroundings,
    cases_of,
    forms_of,
    noun_slots,
    once_known,
    surroundings_of,
)
from tta_rebuild.storyteller.word_lists import pattern
from tta_rebuild.storyteller.world_state import NOWHERE, YOU, Value, WorldState

_PARTS = {
    "worker": "ally/close/any/worker",
    "keeper": "authority/above/keeper",
    "stranger": "culprit/rival/foe/stranger",
}
"""Those of a plot that says nothing of parts."""


@dataclass(slots=True)
class Cast:
    """A story's world as it stands before anything happens."""

    name: str
    file: WorldFile
    entities: dict[str, Entity]  # by id, the player's character under ``you``
    start: dict[str, Value]  # the state's first values
    slots: dict[str, str] = field(default_factory=dict)  # what texts may name: ``matter``, ``at`` …
    is_open: bool = False  # whether what the player names comes to be (in a story from a premise)
    premise: PremiseReading = field(default_factory=PremiseReading)  # empty in an authored world
    sights: Sequence[str] = ()  # what can be seen at the opening place
    passing: Sequence[str] = ()  # what is seen or heard there at any time, if its kind is known
    parts: Mapping[str, str] = field(default_factory=dict)  # a plot's part → who plays it
    grounds: frozenset[str] = frozenset()  # places of the premise where its story goes on
    facts: FactCast | None = None  # what the premise states, in an authored world None

    def of_kind(self, kind: str) -> list[Entity]:
        """The people, places or things, in order."""
        return [one for key, one in self.entities.items() if one.kind == kind and key != YOU]

    def called(self) -> str:
        """The names and roles of everybody but the player."""
        return " ".join(f"{one.name} {one.role}" for one in self.of_kind("person"))

    def is_elsewhere(self, place: object, home: object) -> bool:
        """Whether a story from a premise does not go on at a place."""
        return self.is_open and place != home and place not in self.grounds

    def id_of_matter(self) -> str:
        """Of whom a story of a premise is about, "" where it is about nobody."""
        about = self.premise.matter if self.file.common else ""
        return next((one.id for one in self.of_kind("person") if one.is_called(about)), "")

    def topic(self, speaker: str = "") -> str:
        """What the story is about as a noun phrase; "" where it is a clause or ``speaker``."""
        topic = self.slots.get("object") or self.premise.matter
        whom = self.entities.get(speaker)
        is_clause = bool(pattern("finite_within").search(topic))
        is_somebody = any(one.is_called(topic) for one in self.of_kind("person"))
        is_speaker = whom is not None and whom.is_called(topic)
        return "" if is_clause or is_somebody or is_speaker else topic

    def found(self, phrase: str, kinds: Sequence[str] = ()) -> Entity | None:
        """What a phrase of the player's means, of these kinds."""
        others = (one for key, one in self.entities.items() if key != YOU)
        return named(phrase, [one for one in others if not kinds or one.kind in kinds])


def cast_of(variables: Mapping[str, Any], notes: Mapping[str, Any]) -> Cast:
    """The world of a story.

    Args:
        variables: of a ``scene`` request (``core.tasks``).
        notes: those of the scene before: the plot that the story began with, its state, and what
            came to exist since, as rows.

    Raises RequestRejected: the world asked for is none, or its file cannot be read.
    """
    wanted, characters = str(variables.get("world") or ""), variables.get("characters") or []
    made = _authored(wanted, characters) if wanted else _from_premise(variables, characters, notes)
    for row in notes.get("made", ()):
        made.entities.setdefault(row[0], Entity(*row))
    return made


def _player(characters: Sequence[Mapping[str, Any]], entry: PersonEntry | PremisePerson) -> Entity:
    given = next((c for c in characters if c.get("is_player")), {})
    return Entity(
        str(given.get("character_id") or "player"),
        "person",
        str(given.get("name") or entry.name or "you"),
        entry.role,
        entry.pronouns,
    )


def _authored(name: str, characters: Sequence[Mapping[str, Any]]) -> Cast:
    file = read_world(name)
    entities = {YOU: _player(characters, file.you)}
    start: dict[str, Value] = {"here": next(iter(file.places))}
    for key, place in file.places.items():
        entities[key] = Entity(key, "place", place.name, also=tuple(place.also), at=place.at)
    for key, person in file.people.items():
        entities[key] = Entity(
            key, "person", person.name or person.role, person.role, person.pronouns,
            tuple(person.also),
        )  # fmt: skip
        start |= {f"{key}.at": person.at, f"{key}.person": True}
    for key, thing in file.things.items():
        entities[key] = Entity(key, "thing", thing.name, also=tuple(thing.also))
        start[f"{key}.at"] = thing.at
        start |= {f"{key}.{one}": True for one in thing.is_}
    return Cast(name, file, entities, {**start, **file.start}, {"you_role": file.you.role})


def _from_premise(
    variables: Mapping[str, Any], characters: Sequence[Mapping[str, Any]], notes: Mapping[str, Any]
) -> Cast:
    theme, seed = str(variables.get("theme") or ""), str(variables.get("seed") or "")
    wanted = str(variables.get("plot") or "")
    if wanted and wanted not in plot_names():
        raise RequestRejected(f"there is no plot '{wanted:.40}'")
    premise = read_premise(theme, characters, wanted, str(notes.get("wish") or ""))
    entities = {YOU: _player(characters, premise.you)}
    ids = {str(c.get("name") or "").lower(): str(c.get("character_id")) for c in characters}
    places = premise.places or ("this place",)
    _add_places(places, premise.at, entities)
    here = slug(places[0])
    start: dict[str, Value] = {"here": here, "home": here}
    odds = add_people(premise, theme, ids, entities, start, notes.get("state", {}))
    _add_things(premise, entities, start)
    people = [one for key, one in entities.items() if one.kind == "person" and key != YOU]
    about = (one.id for one in entities.values() if one.is_called(premise.matter))
    is_away = any(start.get(f"{key}.at") == NOWHERE for key in about)
    plot = notes.get("plot") or chosen_plot(premise, seed, people, start, is_away=is_away)
    around = _surroundings(premise, seed, notes.get("state", {}))
    file = read_world(f"plots/{plot}")
    now = {**start, **({} if file.parts else notes.get("state", {}))}
    who_plays = file.parts or _PARTS
    free = people if file.parts else _free_for_parts(premise, people)
    facts = fact_cast(premise, people, plot, is_known=len(notes.get("scenes", ())) > 1)
    if file.common:
        seated = {one.id for one in facts.people.values()}
        spoken_of = (one for one in people if not start.get(f"{one.id}.implied"))
        free = [p for p in spoken_of if p.id not in seated and not p.is_called(premise.matter)]
    played = {} if file.whole else played_by(who_plays, free, now, odds)  # there all are npc
    if facts.question is not None:
        played = _with_one_free(played, free, now)
    start |= {f"{one.id}.part": True for one in played.values()}
    at_first = _surroundings(premise, seed, {}).slots if file.parts else around.slots
    if file.common:  # nobody and nothing but what the premise has
        around = replace(around, slots=_bare_slots(around.slots), people=())
        who_plays = {part: source for part, source in who_plays.items() if part in played}
    parts = part_slots(who_plays, played, at_first)
    holders = {p: slug(parts[p]) for p in file.parts if p in who_plays and p not in played}
    holders |= {part: one.id for part, one in played.items() if file.parts}
    sides = sides_of(who_plays) if who_plays else {}
    sides = {side: part for side, part in sides.items() if side not in file.parts}
    parts |= renamed(parts, sides)
    holders |= {side: holders[part] for side, part in sides.items() if part in holders}
    holders |= {part: one.id for part, one in facts.people.items()}
    _add_locals(around, entities, start)
    start["fate"] = Random(f"{seed}:fate").random() < 0.5
    matter = matter_asked_about(premise) or _matter_of(premise, plot, entities[here].name)
    slots = {**around.slots, **parts} | _said(premise, around.slots.get("bell", ""))
    slots |= _rooms(premise, entities[here].name)
    slots |= _matter_slots(matter, once_known(matter) if notes else matter, people)
    slots |= forms_of("place", entities[here].name)
    slots |= _facts_in_play(facts, holders, entities, start)
    start |= file.start | _state_of_matter(matter, premise, entities)
    return Cast(
        f"plots/{plot}", file, entities, start, slots, is_open=True, premise=premise,
        sights=around.sights, passing=around.now if premise.is_placed else (), parts=holders,
        grounds=_grounds(places), facts=facts,
    )  # fmt: skip


def _matter_of(premise: PremiseReading, plot: str, here: str) -> str:
    """What a story is about: of a place where nothing is named it is the place itself."""
    if plot.split(".")[1:2] == ["place"] and not premise.names_matter:
        return here
    return premise.matter or "what has happened"


def _with_one_free(
    played: Mapping[str, Entity], free: Sequence[Entity], now: Mapping[str, Value]
) -> dict[str, Entity]:
    """The parts of a story of a fact: one of those who are there plays none and is ``npc``."""
    there = [one.id for one in free if now.get(f"{one.id}.at") == now["here"]]
    kept = dict(played)
    while kept and there and {one.id for one in kept.values()}.issuperset(there):
        kept.popitem()
    return kept


def _facts_in_play(
    facts: FactCast,
    holders: Mapping[str, str],
    entities: Mapping[str, Entity],
    start: dict[str, Value],
) -> dict[str, str]:
    """The facts as slots, as the storyteller and whoever plays a part say them."""
    slots = facts.slots()
    for part, key in holders.items():
        if key in entities:
            slots |= facts.spoken(part, entities[key].name)
    start |= {f"{one.id}.part": True for one in facts.people.values()}
    start |= dict.fromkeys(facts.said, True) | {"when": "when" in slots}
    if facts.question is not None:
        start[f"asks.{facts.question.shape}"] = True
        if facts.question.shape == ABOUT:
            start["asks.why"] = True
    return slots


def _grounds(places: Sequence[str]) -> frozenset[str]:
    """Those of the places where the story goes on."""
    near = (one for one in places if not set(bare(one).split()) & words_in("too_big"))
    return frozenset(slug(one) for one in near if one[:1].islower())


def _add_things(
    premise: PremiseReading, entities: dict[str, Entity], start: dict[str, Value]
) -> None:
    for thing in premise.things:
        key = slug(thing)
        if key not in entities:
            entities[key] = Entity(key, "thing", thing)
            start[f"{key}.at"] = start["here"]


def _add_locals(around: Surroundings, entities: dict[str, Entity], start: dict[str, Value]) -> None:
    """Add who belongs to the place, if the premise does not speak of them."""
    for name, pronouns in around.people:
        key = slug(name)
        if key not in entities:
            entities[key] = Entity(key, "person", name, pronouns=pronouns)
            start |= {f"{key}.at": start["here"], f"{key}.person": True, f"{key}.local": True}


def _said(premise: PremiseReading, bell: str) -> dict[str, str]:
    """What the premise says of the undertaking, as slots; ``bell`` is a time of such a place."""
    deadline = premise.deadline or (f"before {bell}" if bell else "in time")
    return {"aim": premise.aim, "deadline": deadline} | forms_of("at", premise.at)


def _matter_slots(matter: str, called: str, people: Sequence[Entity]) -> dict[str, str]:
    """What it turns on as slots; somebody is "he" or "she" there."""
    slots = noun_slots("matter", called)
    somebody = next((one for one in people if one.is_called(matter)), None)
    if somebody is not None and somebody.pronouns != "it":
        he, him, _his = cases_of(somebody.pronouns or "they")
        slots |= forms_of("matter_it", he) | forms_of("matter_them", him)
    return slots


def _bare_slots(slots: Mapping[str, str]) -> dict[str, str]:
    """What surroundings have of rooms and ways, without their people and things."""
    kept = ("room", "room2", "exit", "spot")
    return {key: slots[key] for name in kept for key in (name, capital(name)) if key in slots}


def _add_places(places: Sequence[str], at: str, entities: dict[str, Entity]) -> None:
    for number, place in enumerate(places):
        words = {*bare(place).split()}
        if any(words < {*bare(one).split()} for one in places[:number]):
            continue  # "the theatre", after "the Royal theatre"
        entity = Entity(slug(place), "place", place, at=at if not number else "")
        entities.setdefault(entity.id, entity)


def _state_of_matter(
    matter: str, premise: PremiseReading, entities: Mapping[str, Entity]
) -> dict[str, Value]:
    """What plots ask of what it is all about."""
    is_there = {f"{slug(matter)}.turned_on": True} if slug(matter) in entities else {}
    head = head_of(matter)
    people = {one.id for one in entities.values() if one.kind == "person"}
    return {
        **is_there,
        "matter.portable": is_portable(head),
        "matter.named": premise.names_matter,
        "matter.place": matter in premise.places,
        "matter.alive": is_animal(head) or slug(matter) in people,
        "deadline.named": bool(premise.deadline),
    }


def _rooms(premise: PremiseReading, here: str) -> dict[str, str]:
    """Other places of the premise that one can be shut up in, for the rooms of the surroundings."""
    others = [one for one in premise.places if one != here and head_of(one) in words_in("rooms")]
    slots: dict[str, str] = {}
    for slot, place in zip(("room", "room2"), others, strict=False):
        slots |= forms_of(slot, place)
    return slots


def _surroundings(premise: PremiseReading, seed: str, state: Mapping[str, Value]) -> Surroundings:
    """The surroundings; for whoever is dead or held there, somebody else as well."""
    taken = {noun_of(p) for p in (premise.you, *premise.people)}
    dead: dict[str, str] = {}
    while True:
        around = surroundings_of(
            premise.surroundings, seed, {*taken, *dead}, is_modern=premise.is_modern
        )
        died = {n: p for n, p in around.people if n not in dead and _is_out_of_it(slug(n), state)}
        if not died:
            return replace(around, people=(*around.people, *dead.items()))
        dead |= died


def _is_out_of_it(person: str, state: Mapping[str, Value]) -> bool:
    """Whether somebody cannot act any more: dead, held captive, sent away."""
    is_gone = state.get(f"{person}.at") == NOWHERE
    return bool(state.get(f"{person}.dead") or state.get(f"{person}.caught") or is_gone)


def _free_for_parts(premise: PremiseReading, people: Sequence[Entity]) -> Sequence[Entity]:
    """Who may play the parts of a plot that has none of its own.

    Whom the story turns on keeps theirs: a beloved, whoever is left, forgiven or kept safe.
    """
    if premise.conflict in words_in("about_somebody"):
        return ()
    aim, kept = premise.aim.lower(), words_in("no_companion")
    return [p for p in people if p.name.lower() not in aim and head_of(p.role) not in kept]


def replace_the_dead(
    cast: Cast, state: WorldState, variables: Mapping[str, Any], notes: Mapping[str, Any]
) -> None:
    """Let somebody else of the place stand in for whoever has died there or has stayed behind."""
    new = cast_of(variables, {**notes, "state": state.values})
    cast.slots = new.slots
    for key in new.entities.keys() - cast.entities.keys():
        cast.entities[key] = new.entities[key]
        cast.start |= {k: v for k, v in new.start.items() if k.startswith(f"{key}.")}
    state.values = {**cast.start, **state.values}
