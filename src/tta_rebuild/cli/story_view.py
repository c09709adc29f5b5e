"""How parts of a story look, in play and outside: people, branches, and what was held back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import tta_rebuild as tta
from tta_rebuild.cli.exits import NothingThere
from tta_rebuild.cli.screen import MOVE_CHARS, Screen, counted, one_line, words

if TYPE_CHECKING:
    from tta_rebuild.storage.story_store import Branch

Row: TypeAlias = dict[str, Any]
"""A person or a turn, with the keys that ``--json`` shows (see the guide to the command line)."""


def cast(state: tta.StoryState, name: str = "") -> list[Row]:
    """Everyone in the story, or those whom a name means; raises NothingThere for nobody."""
    wanted = name.casefold().strip()
    people = list(state.characters.values())
    found = [c for c in people if wanted in (c.character_id.casefold(), c.name.casefold())]
    found = found or [c for c in people if wanted in c.name.casefold()]
    if name and not found:
        known = ", ".join(c.name for c in people) or "nobody yet"
        raise NothingThere(f"nobody called '{one_line(name, 60)}' is in this story; it has {known}")
    described = {sketch.character_id: sketch.description for sketch in state.premise.characters}
    return [
        {
            "character_id": c.character_id,
            "name": c.name,
            "is_player": c.character_id == state.player,
            "description": described.get(c.character_id, ""),
            "feels": c.emotional_state,
            "arc": c.arc_stage,
            "traits": c.personality_traits,
            "goals": c.development_goals,
            "ties": {state.names.get(who, who): tie for who, tie in c.relationships.items()},
            "remembers": c.memory,
        }
        for c in found
    ]


def show_cast(screen: Screen, people: Sequence[Row], *, in_full: bool) -> None:
    """Everyone in a line each, or in full."""
    if not people:
        screen.say("Nobody has appeared yet.")
    for person in people:
        name = f"{person['name']}{' (you)' if person['is_player'] else ''}"
        if not in_full:
            screen.entry(name, f"feels {person['feels']}")
            continue
        screen.say(name, "bold cyan")
        for head, text in (
            ("", person["description"]),
            ("feels ", person["feels"]),
            ("is ", _in_plain_words(person["traits"], "strengths")),
            ("works at ", ", ".join(person["goals"])),
            ("is ", _in_plain_words(person["ties"], "bonds")),
        ):
            if text:
                screen.say(head + one_line(text))
        if person["remembers"]:
            screen.say("remembers:", "bold")
        for memory in person["remembers"]:
            screen.entry(" ", one_line(memory, MOVE_CHARS))


def _in_plain_words(values: Mapping[str, float], table: str) -> str:
    """Each name after what its number means; a table's words stand with the most that they mean."""
    says = [(float(most), said) for most, said in words(table).items()]
    return ", ".join(
        f"{next(said for most, said in says if number <= most)} {name.replace('_', ' ')}".strip()
        for name, number in values.items()
    )


WHY_HINT = " (/why tells more)"
"""Where a note of a turn points to; left out where that is shown already."""


def show_why(screen: Screen, state: tta.StoryState) -> None:
    """What the last turn held back, did not offer, or could not do as well as it should."""
    degraded = state.scene.degraded.replace(WHY_HINT, "") if state.scene else ""
    if degraded:
        screen.entry("told in a simpler way:", degraded, gap=1)
    for held in state.withheld:
        against = f" (against: {held.against})" if held.against else ""
        screen.entry("held back:", f"{held.text} [{held.gate}] {held.reason}{against}", gap=1)
    for text, reason in state.rejected:
        screen.entry("not offered:", f"{text}: {reason}", gap=1)
    if not (degraded or state.withheld or state.rejected):
        screen.say(
            "Nothing was held back in this turn, and every choice that was found is offered."
        )


def show_tree(screen: Screen, branches: Sequence[Branch], *, title: str, here: str = "") -> None:
    """The branches as a tree; ``here`` marks the present one."""
    from rich.text import Text
    from rich.tree import Tree

    root = Tree(Text(one_line(title), style="bold"))
    nodes: dict[str | None, Tree] = {}
    for branch in branches:
        mark = " <- you are here" if branch.branch_id == here else ""
        label = f"{branch.name} ({counted(branch.turn, 'turn')}){mark}"
        parent = nodes.get(branch.parent_id, root)
        nodes[branch.branch_id] = parent.add(Text(one_line(label)))
    screen.out.print(root)
