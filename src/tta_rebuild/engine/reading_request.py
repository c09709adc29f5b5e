"""From a turn to what the second reader is given, and to the reader itself.

Called by ``engine.turn``. The reader gets the cast, the lines that concern who and what is in play,
the rules, the boundaries and the player's move; no typed facts and no earlier scenes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tta_rebuild.canon.fact_check import plain
from tta_rebuild.canon.lines import lines_for
from tta_rebuild.canon.people import PLAYER
from tta_rebuild.canon.recall import subjects_named
from tta_rebuild.canon.view import STORY
from tta_rebuild.core.base_primitive import TTAContext
from tta_rebuild.core.story import Choice, LastingLine, Passage
from tta_rebuild.engine.admission import Move
from tta_rebuild.engine.briefing import MAX_IN_PLAY, in_play, move_words, present_ids
from tta_rebuild.engine.dependencies import Dependencies
from tta_rebuild.engine.state import StoryState
from tta_rebuild.engine.telling import Noted, Read
from tta_rebuild.reading.model_reader import ModelReader
from tta_rebuild.reading.second_reader import CastMember, Reading, ReadingMatter
from tta_rebuild.storage.story_store import Branch

LINE_TOKENS = 1_200
"""Lasting lines that a reading is given, in estimated tokens: some forty."""


STILL_SO = 2
"""Turns in which an hour, the weather or where somebody is counts as what is so now."""


def reader_for(
    dependencies: Dependencies,
    branch: Branch,
    state: StoryState,
    move: Move | None,
    context: TTAContext,
) -> Read | None:
    """What ``tell`` asks, None where no model reads."""
    if dependencies.checks != "all":
        return None
    where = {"story_id": branch.story_id, "branch_id": branch.branch_id, "turn": state.turn + 1}

    async def read(
        passages: Sequence[Passage],
        earlier: str,
        choices: Sequence[Choice],
        before: Sequence[Reading],
    ) -> Noted:
        provider = dependencies.recording(dependencies.provider)
        reader = ModelReader(provider, dependencies.catalog, where)
        matter = matter_of(
            state,
            move,
            passages,
            earlier=earlier,
            choices=choices,
            lines=lines_after(state, before),
        )
        reading = await reader.read(matter, context)
        return Noted(reading=reading, replies=tuple(provider.replies), cost_usd=provider.cost_usd)

    return read


def lines_after(state: StoryState, readings: Sequence[Reading]) -> dict[int, LastingLine]:
    """The lines in force once these readings of a scene count.

    New lines go by the numbers that follow the present ones; they get their own when the turn is
    stored.
    """
    lines = dict(state.lines)
    number = max(lines, default=0)
    for reading in readings:
        for ended in reading.ended:
            lines.pop(ended, None)
        for line in reading.lines:
            number += 1
            lines[number] = line
    return lines


def matter_of(
    state: StoryState,
    move: Move | None,
    passages: Sequence[Passage],
    *,
    earlier: str = "",
    choices: Sequence[Choice] = (),
    lines: Mapping[int, LastingLine] | None = None,
) -> ReadingMatter:
    """What concerns these passages."""
    text = " ".join(p.text for p in passages)
    words = f"{move.text if move else ''} {text}"
    said = f"{move_words(move) if move else ''} {earlier} {text}"
    named = subjects_named(state.present_canon, said, MAX_IN_PLAY)
    return ReadingMatter(
        passages=tuple(passages),
        choices=tuple(choices),
        earlier=earlier,
        move=move.text if move else "",
        is_opening=not state.turn,
        player=next((c.character_id for c in state.premise.characters if c.is_player), PLAYER),
        people=people_of(state),
        now=_now(state),
        lines=lines_for(
            state.lines if lines is None else lines,
            in_play(state, present_ids(state, move) if move else (), named),
            words,
            LINE_TOKENS,
        ),
        rules=dict(state.premise.rules),
        boundaries=dict(state.premise.boundaries),
        language=state.premise.language,
    )


def _now(state: StoryState) -> tuple[str, ...]:
    """The day, and hour, weather and whereabouts as far as the last two turns told them."""
    canon = state.present_canon
    last = canon.turn_of(state.position)

    def told(subject: str, relation: str) -> str:
        fact = canon.fact(subject, relation)
        is_told = fact is not None and last - canon.turn_of(fact.since) < STILL_SO
        return plain(fact.value) if fact is not None and is_told else ""

    now = [f"day: {canon.value(STORY, 'day')}"] if canon.value(STORY, "day") else []
    now += [
        f"{plain(relation)}: {value}"
        for relation in ("time_of_day", "weather")
        if (value := told(STORY, relation))
    ]
    for person in people_of(state):
        if canon.holds_at(person.id, "alive", "false") is not None:
            now.append(f"{person.id}: dead")
        elif where := told(person.id, "located_in"):
            now.append(f"{person.id}: last at {where}")
    return tuple(now)


def people_of(state: StoryState) -> tuple[CastMember, ...]:
    """Everybody whom the story knows, the cast first."""
    cast = [
        CastMember(id=c.character_id, name=c.name, about=c.description, pronouns=c.pronouns)
        for c in state.premise.characters
    ]
    known = {person.id for person in cast}
    others = [
        CastMember(id=one, name=state.characters[one].name)
        for one in state.characters
        if one not in known
    ]
    return (*cast, *others[-12:])
