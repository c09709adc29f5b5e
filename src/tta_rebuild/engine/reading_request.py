"""From a turn to the second reader, and passages judged as a turn would judge them, unplayed.

The reader gets cast, rules, boundaries, the player's move and the lines that concern who and what
is in play; no typed facts and no earlier scenes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tta_rebuild.canon.fact_check import plain
from tta_rebuild.canon.lines import lines_for
from tta_rebuild.canon.people import PLAYER
from tta_rebuild.canon.view import STORY
from tta_rebuild.core.events import PassageWithheld
from tta_rebuild.core.story import CharacterSketch, Choice, LastingLine, Passage
from tta_rebuild.engine.gate import Gate
from tta_rebuild.engine.recording import RecordingProvider
from tta_rebuild.engine.state import StoryState
from tta_rebuild.engine.telling import Noted, Read, withheld_by
from tta_rebuild.engine.turn_input import TurnInput
from tta_rebuild.reading.model_reader import ModelReader
from tta_rebuild.reading.second_reader import Reading, ReadingMatter

LINE_TOKENS = 1_200
"""Lasting lines that a reading is given, in estimated tokens: some forty."""

OTHERS = 12
"""People beside the cast whom a reading is told of: the latest."""

STILL_SO = 2
"""Turns in which an hour, the weather or where somebody is counts as what is so now."""


def reader_for(turn: TurnInput) -> Read | None:
    """What ``SceneTelling`` asks, None where no model reads."""
    dependencies, state = turn.dependencies, turn.state
    if dependencies.checks != "all":
        return None
    where = {
        "story_id": turn.branch.story_id,
        "branch_id": turn.branch.branch_id,
        "turn": turn.number,
    }
    people = _people_of(state)
    whole = ReadingMatter(
        passages=(),
        move=turn.moved,
        is_opening=not state.turn,
        player=state.player or PLAYER,
        people=people,
        now=_now(state, people),
        rules=dict(state.premise.rules),
        boundaries=dict(state.premise.boundaries),
        language=state.premise.language,
    )

    async def read(
        passages: Sequence[Passage],
        earlier: str,
        choices: Sequence[Choice],
        before: Sequence[Reading],
    ) -> Noted:
        text = " ".join(p.text for p in passages)
        concerned, words = turn.in_play(turn.named(f"{earlier} {text}")), f"{turn.moved} {text}"
        lines = lines_for(lines_after(state, before), concerned, words, LINE_TOKENS)
        what, offered = tuple(passages), tuple(choices)
        matter = replace(whole, passages=what, choices=offered, earlier=earlier, lines=lines)
        provider = RecordingProvider(dependencies.provider)
        reader = ModelReader(provider, dependencies.catalog, where)
        reading = await reader.read(matter, turn.context)
        return Noted(reading=reading, replies=tuple(provider.replies), cost_usd=provider.cost_usd)

    return read


def lines_after(state: StoryState, readings: Sequence[Reading]) -> dict[int, LastingLine]:
    """The lines in force after these readings; new ones go by the numbers that follow, for now."""
    lines = dict(state.lines)
    number = max(lines, default=0)
    for reading in readings:
        for ended in reading.ended:
            lines.pop(ended, None)
        lines |= dict(enumerate(reading.lines, start=number + 1))
        number += len(reading.lines)
    return lines


def _now(state: StoryState, people: Sequence[CharacterSketch]) -> tuple[str, ...]:
    """The day, and hour, weather and whereabouts as far as the last two turns told them."""
    canon = state.canon
    last = canon.turn_of(state.position)

    def told(subject: str, relation: str, lead: str) -> list[str]:
        fact = canon.fact(subject, relation)
        is_told = fact is not None and last - canon.turn_of(fact.since) < STILL_SO
        return [lead + plain(fact.value)] if fact is not None and is_told else []

    day = canon.value(STORY, "day")
    now = [f"day: {day}"] if day else []
    now += told(STORY, "time_of_day", "time of day: ") + told(STORY, "weather", "weather: ")
    for person in people:
        if canon.holds_at(person.character_id, "alive", "false") is not None:
            now.append(f"{person.character_id}: dead")
        else:
            now += told(person.character_id, "located_in", f"{person.character_id}: last at ")
    return tuple(now)


def _people_of(state: StoryState) -> tuple[CharacterSketch, ...]:
    """Everybody whom the story knows, the cast first."""
    cast = state.premise.characters
    known = {person.character_id for person in cast}
    others = [
        CharacterSketch(character_id=one, name=person.name)
        for one, person in state.characters.items()
        if one not in known
    ]
    return (*cast, *others[-OTHERS:])


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What becomes of passages: why each is withheld, None if not; ``note``: why by rules alone."""

    withheld: tuple[PassageWithheld | None, ...]
    note: str
    calls: int
    cost_usd: float


async def judge_passages(turn: TurnInput, passages: Sequence[Passage]) -> Judgement:
    """Whether each could be shown next, where no move is made: by the gate, then by the reader."""

    def by_rule(passage: Passage, *, is_read: bool) -> PassageWithheld | None:
        return Gate(turn, is_read=is_read).examine(passage)[1]

    read, noted = reader_for(turn), Noted(reading=Reading())
    held = [by_rule(passage, is_read=read is not None) for passage in passages]
    waiting = [number for number, withheld in enumerate(held) if withheld is None]
    if read is not None and waiting:
        noted = await read([passages[number] for number in waiting], "", (), ())
        for objection in reversed(noted.reading.objections):
            number = waiting[objection.passage]
            held[number] = withheld_by(objection, passages[number])
        for number in waiting if noted.reading.note else ():
            held[number] = by_rule(passages[number], is_read=False)
    note, calls = noted.reading.note, len(noted.replies)
    return Judgement(withheld=tuple(held), note=note, calls=calls, cost_usd=noted.cost_usd)
