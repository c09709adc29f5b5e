"""A whole story from premise to ending, and everything around it.

Opens a story with a cast, rules and boundaries, plays it to its end, goes back for another way,
compares the two, proves that it can be told again to the byte, and carries it to another place as
a file. Runs without a key and without a network.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from pathlib import Path

import tta_rebuild as tta

PREMISE = tta.Premise(
    theme="A wreck shows itself at low tide, and two people have reason to reach it first.",
    characters=(
        tta.CharacterSketch(
            character_id="mara",
            name="Mara",
            description="a stubborn diver",
            traits={"brave": 0.8, "patient": 0.3},
            is_player=True,
        ),
        tta.CharacterSketch(character_id="ben", name="Ben", description="keeps the harbour"),
    ),
    rules={"no_magic": "no magic allowed"},
    boundaries={"violence": "low"},
    seed=11,
    length=6,
)


async def play_to_the_end(story: tta.Session) -> None:
    """Always the first choice, until the story has ended."""
    move = tta.Action.begin()
    while not story.state.ended:
        played = await story.turn(move)
        print(f"{played.turn}. [{played.scene.stage}] {played.scene.setting}")
        move = tta.Action.choose(1)


async def main() -> None:
    """Walk through everything."""
    with tempfile.TemporaryDirectory() as here, tempfile.TemporaryDirectory() as there:
        async with tta.open_application(tta.Settings(data_dir=Path(here))) as app:
            stories = app.stories
            session = await stories.open(PREMISE)
            await play_to_the_end(session)
            for character in session.state.characters.values():
                print(f"{character.name} feels {character.emotional_state}.")
            print(f"{len(session.state.facts)} facts hold at the end.")

            branch = await stories.fork(session.story_id, turn=2, name="another way")
            other = await stories.resume(session.story_id, branch.name)
            await other.turn(tta.Action.choose(2))
            compared = await stories.compare(session.story_id, "main", "another way")
            print(f"The two ways share turns 1 to {compared.shared_turn}.")

            report = await stories.replay(session.story_id)
            print(f"Told again, every byte agrees: {report.agrees}.")

            file = Path(there) / "wreck.json"
            lines = [line async for line in stories.export(session.story_id)]
            file.write_text("\n".join(lines), encoding="utf-8")

        async with tta.open_application(tta.Settings(data_dir=Path(there))) as app:
            row = await app.stories.import_story(json.loads(file.read_text(encoding="utf-8")))
            print(f"'{row.title}' has arrived with {row.branches} branches.")


asyncio.run(main())
