"""How parts of a story look: its people, turns and branches, and what was held back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from tta_rebuild.cli.exits import NothingThere
from tta_rebuild.cli.facts_view import fact_line
from tta_rebuild.cli.screen import MOVE_CHARS, Screen, counted, one_line, words

if TYPE_CHECKING:
    from tta_rebuild.core.events import RecordedEvent
    from tta_rebuild.engine.comparison import Comparison
    from tta_rebuild.engine.replay import ReplayReport
    from tta_rebuild.engine.state import StoryState
    from tta_rebuild.storage.story_store import Branch

Row: TypeAlias = dict[str, Any]
"""A person or a turn, with the keys that ``--json`` shows (see the guide to the command line)."""


def cast(state: StoryState, name: str = "") -> list[Row]:
    """Everyone in the story, or those whom a name means; raises NothingThere for nobody."""
    wanted = name.casefold().strip()
    people = list(state.characters.values())
    found = [c for c in people if wanted in (c.character_id.casefold(), c.name.casefold())]
    found = found or [c for c in people if wanted in c.name.casefold()]
    if name and not found:
        known = ", ".join(c.name for c in people) or "nobody yet"
        raise NothingThere(f"nobody called '{one_line(name, 60)}' is in this story; it has {known}")
    sketches = {sketch.character_id: sketch for sketch in state.premise.characters}
    rows = []
    for c in found:
        sketch = sketches.get(c.character_id)
        rows.append(
            {
                "character_id": c.character_id,
                "name": c.name,
                "is_player": sketch is not None and sketch.is_player,
                "description": sketch.description if sketch else "",
                "feels": c.emotional_state,
                "arc": c.arc_stage,
                "traits": c.personality_traits,
                "goals": c.development_goals,
                "ties": {state.names.get(who, who): tie for who, tie in c.relationships.items()},
                "remembers": c.memory,
            }
        )
    return rows


def show_cast(screen: Screen, people: Sequence[Row], *, in_full: bool) -> None:
    """Everyone in a line each, or in full."""
    if not people:
        screen.say("Nobody has appeared yet.")
    for person in people:
        name = f"{person['name']}{' (you)' if person['is_player'] else ''}"
        feels = f"feels {person['feels']}"
        if not in_full:
            screen.entry(name, feels)
            continue
        screen.say(name, "bold cyan")
        if person["description"]:
            screen.say(person["description"])
        screen.say(feels)
        for head, values in (
            ("is", _in_plain_words(person["traits"], "strengths")),
            ("works at", ", ".join(person["goals"])),
            ("is", _in_plain_words(person["ties"], "bonds")),
        ):
            if values:
                screen.entry(head, one_line(values), gap=1, head_style="")
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


def show_why(screen: Screen, state: StoryState) -> None:
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


def timeline(events: Sequence[RecordedEvent], names: Mapping[str, str]) -> list[Row]:
    """The turns of a branch's path, in order."""
    from tta_rebuild.core import events as told
    from tta_rebuild.core.speech import script

    turns: dict[int, Row] = {}
    for recorded in (recorded for recorded in events if recorded.turn):
        number, at = recorded.turn, recorded.at.isoformat(timespec="seconds")
        blank: Row = {"turn": number, "at": at, "ends_story": False}
        blank |= dict.fromkeys(_TEXTS, "") | {name: [] for name in _LISTS}
        row = turns.setdefault(number, blank)
        match recorded.event:
            case told.PlayerActed(text=text):
                row["action"] = text
            case told.SceneTold(scene=scene):
                row |= {"setting": scene.setting, "text": script(scene, names)}
                row |= {"told_by": scene.told_by, "degraded": scene.degraded.replace(WHY_HINT, "")}
            case told.FactAsserted(claim=claim):
                row["facts"].append(fact_line(claim, names))
            case told.FactRetracted(claim=claim):
                row["ended"].append(fact_line(claim, names))
            case told.FactRetconned(claim=claim):
                row["never_so"].append(fact_line(claim, names))
            case told.PassageWithheld(reason=reason):
                row["held_back"].append(reason)
            case told.StoryEnded():
                row["ends_story"] = True
            case _:
                pass
    return list(turns.values())


_TEXTS = ("action", "setting", "text", "told_by", "degraded")
_LISTS = ("facts", "ended", "never_so", "held_back")


def show_timeline(screen: Screen, turns: Sequence[Row]) -> None:
    """Turn by turn: the move, the scene's place and first words, what became true; a new teller."""
    teller = ""
    for turn in turns:
        told_by = "offline" if turn["told_by"].startswith("offline:") else turn["told_by"]
        by = f" · told by {one_line(told_by)}" if told_by not in ("", teller) else ""
        teller = told_by or teller
        screen.say(f"turn {turn['turn']} · {turn['at'][:16].replace('T', ' ')}{by}", "bold cyan")
        if turn["action"]:
            screen.entry("  >", one_line(turn["action"], MOVE_CHARS))
        setting = f"[{one_line(turn['setting'], 60)}] " if turn["setting"] else ""
        screen.say(setting + one_line(turn["text"], 160), indent=5)
        for mark, says, lines in (
            ("+", "", turn["facts"]),
            ("-", "", turn["ended"]),
            ("~", "never so: ", turn["never_so"]),
            ("!", "held back: ", turn["held_back"]),
            ("!", "", [turn["degraded"]]),
        ):
            for line in filter(None, lines):
                style = "yellow" if mark == "!" else "dim"
                screen.entry(f"  {mark}", says + one_line(line), style=style)
        if turn["ends_story"]:
            screen.say("The story ends here.", "bold", indent=5)
    if not turns:
        screen.say("Nothing has been told on this branch yet.")


def show_fork(screen: Screen, made: Branch) -> None:
    """What a new branch shares, and how to play it."""
    shared = counted(made.turn, "turn") if made.turn else "the premise, and tells its own opening"
    screen.say(
        f"The branch '{made.name}' shares {shared}. "
        f'Play it: tta play --story {made.story_id[:8]} --branch "{made.name}"'
    )


def show_comparison(screen: Screen, found: Comparison) -> None:
    """Where two branches part, then each side's own way, then who is different."""
    one, other = found.one.branch.name, found.other.branch.name
    if found.one.branch.branch_id == found.other.branch.branch_id:
        screen.say(f"That is the same branch twice: '{one}', {counted(found.shared_turn, 'turn')}.")
        return
    screen.say(f"'{one}' and '{other}' share {counted(found.shared_turn, 'turn')}.")
    for side in (found.one, found.other):
        screen.heading(f"{side.branch.name}: {counted(len(side.actions), 'turn')} of its own")
        settings = {turn: setting for turn, _, setting in side.scenes}
        for turn, action in side.actions:
            place = f" [{one_line(settings[turn], 60)}]" if settings.get(turn) else ""
            screen.entry(f"  {turn}", f"{one_line(action, MOVE_CHARS)}{place}")
        for fact in side.facts:
            screen.entry("  only here:", fact_line(fact, found.names), style="dim")
    labels = words("labels")
    for character_id, differing in found.characters.items():
        screen.heading(found.names.get(character_id, character_id))
        for name, values in differing.items():
            screen.say(f"{labels.get(name, name.replace('_', ' '))}:", indent=2)
            for branch, value in zip((one, other), values, strict=True):
                screen.entry(f"    {one_line(branch, 20)}:", _in_words(value, found.names), gap=1)


def _in_words(value: object, names: Mapping[str, str]) -> str:
    """A value of a character as a person would write it down."""
    if isinstance(value, Mapping):
        listed = [f"{names.get(name, name)} {number:.2f}" for name, number in value.items()]
        return ", ".join(listed) or "none"
    if isinstance(value, list):
        return "; ".join(one_line(text, MOVE_CHARS) for text in value) or "nothing"
    return one_line(str(value)) or "none"


def show_replay(screen: Screen, report: ReplayReport) -> None:
    """Whether a story played again is the same to the byte; if not, where it first differs."""
    if report.difference is None:
        screen.say(
            f"Every byte agrees: {counted(report.turns, 'turn')}, "
            f"{counted(report.events, 'event')}, {report.size_bytes:,} bytes."
        )
        return
    there = report.difference
    screen.say(f"It differs at turn {there.turn}, event '{there.kind}':", "bold")
    screen.entry("  log  ", there.logged or "(nothing)")
    screen.entry("  again", there.replayed or "(nothing)")
