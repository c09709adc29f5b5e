"""Who knows what: a secret, a lie and a memory, each in the view of one person, on two branches.

The scenes are written down here, so that it runs without a key and without a network.

    python examples/who_knows_what.py
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from pathlib import Path
from typing import Any

import tta_rebuild as tta
from tta_rebuild.engine.knowing import view_of


def spoken(who: str, text: str, emotion: str = "", *facts: dict[str, str]) -> dict[str, Any]:
    """A line of a scene."""
    return {"speaker": who, "text": text, "emotion": emotion, "facts": list(facts)}


def prose(text: str, *facts: dict[str, str]) -> dict[str, Any]:
    """What is told between the lines."""
    return {"speaker": "", "text": text, "facts": list(facts)}


SISTER = {"subject": "bea", "relation": "kin", "value": "sister of lidia"}
DAUGHTER = {"subject": "bea", "relation": "kin", "value": "daughter of lidia"}
SECRET = {"text": "Duarte keeps the ledger in the well.", "known_by": ["duarte"], "weight": 3}
SCENES = (
    ([prose("Bea, who is Lidia's daughter, stirs the soup.", DAUGHTER)], []),
    (
        [
            spoken("duarte", "Lidia, Bea is your sister.", "wry", SISTER),
            spoken("lidia", "Is she, indeed?", "weary"),
        ],
        [SECRET],
    ),
)


class WrittenDown(tta.LLMProvider):
    """Tells the scenes above, one after the other."""

    def __init__(self) -> None:
        super().__init__(tta.LLMConfig(model="written-down"))
        self.told = 0

    async def generate(self, prompt: str, context: Any, **overrides: Any) -> tta.LLMResponse:
        """The next scene."""
        passages, lines = SCENES[min(self.told, len(SCENES) - 1)]
        self.told += 1
        wait = {"choice": "Wait and see what comes next", "consequence": "It goes on."}
        text = json.dumps({"passages": passages, "lines": lines, "story_branches": [wait, wait]})
        return tta.LLMResponse(
            text=text, tokens_used=100, model="written-down", finish_reason="stop", metadata={}
        )

    async def generate_stream(self, prompt: str, context: Any, **overrides: Any) -> Any:
        """The same in one piece."""
        yield (await self.generate(prompt, context)).text


def show(title: str, state: tta.StoryState) -> None:
    """What everybody knows, believes and remembers."""
    print(title)
    for who in ("duarte", "lidia", "bea"):
        view = view_of(state, who, "Where is the ledger?")
        mine = [*view.known, *view.beliefs, *(memory.text for memory in view.memories)]
        print(f"  {view.now.name} ({view.feeling.in_words() or 'calm'}): {mine or 'nothing'}")


async def main() -> None:
    """Play two scenes, and look at everybody on the branch and on a fork from the first."""
    people = tuple(
        tta.CharacterSketch(character_id=name, name=name.title(), is_player=name == "ines")
        for name in ("ines", "duarte", "lidia", "bea")
    )
    premise = tta.Premise(theme="A bakery, a family and a ledger", characters=people)
    with tempfile.TemporaryDirectory() as data_dir:
        settings = tta.Settings(data_dir=Path(data_dir), checks="off")
        async with tta.open_application(settings, provider=WrittenDown()) as application:
            story = await application.stories.open(premise)
            await story.turn(tta.Action.begin())
            await story.turn(tta.Action.say("I wait and listen"))
            show("After two turns:", story.state)
            fork = await application.stories.fork(story.story_id, turn=1)
            early = await application.stories.resume(story.story_id, fork.name)
            show("On a fork from the first turn:", early.state)


if __name__ == "__main__":
    asyncio.run(main())
