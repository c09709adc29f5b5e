"""One person's view of the story: what they know, believe, remember. Nothing else is theirs.

The one source for whatever speaks for a person or shows them: prompts of scenes, lines, thoughts,
``/who``, exports. Only what is surely theirs: lines that name them among those who know, or that a
storyteller or a reader left open to everybody; of themselves what they have in mind and at hand;
what they remember, which says how they came by it. A sentence of a scene that nobody marked is left
out (it may have been whispered), and so is what became true of others: they remember it if they
were told or saw it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from tta_rebuild.canon.fact_check import plain
from tta_rebuild.canon.knowledge import KnowledgeCheck
from tta_rebuild.canon.lines import cut_line, lines_for
from tta_rebuild.canon.memory import RECALL_TOKENS
from tta_rebuild.canon.recall import within_budget
from tta_rebuild.canon.view import STORY, Fact
from tta_rebuild.core.data_files import packaged_toml
from tta_rebuild.core.story import CharacterSketch, Claim, LastingLine, Memory
from tta_rebuild.engine.state import StoryState
from tta_rebuild.narrative.character_state import (
    CharacterState,
    character_variables,
    feeling_at,
    new_character,
)
from tta_rebuild.narrative.feelings import Feeling
from tta_rebuild.narrative.voice_style import voice_shown

OWN = frozenset(
    "knows secret believes promise met located_in holds wears state owns role age ability".split()
)
"""Relations of somebody themself that they have in mind or at hand. Whose child they are, or what
else they are called, others may know before them; what they feel is shown as what they are."""

OPEN_TO_ALL = frozenset(["time_of_day", "day", "weather"])

KNOWN_TOKENS, FACT_TOKENS, SCENE_MEMORY_TOKENS = 800, 300, 160
SAMPLE_CHARS = 100
"""Of a line that shows a voice."""

FELT = 0.1
"""Relationships weaker than this say nothing to a storyteller."""


@dataclass(frozen=True)
class PersonView:
    """The story as one person has it at this point of this branch, made part by part when asked.

    ``cue`` is what brings things to their mind, within ``memory_tokens``.
    """

    state: StoryState
    who: str
    cue: str = ""
    memory_tokens: int = RECALL_TOKENS

    @cached_property
    def now(self) -> CharacterState:
        """How they are."""
        never = datetime.fromtimestamp(0, UTC)
        return self.state.characters.get(self.who) or new_character(self.who, never)

    @cached_property
    def sketch(self) -> CharacterSketch | None:
        """They as the author gave them, if so."""
        cast = self.state.premise.characters
        return next((one for one in cast if one.character_id == self.who), None)

    @cached_property
    def feeling(self) -> Feeling:
        """What they feel, as far as it has not faded."""
        return feeling_at(self.now, self.state.turn)

    @cached_property
    def known(self) -> tuple[str, ...]:
        """Sentences of what they know: what matters for the cue, then facts."""
        return tuple(_known(self.state, self.who, self.cue))

    @cached_property
    def beliefs(self) -> tuple[str, ...]:
        """What they were made to believe or have said themselves, against what is so."""
        return tuple(within_budget(_beliefs(self.state, self.who), FACT_TOKENS, len))

    @cached_property
    def memories(self) -> tuple[Memory, ...]:
        """What comes to their mind, oldest first."""
        return self.now.memories.recalled(self.cue, self.state.turn, self.memory_tokens)

    @property
    def is_player(self) -> bool:
        """Whether they are the player's character."""
        return self.who == self.state.player

    @cached_property
    def names(self) -> dict[str, str]:
        """The names of everybody, by id."""
        return self.state.names

    @cached_property
    def voice(self) -> dict[str, Any]:
        """How they speak; {} where nobody can say yet."""
        return _voice(self.state, self.who)

    def for_line(self) -> dict[str, Any]:
        """For what they say or think: ``character`` and ``known`` of ``core.tasks``."""
        about = {"memory": self._remembered(), "voice": self.voice, "bonds": self._bonds()}
        about |= {"emotion": self.feeling.emotion, "mood": self.feeling.in_words()}
        if self.sketch:
            about |= {"description": self.sketch.description, "pronouns": self.sketch.pronouns}
        known = [*self.known, *self.beliefs]
        return {"character": character_variables(self.now) | about, "known": known}

    def for_scene(self) -> dict[str, Any]:
        """For a scene in which they are: as the author gave them, as they are now."""
        now, sketch = self.now, self.sketch
        felt = {other: f for other, f in now.relationships.items() if abs(f) >= FELT}
        variables = {
            "character_id": self.who,
            "name": now.name,
            "description": sketch.description if sketch else "",
            "pronouns": sketch.pronouns if sketch else "",
            "is_player": self.is_player,
            "traits": dict(now.personality_traits),
            "emotion": self.feeling.in_words(),
            "goals": dict(now.development_goals),
            "relationships": felt,
            "memory": [memory.text for memory in self.memories],
        }
        if self.beliefs:
            variables["beliefs"] = list(self.beliefs)
        if self.voice and not self.is_player:
            variables["voice"] = self.voice
        return variables

    def for_show(self) -> dict[str, Any]:
        """For ``/who`` and exports, as plain values."""
        now = self.now
        return {
            "character_id": self.who,
            "name": now.name,
            "is_player": self.is_player,
            "description": self.sketch.description if self.sketch else "",
            "feels": self.feeling.in_words() or self.feeling.emotion,
            "arc": now.arc_stage,
            "traits": now.personality_traits,
            "goals": now.development_goals,
            "reasons": now.reasons,
            "ties": {self.names.get(who, who): tie for who, tie in now.relationships.items()},
            "bonds": self._bonds(),
            "believes": list(self.beliefs),
            "remembers": now.memory,
        }

    def _remembered(self) -> list[str]:
        """The memories with how they came by them, and the older turns that these leave out."""
        turns = {memory.turn for memory in self.memories}
        older = (p for p in self.now.past if not turns.intersection(range(p.first, p.last + 1)))
        beside = (memory for memory in self.memories if memory.text not in self.known)
        return [*map(str, older), *map(self._told, beside)]

    def _bonds(self) -> list[str]:
        """What they feel about others, in words."""
        says = packaged_toml("tta_rebuild.engine", "messages")["bonds"]
        found = []
        for other, bond in self.now.bonds.items():
            felt = [
                says[dimension]["much" if value > 0 else "little"]
                for dimension, value in asdict(bond).items()
                if abs(value) >= FELT
            ]
            if said := ", ".join(filter(None, felt)):
                found.append(f"{self.names.get(other, other)}: {said}")
        return found

    def _told(self, memory: Memory) -> str:
        how = [f"turn {memory.turn}"] if memory.turn else []
        if memory.origin == "told":
            how += [f"told by {self.names.get(memory.source, memory.source)}"] * bool(memory.source)
        elif memory.origin == "concluded":
            how.append("concluded")
        how += [f"felt {memory.feeling}"] * bool(memory.feeling)
        return f"{memory.text} [{', '.join(how)}]" if how else memory.text


def view_of(
    state: StoryState, who: str, cue: str = "", *, memory_tokens: int = RECALL_TOKENS
) -> PersonView:
    """Somebody's view of the story."""
    return PersonView(state, who, cue, memory_tokens)


def _known(state: StoryState, who: str, cue: str) -> list[str]:
    """Sentences of what somebody knows: what matters for a cue, then facts."""
    check = KnowledgeCheck(state.canon, state.names, state.lines)
    theirs = {n: line for n, line in state.lines.items() if line_is_known(line, who, check)}
    lines = lines_for(theirs, [who, state.player], cue, KNOWN_TOKENS)
    facts = within_budget(_facts(state, who), FACT_TOKENS, len)
    return list(dict.fromkeys([*(line.text for line in lines.values()), *facts]))


def line_is_known(line: LastingLine, who: str, check: KnowledgeCheck) -> bool:
    """Whether a lasting line is surely somebody's: it names them, or was left open to everybody."""
    is_open = who in line.known_by if line.known_by else line.origin != "scene"
    return is_open and check.may_know(who, line.text)


def _facts(state: StoryState, who: str) -> Iterator[str]:
    for subject, relations in ((who, OWN), (STORY, OPEN_TO_ALL)):
        for fact in state.canon.facts_about(subject):
            if fact.relation in relations:
                yield said_in_words(state, fact)


def _beliefs(state: StoryState, who: str) -> Iterator[str]:
    name = state.names.get(who, plain(who))
    for fact in state.canon.beliefs_of(who):
        yield f"{name} {'has said' if fact.certain else 'believes'}: {said_in_words(state, fact)}"


def said_in_words(state: StoryState, fact: Fact | Claim) -> str:
    """A fact as a sentence, with names for ids."""
    subject, value = (state.names.get(one, plain(one)) for one in (fact.subject, fact.value))
    return state.canon.relations[fact.relation].say(subject, value)


def _voice(state: StoryState, who: str) -> dict[str, Any]:
    """How somebody speaks; {} where nobody can say yet."""
    now = state.characters.get(who)
    if now is None:
        return {}
    others = [line for one, it in state.characters.items() if one != who for line in it.spoken]
    shown = voice_shown(now.voice, now.spoken, others, state.premise.language)
    samples = [cut_line(line, SAMPLE_CHARS) for line in shown.get("samples", ())]
    return shown | {"samples": samples} if samples else shown
