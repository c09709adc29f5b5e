"""A turn on the screen: passages as they are released, then choices, warnings and cost."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import tta_rebuild as tta
from tta_rebuild.cli.screen import Screen, counted


@dataclass(slots=True)
class TurnResult:
    """What came of one turn: why it was ``refused`` ("" if it was not), what else the player was
    told, and how many seconds it took until the last passage was out, checks included.
    """

    refused: str = ""
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
                case tta.CostReported(cost_usd=cost_usd, usage=usage):
                    result.cost_usd, result.tokens = cost_usd, usage.total_tokens
                case _:
                    pass
    return result


async def waiting_shown(
    events: AsyncIterator[tta.TurnEvent], screen: Screen, *, after_s: float = 0.4
) -> AsyncIterator[tta.TurnEvent]:
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
        changes = f"The storyteller changes: {before} told it last, {teller} goes on."
        screen.say(f"({changes} To choose another: --model.)\n", "yellow")


def teller_before(state: tta.StoryState, teller: str) -> str:
    """The model that told the last scene, if it is another than ``teller``; else ""."""
    told_by = state.scene.told_by if state.scene else ""
    # a service may answer with the version of the model behind the name
    return "" if told_by.startswith(teller) else "offline" if told_by[:8] == "offline:" else told_by
