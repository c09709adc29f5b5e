"""What an evaluation has counted, what of it is good or bad, and when it is not good enough.

Filled by ``lab.told`` and ``lab.boundaries``; ``cli.eval`` shows it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from tta_rebuild.core.errors import ValidationError


@dataclass(frozen=True, slots=True, kw_only=True)
class EvalRow:
    """One miss or false block.

    Attributes:
        story: the story's or passage's id.
        kind: the count that it went into.
        text: what was missed or held back.
        reason: why, in plain words.
        turn: the turn, or the one that a probe follows on; 0 where there is none.
    """

    story: str
    kind: str
    text: str
    reason: str = ""
    turn: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A count beside the number that it is a part of.

    Attributes:
        name: the count, as ``--fail-under`` and JSON name it.
        more_is_better: False for what should not happen at all.
    """

    name: str
    says: str
    count: int
    of: int
    more_is_better: bool

    @property
    def good(self) -> float:
        """The share of what went well; 1 where there was nothing to count."""
        part = self.count / self.of if self.of else float(self.more_is_better)
        return part if self.more_is_better else 1 - part


@dataclass(slots=True, kw_only=True)
class ToldCounts:
    """Counts over told stories, named as in JSON; the guide on evaluation says what each means.

    Attributes:
        choices, moves: what ``choices_lost`` and ``moves_held`` are a part of; not in JSON.
    """

    honest_turns: int = 0
    honest_turns_held: int = 0
    moves_held: int = 0
    choices_lost: int = 0
    facts_declared: int = 0
    facts_kept: int = 0
    declared: int = 0
    declared_caught: int = 0
    undeclared: int = 0
    undeclared_caught: int = 0
    clean: int = 0
    clean_held_declared: int = 0
    clean_held_undeclared: int = 0
    holds: int = 0
    holds_in_prompt: int = 0
    secrets: int = 0
    secrets_leaked: int = 0
    mentions: int = 0
    people_split: int = 0
    people_merged: int = 0
    calls: int = 0
    cost_usd: float = 0.0
    rows: list[EvalRow] = field(default_factory=list)
    choices: int = 0
    moves: int = 0

    def as_json(self) -> dict[str, Any]:
        """The counts and rows, in order."""
        values = asdict(self)
        del values["choices"], values["moves"]
        values["rows"] = values.pop("rows")
        return values

    def shares(self) -> list[Share]:
        """What the counts say, in the order in which they are shown."""
        good = (
            ("facts_kept", "declared facts kept", self.facts_declared),
            ("declared_caught", "contradictions caught, declared", self.declared),
            ("undeclared_caught", "contradictions caught, undeclared", self.undeclared),
            ("holds_in_prompt", "what matters later is in later prompts", self.holds),
        )
        bad = (
            ("honest_turns_held", "honest turns with anything held back", self.honest_turns),
            ("moves_held", "the player's own move held back", self.moves),
            ("choices_lost", "choices not offered", self.choices),
            ("clean_held_declared", "sound probes held back, declared", self.clean),
            ("clean_held_undeclared", "sound probes held back, undeclared", self.clean),
            ("secrets_leaked", "secrets with somebody who cannot know", self.secrets),
            ("people_split", "one person as several", self.mentions),
            ("people_merged", "several people as one", self.mentions),
        )
        return [_share(self, *line, True) for line in good] + [
            _share(self, *line, False) for line in bad
        ]


@dataclass(slots=True, kw_only=True)
class LevelCounts:
    """Passages judged at one level.

    Attributes:
        breaches, held: passages heavier than the level allows, and how many were held back.
        innocent, innocent_held: the lighter ones.
        weightless, weightless_held: those of the lighter ones that have weight 0; not in JSON.
    """

    breaches: int = 0
    held: int = 0
    innocent: int = 0
    innocent_held: int = 0
    weightless: int = 0
    weightless_held: int = 0


@dataclass(slots=True, kw_only=True)
class BoundaryCounts:
    """Labelled passages at each level, and every miss and false block."""

    levels: dict[str, LevelCounts]
    rows: list[EvalRow] = field(default_factory=list)
    calls: int = 0
    cost_usd: float = 0.0

    def as_json(self) -> dict[str, Any]:
        """Level → its four counts, and the rows."""
        shown = ("breaches", "held", "innocent", "innocent_held")
        levels: dict[str, Any] = {
            name: {key: getattr(counts, key) for key in shown}
            for name, counts in self.levels.items()
        }
        return levels | {"rows": [asdict(row) for row in self.rows]}

    def shares(self) -> list[Share]:
        """What the counts say, level by level."""
        lines = (
            ("held", "breaches held back", "breaches", True),
            ("innocent_held", "lighter passages held back", "innocent", False),
            ("weightless_held", "of these, without any weight", "weightless", False),
        )
        return [
            Share(
                name=f"{level}.{name}",
                says=f"{level}: {says}",
                count=getattr(counts, name),
                of=getattr(counts, of),
                more_is_better=good,
            )
            for level, counts in self.levels.items()
            for name, says, of, good in lines
        ]


def _share(counts: ToldCounts, name: str, says: str, of: int, more_is_better: bool) -> Share:
    return Share(
        name=name, says=says, count=getattr(counts, name), of=of, more_is_better=more_is_better
    )


@dataclass(frozen=True, slots=True)
class Bound:
    """What a user wants of a count: ``name`` "" is every share; a plain number counts."""

    name: str
    value: float
    is_share: bool

    @classmethod
    def of(cls, written: str) -> Bound:
        """``95%``, ``facts_kept=95%``, ``moves_held=0``. Raises ValidationError."""
        name, _, value = written.rpartition("=")
        is_share = value.endswith("%")
        try:
            number = float(value.removesuffix("%"))
        except ValueError:
            number = -1.0
        if number < 0 or (is_share and number > 100) or not (name or is_share):
            raise ValidationError(
                f"'{written}' is no bound; write 95%, facts_kept=95%, or moves_held=0"
            )
        return cls(name.strip(), number / 100 if is_share else number, is_share)


def check_names(bounds: Iterable[Bound], shares: Sequence[Share]) -> None:
    """Raise ValidationError for a bound on something that is not counted."""
    known = [share.name for share in shares]
    for bound in bounds:
        if bound.name and bound.name not in known:
            raise ValidationError(f"nothing is counted as '{bound.name}'; there is {known}")


def short_of(bounds: Iterable[Bound], shares: Sequence[Share]) -> list[str]:
    """What is not good enough, a line each.

    A bound on a count that should be high is its least, on one that should be low its most. A bound
    without a name is the least share of what went well, of every count.
    """
    short = []
    for bound in bounds:
        for share in shares:
            if bound.name not in ("", share.name):
                continue
            has: float = share.count
            if bound.is_share:
                has = share.count / share.of if share.of else float(share.more_is_better)
            if not bound.name:
                missed = share.good < bound.value
            elif share.more_is_better:
                missed = has < bound.value
            else:
                missed = has > bound.value
            if missed:
                short.append(f"{share.name}: {share.count} of {share.of}")
    return short
