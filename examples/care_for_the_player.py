"""A turn that pauses for a player in need: what a program shows, and how the story goes on.

Runs without a key and without a network.

    python examples/care_for_the_player.py
"""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

import tta_rebuild as tta

SETTINGS = {"model": "offline", "country": "GB"}


async def main() -> None:
    """Play two turns; between them the player says something of their own."""
    with tempfile.TemporaryDirectory() as home:
        settings = tta.Settings(data_dir=Path(home), **SETTINGS)
        async with tta.open_application(settings) as application:
            premise = tta.Premise(theme="A lighthouse keeper finds a door.", seed=3)
            session = await application.stories.open(premise)
            await session.turn(tta.Action.begin())
            typed = "Open the door. Sorry, please call an ambulance for me, I don't feel safe"
            async for event in session.play(tta.Action.say(typed)):
                if isinstance(event, tta.TurnPaused):
                    print(event.note.text, end="\n\n")
                    for line in event.note.lines:
                        print(f"{line.name}: {line.contact}")
            print("\nThe player would like it gentler:", dict(await session.make_gentler()))
            played = await session.turn(tta.Action.choose(1))
            print(f"\nTurn {played.turn} is told.")


if __name__ == "__main__":
    asyncio.run(main())
