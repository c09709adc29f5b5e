"""Does a story that comes from a file keep the boundaries that it states itself?

Called by ``engine.exchange`` before the first row is written. Judged is what a reader of the story
would see: its title, the scenes, the choices and the player's moves. The log of what was held back
(``/why``) may name what it kept out, and does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from tta_rebuild.core.errors import ImportRejected
from tta_rebuild.core.events import ChoicesOffered, PlayerActed, RecordedEvent, SceneTold
from tta_rebuild.core.story import Scene
from tta_rebuild.engine.gate import SEAM_CHARS
from tta_rebuild.safety import SafetyGate

_PLACES_NAMED = 3


def refuse_breaks(
    safety: SafetyGate, title: str, branches: Iterable[tuple[str, Sequence[RecordedEvent]]]
) -> None:
    """Raise ImportRejected if anything breaks the boundaries, with the first few places by name.

    Args:
        branches: their names with their own events.
    """
    places = [("the title", title, "")]
    for name, events in branches:
        for recorded in events:
            turn = f"turn {recorded.turn}, " if recorded.turn else ""
            for place, text, before in _shown(recorded):
                places.append((f"{turn}branch '{name}', {place}", text, before))
    breaks = [
        f"{place}: {found.reason}"
        for place, text, before in places
        if (found := safety.finding(text, before))
    ]
    if not breaks:
        return
    more = len(breaks) - _PLACES_NAMED
    named = "; ".join([*breaks[:_PLACES_NAMED], *([f"and {more} more"] if more > 0 else [])])
    raise ImportRejected(
        f"the story breaks the boundaries that it states itself ({named}); nothing was imported. "
        "Mend the file, or take it in as it is: tta stories import FILE --allow-boundary-breaks"
    )


def _shown(recorded: RecordedEvent) -> Iterator[tuple[str, str, str]]:
    """What of an event a reader sees: place, text, and the text just before it."""
    match recorded.event:
        case SceneTold(scene=scene):
            yield from _of_scene(scene)
        case ChoicesOffered(choices=choices):
            for number, choice in enumerate(choices, start=1):
                yield f"choice {number}", f"{choice.text} {choice.consequence}", ""
        case PlayerActed(text=text):
            yield "the player's move", text, ""


def _of_scene(scene: Scene) -> Iterator[tuple[str, str, str]]:
    before = ""
    for number, passage in enumerate(scene.passages, start=1):
        yield f"passage {number}", passage.text, before
        before = f"{before} {passage.text}"[-SEAM_CHARS:]
    yield "the setting", f"{scene.setting}. {scene.tone}. {scene.scene_id}".replace("_", " "), ""
