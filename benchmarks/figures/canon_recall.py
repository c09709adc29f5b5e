"""Flat cost and recall: does turn 10,000 cost what turn 100 did, and is nothing forgotten?

A scripted storyteller fills a long story with ordinary scenes and plants facts of every age in
them: half as structured facts, half as nothing but a sentence of prose. Then the player asks after
each in words of their own. What counts is the prompt that reaches the model, seen from outside.
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from itertools import count
from statistics import mean

from benchmarks.figures import Row
from benchmarks.scripted import ScriptedTeller, filler_sentence, invented_name, scene_reply
from tta_rebuild.core.story import CharacterSketch, Premise
from tta_rebuild.engine.action import Action
from tta_rebuild.engine.dependencies import Dependencies
from tta_rebuild.engine.stories import Stories
from tta_rebuild.prompts import PromptCatalog
from tta_rebuild.reading.world_rules import WorldRules, compiled
from tta_rebuild.safety import SafetyGate
from tta_rebuild.storage.sql_store import SqlStoryStore

CHARS_PER_TOKEN = 4

PLANTS = (
    ("{who} hid the silver {thing} in the {place}.", "I ask where the {thing} of {who} is"),
    ("In the {place}, {who} keeps a {thing} that nobody else may touch.", "I look for {who}"),
    (
        "It was {who} who carried the {thing} down to the {place}.",
        "What became of {who}'s {thing}?",
    ),
)
STRUCTURED = (
    ("located_in", "{who} went to the {place} that night.", "I want to visit {who}", "{place}"),
    (
        "promise",
        "{who} promised to mend the gate of the {place}.",
        "I remind {who} of it",
        "mend the gate of the {place}",
    ),
    (
        "owns",
        "{who} owns the mill in the {place}.",
        "I ask {who} what is theirs",
        "mill in the {place}",
    ),
)


async def measure(quick: bool) -> AsyncIterator[Row]:
    turns, probes = (700, 60) if quick else (10_000, 1_000)
    chance = random.Random(20)
    planted_at = sorted(chance.sample(range(2, turns - 5), probes))
    questions: list[tuple[str, str]] = []
    sizes: dict[int, int] = {}
    calls: dict[int, int] = {}

    def tell(turn: int) -> str:
        sentences = [filler_sentence(chance) for _ in range(7)]
        facts: list[dict[str, object]] = []
        if turn in plan:
            sentence, fact, question, answer = plan[turn]
            sentences.insert(3, sentence)
            facts = [fact] if fact else []
            questions.append((question, answer))
        return scene_reply(" ".join(sentences), facts)

    plan = {turn: _plant(chance, i) for i, turn in enumerate(planted_at)}
    teller = ScriptedTeller(tell)
    ids = count()
    began = datetime(2026, 1, 1, tzinfo=UTC)
    parts = Dependencies(
        provider=teller,
        catalog=PromptCatalog.load(),
        safety=SafetyGate,
        world_rules=lambda rules: WorldRules(compiled(rules).rules),
        clock=lambda: began + timedelta(seconds=next(ids)),
        new_id=lambda: f"id{next(ids)}",
    )
    hero = CharacterSketch(character_id="ada", name="Ada", is_player=True)
    with tempfile.TemporaryDirectory() as folder:
        store = await SqlStoryStore.open(folder)
        try:
            session = await Stories(parts, store).open(
                Premise(theme="A surveyor maps a valley that keeps changing", characters=(hero,))
            )
            for turn in range(1, turns + 1):
                asked = len(teller.requests)
                action = Action.begin() if turn == 1 else Action.say(_move(chance))
                async for _ in session.play(action):
                    pass
                sizes[turn] = len(teller.requests[-1].full_text) // CHARS_PER_TOKEN
                calls[turn] = len(teller.requests) - asked
                del teller.requests[:-1]
            early, late = range(90, 111), range(turns - 20, turns + 1)
            ratio = mean(sizes[t] for t in late) / mean(sizes[t] for t in early)
            yield Row(
                number="4a",
                what=f"prompt tokens, turn {turns:,} over turn 100",
                measured=f"{ratio:.3f} ({mean(sizes[t] for t in late):.0f} tokens)",
                bound="<= 1.1",
                ok=ratio <= 1.1,
            )
            more = mean(calls[t] for t in late) / mean(calls[t] for t in early)
            yield Row(
                number="4b",
                what=f"model calls per turn, turn {turns:,} over turn 100",
                measured=f"{more:.2f}",
                bound="<= 1.1",
                ok=more <= 1.1,
            )
            found = 0
            largest = 0
            for question, answer in questions:
                turn_played = session.play(Action.say(question))
                async for _ in turn_played:
                    break
                await turn_played.aclose()
                prompt = teller.requests[-1].full_text
                largest = max(largest, len(prompt) // CHARS_PER_TOKEN)
                found += answer in prompt
                del teller.requests[:-1]
            yield Row(
                number="4c",
                what=f"planted facts of every age in the prompt, {len(questions):,} probes",
                measured=f"{found / len(questions):.1%}",
                bound=">= 95 %",
                ok=found >= 0.95 * len(questions),
            )
            yield Row(
                number="4d",
                what="largest prompt of these, estimated tokens",
                measured=f"{largest:,}",
                bound="<= 2,500",
                ok=largest <= 2_500,
            )
        finally:
            await store.close()


def _plant(chance: random.Random, index: int) -> tuple[str, dict[str, object] | None, str, str]:
    """The sentence, its fact (if structured), the question, and what must be in the prompt."""
    who = f"{invented_name(chance)} {invented_name(chance)}"
    thing, place = invented_name(chance).lower(), f"{invented_name(chance)} quarter"
    if index % 2:
        told, question = chance.choice(PLANTS)
        answer = place
        return (
            told.format(who=who, thing=thing, place=place),
            None,
            question.format(who=who, thing=thing),
            answer,
        )
    relation, told, question, value = chance.choice(STRUCTURED)
    fact: dict[str, object] = {
        "subject": who,
        "relation": relation,
        "value": value.format(place=place),
    }
    return told.format(who=who, place=place), fact, question.format(who=who), place


def _move(chance: random.Random) -> str:
    verb = chance.choice(("follow", "sketch", "measure", "question", "leave", "mend", "climb"))
    return f"I {verb} the {chance.choice(('river', 'bridge', 'wall', 'orchard', 'tower', 'ferry'))}"
