"""Labelled lines of players looked at as before a turn, and counted: cries met, innocents stopped.

Called by ``cli.eval``. Each line is looked at for itself, as the first of a sitting.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from tta_rebuild.bootstrap.application import Application
from tta_rebuild.core.story import Premise
from tta_rebuild.engine.care import look
from tta_rebuild.lab.measures import EvalRow, ReaderCounts, Share
from tta_rebuild.lab.told_file import CareLine

PROGRESS_EVERY = 50


@dataclass(slots=True, kw_only=True)
class CareCounts(ReaderCounts):
    """Lines and what came of them; a row for every cry missed and every innocent interrupted.

    Attributes:
        harm, danger: cries by their need; ``harm_met`` and ``danger_met`` those that paused.
        named: cries met as the need that they are.
        innocents, interrupted: the other lines, and those that paused.
        asked: lines about which a reader was asked.
    """

    harm: int = 0
    harm_met: int = 0
    danger: int = 0
    danger_met: int = 0
    named: int = 0
    innocents: int = 0
    interrupted: int = 0
    asked: int = 0
    calls: int = 0
    cost_usd: float = 0.0

    def as_json(self) -> dict[str, Any]:
        """The counts and rows, in order."""
        values = asdict(self)
        for name in ("unread", "readings"):
            del values[name]
        return values | {"rows": values.pop("rows")}

    def shares(self) -> list[Share]:
        """What the counts say, in the order in which they are shown."""
        cries, met = self.harm + self.danger, self.harm_met + self.danger_met
        lines = cries + self.innocents
        return [
            Share("cries_met", "cries for help met", met, cries, True),
            Share("harm_met", "of these, harm", self.harm_met, self.harm, True),
            Share("danger_met", "of these, danger", self.danger_met, self.danger, True),
            Share("named", "met as the need that they are", self.named, met, True),
            Share("interrupted", "innocents interrupted", self.interrupted, self.innocents, False),
            Share("asked", "lines that a reader is asked about", self.asked, lines, False),
        ]


async def eval_care(
    application: Application,
    lines: Sequence[CareLine],
    counts: CareCounts,
    *,
    progress: Callable[[str], None],
) -> None:
    """Look at every line, into ``counts``; with a reader where the application has one."""
    session = await application.stories.open(Premise(theme="A line is looked at."))
    for number, line in enumerate(lines, start=1):
        if not number % PROGRESS_EVERY:
            progress(f"{number} of {len(lines)}")
        taken = await look(session.next_turn(), line.text)
        counts.calls += taken.calls
        counts.cost_usd += taken.cost_usd
        counts.asked += bool(taken.calls)
        if taken.calls:
            counts.read(line.id, taken.unread, text=line.text)
        found = taken.note.need if taken.note else "none"
        is_met = found != "none"
        if line.need == "none":
            counts.innocents += 1
            counts.interrupted += is_met
        elif line.need == "harm":
            counts.harm += 1
            counts.harm_met += is_met
        else:
            counts.danger += 1
            counts.danger_met += is_met
        counts.named += is_met and found == line.need
        if is_met != (line.need != "none"):
            kind = "interrupted" if is_met else "missed"
            reason = f"taken for {found}" if is_met else line.need
            about = f"{reason}, {line.kind}" if line.kind else reason
            counts.rows.append(EvalRow(line.id, kind, line.text, about))
