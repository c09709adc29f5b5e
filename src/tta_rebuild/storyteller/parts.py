"""Who plays a plot's parts: people of the premise first, else somebody of the place.

Called by ``casting``. The head of a plot says of each part who may play it, best first:
``rival: foe/rival/any/stranger``. ``close``, ``foe`` and ``above`` are what somebody is to the
player, ``ailing`` is who has not long to live, ``away`` is whoever is dead or missing, ``any``
whoever is spoken of and there; another noun is what somebody is. Last comes who stands in: a part
of the surroundings, or words with their pronoun for somebody who is not there, ``the dead man
(he)``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from tta_rebuild.storyteller.entities import Entity, head_of, short
from tta_rebuild.storyteller.line_template import capital
from tta_rebuild.storyteller.surroundings import PEOPLE, person_slots
from tta_rebuild.storyteller.world_state import NOWHERE, Value

TIES = ("close", "foe", "above", "ailing")
_NOBODY_HERE = re.compile(r"(?P<words>.+) \((?P<pronoun>he|she|it|they)\)")


def played_by(
    parts: Mapping[str, str], people: Sequence[Entity], state: Mapping[str, Value]
) -> dict[str, Entity]:
    """The parts that people of the premise play; nobody plays two.

    What fits somebody well comes before ``any``, in whatever order the parts stand.
    """
    cast: dict[str, Entity] = {}
    for is_last in (False, True):
        for part, source in parts.items():
            wanted = [one for one in _sources(source) if (one == "any") <= is_last]
            free = [p for p in people if p not in cast.values()]
            found = (p for one in wanted for p in free if _fits(p, one, state))
            if part not in cast and (player := next(found, None)):
                cast[part] = player
    return cast


def part_slots(
    parts: Mapping[str, str], cast: Mapping[str, Entity], around: Mapping[str, str]
) -> dict[str, str]:
    """Every part as slots, of the premise's people or of who stands in for them."""
    slots: dict[str, str] = {}
    for part, source in parts.items():
        stand_in = source.rpartition("/")[2]
        nobody = _NOBODY_HERE.fullmatch(stand_in)
        if part in cast:
            slots |= person_slots(part, short(cast[part].name), cast[part].pronouns or "they")
        elif nobody:
            slots |= person_slots(part, nobody["words"], nobody["pronoun"])
        else:
            forms = filter(None, (around[stand_in], around.get(f"the_{stand_in}")))
            slots |= person_slots(part, "|".join(forms), around[f"{stand_in}_he"])
        slots |= {f"the_{part}": slots[part], f"The_{part}": slots[capital(part)]} | slots
    return slots


def _sources(source: str) -> Iterable[str]:
    """Those of the premise that a part may be taken from, without who stands in."""
    *named, last = source.split("/")
    return [*named, *([last] if last not in PEOPLE and "(" not in last else [])]


def is_about(person: str, state: Mapping[str, Value]) -> bool:
    """Whether somebody can act: where the story plays or with the player, alive and free."""
    is_there = state.get(f"{person}.at") in (state["home"], state["here"])
    return is_there and not (state.get(f"{person}.dead") or state.get(f"{person}.caught"))


def _fits(person: Entity, wanted: str, state: Mapping[str, Value]) -> bool:
    if wanted == "away":
        return state.get(f"{person.id}.at") == NOWHERE
    if not is_about(person.id, state) or state.get(f"{person.id}.group"):
        return False
    if wanted in TIES:
        return bool(state.get(f"{person.id}.{wanted}"))
    if wanted == "any":
        return person.pronouns != "it" and not state.get(f"{person.id}.implied")
    return wanted in _nouns(person)


def _nouns(person: Entity) -> set[str]:
    """What somebody is: "sister" and "older" of "your older sister, who paints"."""
    return {head_of(person.role), *re.sub(r",.*", "", person.role).lower().split()}
