"""Pairs of questions held against the rule by which answers are shared, and counted.

Called by ``cli.eval``. No model is asked; that an answer is proposed at all is taken for given.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from tta_rebuild.bootstrap.application import Application
from tta_rebuild.lab.measures import EvalRow, ReaderCounts, Share
from tta_rebuild.lab.told_file import QuestionPair
from tta_rebuild.reading.same_question import SameQuestion


@dataclass(slots=True, kw_only=True)
class HowCounts:
    """Pairs made in one way, and how many of them share an answer."""

    same: int
    pairs: int = 0
    shared: int = 0


@dataclass(slots=True, kw_only=True)
class SharingCounts(ReaderCounts):
    """Pairs and what came of them; a row for every pair that shares, or does not, wrongly.

    Attributes:
        same, shared: pairs that ask the same, and those of them that share an answer.
        other, wrongly_shared: the other pairs, and those that share one all the same.
        by_how: the same by how a pair was made.
        has_parser: whether sentences were parsed; else words had to stand in the same order.
    """

    same: int = 0
    shared: int = 0
    other: int = 0
    wrongly_shared: int = 0
    has_parser: bool = False
    by_how: dict[str, HowCounts] = field(default_factory=dict)
    calls: int = 0
    cost_usd: float = 0.0

    def as_json(self) -> dict[str, Any]:
        """The counts and rows, in order."""
        values = asdict(self)
        for name in ("unread", "readings", "calls", "cost_usd"):
            del values[name]
        return values | {"rows": values.pop("rows")}

    def shares(self) -> list[Share]:
        """What the counts say, in the order in which they are shown."""
        wrong = Share("wrongly_shared", "wrongly shared", self.wrongly_shared, self.other, False)
        shared = Share("shared", "shared of those that ask the same", self.shared, self.same, True)
        by_how = [
            Share(f"how.{how}", f"shared, {how}", one.shared, one.pairs, one.same > 0)
            for how, one in self.by_how.items()
        ]
        return [wrong, shared, *by_how]


async def eval_sharing(
    application: Application,
    pairs: Sequence[QuestionPair],
    counts: SharingCounts,
    *,
    progress: Callable[[str], None],
) -> None:
    """Hold every pair against the rule, into ``counts``."""
    rule = SameQuestion()
    counts.has_parser = rule.has_parser
    if not rule.has_parser:
        progress("without the extra parser words must stand in the same order")
    for number, pair in enumerate(pairs, start=1):
        found = rule.differences(pair.first, pair.second, pair.names)
        is_shared = not found
        how = counts.by_how.setdefault(pair.how or "other", HowCounts(same=0))
        how.pairs += 1
        how.same += pair.same
        how.shared += is_shared
        if pair.same:
            counts.same += 1
            counts.shared += is_shared
        else:
            counts.other += 1
            counts.wrongly_shared += is_shared
        if is_shared != pair.same:
            kind = "wrongly_shared" if is_shared else "not_shared"
            reason = ", ".join((pair.how or "other", *found))
            text = f"{pair.first} | {pair.second}"
            counts.rows.append(EvalRow(f"pair {number}", kind, text, reason))
