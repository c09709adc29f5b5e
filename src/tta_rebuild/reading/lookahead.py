"""Looking ahead over choices: which are the same in disguise, and which lead nowhere.

The engine asks before it offers choices; ``BranchValidatorPrimitive`` asks for its dead-end risk.
Only declared effects are looked at: what a choice says it would make true.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence

from tta_rebuild.canon.contradiction import Contradiction
from tta_rebuild.canon.recall import words_in
from tta_rebuild.canon.view import Canon
from tta_rebuild.core.english import stem
from tta_rebuild.core.events import FactAsserted
from tta_rebuild.core.story import Choice

_END = re.compile(r"\b(?:the end|game over|you die|dies? here|story ends?)\b", re.IGNORECASE)


def false_choices(canon: Canon, choices: Sequence[Choice]) -> list[Contradiction]:
    """Choices that make nothing possible which an earlier one does not.

    Of choices without declared effects only those with the same words are reported.
    """
    reached = [_reached(canon, choice) for choice in choices]
    return [
        Contradiction(
            kind="false_choice",
            area="narrative_logic",
            message=f"“{choice.text}” leads to the same as “{choices[earlier].text}”",
            sentence=choice.text,
            against=choices[earlier].text,
            fix="let the choices differ in what they make possible, or offer one of them",
            certainty=0.9 if choice.effects else 0.8,
        )
        for number, choice in enumerate(choices)
        if reached[number] is not None and (earlier := reached.index(reached[number])) < number
    ]


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


def dead_ends(canon: Canon, choices: Sequence[Choice], *, player: str = "") -> list[Contradiction]:
    """Choices after which the story has no way on; ``player`` is the id of the player's own."""
    return [
        Contradiction(
            kind="dead_end",
            area="narrative_logic",
            message=f"“{choice.text}” leads nowhere: {reason}",
            sentence=choice.text,
            against=reason,
            fix="leave a way on, or tell it as the ending that it is",
            certainty=0.9,
        )
        for choice in choices
        if (reason := _no_way_on(canon, choice, player))
    ]


def _no_way_on(canon: Canon, choice: Choice, player: str) -> str:
    if _END.search(choice.text) or _END.search(choice.consequence):
        return "it says that it is the end"
    after = canon.fork()
    for effect in choice.effects:
        after.apply(after.position + 1, FactAsserted(claim=effect))
    if not player:
        return ""
    if after.holds_at(player, "alive", "false") is not None:
        return "the player's character would be dead"
    place = after.value(player, "located_in")
    if place is not None and after.holds_at(place, "state", "destroyed") is not None:
        return f"the player's character would be in {place.replace('_', ' ')}, which is destroyed"
    return ""
