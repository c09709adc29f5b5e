"""One passage judged as a turn would judge it, without playing it: for authors and measurements.

Called by ``engine.session``. The player has made no move since the last scene, so a passage in
which their character acts or speaks is held back like any other that does not fit.
"""

from __future__ import annotations

from dataclasses import dataclass

from tta_rebuild.core.base_primitive import TTAContext
from tta_rebuild.core.events import PassageWithheld
from tta_rebuild.core.story import Passage
from tta_rebuild.engine.dependencies import Dependencies
from tta_rebuild.engine.gate import Gate
from tta_rebuild.engine.reading_request import reader_for
from tta_rebuild.engine.state import StoryState
from tta_rebuild.engine.telling import withheld_by
from tta_rebuild.storage.story_store import Branch


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedPassage:
    """What would become of a passage.

    Attributes:
        withheld: why it would not be shown, None if it would.
        note: "" or why only the rules have judged it.
        calls, cost_usd: of models that were asked.
    """

    withheld: PassageWithheld | None = None
    note: str = ""
    calls: int = 0
    cost_usd: float = 0.0


async def judge_passage(
    dependencies: Dependencies,
    branch: Branch,
    state: StoryState,
    passage: Passage,
    context: TTAContext,
) -> JudgedPassage:
    """Whether a passage could be shown next: by the gate first, then by the second reader."""
    gate = Gate(
        state,
        dependencies.safety(dict(state.premise.boundaries)),
        dependencies.world_rules(state.premise.rules),
    )
    _, withheld = gate.examine(passage)
    read = reader_for(dependencies, branch, state, None, context)
    if withheld is not None or read is None:
        return JudgedPassage(withheld=withheld)
    noted = await read([passage], "", ())
    objections = noted.reading.objections
    return JudgedPassage(
        withheld=withheld_by(objections[0], passage) if objections else None,
        note=noted.reading.note,
        calls=len(noted.replies),
        cost_usd=noted.cost_usd,
    )
