"""Looking ahead over choices: which are the same in disguise, and which lead nowhere.

The engine asks before it offers choices; ``BranchValidatorPrimitive`` asks for its dead-end risk.
Only declared effects are looked at: what a choice says it would make true.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from tta_rebuild.canon.contradiction import Contradiction
from tta_rebuild.canon.view import Canon
from tta_rebuild.core.events import FactAsserted
from tta_rebuild.core.story import Choice
from tta_rebuild.reading.checker import Checker
from tta_rebuild.reading.lexicon import built_in_words
from tta_rebuild.reading.promises import stems

_END = re.compile(r"\b(?:the end|game over|you die|dies? here|story ends?)\b", re.IGNORECASE)


def reachable(canon: Canon, choice: Choice) -> frozenset[tuple[str, str, str, bool]]:
    """What a choice would change, in normal form; two choices with the same set reach the same."""
    changed = set()
    for effect in choice.effects:
        slot, normal = canon.relations.normal(effect.relation, effect.value)
        held = canon.holds_at(effect.subject, effect.relation, effect.value)
        if (held is not None) != effect.ends:
            continue  # it is so already
        changed.add((canon.id_of(effect.subject), f"{effect.relation}/{slot}", normal, effect.ends))
    return frozenset(changed)


def false_choices(canon: Canon, choices: Sequence[Choice]) -> list[Contradiction]:
    """Choices that make nothing possible which an earlier one does not.

    Of choices without declared effects only those with the same words are reported.
    """
    found: list[Contradiction] = []
    for number, choice in enumerate(choices):
        for earlier in choices[:number]:
            if not _same(canon, earlier, choice):
                continue
            found.append(
                Contradiction(
                    kind="false_choice",
                    area="narrative_logic",
                    message=f"“{choice.text}” leads to the same as “{earlier.text}”",
                    sentence=choice.text,
                    against=earlier.text,
                    fix="let the choices differ in what they make possible, or offer one of them",
                    certainty=0.9 if choice.effects else 0.8,
                )
            )
            break
    return found


def _same(canon: Canon, one: Choice, other: Choice) -> bool:
    if one.effects or other.effects:
        return bool(one.effects) == bool(other.effects) and reachable(canon, one) == reachable(
            canon, other
        )
    mine, theirs = stems(one.text), stems(other.text)
    return mine == theirs and bool(mine)


def dead_ends(
    canon: Canon,
    choices: Sequence[Choice],
    *,
    player: str = "",
    next_choices: Callable[[Canon], Sequence[Choice]] | None = None,
    depth: int = 2,
) -> list[Contradiction]:
    """Choices after which the story has no way on.

    Args:
        canon: what holds now.
        choices: what is offered.
        player: the id of the player's character, "" if unknown.
        next_choices: what could be done from a canon, for worlds whose actions are known; looked
            at ``depth`` steps deep.
        depth: how far to look, in choices; 1 or more.
    """
    found: list[Contradiction] = []
    for choice in choices:
        reason = _no_way_on(canon, choice, player, next_choices, depth)
        if reason:
            found.append(
                Contradiction(
                    kind="dead_end",
                    area="narrative_logic",
                    message=f"“{choice.text}” leads nowhere: {reason}",
                    sentence=choice.text,
                    against=reason,
                    fix="leave a way on, or tell it as the ending that it is",
                    certainty=0.9,
                )
            )
    return found


def _no_way_on(
    canon: Canon,
    choice: Choice,
    player: str,
    next_choices: Callable[[Canon], Sequence[Choice]] | None,
    depth: int,
) -> str:
    if _END.search(choice.text) or _END.search(choice.consequence):
        return "it says that it is the end"
    after = canon.fork()
    for effect in choice.effects:
        after.apply(after.position + 1, FactAsserted(claim=effect))
    if player and after.holds_at(player, "alive", "false") is not None:
        return "the player's character would be dead"
    if player:
        place = after.value(player, "located_in")
        if place is not None and after.holds_at(place, "state", "destroyed") is not None:
            return (
                f"the player's character would be in {place.replace('_', ' ')}, which is destroyed"
            )
    if next_choices is None or depth < 1:
        return ""
    ways = [c for c in next_choices(after) if _possible(after, c)]
    if not ways:
        return "nothing could be done afterwards"
    if depth > 1 and all(_no_way_on(after, way, player, next_choices, depth - 1) for way in ways):
        return "every way on from there leads nowhere"
    return ""


def _possible(canon: Canon, choice: Choice) -> bool:
    checker = Checker(canon, lexicon=built_in_words())
    return not any(c.blocks for c in checker.check_effects(choice.effects, choice.text))
