"""How parts of a story look: its people, facts, branches, and what was held back.

Used by the commands in the story (``slash``) and by ``tta show``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from tta_rebuild.cli.exits import NothingThere
from tta_rebuild.cli.screen import Screen, counted, one_line

if TYPE_CHECKING:
    from tta_rebuild.canon.view import Fact
    from tta_rebuild.core.events import RecordedEvent
    from tta_rebuild.core.story import Claim
    from tta_rebuild.engine.comparison import Comparison
    from tta_rebuild.engine.replay import ReplayReport
    from tta_rebuild.engine.state import StoryState
    from tta_rebuild.narrative.character_state import CharacterState
    from tta_rebuild.storage.story_store import Branch


def show_cast(screen: Screen, state: StoryState, name: str = "") -> None:
    """Everyone in a line each, or one of them in full; raises NothingThere."""
    if name:
        show_character(screen, state, name)
        return
    if not state.characters:
        screen.say("Nobody has appeared yet.")
    players = {c.character_id for c in state.premise.characters if c.is_player}
    for character in state.characters.values():
        you = " (you)" if character.character_id in players else ""
        screen.entry(
            f"{character.name}{you}", f"{character.emotional_state}, {character.arc_stage}"
        )


def show_character(screen: Screen, state: StoryState, name: str) -> None:
    """One character: feeling, traits, goals, ties and memory; raises NothingThere."""
    wanted = name.casefold().strip()
    found = next(
        (
            c
            for c in state.characters.values()
            if wanted in (c.character_id.casefold(), c.name.casefold())
        ),
        None,
    ) or next((c for c in state.characters.values() if wanted in c.name.casefold()), None)
    if found is None:
        known = ", ".join(c.name for c in state.characters.values()) or "nobody yet"
        raise NothingThere(f"nobody called '{one_line(name, 60)}' is in this story; it has {known}")
    screen.say(found.name, "bold")
    sketch = next(
        (s for s in state.premise.characters if s.character_id == found.character_id), None
    )
    if sketch and sketch.description:
        screen.say(sketch.description)
    screen.say(f"feels {found.emotional_state}; arc: {found.arc_stage}")
    _show_values(screen, "traits", found.personality_traits)
    _show_values(screen, "goals", found.development_goals)
    _show_values(screen, "ties", _by_name(state, found))
    if found.memory:
        screen.say("remembers:")
        for memory in found.memory:
            screen.entry(" ", memory)


def _by_name(state: StoryState, character: CharacterState) -> dict[str, float]:
    names = {c.character_id: c.name for c in state.characters.values()}
    return {names.get(other, other): value for other, value in character.relationships.items()}


def _show_values(screen: Screen, head: str, values: dict[str, float]) -> None:
    if values:
        listed = ", ".join(
            f"{name} {value:+.2f}" if value < 0 else f"{name} {value:.2f}"
            for name, value in values.items()
        )
        screen.entry(f"{head}:", listed)


def show_facts(screen: Screen, state: StoryState, word: str = "") -> None:
    """What holds now, or the part of it that mentions a word."""
    wanted = word.casefold()
    names = {c.character_id: c.name for c in state.characters.values()} | {"player": "you"}
    lines = [claim_line(fact, names) for fact in state.facts]
    found = [line for line in lines if wanted in line.casefold()]
    for line in found:
        screen.entry("·", line)
    if not lines:
        screen.say("Nothing is established yet.")
    elif not found:
        screen.say(f"None of the {len(lines)} facts mentions '{one_line(word, 60)}'.")


def show_why(screen: Screen, state: StoryState) -> None:
    """What the last turn held back, did not offer, or could not do as well as it should."""
    said = False
    if state.scene and state.scene.degraded:
        screen.entry("told in a simpler way:", state.scene.degraded)
        said = True
    for held in state.withheld:
        against = f" (against: {held.against})" if held.against else ""
        screen.entry("held back:", f"{held.text} [{held.gate}] {held.reason}{against}")
        said = True
    for text, reason in state.rejected:
        screen.entry("not offered:", f"{text}: {reason}")
        said = True
    if not said:
        screen.say(
            "Nothing was held back in this turn, and every choice that was found is offered."
        )


def show_tree(screen: Screen, title: str, branches: Sequence[Branch], *, here: str = "") -> None:
    """The branches as a tree; ``here`` marks the present one."""
    from rich.text import Text
    from rich.tree import Tree

    nodes: dict[str | None, Tree] = {None: Tree(Text(one_line(title), style="bold"))}
    for branch in branches:
        mark = " <- you are here" if branch.branch_id == here else ""
        label = f"{branch.name} ({counted(branch.turn, 'turn')}){mark}"
        parent = nodes.get(branch.parent_id, nodes[None])
        nodes[branch.branch_id] = parent.add(Text(one_line(label)))
    screen.show(nodes[None])


def show_timeline(screen: Screen, events: Sequence[RecordedEvent]) -> None:
    """Turn by turn: the move, the scene's place and first words, and what became true."""
    from tta_rebuild.core import events as told

    turn = 0
    for recorded in events:
        if recorded.turn != turn:
            turn = recorded.turn
            screen.say(f"turn {turn} · {recorded.at:%Y-%m-%d %H:%M}", "bold")
        match recorded.event:
            case told.PlayerActed(text=text) if text:
                screen.entry("  >", one_line(text))
            case told.SceneTold(scene=scene):
                setting = f"[{one_line(scene.setting, 60)}] " if scene.setting else ""
                screen.entry("   ", setting + one_line(scene.text, 160))
            case told.FactAsserted(claim=claim):
                screen.entry("  +", claim_line(claim), style="dim")
            case told.FactRetracted(claim=claim):
                screen.entry("  -", claim_line(claim), style="dim")
            case told.FactRetconned(claim=claim):
                screen.entry("  ~", f"never so: {claim_line(claim)}", style="dim")
            case told.PassageWithheld(reason=reason):
                screen.entry("  !", f"held back: {one_line(reason, 160)}", style="yellow")
            case told.StoryEnded():
                screen.entry("   ", "The story ends here.", style="bold")
            case _:
                pass
    if not turn:
        screen.say("Nothing has been told on this branch yet.")


def claim_line(claim: Claim | Fact, names: Mapping[str, str] | None = None) -> str:
    """A claim or a fact as a short sentence; ``names`` are those of the people, by id."""
    named = names or {}
    subject = named.get(claim.subject, claim.subject).replace("_", " ")
    relation = claim.relation.replace("_", " ")
    if claim.value in ("true", "false"):
        return one_line(f"{subject}: {'not ' if claim.value == 'false' else ''}{relation}")
    return one_line(f"{subject}: {relation} {named.get(claim.value, claim.value)}")


def show_comparison(screen: Screen, found: Comparison) -> None:
    """Where two branches part, then each side's own way."""
    names = f"'{found.one.branch.name}' and '{found.other.branch.name}'"
    screen.say(f"{names} share turns 1 to {found.shared_turn} ({found.shared_events} events).")
    for side in (found.one, found.other):
        screen.say()
        screen.say(f"{side.branch.name}: {side.events} events of its own", "bold")
        settings = {turn: setting for turn, _, setting in side.scenes}
        for turn, action in side.actions:
            place = f" [{one_line(settings[turn], 60)}]" if settings.get(turn) else ""
            screen.entry(f"  {turn}", f"{one_line(action)}{place}")
        for fact in side.facts:
            screen.entry("  only here", one_line(fact), style="dim")
    for character_id, differing in found.characters.items():
        screen.say()
        screen.say(character_id, "bold")
        for name, (mine, theirs) in differing.items():
            both = f"{one_line(mine, 160)} | {one_line(theirs, 160)}"
            screen.entry(f"  {name.replace('_', ' ')}", both)


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
