"""The dead of a premise: who of them answers, and who is only spoken to.

Called by ``act_binding`` and ``rulebook``. In a haunted house, an afterlife, or where the premise
says that a dead one rings, knocks or walks, speaking to them is an act that works, and they answer
by signs (``data/acts/_spirit``); elsewhere it is a quiet act of the player's (``_departed``).
"""

from __future__ import annotations

import re
from functools import lru_cache

from tta_rebuild.storyteller.act import Act
from tta_rebuild.storyteller.casting import Cast
from tta_rebuild.storyteller.entities import Entity, bare, head_of, short
from tta_rebuild.storyteller.premise_mentions import gender_of
from tta_rebuild.storyteller.word_lists import packaged_yaml, pattern, word_table
from tta_rebuild.storyteller.world_state import YOU, WorldState


def spirits(cast: Cast, state: WorldState) -> list[Entity]:
    """Those of a story who are dead and answer."""
    if not cast.is_open:
        return []
    people = [one for one in cast.of_kind("person") if not state.is_any(one.id, "group")]
    told = cast.premise.told
    walk = packaged_yaml("data/answers")["walks"]
    is_haunted = cast.name.removeprefix("plots/") in walk["plots"].split()
    return [
        one
        for one in people
        if (is_of_beyond(one.name) and (is_haunted or cast.premise.is_wondrous))
        or (
            is_dead(one, cast, state)
            and (is_haunted or _says(told, _called(one), walk["says"], is_soon=False))
        )
    ]


def is_spirit(person: str, cast: Cast, state: WorldState) -> bool:
    """Whether somebody is dead and answers all the same."""
    return any(one.id == person for one in spirits(cast, state))


def is_departed(person: str, cast: Cast, state: WorldState) -> bool:
    """Whether somebody of a premise is dead, as it says, and does not answer."""
    whom = cast.entities.get(person)
    if whom is None or not cast.is_open or person == YOU or state.is_any(person, "dead"):
        return False
    return is_dead(whom, cast, state) and not is_spirit(person, cast, state)


def is_dead(whom: Entity, cast: Cast, state: WorldState) -> bool:
    """Whether the story, the premise or what the player calls somebody says that they are dead."""
    if state.is_any(whom.id, "dead") or is_of_beyond(whom.name):
        return True
    if state.is_any(whom.id, "returned"):
        return False
    is_gone = state.values.get(f"{whom.id}.at") == "nowhere"
    walk = packaged_yaml("data/answers")["walks"]
    names = rf"\b(?:{_called(whom)})\b"
    is_plain = re.search(walk["plainly"].replace("WHO", names), " ".join(cast.premise.told), re.I)
    is_ours = not state.is_any(whom.id, "local", "group")
    told = is_gone and _says(cast.premise.told, _called(whom), walk["died"], is_soon=True)
    return told or bool(is_ours and is_plain)


def is_of_beyond(phrase: str) -> bool:
    """Whether a phrase means one of the dead: "the ghost", "my dead father"."""
    beyond = word_table("premise_topics")["wonders"]["beyond"].split()
    return head_of(phrase) in beyond or bool(pattern("is_dead").search(phrase))


def spirit_meant(phrase: str, cast: Cast, state: WorldState) -> Entity | None:
    """Which of the dead a phrase means: "the ghost", "it", "her", "grandmother"; None if none."""
    plain, found = bare(phrase), spirits(cast, state)
    pronoun = {"him": "he", "her": "she"}.get(plain, plain)
    if is_of_beyond(plain) or pronoun in ("it", "they", "them", ""):
        return next(iter(found), None)
    kind = gender_of(plain) or pronoun
    return next((one for one in found if one.pronouns == kind), None)


def to_spirit(act: Act, cast: Cast, state: WorldState) -> str:
    """The id of the dead one to whom an act is done that names nobody, "" if it is to nobody.

    Knocking back, answering the bell and "he can rest now" are done to whoever haunts the place.
    """
    table = packaged_yaml("data/answers")["walks"]
    whom = cast.found(act.person or act.object) if act.person or act.object else None
    is_named = whom is not None and whom.kind == "person"
    is_sign = act.family in table["answers"].split() or act.verb.startswith("write")
    if is_named or not (is_sign or act.family == "say"):
        return ""
    if act.verb.startswith("write") and act.is_quoted:
        one = spirit_meant("", cast, state)  # on the wall, in the dust
        return one.id if one else ""
    if act.family == "say":
        found = re.match(table["rest"], act.said, re.I)
        one = spirit_meant(found["who"].lower(), cast, state) if found else None
        return one.id if one else ""
    is_back = re.search(table["back"], act.clause, re.I)
    is_to_it = is_back or act.family in ("knock", "answer")
    one = spirit_meant(act.person if is_back else "", cast, state) if is_to_it else None
    return one.id if one else ""


def _called(one: Entity) -> str:
    names = {one.name, short(one.name), bare(one.role)} - {""}
    return "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))


@lru_cache(maxsize=256)
def _says(told: tuple[str, ...], names: str, words: str, *, is_soon: bool) -> bool:
    """Whether a sentence says one of those words of somebody; near their name if ``is_soon``."""
    far = 40 if is_soon else 120
    shape = (
        rf"\b(?:{names})\b[^.!?]{{0,{far}}}?(?:{words})|(?:{words})[^.!?]{{0,20}}\b(?:{names})\b"
    )
    return any(re.search(shape, sentence, re.I) for sentence in told)
