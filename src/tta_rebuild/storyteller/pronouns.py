"""What "it", "him" and "them" mean: whatever and whoever was named last, in a move or in a scene.

Called by ``act_binding`` for moves and by ``teller`` with every scene that has been told.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from tta_rebuild.core.english import singular
from tta_rebuild.storyteller.entities import Entity, bare
from tta_rebuild.storyteller.word_lists import pattern
from tta_rebuild.storyteller.world_state import WorldState

PEOPLE = tuple("he him she her they them someone somebody".split())
EVERYBODY = tuple("everyone everybody".split())
THINGS = ("it", "this", "that", "them", "these", "those")
POINTING = frozenset((*PEOPLE, *EVERYBODY, *THINGS))
"""Words that stand for somebody or something named before."""

_LAST = {"he": "he", "she": "she", "it": "it"}
_MEANT = {"him": "he", "her": "she", "them": "they", "these": "they", "those": "they"}
_MEANT |= {"this": "it", "that": "it"}


def last_meant(pronoun: str, state: WorldState) -> str:
    """The id of what a pronoun means, "" if nothing that it fits was named."""
    return str(state.values.get(f"last_{_MEANT.get(pronoun, pronoun)}") or "")


def remember(entity: Entity, state: WorldState) -> None:
    """Take an entity as what is meant from now on by the pronouns that fit it."""
    if entity.kind == "person":
        is_group = bool(state.values.get(f"{entity.id}.group"))
        fitting = ["they" if is_group else _LAST.get(entity.pronouns, "they")]
        if not is_group and fitting == ["they"]:  # it may be either, where nobody else is meant
            fitting += [one for one in ("he", "she") if not state.values.get(f"last_{one}")]
    elif entity.kind == "thing":
        last = last_word(entity.name)
        fitting = ["they" if singular(last) != last else "it"]
    else:
        return
    for pronoun in fitting:
        state.values[f"last_{pronoun}"] = entity.id


def remember_all(text: str, among: Iterable[Entity], state: WorldState) -> None:
    """Remember those of ``among`` that a text names, the one that it names last as the last."""
    low, found = text.lower(), list[tuple[int, Entity]]()
    for entity in among:
        name = bare(entity.name)
        at = low.rfind(name)
        if at >= 0 and re.search(rf"\b{re.escape(name)}\b", low):
            found.append((at, entity))
    for _, entity in sorted(found, key=lambda one: one[0]):
        remember(entity, state)


def last_word(phrase: str) -> str:
    """The noun of a phrase as it stands: "the names of my friends" → "names"."""
    words = pattern("after_last_word").sub("", bare(phrase)).split()
    return words[-1] if words else ""
