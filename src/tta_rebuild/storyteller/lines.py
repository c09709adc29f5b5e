"""One spoken line, or one thought, of a character: the tasks ``dialogue`` and ``monologue``.

Called by ``provider``. The line follows the character's emotion, the trigger and the scene; it
names the character, and a thought names the goal, as the contract's offline path does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from random import Random
from typing import Any

from tta_rebuild.core.english import stem, words_of
from tta_rebuild.storyteller.line_template import LineTemplate, capital, template
from tta_rebuild.storyteller.line_writer import LineWriter
from tta_rebuild.storyteller.word_filter import WordFilter
from tta_rebuild.storyteller.word_lists import packaged_yaml, word_table

LEAST_LETTERS = 4
"""Of a word that says what is asked about."""


@cache
def story_lines() -> dict[str, list[LineTemplate]]:
    """The storyteller's small lines by name: what people say and think, how an opening stands."""
    pools = packaged_yaml("data/lines").items()
    return {name: [template(line) for line in lines] for name, lines in pools}


def dialogue(variables: Mapping[str, Any]) -> str:
    """What the character says: plain text, no quotation marks, no name before it.

    Asked a ``question``, they give what they know of it as it stands, and invent nothing.
    """
    if answer := _known(variables):
        return answer
    writer, feeling = _writer(variables)
    plain = story_lines()["line_any"]
    said = writer.line(story_lines().get(f"line_{feeling}", plain)) or writer.line(plain)
    return said or f"{writer.slots['npc']} is here."


def monologue(variables: Mapping[str, Any]) -> str:
    """What the character thinks, with their goal where they have one."""
    writer, _ = _writer(variables)
    named = writer.line(story_lines()["thought"]) if "goal" in writer.slots else ""
    return named or writer.line(story_lines()["thought_bare"]) or "One thing at a time."


def _known(variables: Mapping[str, Any]) -> str:
    """What somebody knows that shares most words with a question; "" where there is none.

    Where they know nothing of it, they say so.
    """
    if not variables.get("question"):
        return ""
    name = str((variables.get("character") or {}).get("name") or "")
    wanted = _matter(str(variables.get("question") or "")) - _matter(name)
    allowed = WordFilter(variables.get("boundaries") or {}, {}).allows
    known = filter(allowed, map(str, variables.get("known") or ()))
    shared = {line: len(wanted & _matter(line)) for line in known}
    best = max(shared, key=shared.__getitem__, default="")
    if not best or not shared[best]:
        return "Of that I can tell you nothing."
    return f"All I can tell you is this: {best.rstrip('.')}."


def _matter(text: str) -> set[str]:
    return {stem(word) for word in words_of(text) if len(word) >= LEAST_LETTERS}


def _writer(variables: Mapping[str, Any]) -> tuple[LineWriter, str]:
    character = variables.get("character") or {}
    name = str(character.get("name") or character.get("character_id") or "Someone")
    trigger = str(variables.get("trigger") or "").lower()
    moved = word_table("words")["feelings"].get(trigger)
    feeling = moved or str(character.get("emotion") or "neutral")
    context = _topic(str(variables.get("scene_context") or ""))
    events = variables.get("story_events") or []
    rng = Random(
        f"{variables.get('seed') or 0}:{name}:{trigger}:{feeling}:{context}:{len(events)}"
        f":{events[-1] if events else ''}"
    )
    writer = LineWriter(rng, WordFilter(variables.get("boundaries") or {}, {}))
    writer.slots.update(npc=name, context=context, context_cap=capital(context))
    goal = str(variables.get("goal") or "") or next(iter(character.get("goals") or {}), "")
    if goal:
        goal = goal.replace("_", " ")
        writer.slots.update(goal=goal, goal_cap=capital(goal))
    return writer, feeling


def _topic(context: str) -> str:
    """A scene as a noun phrase that fits any line: what is short and nominal, or "this"."""
    words = re.sub(r"\s+", " ", context).strip().rstrip(".!?")
    if words and len(words.split()) <= 5 and re.match(r"(?:the|an?|our|this|my)\b", words, re.I):
        return words[0].lower() + words[1:]
    return "this"
