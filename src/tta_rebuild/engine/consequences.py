"""Third step of a turn: what the scene does to its characters.

Called by ``engine.turn`` once the scene has been told. Leans on the primitives of ``narrative``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from tta_rebuild.canon.lines import cut_line
from tta_rebuild.core.base_primitive import TTAContext
from tta_rebuild.core.events import CharacterChanged
from tta_rebuild.core.story import ArcStage, CharacterSketch, Passage
from tta_rebuild.engine.state import StoryState
from tta_rebuild.narrative.character_state import (
    CharacterInteraction,
    CharacterState,
    CharacterStatePrimitive,
)

_INNER = ("knows", "believes", "promise", "met")
"""Relations of what somebody has in mind."""


def opening_characters(sketches: Iterable[CharacterSketch]) -> list[CharacterChanged]:
    """The cast as the author gave it, as the events that bring it into the story."""
    return [
        CharacterChanged(character_id=s.character_id, name=s.name, traits=dict(s.traits))
        for s in sketches
    ]


async def characters_after(
    state: StoryState,
    passages: Sequence[Passage],
    happened: str,
    stage: ArcStage,
    context: TTAContext,
) -> list[CharacterChanged]:
    """How everybody in the scene is after it; those whom nothing changed are left out."""
    text = " ".join(p.text for p in passages)
    spoken = {p.speaker: p.emotion for p in passages if p.speaker}
    known = state.characters
    present = [one for one, who in known.items() if one in spoken or who.name in text]
    present.extend(speaker for speaker in spoken if speaker not in known)
    primitive = CharacterStatePrimitive(states=[known[one] for one in present if one in known])
    changes = []
    for character_id in present:
        before = known.get(character_id)
        if before is None or before.arc_stage != stage:
            primitive.update_arc_stage(character_id, stage)
        await primitive.execute(
            CharacterInteraction(
                character_id=character_id,
                scene_context=text,
                emotional_trigger=spoken.get(character_id) or None,
                interacting_with=[other for other in present if other != character_id],
                story_events=_learnt(character_id, state, passages, happened),
            ),
            context,
        )
        after = primitive.get_character(character_id)
        assert after is not None  # it has just lived through the scene
        changes.append(_change(before, after))
    return [c for c in changes if c != CharacterChanged(character_id=c.character_id)]


def _learnt(who: str, state: StoryState, passages: Sequence[Passage], happened: str) -> list[str]:
    """What of a scene somebody remembers: what they said, promised, or came to know.

    The player's character remembers their own move too. Nobody else does: it may have been made
    behind their back.
    """
    is_player = any(c.is_player and c.character_id == who for c in state.premise.characters)
    learnt = [happened] if is_player and happened else []
    for passage in passages:
        if passage.speaker == who:
            learnt.append(cut_line(passage.text))
        learnt.extend(
            cut_line(f"{claim.relation}: {claim.value}".replace("_", " "))
            for claim in passage.facts
            if claim.subject == who and claim.relation in _INNER and not claim.ends
        )
    return list(dict.fromkeys(learnt))


def _change(before: CharacterState | None, after: CharacterState) -> CharacterChanged:
    """What is other than before; everything of somebody new."""
    was = before or CharacterState(character_id=after.character_id, name="", emotional_state="")
    is_other_stage = before is None or before.arc_stage != after.arc_stage
    return CharacterChanged(
        character_id=after.character_id,
        name="" if before else after.name,
        emotion=after.emotional_state if after.emotional_state != was.emotional_state else "",
        arc_stage=after.arc_stage if is_other_stage else "",
        traits=_touched(was.personality_traits, after.personality_traits),
        goals=_touched(was.development_goals, after.development_goals),
        relationships=_touched(was.relationships, after.relationships),
        remembers=_appended(was.memory, after.memory),
    )


def _touched(before: Mapping[str, float], after: Mapping[str, float]) -> dict[str, float]:
    return {key: value for key, value in after.items() if before.get(key) != value}


def _appended(before: Sequence[str], after: Sequence[str]) -> tuple[str, ...]:
    """What was added at the end of a bounded memory: the shortest tail that explains ``after``."""
    for added in range(len(after) + 1):
        kept = len(after) - added
        if list(before[len(before) - kept :] if kept else []) == list(after[:kept]):
            return tuple(after[kept:])
    return tuple(after)
