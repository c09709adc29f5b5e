"""A turn on the screen: passages as they are released, then choices, warnings and cost.

``play`` and ``story`` both tell through here.
"""

from __future__ import annotations

import time
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tta_rebuild.cli.screen import Screen, plain

if TYPE_CHECKING:
    from tta_rebuild.core.story import Choice, Passage, Scene
    from tta_rebuild.engine.action import Action
    from tta_rebuild.engine.session import Session
    from tta_rebuild.engine.turn_events import TurnEvent


@dataclass(slots=True)
class TurnResult:
    """What came of one turn.

    Attributes:
        scene: None if the move was refused.
        refused: why it was not played, "" if it was.
        warnings: everything the player was told beside the story.
        cost_usd: US dollars.
        tokens: all tokens of the turn.
        stored: True once the whole turn is on disk.
        told_s: seconds until the last passage was out, checks included.
    """

    scene: Scene | None = None
    choices: tuple[Choice, ...] = ()
    refused: str = ""
    warnings: tuple[str, ...] = ()
    cost_usd: float = 0.0
    tokens: int = 0
    stored: bool = False
    told_s: float = 0.0

    def take(self, event: TurnEvent) -> None:
        """Note what an event brings."""
        from tta_rebuild.engine import turn_events as seen

        match event:
            case seen.TurnWarning(text=text):
                self.warnings = (*self.warnings, text)
            case seen.TurnRefused(reason=reason):
                self.refused = reason
            case seen.SceneFinished(scene=scene):
                self.scene = scene
            case seen.ChoicesReady(choices=choices):
                self.choices = choices
            case seen.CostReported(cost_usd=cost_usd, usage=usage):
                self.cost_usd, self.tokens = cost_usd, usage.total_tokens
            case seen.TurnStored():
                self.stored = True
            case _:
                pass


async def play_turn(session: Session, action: Action, screen: Screen | None = None) -> TurnResult:
    """Play one turn to its end; with a screen, show it while it is told."""
    from tta_rebuild.engine import turn_events as seen

    told = TurnResult()
    began = time.perf_counter()
    async with aclosing(session.play(action)) as events:
        async for event in events:
            told.take(event)
            if isinstance(event, seen.PassageReleased):
                told.told_s = time.perf_counter() - began
            if screen is None:
                continue
            match event:
                case seen.PassageReleased(passage=passage):
                    show_passage(screen, passage)
                case seen.TurnWarning(text=text):
                    screen.say(f"({text})", "yellow")
                    screen.say()
                case seen.SceneRestarted(reason=reason):
                    screen.say(f"(The scene begins anew: {reason})", "yellow")
                    screen.say()
                case seen.TurnRefused(reason=reason):
                    screen.say(reason, "yellow")
                case _:
                    pass
    return told


def show_passage(screen: Screen, passage: Passage) -> None:
    """One paragraph of the story; spoken ones stand a little to the right."""
    screen.say(passage.text, indent=2 if passage.speaker else 0)
    screen.say()


def show_scene(screen: Screen, scene: Scene) -> None:
    """A scene told before, once more."""
    for passage in scene.passages:
        show_passage(screen, passage)


def show_choices(screen: Screen, choices: tuple[Choice, ...]) -> None:
    """What may be done next."""
    screen.numbered(choice.text for choice in choices)


def show_heading(screen: Screen, title: str, *beside: str) -> None:
    """A story's title, and what is known of it in a dim line below."""
    screen.say(title, "bold")
    details = " · ".join(plain(text) for text in beside if text)
    if details:
        screen.say(details, "dim")
    screen.say()
