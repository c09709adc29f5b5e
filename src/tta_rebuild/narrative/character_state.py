"""How the characters are: their emotion, goals, relationships, memory and place in their arc.

``respond`` is the whole change as a pure function; the primitive keeps the states around it and,
where there is a model, lets it put the words into their mouths.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from tta_rebuild.canon.lines import SummaryLine, with_turn
from tta_rebuild.canon.memory import Memories
from tta_rebuild.core.base_primitive import TTAContext, side_by_side
from tta_rebuild.core.checks import check_number, missing, wrong_kind
from tta_rebuild.core.clock import Clock
from tta_rebuild.core.errors import BudgetExceededError, ProviderError, ValidationError
from tta_rebuild.core.speech import name_of, spoken_words
from tta_rebuild.core.story import ARC_STAGES, NO_VOICE, Bond, Memory, Voice
from tta_rebuild.core.tasks import Task
from tta_rebuild.integrations.llm_provider import LLMProvider
from tta_rebuild.narrative import character_rules as rules
from tta_rebuild.narrative import feelings
from tta_rebuild.narrative.asking import AskingPrimitive
from tta_rebuild.narrative.feelings import Feeling
from tta_rebuild.narrative.line_fit import Speaker, fit_of
from tta_rebuild.narrative.voice_style import Everybody, voice_shown
from tta_rebuild.prompts import PromptCatalog
from tta_rebuild.prompts.reply_values import word

MEMORY_LIMIT, GOAL_STEP = 10, 0.1
SPOKEN_LIMIT = 16
"""Last lines of somebody that make their voice."""
ANSWER_TOKENS, ANSWER_CHARS = 200, 600
"""Of what a model says or thinks for a character, at most."""
_now = Clock().wall


@dataclass(frozen=True, slots=True)
class CharacterState:
    """A character now. Traits and goals lie in [0, 1], relationships in [-1, 1].

    ``memory``: the latest story events, newest last; ``spoken``: the latest lines; ``voice``: how
    the author wants them to speak. ``memories`` are all that they keep in mind, ``past`` the turns
    before the latest in a line each. The emotion has an ``intensity`` in [0, 1] since ``felt_turn``
    (0: it was set, and stays) and the very word for it as its ``shade``; ``bonds`` are what the
    relationships sum up, ``reasons`` what raised a goal last. An arc that is set ``arc_by_hand``
    stays where it is. Raises ValidationError for what cannot be.
    """

    character_id: str
    name: str
    personality_traits: dict[str, float] = field(default_factory=dict)
    emotional_state: str = "neutral"
    development_goals: dict[str, float] = field(default_factory=dict)
    relationships: dict[str, float] = field(default_factory=dict)
    memory: list[str] = field(default_factory=list)
    arc_stage: str = "setup"
    last_updated: datetime = field(default_factory=_now)
    voice: Voice = NO_VOICE
    spoken: list[str] = field(default_factory=list)
    memories: Memories = field(default_factory=Memories)
    past: tuple[SummaryLine, ...] = ()
    shade: str = ""
    intensity: float = 0.0
    felt_turn: int = 0
    bonds: dict[str, Bond] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    arc_by_hand: bool = False

    def __post_init__(self) -> None:
        if problem := missing(self, "character_id"):
            raise ValidationError(problem)
        if self.arc_stage not in ARC_STAGES:
            known = ", ".join(ARC_STAGES)
            raise ValidationError(f"Invalid arc stage {self.arc_stage!r}: must be one of {known}")
        ranges = {"personality_traits": -1.0, "development_goals": 0.0, "relationships": -1.0}
        for name, least in ranges.items():
            for key, value in getattr(self, name).items():
                check_number(f"{name}: {key!r}", value, least=least, most=1)


@dataclass(frozen=True, slots=True)
class CharacterInteraction:
    """What a character just went through."""

    character_id: str
    scene_context: str
    emotional_trigger: str | None = None
    interacting_with: list[str] = field(default_factory=list)
    story_events: list[str] = field(default_factory=list)
    development_opportunity: str | None = None


@dataclass(frozen=True, slots=True)
class CharacterResponse:
    """How the character took it; scores and progress in [0, 1].

    ``consistency_score`` compares the line with what they have said, felt, known before,
    ``personality_alignment`` with traits and voice; the ``reasons`` say what speaks against it, the
    weightiest first. ``degraded`` says why there is a model and it was not used.
    """

    character_id: str
    dialogue: str
    internal_monologue: str
    emotion: str
    development_progress: dict[str, float]
    relationship_changes: dict[str, float]
    suggested_arc_direction: str
    consistency_score: float
    personality_alignment: float
    degraded: str = ""
    reasons: tuple[str, ...] = ()


def new_character(character_id: str, at: datetime) -> CharacterState:
    """A character nobody has described yet, named after its id."""
    name = name_of(character_id.replace("-", " ")) or character_id
    return CharacterState(character_id=character_id, name=name, last_updated=at)


def remembering(state: CharacterState, new: Sequence[Memory]) -> CharacterState:
    """The character with new memories of one turn; of older turns stays the weightiest."""
    if not new:
        return state
    weightiest = max(new, key=lambda one: one.weight)
    return replace(
        state,
        memory=[*state.memory, *(one.text for one in new)][-MEMORY_LIMIT:],
        memories=state.memories.added(new),
        past=with_turn(state.past, new[0].turn, weightiest.text, weightiest.weight),
    )


def bond_to(state: CharacterState, other: str) -> Bond:
    """What somebody feels about another, as far as their relationships say."""
    return state.bonds.get(other) or Bond.of(state.relationships.get(other, 0.0))


def feeling_at(state: CharacterState, turn: int) -> Feeling:
    """What somebody feels by a turn of the story, as far as it has not faded."""
    felt = Feeling(state.emotional_state, state.shade, state.intensity)
    return feelings.faded(felt, turn - state.felt_turn, state.personality_traits)


def speaker_of(state: CharacterState, *matters: str) -> Speaker:
    """A character as the speaker of a line; ``matters`` are texts of what else they know."""
    return Speaker(
        name=state.name,
        voice=state.voice,
        lines=tuple(state.spoken),
        matters=(*state.memory, *matters),
        emotion=state.emotional_state,
        traits=state.personality_traits,
    )


def character_variables(state: CharacterState) -> dict[str, Any]:
    """A character for a prompt: see ``core.tasks``."""
    return {
        "character_id": state.character_id,
        "name": state.name,
        "traits": dict(state.personality_traits),
        "emotion": state.emotional_state,
        "goals": dict(state.development_goals),
        "relationships": dict(state.relationships),
        "arc_stage": state.arc_stage,
        "memory": list(state.memory),
        "voice": voice_shown(state.voice, state.spoken),
    }


def respond(
    state: CharacterState, interaction: CharacterInteraction, at: datetime
) -> tuple[CharacterState, CharacterResponse]:
    """The character after the interaction, and the answer, without any model."""
    trigger, scene = interaction.emotional_trigger or "", interaction.scene_context
    others, traits = interaction.interacting_with, state.personality_traits
    felt = feelings.feeling_of(trigger, traits) if rules.emotion_in(trigger, others) else None
    now = Feeling(state.emotional_state, state.shade, state.intensity)
    left = feelings.faded(now, 1, traits).intensity  # an emotion stays until another comes
    emotion = rules.emotion_in(trigger, others) or state.emotional_state
    change = feelings.bond_change(trigger, scene, " ".join(map(str, interaction.story_events)))
    bonds = dict(state.bonds)
    for other in others:
        bonds[other] = bond_to(replace(state, bonds=bonds), other).moved(
            change.moves if change else feelings.MEETING
        )
    relationships = {**state.relationships, **{other: bonds[other].number for other in others}}
    changes = {o: round(relationships[o] - state.relationships.get(o, 0.0), 6) for o in others}
    goals = dict(state.development_goals)
    opportunity = (interaction.development_opportunity or "").strip()
    if opportunity:
        goals[opportunity] = min(1.0, round(goals.get(opportunity, 0.0) + GOAL_STEP, 6))
    turn = state.memories[-1].turn + 1 if state.memories else 1
    after = replace(
        remembering(state, [Memory(text=text, turn=turn) for text in interaction.story_events]),
        emotional_state=emotion,
        shade="" if felt else state.shade,
        intensity=felt.intensity if felt else left,
        development_goals=goals,
        relationships=relationships,
        bonds=bonds,
        last_updated=at,
    )
    latest_first = list(goals)[::-1]
    unreached = [goal for goal in latest_first if goals[goal] < 1.0] or latest_first[:1]
    goal = opportunity or max(unreached, key=goals.__getitem__, default="")
    seed = (scene, len(state.memory))
    return after, CharacterResponse(
        character_id=state.character_id,
        dialogue=rules.spoken_line(state.name, emotion, *seed),
        internal_monologue=rules.thought(state.name, emotion, goal, *seed),
        emotion=emotion,
        development_progress=dict(goals),
        relationship_changes=changes,
        suggested_arc_direction=rules.arc_direction(state.arc_stage, state.name, goal),
        consistency_score=rules.consistency(state.emotional_state, emotion),
        personality_alignment=rules.personality_fit(state.personality_traits, emotion),
    )


class CharacterStatePrimitive(AskingPrimitive[CharacterInteraction, CharacterResponse]):
    """Keeps how each character is (from ``states`` on) and lets them answer to what happens.

    ``llm_provider`` puts words to speech and thought, by the templates of ``catalog``; where there
    is none, or it fails (``degraded`` then says so), the built-in voice answers.
    """

    def __init__(
        self,
        name: str = "CharacterState",
        *,
        llm_provider: LLMProvider | None = None,
        states: Iterable[CharacterState] = (),
        catalog: PromptCatalog | None = None,
    ) -> None:
        super().__init__(name, llm_provider, catalog)
        self._states: dict[str, CharacterState] = {s.character_id: s for s in states}

    async def execute(
        self, input_data: CharacterInteraction, context: TTAContext
    ) -> CharacterResponse:
        """Let the character, who is created if need be, live through the interaction.

        Raises ValidationError: no character id, no scene, or something of the wrong kind.
        """
        given = input_data
        if problem := missing(given, "character_id", "scene_context") or wrong_kind(given):
            raise ValidationError(problem, self.name, context)
        state = self._state_of(input_data.character_id, context.timestamp)
        after, response = respond(state, input_data, context.timestamp)
        # Kept before anything is awaited, so that concurrent interactions lose nothing.
        self._states[after.character_id] = after
        if self.llm_provider is None:
            return self._measured(state, response)
        response = await self._in_the_models_words(after, response, input_data, context)
        now = self._states[after.character_id]
        if not response.degraded:
            spoken = [*now.spoken, response.dialogue][-SPOKEN_LIMIT:]
            self._states[after.character_id] = replace(now, spoken=spoken)
        return self._measured(state, response)

    def get_character(self, character_id: str) -> CharacterState | None:
        """The character as it is now, None if unknown."""
        return self._states.get(character_id)

    def get_all_characters(self) -> list[CharacterState]:
        """All characters, in the order in which they appeared."""
        return list(self._states.values())

    def get_relationship(self, character_id: str, other_id: str) -> float:
        """How the first feels about the second, in [-1, 1]; 0.0 if there is nothing."""
        state = self._states.get(character_id)
        return state.relationships.get(other_id, 0.0) if state else 0.0

    def set_development_goal(
        self, character_id: str, goal: str, initial_progress: float = 0.0
    ) -> None:
        """Give a character a goal; progress is kept within [0, 1]."""
        state = self._state_of(character_id, _now())
        goals = {**state.development_goals, goal: max(0.0, min(1.0, initial_progress))}
        self._states[character_id] = replace(state, development_goals=goals)

    def update_arc_stage(self, character_id: str, stage: str) -> None:
        """Move a character to another stage of its arc. Raises ValidationError: no such stage."""
        state = self._state_of(character_id, _now())
        self._states[character_id] = replace(state, arc_stage=stage)

    def _state_of(self, character_id: str, at: datetime) -> CharacterState:
        return self._states.get(character_id) or new_character(character_id, at)

    def _measured(self, before: CharacterState, response: CharacterResponse) -> CharacterResponse:
        """The response with both scores and their reasons, by the line that it gives."""
        lines = [one for state in self._states.values() for one in state.spoken]
        fit = fit_of(
            spoken_words(response.dialogue),
            speaker_of(before),
            Everybody([line for line in lines if line != response.dialogue]),
            emotion=response.emotion,
        )
        return replace(
            response,
            consistency_score=fit.consistency_score,
            personality_alignment=fit.personality_alignment,
            reasons=fit.reasons,
        )

    async def _in_the_models_words(
        self,
        state: CharacterState,
        response: CharacterResponse,
        interaction: CharacterInteraction,
        context: TTAContext,
    ) -> CharacterResponse:
        """The response as a model puts it; both of its texts are asked for at once."""
        variables = {
            "seed": len(state.memory),
            "character": character_variables(state),
            "scene_context": interaction.scene_context,
            "trigger": interaction.emotional_trigger or "",
            "interacting_with": list(interaction.interacting_with),
            "story_events": list(interaction.story_events),
            "goal": interaction.development_opportunity or "",
            "boundaries": {str(k): str(v) for k, v in context.player_boundaries.items()},
            "metaconcepts": context.metaconcept_names(),
        }
        tasks: tuple[Task, ...] = ("dialogue", "monologue")
        asked = (self._answer(t, variables, context, max_tokens=ANSWER_TOKENS) for t in tasks)
        try:
            answers = await side_by_side(asked)
        except (ProviderError, BudgetExceededError) as error:
            return replace(response, degraded=f"the built-in voice spoke instead: {error}")
        said, thinks = (word(answer, ANSWER_CHARS).strip('"“” ') for answer in answers)
        return replace(
            response,
            dialogue=said or response.dialogue,
            internal_monologue=thinks or response.internal_monologue,
        )
