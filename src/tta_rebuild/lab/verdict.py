"""What an experiment has shown: a winner where the data name one, else why they do not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from math import ceil
from typing import Any

from tta_rebuild.core.records import PlayRecord
from tta_rebuild.lab.outcomes import GUARDS, METRICS
from tta_rebuild.lab.paired_effects import (
    ALPHA,
    Design,
    PairedEffect,
    alpha_at,
    effect,
    least_premises,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is to be decided, before anything is played.

    Attributes:
        premises: ids, in the order in which they are played; all of them are the whole sample.
        plays_each: pairs of a premise: its seeds times its players.
        looks: of a sequential design: how often the data are looked at on the way.
    """

    variants: tuple[str, ...]
    premises: tuple[str, ...]
    plays_each: int
    metric: str
    alpha: float = ALPHA
    design: Design = "fixed"
    looks: int = 4

    @property
    def premises_at(self) -> tuple[int, ...]:
        """How many premises are played at each look."""
        looks = self.looks if self.design == "sequential" else 1
        return tuple(ceil(len(self.premises) * look / looks) for look in range(1, looks + 1))

    @property
    def comparisons(self) -> int:
        """Pairs of variants; each is tested at its share of alpha (Bonferroni)."""
        return len(self.variants) * (len(self.variants) - 1) // 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The decision after the last look that was reached.

    Attributes:
        winner: the variant that is better than every other, "" if the data name none.
        reason: why, in plain words.
        is_final: nothing more is to be played.
        effects: on every metric, of every pair of variants. Only the metric of the question is
            decided on; the intervals of the others are each at 1 - alpha and not corrected.
    """

    winner: str
    reason: str
    is_final: bool
    look: int
    looks: int
    premises: int
    effects: tuple[PairedEffect, ...]

    def as_json(self) -> dict[str, Any]:
        """All of it, the effects as objects."""
        return asdict(self) | {"effects": [asdict(one) for one in self.effects]}


def decide(question: Question, plays: Sequence[PlayRecord]) -> Verdict:
    """Look at the plays as often as the design allows, and stop at the first clear answer."""
    number_of = {premise: number for number, premise in enumerate(question.premises, 1)}
    done = _whole_premises(question, plays)
    at, verdict = question.premises_at, None
    for look, upto in enumerate(at, 1):
        if done < upto:
            break
        seen = [play for play in plays if number_of.get(play.premise, upto + 1) <= upto]
        alpha = alpha_at(look, len(at), question.alpha, question.design) / question.comparisons
        verdict = _looked(question, seen, alpha, look=look, upto=upto)
        if verdict.winner or verdict.is_final:
            return verdict
    upto = verdict.premises if verdict else 0
    if verdict is not None and done == upto:
        return verdict
    said = f"{done} of {len(question.premises)} premises are played"
    rest = "a fixed sample is judged when it is whole"
    if question.design == "sequential":
        rest = f"the next look is after {at[verdict.look if verdict else 0]}"
    some = [play for play in plays if number_of.get(play.premise, 0)]
    return Verdict(
        winner="",
        reason=f"no winner yet: {said}; {rest}",
        is_final=False,
        look=verdict.look if verdict else 0,
        looks=len(at),
        premises=done,
        effects=_effects(question, some, question.alpha, [*METRICS]),
    )


def _looked(
    question: Question, plays: Sequence[PlayRecord], alpha: float, *, look: int, upto: int
) -> Verdict:
    looks = len(question.premises_at)
    needed = (question.metric, *GUARDS) if look < looks else (*METRICS,)
    effects = _effects(question, plays, alpha, needed)
    winner, reason = _winner(question, effects)
    is_final = bool(winner) or look == looks
    if winner and look < looks:
        effects = _effects(question, plays, alpha, [*METRICS])
    if not winner and not is_final:
        reason = f"no winner yet: {reason}"
    elif not winner:
        reason = f"no winner: {reason}"
    return Verdict(
        winner=winner,
        reason=reason,
        is_final=is_final,
        look=look,
        looks=looks,
        premises=upto,
        effects=effects,
    )


def _winner(question: Question, effects: Sequence[PairedEffect]) -> tuple[str, str]:
    """The variant that beats every other, and how; or "", and why not."""
    own = [one for one in effects if one.metric == question.metric]
    better = METRICS[question.metric].better
    beaten: dict[str, set[str]] = {name: set() for name in question.variants}
    for one in own:
        if one.is_clear:
            first, second = one.variant, one.baseline
            wins, loses = (first, second) if one.difference * better > 0 else (second, first)
            beaten[wins].add(loses)
    for name, others in beaten.items():
        if len(others) == len(question.variants) - 1:
            worse = _guards_against(name, effects)
            if worse:
                return "", f"'{name}' is better in {question.metric}, but worse in {worse}"
            return name, f"'{name}' is better in {question.metric}: {_told(own, name)}"
    return "", _why_not(question, own)


def _guards_against(name: str, effects: Sequence[PairedEffect]) -> str:
    """What a winner is worse in that nobody would trade for it."""
    found = []
    for one in effects:
        sign = {one.variant: 1, one.baseline: -1}.get(name, 0)
        if one.metric in GUARDS and sign and not one.low <= 0 <= one.high:
            worse = one.difference * sign * METRICS[one.metric].better < 0
            found += [one.metric] if worse else []
    return ", ".join(dict.fromkeys(found))


def _told(effects: Sequence[PairedEffect], name: str) -> str:
    own = (one for one in effects if name in (one.variant, one.baseline))
    return "; ".join(
        f"{one.variant} - {one.baseline} = {one.difference:+.4g} "
        f"({one.low:+.4g} to {one.high:+.4g}, p = {one.p:.2g})"
        for one in own
    )


def _why_not(question: Question, effects: Sequence[PairedEffect]) -> str:
    if not effects:
        return f"no pair has the metric {question.metric}"
    fewest, least = min(one.premises for one in effects), least_premises(1 - effects[0].level)
    if fewest < least:
        return f"{fewest} premises show nothing, whatever they hold: it takes {least} or more"
    unclear = [one for one in effects if not one.is_clear]
    said = "; ".join(
        f"{one.variant} - {one.baseline} = {one.difference:+.4g}, which could be "
        f"{one.low:+.4g} to {one.high:+.4g} (p = {one.p:.2g}, needed below {1 - one.level:.2g})"
        for one in unclear
    )
    return said or "none is better than every other"


def _effects(
    question: Question, plays: Sequence[PlayRecord], alpha: float, metrics: Sequence[str]
) -> tuple[PairedEffect, ...]:
    """On each metric; the one that is decided on at ``alpha``, the others at the whole one."""
    by_variant: Mapping[str, list[PlayRecord]] = {
        name: [play for play in plays if play.variant == name] for name in question.variants
    }
    found = (
        effect(
            by_variant[first],
            by_variant[second],
            metric,
            alpha=alpha if metric == question.metric else question.alpha,
        )
        for metric in metrics
        for first, second in combinations(question.variants, 2)
    )
    return tuple(one for one in found if one is not None)


def _whole_premises(question: Question, plays: Sequence[PlayRecord]) -> int:
    """How many premises, from the first on, are played in every variant with every seed."""
    played = {(play.variant, *play.pair) for play in plays}
    for number, premise in enumerate(question.premises):
        for variant in question.variants:
            own = [key for key in played if key[0] == variant and key[1] == premise]
            if len(own) < question.plays_each:
                return number
    return len(question.premises)
