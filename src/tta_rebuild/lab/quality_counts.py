"""What an evaluation of the quality score has found, in the shapes of JSON and of a table.

Filled by ``lab.quality``; shown by ``cli.eval_quality``.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from statistics import fmean
from typing import Any

from tta_rebuild.lab.intervals import wilson
from tta_rebuild.lab.measures import ReaderCounts, Share
from tta_rebuild.lab.twins import DAMAGES


@dataclass(slots=True, kw_only=True)
class TwinCounts:
    """Twins by one damage; ``scenes`` are those that have any, the intervals' real number."""

    n: int = 0
    told_above: int = 0
    mean_twin: float = 0.0
    scenes: int = 0

    def as_json(self) -> dict[str, Any]:
        """The counts, the mean score of the twins, and bounds of the share."""
        low, high = wilson(self.scenes * self.told_above / max(1, self.n), self.scenes)
        return asdict(self) | {"low": round(low, 4), "high": round(high, 4)}


@dataclass(frozen=True, slots=True, kw_only=True)
class RatedFigures:
    """How the score ranks the texts of one study.

    Attributes:
        spearman, low, high: rank correlation of the score with the readers' marks.
        length_alone: the same of the number of words.
        gain_low, gain_high: bounds of what the score is better by.
        refit_prompts, refit_systems: of the parts, weighed anew on other prompts (other systems)
            than those judged; None where nothing tells them apart.
        length_systems: of length alone, system by system as ``refit_systems``.
        shuffled, shuffled_below: texts long enough to have an order; those scored above their own
            shuffle.
        pairs, pairs_right: versions of one text with different marks; those ranked as readers did.
        spread: 80 % of marks lie within this of what the score lets expect.
    """

    n: int
    spearman: float
    low: float
    high: float
    length_alone: float
    gain_low: float
    gain_high: float
    refit_prompts: float | None = None
    refit_systems: float | None = None
    length_systems: float | None = None
    shuffled: int = 0
    shuffled_below: int = 0
    pairs: int = 0
    pairs_right: int = 0
    spread: float = 0.0

    @property
    def beats_length(self) -> bool:
        """Whether the score says something for sure, and more than length alone."""
        return self.low > 0 and self.gain_low > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeFigures:
    """How a judge agrees with itself, and with marks that somebody gave beforehand.

    Attributes:
        judged, failed: scenes and texts that got a judgement, and that did not.
        agreement: mean of 1 less the difference between two answers over their range.
        between_runs: rank correlation of the first answers with the second.
        marked: judged ones with a hand's mark; ``marks`` the judge's rank correlation with those,
            ``folded`` that of the whole score, ``estimate`` that of the counted parts alone.
    """

    judged: int = 0
    failed: int = 0
    agreement: float | None = None
    between_runs: float | None = None
    marked: int = 0
    marks: float | None = None
    marks_low: float | None = None
    marks_high: float | None = None
    folded: float | None = None
    estimate: float | None = None


@dataclass(slots=True, kw_only=True)
class QualityCounts(ReaderCounts):
    """All figures, named as in JSON; the guide on quality says what each means."""

    damages: dict[str, TwinCounts] = field(default_factory=dict)
    told: list[float] = field(default_factory=list)
    rated: dict[str, RatedFigures] = field(default_factory=dict)
    judge: JudgeFigures | None = None
    marks_unmatched: int = 0
    scored: list[dict[str, Any]] = field(default_factory=list)
    calls: int = 0
    cost_usd: float = 0.0

    @property
    def mean_told(self) -> float:
        """The mean score of the told scenes, 0 without any."""
        return fmean(self.told) if self.told else 0.0

    def as_json(self) -> dict[str, Any]:
        """Damages, rated sets, the judge, and a row for each twin that was not below its scene."""
        return {
            "damages": {name: counts.as_json() for name, counts in self.damages.items()},
            "told": len(self.told),
            "mean_told": round(self.mean_told, 4),
            "rated": {
                name: asdict(found) | {"beats_length": found.beats_length}
                for name, found in self.rated.items()
            },
            "judge": asdict(self.judge) if self.judge else None,
            "marks_unmatched": self.marks_unmatched,
            "calls": self.calls,
            "cost_usd": self.cost_usd,
            "scored": self.scored,
            "rows": [asdict(row) for row in self.rows],
        }

    def shares(self) -> list[Share]:
        """What can be bounded by ``--fail-under``."""
        kinds = dict.fromkeys([*DAMAGES, *self.damages])
        found = [(kind, self.damages.get(kind, TwinCounts())) for kind in kinds]
        return [
            Share(kind, f"told above {DAMAGES.get(kind, kind)}", one.told_above, one.n, True)
            for kind, one in found
        ]
