"""Everybody in a story: who was described or has spoken, and those whom it only tells of."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from tta_rebuild.canon.fact_check import plain
from tta_rebuild.canon.people import PLAYER
from tta_rebuild.canon.view import Fact
from tta_rebuild.engine.knowing import view_of
from tta_rebuild.engine.state import StoryState


def everybody(state: StoryState) -> list[dict[str, Any]]:
    """Everybody, as ``PersonView.for_show`` shows them."""
    return [view_of(state, one).for_show() for one in state.characters] + _only_told_of(state)


def names_written(facts: Sequence[Fact]) -> dict[str, str]:
    """Whose ids the sentences behind facts write with capitals throughout: id → name."""
    text = "\n".join(dict.fromkeys(fact.sentence for fact in facts))
    names = {}
    for one in dict.fromkeys(i for fact in facts for i in (fact.subject, fact.value)):
        plain_id = re.escape(plain(one))
        found = set(re.findall(rf"\b{plain_id}\b", text, re.IGNORECASE))
        if len(found) == 1 and (name := found.pop()).istitle():
            names[one] = name
    return names


def _only_told_of(state: StoryState) -> list[dict[str, Any]]:
    """People of whom the story has facts, but whom nobody described and who have not spoken."""
    canon, known = state.canon, {*state.characters, state.player, PLAYER}
    names = names_written(state.facts)
    ids = dict.fromkeys(fact.subject for fact in state.facts if fact.subject not in known)
    return [
        {
            "character_id": one,
            "name": names.get(one, one.replace("_", " ")),
            "is_player": False,
            "description": canon.value(one, "role") or "",
            "feels": "",
            "arc": "",
            **{key: {} for key in ("traits", "goals", "reasons", "ties")},
            **{key: [] for key in ("bonds", "believes", "remembers")},
        }
        for one in ids
        if _is_somebody(state, one)
    ]


def _is_somebody(state: StoryState, one: str) -> bool:
    """Whether whoever has no description is a person: by what holds of them, or by the word."""
    relations = (state.canon.relations[fact.relation] for fact in state.canon.facts_about(one))
    if any(relation.subject == "person" for relation in relations):
        return True
    if state.premise.language != "en":
        return state.canon.is_person(one)
    from tta_rebuild.storyteller.noun_phrases import is_person

    head = plain(one).split(" who ")[0].split()[-1:]
    return bool(head) and is_person(head[0])
