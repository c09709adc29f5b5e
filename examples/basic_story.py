"""The smallest story: a premise, the opening, one choice, one move in your own words.

Runs without a key and without a network: the built-in storyteller tells it.
"""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

import tta_rebuild as tta

PREMISE = tta.Premise(
    theme="A lighthouse keeper finds a door under the stairs that was not there yesterday.",
    boundaries={"violence": "none"},
    seed=7,
)
MOVES = (tta.Action.begin(), tta.Action.choose(1), tta.Action.say("I knock, and listen."))


async def main() -> None:
    """Tell three scenes."""
    with tempfile.TemporaryDirectory() as data_dir:
        async with tta.open_application(tta.Settings(data_dir=Path(data_dir))) as app:
            story = await app.stories.open(PREMISE)
            for move in MOVES:
                played = await story.turn(move)
                print(played.scene.text, end="\n\n")
                for number, choice in enumerate(played.choices, 1):
                    print(f" {number}  {choice.text}")
                print()
            print(f"{story.state.turn} turns are kept in story {story.story_id}.")


asyncio.run(main())
