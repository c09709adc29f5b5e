"""Labelled passages judged at each level of a player's boundary, and counted.

Called by ``cli.eval``. A level holds back from a weight on (``safety.categories``): at ``none``
whatever touches the matter (1), at ``low`` what shows it (2), at ``medium`` what dwells on it (3).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tta_rebuild.bootstrap.application import Application
from tta_rebuild.core.events import PassageWithheld
from tta_rebuild.core.story import Passage, Premise
from tta_rebuild.lab.measures import BoundaryCounts, EvalRow, reason_of
from tta_rebuild.lab.told_file import LabelledPassage
from tta_rebuild.safety.categories import THRESHOLDS, categories_of

LEVELS = ("none", "low", "medium")

READ_TOGETHER = 6
"""Passages that a second reader is given at once, as many as a scene has at most."""


def unknown_categories(passages: Sequence[LabelledPassage]) -> list[str]:
    """Categories of the passages that are taken at their word, perhaps for a slip of the pen."""
    names = dict.fromkeys(passage.category for passage in passages)
    return [name for name in names if any(phrases for _, phrases in categories_of(name))]


async def eval_boundaries(
    application: Application,
    passages: Sequence[LabelledPassage],
    counts: BoundaryCounts,
    *,
    progress: Callable[[str], None],
) -> None:
    """Judge and count the passages into ``counts``, which holds what was measured at any moment."""
    for category in dict.fromkeys(passage.category for passage in passages):
        progress(category)
        for level in counts.levels:
            premise = Premise(theme="A passage is judged.", boundaries={category: level})
            session = await application.stories.open(premise)
            concerned = [p for p in passages if p.category == category]
            for begin in range(0, len(concerned), READ_TOGETHER):
                together = concerned[begin : begin + READ_TOGETHER]
                judged = await session.judge(
                    *(Passage(text=p.text, declared=True) for p in together)
                )
                if judged.calls or judged.note:
                    about = f"{category} at '{level}'"
                    counts.read(together[0].id, judged.note, text=about)
                counts.calls += judged.calls
                counts.cost_usd += judged.cost_usd
                for passage, held in zip(together, judged.withheld, strict=True):
                    _count(counts, passage, level, held)


def _count(
    counts: BoundaryCounts, passage: LabelledPassage, level: str, withheld: PassageWithheld | None
) -> None:
    held = withheld is not None
    at = counts.levels[level]
    about = f"{passage.category} of weight {passage.weight} at '{level}'"
    kind, reason = "innocent_held", f"{about}: {reason_of(withheld)}"
    is_breach = passage.weight >= THRESHOLDS[level]
    if is_breach:
        at.breaches += 1
        at.held += held
        kind, reason = "held", f"{about}, {passage.how}: nothing was found"
    else:
        at.innocent += 1
        at.innocent_held += held
        at.weightless += passage.weight == 0
        at.weightless_held += held and passage.weight == 0
    if held != is_breach:
        counts.rows.append(EvalRow(passage.id, f"{level}.{kind}", passage.text, reason))
