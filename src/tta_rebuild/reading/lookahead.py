"""Looking ahead over choices, by their declared effects: which are the same in disguise, and which
lead nowhere.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence

from tta_rebuild.canon.declared import assert_claim
from tta_rebuild.canon.recall import words_in
from tta_rebuild.canon.view import Canon
from tta_rebuild.core.english import stem
from tta_rebuild.core.story import Choice

_END = re.compile(r"\b(?:the end|game over|you die|dies? here|story ends?)\b", re.IGNORECASE)


def false_choices(canon: Canon, choices: Sequence[Choice]) -> dict[str, str]:
    """Choices that make nothing possible which an earlier one does not, each with the reason.

    Of choices without declared effects only those with the same words are reported.
    """
    first: dict[frozenset[Hashable], Choice] = {}
    found: dict[str, str] = {}
    for choice in choices:
        reached = _reached(canon, choice)
        if reached in first:
            found[choice.text] = f"“{choice.text}” leads to the same as “{first[reached].text}”"
        elif reached is not None:
            first[reached] = choice
    return found


def _reached(canon: Canon, choice: Choice) -> frozenset[Hashable] | None:
    """What a choice would change, in normal form; its words if it declares no effects."""
    if not choice.effects:
        return frozenset(stem(word) for word in words_in(choice.text)) or None
    changed = set[Hashable]()
    for effect in choice.effects:
        slot, normal = canon.relations.normal(effect.relation, effect.value)
        held = canon.holds_at(effect.subject, effect.relation, effect.value)
        if (held is not None) == effect.ends:  # else it is so already
            one = canon.id_of(effect.subject)
            changed.add((one, f"{effect.relation}/{slot}", normal, effect.ends))
    return frozenset(changed)


def dead_ends(canon: Canon, choices: Sequence[Choice], *, player: str = "") -> dict[str, str]:
    """Choices after which the story has no way on for the player's character (an id), and why."""
    ways = {choice.text: _no_way_on(canon, choice, player) for choice in choices}
    return {text: f"“{text}” leads nowhere: {reason}" for text, reason in ways.items() if reason}


def _no_way_on(canon: Canon, choice: Choice, player: str) -> str:
    if _END.search(choice.text) or _END.search(choice.consequence):
        return "it says that it is the end"
    if not player:
        return ""
    after = canon.fork()
    for effect in choice.effects:
        assert_claim(after, effect)
    if after.holds_at(player, "alive", "false") is not None:
        return "the player's character would be dead"
    place = after.value(player, "located_in")
    if place is not None and after.holds_at(place, "state", "destroyed") is not None:
        return f"the player's character would be in {place.replace('_', ' ')}, which is destroyed"
    return ""
