"""Scenes that happen to what a premise names: its van, its sea, its letter. Called by ``teller``.

Now and then a scene of a story from a premise is one of these. The folder ``interludes`` has a file
for each kind of thing, with the nouns that are of it; ``{thing}`` is what it happens to, ``{near}``
somebody on the player's side and ``{against}`` somebody who wants it otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from tta_rebuild.core.english import singular
from tta_rebuild.storyteller.absent import Absent
from tta_rebuild.storyteller.casting import Cast
from tta_rebuild.storyteller.entities import bare, slug
from tta_rebuild.storyteller.noun_phrases import cut_short, kind_of_thing, words_in
from tta_rebuild.storyteller.scene_file import SceneEntry, read_world
from tta_rebuild.storyteller.surroundings import noun_slots
from tta_rebuild.storyteller.world_state import NOWHERE, WorldState

EVERY, FIRST = 4, 3
"""Turns from one to the next, and the turn of the first."""
MOST_ON_STAGE = 2
"""Times that one thing is brought on in a story."""
FAR = "far_place"


def is_due(state: WorldState) -> bool:
    """Whether the scene of this turn is to be one of them."""
    is_told_of = state.holds("stage=setup/stage=development, !away, !ruined")
    last = int(state.values.get("staged_at") or FIRST - EVERY)
    return is_told_of and int(state.get("now")) - last >= EVERY


def interludes(
    cast: Cast, state: WorldState, seen: Sequence[str]
) -> Iterator[tuple[str, Mapping[str, str], list[SceneEntry]]]:
    """What may be brought on, what has been least first: it, its slots, its scenes not yet told."""
    absent = Absent(cast, state)
    for phrase in things_named(cast, state):
        file = read_world(f"interludes/{kind_of(phrase, cast)}")
        scenes = [s for s in file.scenes if s.id not in seen and absent.allows_scene(s)]
        if scenes:
            yield phrase, noun_slots("thing", phrase), scenes


def things_named(cast: Cast, state: WorldState) -> list[str]:
    """Phrases of the premise that have a kind: what it turns on, things, other places."""
    premise, home = cast.premise, cast.entities[str(state.get("home"))].name
    lost = premise.conflict in words_in("turn_on_something_lost")
    named = [premise.matter] if premise.names_matter and not lost else []
    others = [
        one for one in (*premise.things, *premise.places) if one not in (home, premise.matter)
    ]
    named += [one for one in others if _is_to_be_had(one, cast, state)]
    by_noun = {bare(_noun_of(one)): one for one in reversed(named) if kind_of(one, cast)}
    staged = str(state.values.get("staged") or "").split()
    often = {one: staged.count(slug(one)) for one in reversed(by_noun.values())}
    return sorted((one for one in often if often[one] < MOST_ON_STAGE), key=lambda one: often[one])


def kind_of(phrase: str, cast: Cast) -> str:
    """The kind of thing that a phrase of the premise names, "" if none has a file."""
    is_place = phrase in cast.premise.places or phrase.split()[0] in words_in("known_places")
    if phrase[:1].isupper() and is_place:
        return FAR
    return kind_of_thing(singular(_noun_of(phrase).lower()))


def _noun_of(phrase: str) -> str:
    return cut_short(phrase).split()[-1]


def _is_to_be_had(phrase: str, cast: Cast, state: WorldState) -> bool:
    entity = cast.found(phrase)
    return entity is None or state.get(f"{entity.id}.at") != NOWHERE
