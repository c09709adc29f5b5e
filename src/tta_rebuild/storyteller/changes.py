"""What changed in a storyteller's state, as facts of the canon. Called by ``teller``.

So that what is told and what is true cannot differ: a scene's facts are the difference between the
state before it and after it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tta_rebuild.storyteller.casting import Cast
from tta_rebuild.storyteller.word_lists import word_table
from tta_rebuild.storyteller.world_state import NOWHERE, YOU, Value, WorldState


def claim(subject: str, relation: str, value: str, *, ends: bool = False) -> dict[str, Any]:
    """A CLAIM as a scene reply has it."""
    made = {"subject": subject, "relation": relation, "value": value}
    return {**made, "ends": True} if ends else made


def facts_of(
    before: Mapping[str, Value], after: Mapping[str, Value], cast: Cast
) -> list[dict[str, Any]]:
    """The facts that a scene has made true and ended, in the order in which they came."""
    found: list[dict[str, Any]] = []
    me = cast.entities[YOU].id
    if after.get("here") != before.get("here"):
        found.append(claim(me, "located_in", _name(cast, str(after["here"]))))
    for key, value in after.items():
        if value == before.get(key, 0):
            continue
        first, _, rest = key.partition(".")
        if key in ("time", "weather"):
            relation = "time_of_day" if key == "time" else "weather"
            found.append(claim("story", relation, str(value).replace("_", " ")))
        elif first not in cast.entities:
            continue
        elif rest == "at":
            found += _moved(cast, first, str(before.get(key, NOWHERE)), str(value))
        elif rest == "met" and first != YOU:
            found.append(claim(me, "met", _subject(cast, first)))
        elif rest == "trust":
            feeling = "grateful" if int(value) > int(before.get(key, 0)) else "angry"
            found.append(claim(_subject(cast, first), "feeling", feeling))
        elif rest == "worn":
            found.append(claim(me, "wears", _name(cast, first), ends=not value))
        elif rest in word_table("properties"):
            relation, is_so, is_not = word_table("properties")[rest]
            if said := is_so if value else is_not:
                found.append(claim(_subject(cast, first), relation, said))
    return [fact for number, fact in enumerate(found) if fact not in found[:number]]


def _moved(cast: Cast, entity_id: str, was: str, now: str) -> list[dict[str, Any]]:
    """A person or thing that is elsewhere, or with somebody else, than before."""
    thing, holder = _subject(cast, entity_id), _kind(cast, now)
    ended = []
    if _kind(cast, was) == "person":
        ended.append(claim(_subject(cast, was), "holds", thing, ends=True))
    elif was in cast.entities and holder != "place":
        ended.append(claim(thing, "located_in", _name(cast, was), ends=True))
    if holder == "person":
        return [*ended, claim(_subject(cast, now), "holds", thing)]
    return [*ended, claim(thing, "located_in", _name(cast, now))] if holder == "place" else ended


def _kind(cast: Cast, entity_id: str) -> str:
    entity = cast.entities.get(entity_id)
    return entity.kind if entity else ""


def _name(cast: Cast, entity_id: str) -> str:
    return cast.entities[entity_id].name if entity_id in cast.entities else entity_id


def _subject(cast: Cast, entity_id: str) -> str:
    """People go by their id, things and places by their name."""
    entity = cast.entities[entity_id]
    return entity.id if entity.kind == "person" else entity.name


def corrected(state: WorldState, facts: Sequence[Mapping[str, Any]], cast: Cast) -> None:
    """Take over what an author has corrected since: who is dead or alive, who has what."""
    people = {_subject(cast, key): key for key, e in cast.entities.items() if e.kind == "person"}
    for fact in facts:
        who = people.get(str(fact.get("subject")))
        if who is None or fact.get("ends"):
            continue
        if fact.get("relation") == "alive" and who != YOU:
            state.values[f"{who}.dead"] = fact.get("value") == "false"
        elif fact.get("relation") == "holds":
            thing = cast.found(str(fact.get("value")), ("thing",))
            if thing is not None:
                state.values[f"{thing.id}.at"] = who
