"""Two voices: what an author writes of one, what is drawn of the other, and how lines fit them.

Then somebody is asked aside; the embedded storyteller answers from what she knows, modestly.
Runs without a key and without a network.

    python examples/voices.py
"""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

import tta_rebuild as tta
from tta_rebuild.narrative.line_fit import Speaker, fit_of
from tta_rebuild.narrative.voice_style import Everybody, voice_shown

JOSK = Speaker(
    name="Josk",
    voice=tta.Voice(register="gruff", sentences="short", never=("please",)),
    lines=("Shut it. Now.", "Aye. Go on, then.", "No. Don't ask."),
)
ADA = Speaker(
    name="Ada",
    lines=(
        "I should be obliged if you would consider, before the evening is over, what I said.",
        "There is a great deal that we do not know, and I would rather that it were left so.",
        "It has been my custom to walk by the river, whatever the weather may have been.",
    ),
)


def show_fit(line: str) -> None:
    """How well a line fits either of them, and why not."""
    everybody = Everybody([*JOSK.lines, *ADA.lines])
    print(f"“{line}”")
    for speaker in (JOSK, ADA):
        fit = fit_of(line, speaker, everybody)
        scores = f"{fit.consistency_score:.2f} {fit.personality_alignment:.2f}"
        print(f"  {speaker.name}: {scores} {'; '.join(fit.reasons)}")


async def ask_aside() -> None:
    """Take one person of a story aside."""
    with tempfile.TemporaryDirectory() as data_dir:
        settings = tta.Settings(data_dir=Path(data_dir))
        async with tta.open_application(settings) as application:
            theme = "You are Joe, a lighthouse keeper, and Clara is your wife. The lamp is out."
            clara = tta.CharacterSketch(character_id="clara", name="Clara", description="your wife")
            story = await application.stories.open(tta.Premise(theme=theme, characters=(clara,)))
            await story.turn(tta.Action.begin())
            async for event in story.ask("Clara, what about the lamp?"):
                match event:
                    case tta.PassageReleased(passage=passage):
                        print("Clara, aside:", passage.text)
                    case tta.TurnWarning(text=text):
                        print(f"({text})")
                    case _:
                        pass


def main() -> None:
    """Show both."""
    print("Josk:", voice_shown(JOSK.voice, JOSK.lines, ADA.lines))
    print("Ada:", voice_shown(ADA.voice, ADA.lines, JOSK.lines))
    show_fit("Aye. Don't open it.")
    show_fit("I would rather that you did not open it, please, while the river is so high.")
    asyncio.run(ask_aside())


if __name__ == "__main__":
    main()
