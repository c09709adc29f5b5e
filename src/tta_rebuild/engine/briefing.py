"""What the storyteller is told before a scene: of bounded size, however long the story."""

from __future__ import annotations

from dataclasses import asdict

from tta_rebuild.canon.lines import lines_for, numbered
from tta_rebuild.canon.recall import Recollection, Search, recall
from tta_rebuild.core.speech import script
from tta_rebuild.engine.knowing import SCENE_MEMORY_TOKENS, view_of
from tta_rebuild.engine.state import StoryState
from tta_rebuild.engine.turn_input import TurnInput
from tta_rebuild.narrative.story_generator import StoryGenerationInput

SCENE_CHARS = 1_600
BLOCK = 4
"""The last scenes leave the prompt by so many at once: it begins alike for some turns, as the
providers' caches need it."""

MAX_CAST = 24
"""People who are not there, but whose ids the storyteller needs."""

LINE_TOKENS = 2_000
"""Lasting lines in a prompt, in estimated tokens: some fifty."""


async def brief(turn: TurnInput, memory: Search) -> tuple[StoryGenerationInput, Recollection]:
    """The input of the scene to be told, and what of the past went into it."""
    state, present, names = turn.state, turn.present, turn.state.names
    recent = _recent(state)
    told_whole = recent[0][0] - 1 if recent else state.position
    named = turn.named()
    recollection = await recall(
        state.canon, turn.words, named, present, memory, not_after=told_whole
    )
    lines = lines_for(state.lines, turn.in_play(named), turn.words, LINE_TOKENS)
    premise = state.premise
    wanted = StoryGenerationInput(
        theme=premise.theme,
        universe_id=f"world-{premise.seed}",
        timeline_position=2 * turn.number,
        active_characters=present,
        previous_context="\n".join(
            str(line) for line in state.summary if line.first <= state.turn - len(recent)
        ),
        player_preferences={},
        narrative_style=premise.style,
        title=premise.title,
        world=premise.world,
        plot=premise.plot,
        seed=premise.seed,
        turn=turn.number,
        stage=turn.point.stage,
        should_end=turn.point.should_end,
        characters=[
            view_of(state, one, turn.words, memory_tokens=SCENE_MEMORY_TOKENS).for_scene()
            for one in present
        ],
        action=turn.moved,
        chosen=asdict(turn.chosen) if turn.chosen else None,
        recent=[text for _, text in recent],
        recalled=list(recollection.lines),
        facts=[
            {"subject": fact.subject, "relation": fact.relation, "value": fact.value}
            for fact in recollection.facts
        ],
        lines=[numbered(number, line) for number, line in lines.items()],
        cast=[f"{one}: {name}" for one, name in names.items() if one not in present][-MAX_CAST:],
        language=premise.language,
        rules=dict(premise.rules),
        notes=dict(state.scene.notes) if state.scene else {},
        story_id=turn.branch.story_id,
        branch_id=turn.branch.branch_id,
    )
    return wanted, recollection


def _recent(state: StoryState) -> list[tuple[int, str]]:
    """The last scenes with their positions, oldest first."""
    last = state.scenes[-(BLOCK + state.turn % BLOCK) :]
    return [(at, _cut(script(scene, state.names))) for at, scene in last]


def _cut(text: str) -> str:
    """A scene's text; of an overlong one the end, which the next scene follows on from."""
    return text if len(text) <= SCENE_CHARS else "…" + text[-SCENE_CHARS:].split(" ", 1)[-1]
