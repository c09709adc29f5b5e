"""Whether a line that a player typed is a cry for help: a learned linear judge, and a few phrases.

Called by ``engine.care`` and measured by ``lab.care``. No model is asked: a sum of weights over
``need_features``, learned by ``tools/train_needs.py``; the same words always get the same answer.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import takewhile
from math import sqrt
from typing import Literal, TypeAlias

from tta_rebuild.core.data_files import packaged_toml
from tta_rebuild.safety.help_lines import Need
from tta_rebuild.safety.need_features import features_of, plain

Level: TypeAlias = Literal["none", "doubtful", "possible", "likely", "certain"]
"""How much speaks for a cry; where each level begins stands at the top of ``data/needs.txt``."""


@dataclass(frozen=True, slots=True)
class NeedFinding:
    """What a line may be: its ``need``, were it a cry, and how much speaks for one."""

    need: Need
    level: Level
    score: float = 0.0


@dataclass(frozen=True, slots=True)
class NeedWeights:
    """What was learned: feature → weight for a cry, and for danger rather than harm.

    ``begins`` is the least score of each level.
    """

    of: Mapping[str, tuple[float, float]]
    begins: Mapping[Level, float]

    def scores(self, text: str) -> tuple[float, float]:
        """Cry or not, and danger or harm; each group counts by the root of its size."""
        cry, danger = (self.of[bias] for bias in ("bias.cry", "bias.danger"))
        totals = [cry[0], danger[0]]
        for group in features_of(text):
            found = [self.of[feature] for feature in group if feature in self.of]
            for kind in (0, 1):
                totals[kind] += sum(weight[kind] for weight in found) / sqrt(len(group) or 1)
        return totals[0], totals[1]


def read_need(text: str, language: str = "en") -> NeedFinding:
    """Judge one line; of another language than English the weights know nothing: it is doubtful."""
    low, weights = plain(text), learned()
    score, danger = weights.scores(text)
    need: Need = "danger" if danger > 0 else "harm"
    for named, pattern in _phrases():
        if pattern.search(low) and not _fiction().search(low):
            return NeedFinding(named, "certain", score)
    if language[:2].lower() != "en":
        return NeedFinding(need, "doubtful", score)
    levels = [level for level, least in weights.begins.items() if score >= least]
    return NeedFinding(need, levels[-1] if levels else "none", score)


@cache
def learned() -> NeedWeights:
    """The weights as they are packaged: hundredths, tab-separated, after the levels."""
    text = files("tta_rebuild.safety").joinpath("data/needs.txt").read_text("utf-8")
    rows = [line.split("\t") for line in text.splitlines() if not line.startswith("#")]
    heads = list(takewhile(lambda row: len(row) == 2, rows))
    begins = {level: int(value) / 100 for level, value in heads}
    of = {name: (int(cry) / 100, int(danger) / 100) for name, cry, danger in rows[len(heads) :]}
    return NeedWeights(of, begins)  # type: ignore[arg-type]


@cache
def _phrases() -> list[tuple[Need, re.Pattern[str]]]:
    table = packaged_toml("tta_rebuild.safety", "care_words")["phrases"]
    return [(need, re.compile(rf"\b(?:{'|'.join(table[need])})\b")) for need in ("danger", "harm")]


@cache
def _fiction() -> re.Pattern[str]:
    return re.compile(
        "|".join(packaged_toml("tta_rebuild.safety", "care_words")["phrases"]["fiction"])
    )
