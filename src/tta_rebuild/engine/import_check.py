"""Does a story that comes from a file keep the boundaries that it states itself?

Called by ``engine.stories`` through ``engine.exchange`` before the first row is written. Judged is
what a reader of the story would see: its title, the scenes, the choices and the player's moves.
The log of what was held back (``/why``) may name what it kept out, and does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tta_rebuild.core.errors import ImportRejected
from tta_rebuild.core.events import ChoicesOffered, PlayerActed, RecordedEvent, SceneTold
from tta_rebuild.core.story import Scene
from tta_rebuild.engine.gate import SEAM_CHARS
from tta_rebuild.safety import BoundaryFinding, SafetyGate

_PLACES_NAMED = 3


@dataclass(frozen=True, slots=True)
class BoundaryBreak:
    """A place in an imported story that its own boundaries keep out.

    Attributes:
        place: where, in plain words.
    """

    turn: int
    place: str
    finding: BoundaryFinding

    def __str__(self) -> str:
        where = f"turn {self.turn}, {self.place}" if self.turn else self.place
        return f"{where}: {self.finding.reason}"


def boundary_breaks(
    safety: SafetyGate, title: str, branches: Iterable[tuple[str, Sequence[RecordedEvent]]]
) -> list[BoundaryBreak]:
    """Every place that breaks the boundaries; ``branches`` are names with their own events."""
    found = []
    titled = safety.finding(title)
    if titled is not None:
        found.append(BoundaryBreak(0, "the title", titled))
    for name, events in branches:
        for recorded in events:
            for place, text, before in _shown(recorded):
                finding = safety.finding(text, before)
                if finding is not None:
                    found.append(BoundaryBreak(recorded.turn, f"branch '{name}', {place}", finding))
    return found


def refuse_breaks(breaks: Sequence[BoundaryBreak]) -> None:
    """Raise ImportRejected if there are any, with the first few by name and what to do."""
    if not breaks:
        return
    named = "; ".join(str(one) for one in breaks[:_PLACES_NAMED])
    more = len(breaks) - _PLACES_NAMED
    if more > 0:
        named += f"; and {more} more"
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
