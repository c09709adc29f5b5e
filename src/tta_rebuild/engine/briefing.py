"""What the storyteller is told before a scene: the present, as far as it matters now.

Of bounded size, however long the story: what comes back from the past is ``canon.recall``'s choice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from tta_rebuild.canon.lines import lines_for, numbered
from tta_rebuild.canon.recall import Recollection, Search, recall, subjects_named
from tta_rebuild.canon.summary import within
from tta_rebuild.core.speech import script
from tta_rebuild.core.tasks import CharacterVariables
from tta_rebuild.engine.admission import Move
from tta_rebuild.engine.arc import ArcPoint
from tta_rebuild.engine.state import StoryState
from tta_rebuild.narrative.story_generator import StoryGenerationInput
from tta_rebuild.storage.story_store import Branch

SUMMARY_LINES = 14
"""Lines of the story so far, however long it is."""

SCENE_CHARS = 1_600
MAX_PRESENT = 6
MAX_IN_PLAY = 16
MAX_CAST = 24
"""People who are not there, but whose ids the storyteller needs."""

LINE_TOKENS = 2_000
"""Lasting lines in a prompt, in estimated tokens: some fifty."""

FELT = 0.1
"""Relationships weaker than this say nothing to a storyteller."""

MEMORIES = 5

_HAD = ("holds", "wears", "owns")


async def brief(
    state: StoryState, move: Move, turn: int, point: ArcPoint, branch: Branch, memory: Search
) -> tuple[StoryGenerationInput, Recollection]:
    """The input of the scene to be told, and what of the past went into it."""
    present = present_ids(state, move)
    words = move_words(move)
    told_whole = state.scenes[0][0] - 1 if state.scenes else state.position
    named = subjects_named(state.present_canon, words, MAX_IN_PLAY)
    recollection = await recall(state.canon, words, named, present, memory, not_after=told_whole)
    names = state.names
    lines = lines_for(state.lines, in_play(state, present, named), words, LINE_TOKENS)
    premise = state.premise
    told = [script(scene, names) for scene in state.recent]
    wanted = StoryGenerationInput(
        theme=premise.theme,
        universe_id=f"world-{premise.seed}",
        timeline_position=2 * turn,
        active_characters=present,
        previous_context="\n".join(map(str, within(state.summary, SUMMARY_LINES))),
        player_preferences={},
        narrative_style=premise.style,
        title=premise.title,
        kit=premise.kit,
        seed=premise.seed,
        turn=turn,
        stage=point.stage,
        should_end=point.should_end,
        characters=[_variables(state, c) for c in present],
        action=move.text,
        chosen=asdict(move.chosen) if move.chosen else None,
        recent=[_cut(text) for text in told],
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
        story_id=branch.story_id,
        branch_id=branch.branch_id,
    )
    return wanted, recollection


def in_play(state: StoryState, present: Sequence[str], named: Sequence[str]) -> list[str]:
    """Ids of the people and things that a scene concerns: there, named, or in their hands."""
    facts = (fact for one in named for fact in state.present_canon.facts_about(one))
    held = [fact.value for fact in facts if fact.relation in _HAD]
    return list(dict.fromkeys([*present, *named, *held]))


def present_ids(state: StoryState, move: Move) -> list[str]:
    """Who is in the scene: the player's character, those named or speaking, those near."""
    sketches = {c.character_id: c for c in state.premise.characters}
    players = [one for one, sketch in sketches.items() if sketch.is_player]
    canon, last = state.present_canon, state.scene
    spoke = [p.speaker for p in last.passages if p.speaker] if last else []
    text = f"{move.text} {last.text if last else ''}"
    named = [i for i, known in state.characters.items() if known.name in text]
    chosen = move.chosen.affects if move.chosen else ()
    here = {canon.value(one, "located_in") for one in players} - {None}
    near = [i for i in sketches if not here or canon.value(i, "located_in") in {None, *here}]
    ordered = dict.fromkeys([*players, *chosen, *spoke, *named, *near])
    known = (i for i in ordered if i in state.characters or i in sketches)
    return [i for i in known if canon.holds_at(i, "alive", "false") is None][:MAX_PRESENT]


def _variables(state: StoryState, character_id: str) -> CharacterVariables:
    """One character for the prompt: as the author gave them, as they are now."""
    sketch = next((c for c in state.premise.characters if c.character_id == character_id), None)
    now = state.characters.get(character_id)
    variables: CharacterVariables = {
        "character_id": character_id,
        "name": now.name if now else sketch.name if sketch else character_id,
        "description": sketch.description if sketch else "",
        "pronouns": sketch.pronouns if sketch else "",
        "is_player": bool(sketch and sketch.is_player),
        "traits": dict(sketch.traits) if sketch else {},
    }
    if now is not None:
        felt = {other: f for other, f in now.relationships.items() if abs(f) >= FELT}
        variables |= {
            "traits": dict(now.personality_traits),
            "emotion": "" if now.emotional_state == "neutral" else now.emotional_state,
            "goals": dict(now.development_goals),
            "relationships": felt,
            "memory": now.memory[-MEMORIES:],
        }
    return variables


def move_words(move: Move) -> str:
    """What the player does, with what it is said to lead to."""
    return f"{move.text} {move.chosen.consequence if move.chosen else ''}"


def _cut(text: str) -> str:
    """A scene's text; of an overlong one the end, which the next scene follows on from."""
    return text if len(text) <= SCENE_CHARS else "…" + text[-SCENE_CHARS:].split(" ", 1)[-1]
