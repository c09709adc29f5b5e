"""Who plays a plot's parts: people of the premise first, else somebody of the place.

Called by ``casting``. The head of a plot says of each part who may play it, best first:
``rival: rival/foe/any/stranger``. One of ``premise_parts.PARTS`` is somebody of whom the premise
says so, as likely as it has been read; ``any`` is whoever is spoken of and there, unless they are
on the other side; another noun is what somebody is. Last comes who stands in: a part of the
surroundings, or words with their pronoun for somebody who is not there, ``the dead man (he)``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from tta_rebuild.storyteller.entities import Entity, head_of, short
from tta_rebuild.storyteller.line_template import capital
from tta_rebuild.storyteller.premise_parts import PARTS
from tta_rebuild.storyteller.surroundings import PEOPLE, person_slots
from tta_rebuild.storyteller.world_state import NOWHERE, Value

TIES = ("close", "foe", "above", "dying")
"""What is in the state of somebody as well, since plots and acts ask for it."""
Odds = Mapping[str, Mapping[str, float]]
"""Person → part → how likely, by ``premise_parts``."""

_NOBODY_HERE = re.compile(r"(?P<words>.+) \((?P<pronoun>he|she|it|they)\)")
_MAY_BE_AWAY = ("away", "dead", "sought", "victim", "ghost")
_CERTAIN, _LEAST, _ANY, _LATER = 0.9, 0.15, 0.1, 0.02
_SAID, _OVER = 0.5, ("foe", "above", "authority", "culprit")
"""From when on a tie is as good as said, and the ties of those who are on nobody's side."""
_AGAINST, _BESIDE = ("foe", "culprit", "rival"), ("close", "ally", "beloved")


def played_by(
    parts: Mapping[str, str],
    people: Sequence[Entity],
    state: Mapping[str, Value],
    odds: Odds | None = None,
) -> dict[str, Entity]:
    """The parts that people of the premise play, so that they fit best on the whole.

    Nobody plays two; who is named first comes first where two fit alike.
    """
    fits = {
        part: [(person, fit) for person in people if (fit := _fit(person, source, state, odds))]
        for part, source in parts.items()
    }
    best, _ = max(_ways(fits, frozenset()), key=lambda way: way[1])
    return best


def _ways(
    fits: Mapping[str, Sequence[tuple[Entity, float]]], taken: frozenset[str]
) -> Iterator[tuple[dict[str, Entity], float]]:
    """Every way to give out the parts, with how well it fits."""
    if not fits:
        yield {}, 0.0
        return
    (part, may), *rest = fits.items()
    others = dict(rest)
    for person, fit in may:
        if person.id not in taken:
            for cast, total in _ways(others, taken | {person.id}):
                yield {part: person, **cast}, total + fit
    yield from _ways(others, taken)


def _fit(person: Entity, source: str, state: Mapping[str, Value], odds: Odds | None) -> float:
    """How well somebody fits a part, 0 if not at all."""
    likely = dict((odds or {}).get(person.id, {}))
    for tie in TIES:
        if state.get(f"{person.id}.{tie}"):
            likely[tie] = max(likely.get(tie, 0.0), 0.8)
    is_one = is_about(person.id, state) and not state.get(f"{person.id}.group")
    is_there = is_one and not state.get(f"{person.id}.mute")  # an animal speaks no part
    is_away = state.get(f"{person.id}.at") == NOWHERE
    best = 0.0
    for place, wanted in enumerate(_sources(source)):
        if wanted == "away":
            fit = _CERTAIN * is_away
        elif wanted == "any":
            fit = _ANY * (is_there and _is_any(person, source, likely, state))
        elif wanted in PARTS and (is_there or (is_away and wanted in _MAY_BE_AWAY)):
            fit = likely.get(wanted, 0.0)
            fit *= fit >= _LEAST
        else:
            fit = 0.0
        is_against = wanted in _AGAINST and likely.get("close", 0.0) >= _SAID
        is_beside = wanted in _BESIDE and max(likely.get(one, 0.0) for one in _OVER) >= _SAID
        fit *= not (is_against or (is_beside and likely.get("close", 0.0) < _SAID))
        is_beast = wanted == "beast" and likely.get("beast", 0.0) >= _LEAST
        if is_one and (wanted in _nouns(person) or is_beast):
            fit = _CERTAIN
        best = max(best, fit - _LATER * place * (fit > _LATER * place))
    return best


def _is_any(
    person: Entity, source: str, likely: Mapping[str, float], state: Mapping[str, Value]
) -> bool:
    """Whether somebody of whom nothing speaks for a part may play it, since nothing is against."""
    sources = source.split("/")
    against, beside = (max(likely.get(one, 0.0) for one in row) for row in (_AGAINST, _BESIDE))
    is_other = against >= 0.5 > beside if "close" in sources else "foe" in sources and beside >= 0.6
    is_spoken_of = likely.get("spoken_of", 0.0) >= 0.5 or state.get(f"{person.id}.implied")
    return person.pronouns != "it" and not (is_other or is_spoken_of)


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


def sides_of(parts: Mapping[str, str]) -> dict[str, str]:
    """Who is on the player's side (``near``) and who wants it otherwise (``against``), as parts.

    Where there is but one part, nobody wants it otherwise.
    """
    close = [part for part, source in parts.items() if "close" in source.split("/")]
    near = next(iter(close or parts))
    others = [part for part in parts if part != near]
    ranked = [p for tie in ("foe", "above", "any") for p in others if tie in parts[p].split("/")]
    against = next(iter(ranked or others), "")
    return {"near": near} | ({"against": against} if against else {})


def renamed(slots: Mapping[str, str], names: Mapping[str, str]) -> dict[str, str]:
    """The slots of some parts under other names, as they are called once known."""
    found: dict[str, str] = {}
    for new, old in names.items():
        for case in ("", "_he", "_him", "_his"):
            known = f"the_{old}" if not case else f"{old}{case}"
            found |= {f"{new}{case}": slots[known], capital(f"{new}{case}"): slots[capital(known)]}
    return found


def _sources(source: str) -> Iterable[str]:
    """Those of the premise that a part may be taken from, without who stands in."""
    *named, last = source.split("/")
    return [*named, *([last] if last not in PEOPLE and "(" not in last else [])]


def is_about(person: str, state: Mapping[str, Value]) -> bool:
    """Whether somebody can act: where the story plays or with the player, alive and free."""
    is_there = state.get(f"{person}.at") in (state["home"], state["here"])
    return is_there and not (state.get(f"{person}.dead") or state.get(f"{person}.caught"))


def _nouns(person: Entity) -> set[str]:
    """What somebody is: "sister" and "older" of "your older sister, who paints"."""
    return {head_of(person.role), *re.sub(r",.*", "", person.role).lower().split()}
