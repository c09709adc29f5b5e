"""Passages judged as a turn would judge them, without playing it: for authors and measurements.

The player has made no move since the last scene, so a passage in which their character acts or
speaks is held back like any other that does not fit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tta_rebuild.core.base_primitive import TTAContext
from tta_rebuild.core.events import PassageWithheld
from tta_rebuild.core.story import Passage
from tta_rebuild.engine.dependencies import Dependencies
from tta_rebuild.engine.gate import gate_for
from tta_rebuild.engine.reading_request import reader_for
from tta_rebuild.engine.state import StoryState
from tta_rebuild.engine.telling import withheld_by
from tta_rebuild.storage.story_store import Branch


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedPassage:
    """What would become of a passage: why it would be withheld, None if it would be shown.

    ``note`` says why only the rules have judged it; ``calls`` and ``cost_usd`` are those of the
    reading that it shares with the passages it was judged with.
    """

    withheld: PassageWithheld | None = None
    note: str = ""
    calls: int = 0
    cost_usd: float = 0.0

    @property
    def said(self) -> str:
        """Gate, reason and fact in one line, "" if it may be shown."""
        held = self.withheld
        return f"{held.gate}: {held.reason} {held.against}".strip() if held else ""


async def judge_passages(
    dependencies: Dependencies,
    branch: Branch,
    state: StoryState,
    passages: Sequence[Passage],
    context: TTAContext,
) -> list[JudgedPassage]:
    """Whether each could be shown next: by the gate alone, then all in one reading."""

    def by_rule(passage: Passage, *, is_read: bool) -> PassageWithheld | None:
        return gate_for(dependencies, state, is_read=is_read).examine(passage)[1]

    read = reader_for(dependencies, branch, state, None, context)
    held = {number: by_rule(p, is_read=read is not None) for number, p in enumerate(passages)}
    waiting = [number for number, withheld in held.items() if withheld is None]
    if read is None or not waiting:
        return [JudgedPassage(withheld=withheld) for withheld in held.values()]
    noted = await read([passages[number] for number in waiting], "", (), ())
    for objection in reversed(noted.reading.objections):
        number = waiting[objection.passage]
        held[number] = withheld_by(objection, passages[number])
    if noted.reading.note:
        held |= {number: by_rule(passages[number], is_read=False) for number in waiting}
    return [
        JudgedPassage(
            withheld=withheld,
            note=noted.reading.note,
            calls=len(noted.replies) if number == waiting[0] else 0,
            cost_usd=noted.cost_usd if number == waiting[0] else 0.0,
        )
        for number, withheld in held.items()
    ]
