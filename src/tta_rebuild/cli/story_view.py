"""How a story looks: a turn while it is told, its choices; people, branches, what was held back."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import tta_rebuild as tta
from tta_rebuild.cli.exits import NothingThere
from tta_rebuild.cli.screen import MOVE_CHARS, Screen, counted, message, one_line, words

if TYPE_CHECKING:
    from tta_rebuild.storage.story_store import Branch

T = TypeVar("T")
Row: TypeAlias = dict[str, Any]
"""A person or a turn, with the keys that ``--json`` shows (see the guide to the command line)."""


@dataclass(slots=True)
class TurnResult:
    """What came of one turn: why it was ``refused`` ("" if not), what else the player was told.

    ``paused`` is the note that came in place of the turn, if one did.
    ``told_s`` are the seconds until the last passage was out, checks included.
    """

    refused: str = ""
    paused: tta.TurnPaused | None = None
    warnings: tuple[str, ...] = ()
    cost_usd: float = 0.0
    tokens: int = 0
    told_s: float = 0.0


async def play_turn(
    session: tta.Session, action: tta.Action, screen: Screen | None = None
) -> TurnResult:
    """Play one turn to its end; with a screen, show it while it is told."""

    def say(text: str, style: str, **how: Any) -> None:
        if screen is not None:
            screen.say(f"{text}\n", style, **how)

    result, began = TurnResult(), time.perf_counter()
    async with aclosing(session.play(action)) as turn:
        async for event in turn if screen is None else waiting_shown(turn, screen):
            match event:
                case tta.PassageReleased(passage=passage):
                    result.told_s = time.perf_counter() - began
                    if screen is not None:
                        show_passage(screen, passage, session.state.names)
                case tta.TurnWarning(text=text):
                    result.warnings = (*result.warnings, text)
                    say(f"({text})", "yellow")
                case tta.SceneRestarted(reason=reason):
                    say(f"(The scene begins anew: {reason})", "yellow")
                case tta.TurnRefused(reason=reason):
                    result.refused = reason
                    say(reason, "red", lead="Not played: ", indent=2)
                case tta.TurnPaused():
                    result.paused = event
                case tta.CostReported(cost_usd=cost_usd, usage=usage):
                    result.cost_usd, result.tokens = cost_usd, usage.total_tokens
                case _:
                    pass
    return result


async def waiting_shown(
    events: AsyncIterator[T], screen: Screen, *, after_s: float = 0.4
) -> AsyncIterator[T]:
    """The same events; while none comes, a sign on the terminal that the story is being told."""
    import asyncio

    loop = asyncio.get_running_loop()
    while True:
        timer = loop.call_later(after_s, screen.show_waiting)
        try:
            event = await anext(events, None)
        finally:
            timer.cancel()
            screen.hide_waiting()
        if event is None:
            return
        yield event


def show_passage(screen: Screen, passage: tta.Passage, names: Mapping[str, str]) -> None:
    """One paragraph of the story; a spoken one stands a little to the right, after a name."""
    from tta_rebuild.core.speech import quoted, speaker_name

    if passage.speaker:
        lead = f"{speaker_name(passage.speaker, names)}: "
        screen.say(f"{quoted(passage.text)}\n", lead=lead, indent=2)
    else:
        screen.say(f"{passage.text}\n")


def show_present(screen: Screen, state: tta.StoryState) -> None:
    """The last scene once more with what was said of it, and what may be done next."""
    for passage in state.scene.passages if state.scene else ():
        show_passage(screen, passage, state.names)
    if state.scene and state.scene.degraded:
        screen.say(f"({state.scene.degraded})\n", "yellow")
    show_choices(screen, state)


def show_choices(screen: Screen, state: tta.StoryState) -> None:
    """What may be done next; where that is little, how many choices were left out and why."""
    screen.numbered(choice.text for choice in state.choices)
    if state.rejected and len(state.choices) < 2 and not state.ended:
        reasons = "; ".join(dict.fromkeys(reason for _, reason in state.rejected))
        screen.say(f"({counted(len(state.rejected), 'choice')} left out: {reasons})", "yellow")


def show_heading(screen: Screen, session: tta.Session, title: str, teller: str) -> None:
    """A story's title and where it stands; in a line, if another told it last than tells it now."""
    state, branch = session.state, session.branch.name
    beside = [f"story {session.story_id[:8]}"]
    beside += [f"branch {branch}"] if branch != "main" else []
    beside += [f"turn {state.turn}"] if state.turn else []
    beside += [f"told by {teller}"] if teller != "offline" else []
    screen.say(title, "bold cyan")
    screen.say(f"{' · '.join(beside)}\n", "dim")
    if before := teller_before(state, teller):
        screen.say(message("teller_changes", before=before, now=teller) + "\n", "yellow")


def teller_of(application: tta.Application, state: tta.StoryState) -> str:
    """Who tells a story from here: its variant's model, if that is set up, else the usual one."""
    from tta_rebuild.bootstrap.model_names import variant_models

    named = state.variant.model if state.variant else ""
    there = (*variant_models(application.settings), *application.models)
    return named if named in there else application.models[0]


def teller_before(state: tta.StoryState, teller: str) -> str:
    """The model that told the last scene, if it is another than ``teller``; else ""."""
    told_by = state.scene.told_by if state.scene else ""
    # a service may answer with the version of the model behind the name
    return "" if told_by.startswith(teller) else "offline" if told_by[:8] == "offline:" else told_by


def cast(state: tta.StoryState, name: str = "") -> list[Row]:
    """Everyone in the story, or those whom a name means; raises NothingThere for nobody."""
    from tta_rebuild.engine.cast import everybody

    wanted = name.casefold().strip()
    people: list[Row] = everybody(state)
    found = [c for c in people if wanted in (c["character_id"].casefold(), c["name"].casefold())]
    found = found or [c for c in people if wanted in c["name"].casefold()]
    if name and not found:
        known = ", ".join(c["name"] for c in people) or "nobody yet"
        raise NothingThere(f"nobody called '{one_line(name, 60)}' is in this story; it has {known}")
    return found


def show_cast(screen: Screen, people: Sequence[Row], *, in_full: bool) -> None:
    """Everyone in a line each, or in full."""
    if not people:
        screen.say("Nobody has appeared yet.")
    for person in people:
        name = f"{person['name']}{' (you)' if person['is_player'] else ''}"
        if not in_full:
            said = f"feels {person['feels']}" if person["feels"] else person["description"]
            screen.entry(name, said)
            continue
        screen.say(name, "bold cyan")
        for head, text in (
            ("", person["description"]),
            ("feels ", person["feels"]),
            ("is ", _in_plain_words(person["traits"], "strengths")),
            ("works at ", _goals(person)),
            ("is ", _in_plain_words(person["ties"], "bonds")),
            ("feels about ", "; ".join(person["bonds"])),
            ("", "; ".join(person["believes"])),
        ):
            if text:
                screen.say(head + one_line(text))
        if person["remembers"]:
            screen.say("remembers:", "bold")
        for memory in person["remembers"]:
            screen.entry(" ", one_line(memory, MOVE_CHARS))


def _goals(person: Row) -> str:
    """What somebody works at, each with what brought them on last."""
    why = {goal: f" ({reason})" for goal, reason in person["reasons"].items()}
    return ", ".join(f"{goal}{why.get(goal, '')}" for goal in person["goals"])


def _in_plain_words(values: Mapping[str, float], table: str) -> str:
    """Each name after what its number means; a table's words stand with the most that they mean."""
    says = [(float(most), said) for most, said in words(table).items()]
    return ", ".join(
        f"{next(said for most, said in says if number <= most)} {name.replace('_', ' ')}".strip()
        for name, number in values.items()
    )


WHY_HINT = " (/why tells more)"
"""Where a note of a turn points to; left out where that is shown already."""


def show_why(screen: Screen, state: tta.StoryState, aside: tta.AsideEnded | None = None) -> None:
    """What the last turn held back, did not offer, or could not do as well as it should.

    Of an ``aside`` since then, what in the answer does not fit whoever gave it.
    """
    for reason in aside.reasons if aside else ():
        screen.entry("not quite their voice:", reason, gap=1)
    degraded = state.scene.degraded.replace(WHY_HINT, "") if state.scene else ""
    if degraded:
        screen.entry("told in a simpler way:", degraded, gap=1)
    for held in state.withheld:
        against = f" (against: {held.against})" if held.against else ""
        screen.entry("held back:", f"{held.text} [{held.gate}] {held.reason}{against}", gap=1)
    for text, reason in state.rejected:
        screen.entry("not offered:", f"{text}: {reason}", gap=1)
    if not (degraded or state.withheld or state.rejected or (aside and aside.reasons)):
        screen.say(message("nothing_held"))


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
