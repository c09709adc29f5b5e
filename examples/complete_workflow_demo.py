"""A whole story from premise to ending, and everything around it.

Opens a story with a cast, rules and boundaries, plays it to its end, goes back for another way,
compares the two, proves that it can be told again to the byte, and carries it to another place as
a file. Runs without a key and without a network.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from contextlib import aclosing
from pathlib import Path

from tta_rebuild.bootstrap import open_application
from tta_rebuild.core.story import CharacterSketch, Premise, Scene
from tta_rebuild.engine.action import Action
from tta_rebuild.engine.session import Session
from tta_rebuild.engine.turn_events import SceneFinished
from tta_rebuild.settings import Settings

PREMISE = Premise(
    theme="A wreck shows itself at low tide, and two people have reason to reach it first.",
    characters=(
        CharacterSketch(
            character_id="mara",
            name="Mara",
            description="a stubborn diver",
            traits={"brave": 0.8, "patient": 0.3},
            is_player=True,
        ),
        CharacterSketch(character_id="ben", name="Ben", description="keeps the harbour"),
    ),
    rules={"no_magic": "no magic allowed"},
    boundaries={"violence": "low"},
    seed=11,
    length=6,
)


async def play(session: Session, action: Action) -> Scene | None:
    """Play one turn; gives its scene."""
    told: Scene | None = None
    async with aclosing(session.play(action)) as events:
        async for event in events:
            if isinstance(event, SceneFinished):
                told = event.scene
    return told


async def play_to_the_end(session: Session) -> None:
    """Always the first choice, until the story has ended."""
    while not session.state.ended:
        begins = not session.state.turn
        scene = await play(session, Action.begin() if begins else Action.choose(1))
        if scene is None:
            break
        print(f"{session.state.turn}. [{scene.stage}] {scene.setting}")


async def main() -> None:
    """Walk through everything."""
    with tempfile.TemporaryDirectory() as here, tempfile.TemporaryDirectory() as there:
        async with open_application(Settings(data_dir=Path(here))) as application:
            stories = application.stories
            session = await stories.open(PREMISE)
            await play_to_the_end(session)
            for character in session.state.characters.values():
                print(f"{character.name} feels {character.emotional_state}.")
            print(f"{len(session.state.facts)} facts hold at the end.")

            branch = await stories.fork(session.story_id, turn=2, name="another way")
            other = await stories.resume(session.story_id, branch.name)
            await play(other, Action.choose(2))
            compared = await stories.compare(session.story_id, "main", "another way")
            print(f"The two ways share turns 1 to {compared.shared_turn}.")

            report = await stories.replay(session.story_id)
            print(f"Told again, every byte agrees: {report.agrees}.")

            file = Path(there) / "wreck.json"
            file.write_text(json.dumps(await stories.export(session.story_id)), encoding="utf-8")

        async with open_application(Settings(data_dir=Path(there))) as application:
            row = await application.stories.import_story(
                json.loads(file.read_text(encoding="utf-8"))
            )
            print(f"'{row.title}' has arrived with {row.branches} branches.")


asyncio.run(main())
