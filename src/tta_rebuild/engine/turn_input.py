"""What a turn is played from, with what its steps ask for again and again, and the story's arc."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from tta_rebuild.canon.recall import subjects_named
from tta_rebuild.core.base_primitive import TTAContext
from tta_rebuild.core.events import PlayerActed
from tta_rebuild.core.metaconcepts import MetaconceptRegistry
from tta_rebuild.core.story import CHAPTER_SCENES, ArcStage, Choice
from tta_rebuild.engine.dependencies import Dependencies
from tta_rebuild.engine.state import StoryState
from tta_rebuild.engine.variants import told_as
from tta_rebuild.integrations import llm_provider as llm
from tta_rebuild.reading.world_rules import WorldRules
from tta_rebuild.safety import SafetyGate
from tta_rebuild.storage.story_store import Branch

USUAL_GUIDANCE = ("Prioritize Player Agency", "Balance Tone")
"""Metaconcepts of a story that names none of its own; what else a scene needs, its prompt says."""

MAX_PRESENT = 6
MAX_IN_PLAY = 16

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_HAD = ("holds", "wears", "owns")


@dataclass(frozen=True, slots=True)
class ArcPoint:
    """The stage that a scene serves, and whether the story should, or may, end with it."""

    stage: ArcStage
    should_end: bool
    may_end: bool = False

    def is_end(self, *, said_so: bool, is_cut: bool) -> bool:
        """Whether the story ends with a scene, something of which was held back if ``is_cut``.

        What a reply says of itself (``said_so``) counts only where the arc or the player allows an
        end; a scene that should end the story does, unless it was cut and does not say so.
        """
        return said_so or not is_cut if self.should_end else said_so and self.may_end


def arc_point(turn: int, length: int = 0) -> ArcPoint:
    """The point of the arc for a scene, by its turn (from 1) and the story's length in scenes.

    A quarter is set-up, half is development, then the climax; the last tenth resolves. Without a
    length (0) the arc repeats, chapter after chapter, and never ends by itself.
    """
    scenes = length or CHAPTER_SCENES
    place = turn if length else (turn - 1) % CHAPTER_SCENES + 1
    stage: ArcStage = "climax"
    if place > scenes - max(1, scenes // 10):
        stage = "resolution"
    elif place <= max(1, scenes // 4):
        stage = "setup"
    elif place <= max(1, scenes * 3 // 4):
        stage = "development"
    has_end = length > 0
    return ArcPoint(stage, has_end and turn >= length, has_end and stage == "resolution")


def in_plain_words(typed: str) -> str:
    """What a player typed, on one line and without characters that nobody reads."""
    return " ".join(_CONTROL.sub(" ", typed).split())


@dataclass(frozen=True, kw_only=True)
class TurnInput:
    """The story as it stands and the player's move; None where something is only judged."""

    dependencies: Dependencies
    branch: Branch
    state: StoryState
    context: TTAContext
    safety: SafetyGate
    rules: WorldRules
    move: PlayerActed | None = None

    @classmethod
    def of(
        cls,
        dependencies: Dependencies,
        branch: Branch,
        state: StoryState,
        *,
        is_retold: bool = False,
    ) -> TurnInput:
        """The input of the next turn of a branch, without a move."""
        premise, dependencies = state.premise, told_as(dependencies, state.variant)
        guidance = premise.metaconcepts or MetaconceptRegistry.get_by_names(USUAL_GUIDANCE)
        context = TTAContext(
            workflow_id=branch.story_id,
            correlation_id=dependencies.new_id(),
            timestamp=dependencies.clock(),
            metaconcepts=list(guidance),
            player_boundaries=dict(premise.boundaries),
            session_state={
                "player_id": dependencies.player_id,
                "session_id": dependencies.session_id,
                "branch_id": branch.branch_id,
                "turn": state.turn + 1,
                **({llm.RETOLD: True} if is_retold else {}),
            },
            universe_id=f"world-{premise.seed}",
        )
        return cls(
            dependencies=dependencies,
            branch=branch,
            state=state,
            context=context,
            safety=dependencies.safety(dict(premise.boundaries)),
            rules=dependencies.world_rules(premise.rules),
        )

    @property
    def number(self) -> int:
        """The number of the turn, from 1."""
        return self.state.turn + 1

    @property
    def moved(self) -> str:
        """What the player does, in words, "" for nothing."""
        return self.move.text if self.move else ""

    @property
    def chosen(self) -> Choice | None:
        """The choice that the player takes, if it is one."""
        number = self.move.choice if self.move else None
        return self.state.choices[number - 1] if number else None

    @cached_property
    def point(self) -> ArcPoint:
        """Where in its arc the scene stands; an authored world knows its own endings."""
        premise = self.state.premise
        if self.move and self.move.wants_end:
            return ArcPoint("resolution", should_end=True)
        point = arc_point(self.number, 0 if premise.world else premise.length)
        return replace(point, may_end=True) if premise.world else point

    @cached_property
    def words(self) -> str:
        """What the player does, with what it is said to lead to."""
        return f"{self.moved} {self.chosen.consequence if self.chosen else ''}"

    @cached_property
    def present(self) -> list[str]:
        """Who is in the scene: the player's character, those named or speaking, those near."""
        state, move = self.state, self.move
        if move is None:
            return []
        sketches = {c.character_id: c for c in state.premise.characters}
        players = [one for one, sketch in sketches.items() if sketch.is_player]
        canon, last = state.canon, state.scene
        spoke = [p.speaker for p in last.passages if p.speaker] if last else []
        text = f"{move.text} {last.text if last else ''}"
        named = [i for i, known in state.characters.items() if known.name in text]
        chosen = self.chosen.affects if self.chosen else ()
        here = {canon.value(one, "located_in") for one in players} - {None}
        near = [i for i in sketches if not here or canon.value(i, "located_in") in {None, *here}]
        ordered = dict.fromkeys([*players, *chosen, *spoke, *named, *near])
        known = (i for i in ordered if i in state.characters or i in sketches)
        return [i for i in known if canon.holds_at(i, "alive", "false") is None][:MAX_PRESENT]

    def named(self, text: str = "") -> list[str]:
        """Ids of the people and things that the move and a text name."""
        return subjects_named(self.state.canon, f"{self.words} {text}", MAX_IN_PLAY)

    def in_play(self, named: Sequence[str]) -> list[str]:
        """Ids of what a scene concerns: who is there, what is named, and what that has."""
        facts = (fact for one in named for fact in self.state.canon.facts_about(one))
        held = [fact.value for fact in facts if fact.relation in _HAD]
        return list(dict.fromkeys([*self.present, *named, *held]))
