"""What an evaluation has counted, what of it is good or bad, and when it is not good enough.

Filled by ``lab.told`` and ``lab.boundaries``; ``cli.eval`` shows it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

from tta_rebuild.core.errors import ValidationError
from tta_rebuild.core.events import PassageWithheld


def reason_of(withheld: PassageWithheld | None) -> str:
    """Gate, reason and fact in one line, "" if nothing was held back."""
    return f"{withheld.gate}: {withheld.reason} {withheld.against}".strip() if withheld else ""


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class Share:
    """A count, named as in ``--fail-under`` and JSON, beside the number it is a part of.

    ``more_is_better`` is False for what should not happen at all.
    """

    name: str
    says: str
    count: int
    of: int
    more_is_better: bool

    @property
    def part(self) -> float:
        """The count as a share, in [0, 1]; as good as can be where there was nothing to count."""
        return self.count / self.of if self.of else float(self.more_is_better)

    @property
    def good(self) -> float:
        """The share of what went well; 1 where there was nothing to count."""
        return self.part if self.more_is_better else 1 - self.part


UNREAD = "reader"
"""Kind of a row that says why a scene or passages were not read by the model that should have."""


@dataclass(slots=True, kw_only=True)
class ReaderCounts:
    """How a model that reads did; in JSON by its rows alone.

    Attributes:
        readings: scenes and groups of passages that it was asked about.
        unread: those of which it did not answer, or not usably; a row of the kind ``UNREAD`` each.
    """

    rows: list[EvalRow] = field(default_factory=list)
    readings: int = 0
    unread: int = 0

    def misses(self) -> list[EvalRow]:
        """What is shown row by row: here every row is a miss."""
        return self.rows

    def read(self, story: str, why_not: str, *, turn: int = 0, text: str = "") -> None:
        """Count a reading: ``why_not`` is "" if it came to something."""
        self.readings += 1
        if why_not:
            self.unread += 1
            self.rows.append(EvalRow(story, UNREAD, text, why_not, turn))


@dataclass(slots=True, kw_only=True)
class UnreadCounts(ReaderCounts):
    """What is measured with no second reader, whose counts are not in JSON."""

    calls: int = 0
    cost_usd: float = 0.0

    def as_json(self) -> dict[str, Any]:
        """The counts, and every row."""
        values = asdict(self)
        rows = values.pop("rows")
        for name in ("unread", "readings"):
            del values[name]
        return {**values, "rows": rows}


@dataclass(slots=True, kw_only=True)
class ToldCounts(ReaderCounts):
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
    looks: int = 0
    mentions: int = 0
    people_split: int = 0
    people_merged: int = 0
    calls: int = 0
    cost_usd: float = 0.0
    choices: int = 0
    moves: int = 0

    def as_json(self) -> dict[str, Any]:
        """The counts and rows, in order."""
        values = asdict(self)
        for name in ("choices", "moves", "readings", "unread"):
            del values[name]
        return values | {"rows": values.pop("rows")}

    def shares(self) -> list[Share]:
        """What the counts say, in the order in which they are shown."""
        lines = (
            ("facts_kept", "declared facts kept", self.facts_declared, True),
            ("declared_caught", "contradictions caught, declared", self.declared, True),
            ("undeclared_caught", "contradictions caught, undeclared", self.undeclared, True),
            ("holds_in_prompt", "what matters later is in later prompts", self.holds, True),
            ("honest_turns_held", "honest turns with anything held back", self.honest_turns, False),
            ("moves_held", "the player's own move held back", self.moves, False),
            ("choices_lost", "choices not offered", self.choices, False),
            ("clean_held_declared", "sound probes held back, declared", self.clean, False),
            ("clean_held_undeclared", "sound probes held back, undeclared", self.clean, False),
            ("secrets_leaked", "secrets with somebody who cannot know", self.secrets, False),
            ("people_split", "one person as several", self.mentions, False),
            ("people_merged", "several people as one", self.mentions, False),
        )
        return [Share(name, says, getattr(self, name), of, good) for name, says, of, good in lines]


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
class BoundaryCounts(ReaderCounts):
    """Labelled passages at each level, and every miss and false block."""

    levels: dict[str, LevelCounts]
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
            Share(f"{level}.{name}", f"{level}: {says}", at[name], at[of], good)
            for level, counts in self.levels.items()
            for at in [asdict(counts)]
            for name, says, of, good in lines
        ]


class Counts(Protocol):
    """What every evaluation counts into."""

    def shares(self) -> list[Share]:
        """What the counts say."""
        ...


@dataclass(frozen=True, slots=True)
class Bound:
    """What a user wants of a count: ``name`` "" is every share; a plain number counts."""

    name: str
    value: float
    is_share: bool

    def is_missed(self, share: Share) -> bool:
        """Whether a count is not good enough.

        A bound on a count that should be high is its least, on one that should be low its most. One
        without a name is the least share of what went well. A share of nothing is not good enough.
        """
        if self.name and self.is_share and not share.of:
            return True
        if not self.name:
            return share.good < self.value
        has = share.part if self.is_share else share.count
        return has < self.value if share.more_is_better else has > self.value


def bounds_of(written: Iterable[str], counts: Counts) -> list[Bound]:
    """``95%``, ``facts_kept=95%``, ``moves_held=0``.

    Raises ValidationError for what is no bound, or one on something that is not counted.
    """
    known = [share.name for share in counts.shares()]
    bounds = []
    for text in written:
        name, _, value = text.rpartition("=")
        is_share = value.endswith("%")
        try:
            number = float(value.removesuffix("%"))
        except ValueError:
            number = -1.0
        if number < 0 or (is_share and number > 100) or not (name or is_share):
            raise ValidationError(
                f"'{text}' is no bound; write 95%, facts_kept=95%, or moves_held=0"
            )
        if name and name.strip() not in known:
            raise ValidationError(f"nothing is counted as '{name.strip()}'; there is {known}")
        bounds.append(Bound(name.strip(), number / 100 if is_share else number, is_share))
    return bounds


def short_of(bounds: Iterable[Bound], shares: Sequence[Share]) -> list[str]:
    """What is not good enough, a line each."""
    return [
        f"{share.name}: {share.count} of {share.of}"
        for bound in bounds
        for share in shares
        if bound.name in ("", share.name) and bound.is_missed(share)
    ]
