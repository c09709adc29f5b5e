"""The smallest story: a premise, the opening, one choice, one move in your own words.

Runs without a key and without a network: the built-in storyteller tells it.
"""

from __future__ import annotations

import asyncio
import tempfile
from contextlib import aclosing
from pathlib import Path

from tta_rebuild.bootstrap import open_application
from tta_rebuild.core.story import Premise
from tta_rebuild.engine.action import Action
from tta_rebuild.engine.session import Session
from tta_rebuild.engine.turn_events import ChoicesReady, PassageReleased, TurnRefused
from tta_rebuild.settings import Settings


async def play(session: Session, action: Action) -> None:
    """Play one turn and show it while it is told."""
    async with aclosing(session.play(action)) as events:
        async for event in events:
            match event:
                case PassageReleased(passage):
                    print(passage.text, end="\n\n")
                case TurnRefused(reason):
                    print(f"({reason})")
                case ChoicesReady(choices):
                    for number, choice in enumerate(choices, 1):
                        print(f" {number}  {choice.text}")
                    print()


async def main() -> None:
    """Tell three scenes."""
    premise = Premise(
        theme="A lighthouse keeper finds a door under the stairs that was not there yesterday.",
        boundaries={"violence": "none"},
        seed=7,
    )
    with tempfile.TemporaryDirectory() as data_dir:
        async with open_application(Settings(data_dir=Path(data_dir))) as application:
            session = await application.stories.open(premise)
            for action in (Action.begin(), Action.choose(1), Action.say("I knock, and listen.")):
                await play(session, action)
            print(f"{session.state.turn} turns are kept in story {session.story_id}.")


asyncio.run(main())
