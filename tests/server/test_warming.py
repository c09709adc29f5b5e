"""A server loads what its first turns need before they are asked for."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

FIRST_TURNS = """
import asyncio, sys
from pathlib import Path
import tta_rebuild as tta
from tta_rebuild.bootstrap.warming import load_storytelling

opened, package = [], str(Path(tta.__file__).parent)
sys.addaudithook(lambda event, given: opened.append(str(given[0])) if event == "open" else None)

async def play():
    settings = tta.Settings(data_dir=Path(sys.argv[1]))
    async with tta.open_application(settings) as application:
        opened.clear()
        story = await application.stories.open(tta.Premise(theme="A letter is found.", seed=3))
        await story.turn(tta.Action.begin())
        await story.turn(tta.Action.choose(1))
        await story.turn(tta.Action.say("I open the door."))

if sys.argv[2] == "loaded":
    load_storytelling()
asyncio.run(play())
# the places of a story are read when it comes there
of_all = [n for n in opened if n.startswith(package) and "surroundings" not in n]
print(*of_all, sep="\\n")
"""


def test_once_loaded_the_first_turns_read_no_file_of_the_program(tmp_path: Path) -> None:
    read = {}
    for how in ("loaded", "cold"):
        command = [sys.executable, "-c", FIRST_TURNS, str(tmp_path / how), how]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        read[how] = done.stdout.split()

    assert len(read["cold"]) > 40
    assert not read["loaded"]
