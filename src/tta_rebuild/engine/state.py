"""The present of a story on one branch: a fold over the branch's events.

``engine.session`` feeds it every stored event in order; what comes out is the same whether the
events were just played or read back from the log.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from tta_rebuild.canon.summary import StorySummary, SummaryLine
from tta_rebuild.canon.view import Canon, Fact
from tta_rebuild.core.errors import StoreDamaged
from tta_rebuild.core.events import (
    CharacterChanged,
    ChoicesOffered,
    FactAsserted,
    FactRetracted,
    PassageWithheld,
    PlayerActed,
    RecordedEvent,
    SceneTold,
    StoryEnded,
    StoryOpened,
    TimelineMarked,
)
from tta_rebuild.core.story import Choice, Premise, Scene
from tta_rebuild.narrative.character_state import (
    MEMORY_LIMIT,
    CharacterState,
    new_character,
)
from tta_rebuild.narrative.timeline_manager import (
    TimelineEvent,
    TimelineManagerPrimitive,
    TimelineState,
)

RECENT_SCENES = 20
"""Scenes kept at hand, whatever the story's length."""

UNIVERSE = "this"
"""The only universe of a session's timeline: its own story."""


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
        ended: True if the story has ended on this branch.
        timeline: the story's own timeline, in order of story time.
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
    ended: bool = False
    timeline: TimelineState
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


class StoryFold:
    """Takes a branch's events in order and gives its present."""

    def __init__(self) -> None:
        self.canon = Canon()
        self.timeline = TimelineManagerPrimitive()
        self._premise: Premise | None = None
        self._recent: deque[tuple[int, Scene]] = deque(maxlen=RECENT_SCENES)
        self._summary = StorySummary()
        self._changes = 0
        self._characters: dict[str, CharacterState] = {}
        self._position = 0
        self._turn = 0
        self._action = ""
        self._choices: tuple[Choice, ...] = ()
        self._rejected: tuple[tuple[str, str], ...] = ()
        self._withheld: tuple[PassageWithheld, ...] = ()
        self._ended = False

    def present(self) -> StoryState:
        """The state after the last event applied.

        Raises:
            StoreDamaged: no event has opened the story.
        """
        if self._premise is None:
            raise StoreDamaged("this story's log does not begin with its opening; it is incomplete")
        return StoryState(
            premise=self._premise,
            position=self._position,
            turn=self._turn,
            action=self._action,
            scene=self._recent[-1][1] if self._recent else None,
            recent=tuple(scene for _, scene in self._recent),
            recent_positions=tuple(position for position, _ in self._recent),
            summary=tuple(self._summary.lines()),
            choices=self._choices,
            rejected=self._rejected,
            withheld=self._withheld,
            characters=dict(self._characters),
            ended=self._ended,
            timeline=self.timeline.get_state(UNIVERSE),
            canon=self.canon,
        )

    def apply(self, recorded: RecordedEvent) -> None:
        """Take the next event of the path."""
        if recorded.turn != self._turn:
            self._turn = recorded.turn
            self._withheld = ()
            self._action = ""
        self._position = recorded.position
        self.canon.apply(recorded.position, recorded.event)
        match recorded.event:
            case StoryOpened(premise=premise):
                self._premise = premise
            case PlayerActed(text=text):
                self._action = text
            case SceneTold(scene=scene):
                self._recent.append((recorded.position, scene))
            case PassageWithheld() as withheld:
                self._withheld = (*self._withheld, withheld)
            case ChoicesOffered(choices=choices, rejected=rejected):
                self._choices, self._rejected = choices, rejected
                self._summarise(recorded.turn)
            case FactAsserted() | FactRetracted():
                self._changes += 1
            case CharacterChanged() as change:
                self._change(change, recorded)
            case StoryEnded():
                self._ended = True
            case TimelineMarked() as marked:
                self.timeline.record(
                    UNIVERSE,
                    TimelineEvent(
                        event_id=marked.event_id,
                        event_type=marked.event_type,
                        event_data=dict(marked.event_data),
                        timestamp=marked.timestamp,
                        causal_links=list(marked.causal_links),
                        character_ids=list(marked.character_ids),
                        created_at=recorded.at,
                    ),
                )
            case _:
                pass

    def _summarise(self, turn: int) -> None:
        scene = self._recent[-1][1] if self._recent else None
        first = scene.text.split(". ", 1)[0] if scene else ""
        self._summary.add(turn, self._action or first, self._changes)
        self._changes = 0

    def _change(self, change: CharacterChanged, recorded: RecordedEvent) -> None:
        before = self._characters.get(change.character_id) or new_character(
            change.character_id, recorded.at
        )
        self._characters[change.character_id] = replace(
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
