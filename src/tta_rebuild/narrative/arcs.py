"""What people work at and where in their arc they stand: goals rise by what happens, stages follow.

A stage is entered once a condition of it holds: those that the author declares for a character
(``CharacterSketch.arc``), else those of ``data/characters.toml``. A condition is one or more of
these, joined by ``and``::

    goal 0.5                  any of their goals has come so far
    goal find the lamp 0.5    this one has
    trust mara 0.4            a dimension of a bond; fear, debt, affection, and bond for all of it
    bond mara -0.4            below 0: at most so much
    turn 8                    so many turns are told
    story climax              the story itself has come to that stage
    fact holds lamp           so much is true of them
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from tta_rebuild.canon.lines import cut_line
from tta_rebuild.canon.recall import telling_words
from tta_rebuild.core.data_files import packaged_toml
from tta_rebuild.core.english import stem
from tta_rebuild.core.errors import ValidationError
from tta_rebuild.core.story import ARC_STAGES, ArcStage
from tta_rebuild.narrative.character_state import GOAL_STEP, CharacterState, bond_to

FACT_STEP = 0.3
"""How far what has become true raises a goal; what is merely told raises it by ``GOAL_STEP``."""

MOST_GOALS = 6
"""Goals that somebody works at; beyond them a promise makes no new one."""

_SHARE = 0.5
"""Of a goal's words that must stand in what happens."""

_data = partial(packaged_toml, "tta_rebuild.narrative", "characters")
_NUMBER = r"(-?\d+(?:\.\d+)?)"
_TERMS = {
    "goal": re.compile(rf"goal(?: (.+?))? {_NUMBER}"),
    "bond": re.compile(rf"(bond|trust|affection|fear|debt) (\S+) {_NUMBER}"),
    "turn": re.compile(r"turn (\d+)"),
    "story": re.compile(rf"story ({'|'.join(ARC_STAGES)})"),
    "fact": re.compile(r"fact (\S+) (.+)"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ArcMoment:
    """What conditions are about: how somebody is by now, where the story stands, what is true.

    ``is_so`` says whether a relation of them has a value.
    """

    now: CharacterState
    story_stage: ArcStage
    turn: int
    is_so: Callable[[str, str], bool]


def check_arc(declared: Mapping[str, str]) -> None:
    """Raise ValidationError for what is no stage, or a condition that nobody can read."""
    for stage, condition in declared.items():
        if stage not in ARC_STAGES:
            raise ValidationError(f"Invalid arc stage {stage!r}: one of {', '.join(ARC_STAGES)}")
        for term in _terms(condition):
            if not any(pattern.fullmatch(term) for pattern in _TERMS.values()):
                raise ValidationError(
                    f"the condition {term!r:.60} of the stage {stage} cannot be read: "
                    "say it as in 'goal 0.5', 'trust mara 0.4', 'turn 8', 'fact holds lamp'"
                )


def stage_after(moment: ArcMoment, declared: Mapping[str, str]) -> str:
    """The stage that somebody has come to: the next one as long as its condition holds.

    A new chapter of the story begins the arc anew for who has come to its end.
    """
    stage = moment.now.arc_stage
    if (stage, moment.story_stage) == (ARC_STAGES[-1], ARC_STAGES[0]) and not declared:
        return ARC_STAGES[0]
    usual: Mapping[str, list[str]] = _data()["stages"]
    for following in ARC_STAGES[ARC_STAGES.index(stage) + 1 :]:
        either = [declared[following]] if following in declared else usual[following]
        if not any(_holds(condition, moment) for condition in either):
            break
        stage = following
    return stage


def _terms(condition: str) -> list[str]:
    return [term.strip() for term in " ".join(condition.split()).split(" and ")]


def _holds(condition: str, moment: ArcMoment) -> bool:
    return all(_is_so(term, moment) for term in _terms(condition))


def _is_so(term: str, moment: ArcMoment) -> bool:
    kind, found = next(
        (kind, match) for kind, pattern in _TERMS.items() if (match := pattern.fullmatch(term))
    )
    match kind, found.groups():
        case "goal", (name, least):
            goals = moment.now.development_goals
            reached = [goals.get(name, 0.0)] if name else goals.values()
            return any(progress >= float(least) for progress in reached)
        case "bond", (dimension, other, bound):
            bond = bond_to(moment.now, other)
            felt = bond.number if dimension == "bond" else getattr(bond, dimension)
            return bool(felt <= float(bound) if bound.startswith("-") else felt >= float(bound))
        case "turn", (turn,):
            return moment.turn >= int(turn)
        case "story", (stage,):
            return ARC_STAGES.index(moment.story_stage) >= ARC_STAGES.index(stage)
        case _, (relation, value):
            return moment.is_so(relation, value)
    return False


@dataclass(frozen=True, slots=True)
class Happened:
    """Something that happened to somebody, in words; ``is_fact``: it is true from now on."""

    text: str
    is_fact: bool = False


def goals_raised(
    goals: Mapping[str, float], happened: Iterable[Happened]
) -> Iterator[tuple[str, float, str]]:
    """Goals that are further on by what happened, how far, and by which of it."""
    told = sorted(happened, key=lambda one: not one.is_fact)
    for goal, progress in goals.items():
        wanted = _matter(goal)
        found = next((one for one in told if _serves(wanted, one.text)), None)
        if found is not None and progress < 1.0:
            step = FACT_STEP if found.is_fact else GOAL_STEP
            yield goal, min(1.0, round(progress + step, 6)), cut_line(found.text)


def _serves(wanted: frozenset[str], text: str) -> bool:
    shared = wanted & _matter(text)
    return (
        len(shared) >= min(2, len(wanted))
        and bool(wanted)
        and (len(shared) >= _SHARE * len(wanted))
    )


def _matter(text: str) -> frozenset[str]:
    return frozenset(stem(word) for word in telling_words(text.replace("_", " "), limit=40))
