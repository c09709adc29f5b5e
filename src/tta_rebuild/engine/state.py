"""The present of a story on one branch: a fold over the branch's events.

``engine.session`` feeds it every stored event in order; what comes out is the same whether the
events were just played, read back from the log, or follow on a snapshot (``engine.snapshots``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from tta_rebuild.canon.lines import with_line
from tta_rebuild.canon.summary import StorySummary, SummaryLine
from tta_rebuild.canon.view import Canon, Fact
from tta_rebuild.core.errors import StoreDamaged
from tta_rebuild.core.events import (
    CharacterChanged,
    ChoicesOffered,
    FactAsserted,
    FactRetracted,
    LineEnded,
    LineKept,
    PassageWithheld,
    PlayerActed,
    RecordedEvent,
    SceneTold,
    StoryEnded,
    StoryOpened,
)
from tta_rebuild.core.story import Choice, LastingLine, Premise, Scene
from tta_rebuild.narrative.character_state import (
    MEMORY_LIMIT,
    CharacterState,
    new_character,
)

RECENT_SCENES = 2
"""Last scenes kept at hand, and given to the storyteller word for word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryState:
    """What is so now; a value that does not change when the story goes on.

    Attributes:
        position: events along the path.
        turn: the last turn played, 0 before the opening scene.
        scene: the last scene told, None before the opening.
        recent: the last scenes, oldest first, at most ``RECENT_SCENES``.
        recent_positions: the position of each of these scenes.
        summary: the story so far in a few lines, oldest first.
        choices: what is offered now.
        rejected: proposals that were not offered, with the reason.
        withheld: what was held back in the last turn.
        characters: by id, in order of appearance.
        lines: the lasting lines in force, by number, oldest first.
        ended: True if the story has ended on this branch.
        canon: what holds, shared with the fold: ask it at ``position``.
    """

    premise: Premise
    position: int = 0
    turn: int = 0
    action: str = ""
    scene: Scene | None = None
    recent: tuple[Scene, ...] = ()
    recent_positions: tuple[int, ...] = ()
    summary: tuple[SummaryLine, ...] = ()
    choices: tuple[Choice, ...] = ()
    rejected: tuple[tuple[str, str], ...] = ()
    withheld: tuple[PassageWithheld, ...] = ()
    characters: Mapping[str, CharacterState] = field(default_factory=dict)
    lines: Mapping[int, LastingLine] = field(default_factory=dict)
    ended: bool = False
    canon: Canon = field(compare=False, repr=False)

    @property
    def facts(self) -> tuple[Fact, ...]:
        """Everything that holds at this position; costs time in proportion to its number."""
        return tuple(self.canon.fork(self.position).all_now())

    @property
    def names(self) -> dict[str, str]:
        """The name of everybody in the story, by id."""
        given = {sketch.character_id: sketch.name for sketch in self.premise.characters}
        return given | {name: known.name for name, known in self.characters.items()}


@dataclass(slots=True, kw_only=True)
class Present:
    """What ``StoryFold`` keeps beside the canon: of bounded size, however long the story is.

    Attributes:
        scenes: the last scenes, oldest first, each with its position.
        changes: facts asserted or retracted since the last line of the summary.
        others: as in ``StoryState``.
    """

    premise: Premise | None = None
    position: int = 0
    turn: int = 0
    action: str = ""
    scenes: list[tuple[int, Scene]] = field(default_factory=list)
    summary: StorySummary = field(default_factory=StorySummary)
    changes: int = 0
    choices: tuple[Choice, ...] = ()
    rejected: tuple[tuple[str, str], ...] = ()
    withheld: tuple[PassageWithheld, ...] = ()
    characters: dict[str, CharacterState] = field(default_factory=dict)
    lines: dict[int, LastingLine] = field(default_factory=dict)
    ended: bool = False


class StoryFold:
    """Takes a branch's events in order and gives its present.

    Args:
        now, canon: where an earlier fold came to; without them it begins with the first event.
    """

    def __init__(self, now: Present | None = None, canon: Canon | None = None) -> None:
        self.now = now or Present()
        self.canon = canon or Canon()

    def present(self) -> StoryState:
        """The state after the last event applied.

        Raises:
            StoreDamaged: no event has opened the story.
        """
        now = self.now
        if now.premise is None:
            raise StoreDamaged("this story's log does not begin with its opening; it is incomplete")
        return StoryState(
            premise=now.premise,
            position=now.position,
            turn=now.turn,
            action=now.action,
            scene=now.scenes[-1][1] if now.scenes else None,
            recent=tuple(scene for _, scene in now.scenes),
            recent_positions=tuple(position for position, _ in now.scenes),
            summary=tuple(now.summary.lines()),
            choices=now.choices,
            rejected=now.rejected,
            withheld=now.withheld,
            characters=dict(now.characters),
            lines=dict(now.lines),
            ended=now.ended,
            canon=self.canon,
        )

    def apply(self, recorded: RecordedEvent) -> None:
        """Take the next event of the path.

        Raises:
            HistoryNotLoaded: it takes back what was so before the snapshot of this fold.
        """
        self.canon.apply(recorded.position, recorded.event)
        now = self.now
        if recorded.turn != now.turn:
            now.turn = recorded.turn
            now.withheld = ()
            now.action = ""
        now.position = recorded.position
        match recorded.event:
            case StoryOpened(premise=premise):
                now.premise = premise
            case PlayerActed(text=text):
                now.action = text
            case SceneTold(scene=scene):
                now.scenes = [*now.scenes, (recorded.position, scene)][-RECENT_SCENES:]
            case PassageWithheld() as withheld:
                now.withheld = (*now.withheld, withheld)
            case ChoicesOffered(choices=choices, rejected=rejected):
                now.choices, now.rejected = choices, rejected
                self._summarise(recorded.turn)
            case FactAsserted() | FactRetracted():
                now.changes += 1
            case LineKept(line=line):
                now.lines = with_line(now.lines, recorded.position, line)
            case LineEnded(number=number):
                now.lines.pop(number, None)
            case CharacterChanged() as change:
                self._change(change, recorded)
            case StoryEnded():
                now.ended = True
            case _:
                pass

    def _summarise(self, turn: int) -> None:
        now = self.now
        scene = now.scenes[-1][1] if now.scenes else None
        first = scene.text.split(". ", 1)[0] if scene else ""
        now.summary.add(turn, (scene.outcome if scene else "") or now.action or first, now.changes)
        now.changes = 0

    def _change(self, change: CharacterChanged, recorded: RecordedEvent) -> None:
        before = self.now.characters.get(change.character_id) or new_character(
            change.character_id, recorded.at
        )
        self.now.characters[change.character_id] = replace(
            before,
            name=change.name or before.name,
            personality_traits={**before.personality_traits, **change.traits},
            emotional_state=change.emotion or before.emotional_state,
            development_goals={**before.development_goals, **change.goals},
            relationships={**before.relationships, **change.relationships},
            memory=[*before.memory, *change.remembers][-MEMORY_LIMIT:],
            arc_stage=change.arc_stage or before.arc_stage,
            last_updated=recorded.at,
        )
