"""Which of the choices a move in the player's own words means, if it means one.

"I'd like to know from Ann what the letter says" is the choice "Ask Ann what is in the letter".
Called by ``offers``; a move that means none of them is played by the rules.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tta_rebuild.core.english import stem
from tta_rebuild.storyteller.act import Act
from tta_rebuild.storyteller.act_parser import parse_act
from tta_rebuild.storyteller.casting import Cast
from tta_rebuild.storyteller.premise_questions import content_of
from tta_rebuild.storyteller.scene_file import ChoiceEntry
from tta_rebuild.storyteller.word_lists import packaged_yaml, pattern
from tta_rebuild.storyteller.world_state import keys_of

DECISIVE = frozenset(("did_aim", "letting", "did_it", "refused"))
"""What the choices of a plot's last decision say of it."""
_OF_MINE, _OF_THEIRS = 0.5, 0.3
"""The shares of what is said in the move, and in the choice, that must be the same."""
_REFUSING = frozenset(map(stem, ("refuse", "decline")))
_LEAST = 2
"""Words that must be the same where the verb is another."""


@dataclass(frozen=True, slots=True)
class _Meaning:
    """One move, as far as two can be compared."""

    kinds: frozenset[str]  # the families of its acts; what is said in any way is "say"
    to: str  # the id of whom it is done to, ""
    content: frozenset[str]  # the stems of its words, without its verb and names
    is_not: bool


def meant_choice(words: str, choices: Sequence[ChoiceEntry], cast: Cast) -> ChoiceEntry | None:
    """The choice that words mean: the same kind of act, to the same person, of the same matter."""
    act = parse_act(words)
    if act.problem:
        return None
    if act.then is not None:
        return _most_like(words, choices, cast)
    names = content_of(cast.called())
    mine = _meaning(words, act, names, cast)
    rated = [(_likeness(mine, _meaning(c.do, parse_act(c.do), names, cast)), c) for c in choices]
    best = max((rating for rating, _ in rated), default=0.0)
    fitting = [choice for rating, choice in rated if rating == best]
    if best > 0 and len(fitting) == 1:
        return fitting[0]
    asked = content_of(cast.slots.get("asked", "")) - names
    said = content_of(words) - names - _REFUSING
    is_of_it = bool(said) and (said <= asked or len(said & asked) >= _OF_MINE * len(asked) > 0)
    settled = "refused" if mine.is_not else "did_it"
    is_settled = is_of_it or (mine.is_not and not mine.content)
    return next((c for c in choices if settled in _decides(c)), None) if is_settled else None


def _most_like(words: str, choices: Sequence[ChoiceEntry], cast: Cast) -> ChoiceEntry | None:
    """The choice of a decision whose words a move of several acts has most of; None if few."""
    said = content_of(words) - content_of(cast.called())
    rated = [(len(said & content_of(one.do)), one) for one in choices if _decides(one) & DECISIVE]
    most = max((number for number, _ in rated), default=0)
    best = [one for number, one in rated if number == most]
    return best[0] if most >= _LEAST and len(best) == 1 else None


def decision(act: Act, choices: Sequence[ChoiceEntry]) -> ChoiceEntry | None:
    """The choice that an act takes by its temper where the plot waits for a decision."""
    tempers = packaged_yaml("data/answers")["tempers"]
    if act.family in tempers["settles"]:
        may = (c for c in choices if "did_aim" in _decides(c) and "price" not in _decides(c))
    elif act.family in tempers["hard"]:
        may = (c for c in choices if "did_aim" in _decides(c) and "price" in _decides(c))
    elif act.family in tempers["lets"]:
        may = (c for c in choices if "letting" in _decides(c))
    else:
        return None
    return next(may, None)


def settled_by(choice: ChoiceEntry) -> str:
    """What a choice that an act decides for settles: of a hard one nothing but that and its price.

    What else it does (whom it names, what it gives away) the player has not done.
    """
    if "price" not in _decides(choice):
        return choice.then
    return ", ".join(
        one.strip()
        for one in choice.then.split(",")
        if keys_of(one, is_effect=True) & {*DECISIVE, "price"}
    )


def leaning(act: Act, choices: Sequence[ChoiceEntry]) -> ChoiceEntry | None:
    """The choice of a decision towards which any other deed leans; None where none is open.

    Who refuses or goes lets it be; whoever does anything else has not stood aside.
    """
    if act.family == "wait":
        return None
    is_off = act.family in ("refuse", "leave", "flee", "surrender")
    wanted = {"letting", "refused"} if is_off else {"did_aim", "did_it"}
    may = (c for c in choices if _decides(c) & wanted and "price" not in _decides(c))
    return next(may, None)


def _decides(choice: ChoiceEntry) -> frozenset[str]:
    """What a choice settles: how the story turns out."""
    return frozenset(keys_of(choice.then, is_effect=True))


def _meaning(words: str, act: Act, names: frozenset[str], cast: Cast) -> _Meaning:
    steps = [act]
    while steps[-1].then is not None:
        steps.append(steps[-1].then)
    kinds = frozenset(_kind(step.family) for step in steps if step.family)
    named = (cast.found(p) for step in steps for p in (step.person, step.object) if p)
    to = next((one for one in named if one is not None), None)
    verbs = {stem(word) for step in steps for word in step.verb.split()}
    content = content_of(words) - names - verbs
    is_not = bool(pattern("is_denied").search(words))
    return _Meaning(kinds, to.id if to and to.kind == "person" else "", content, is_not)


def _kind(family: str) -> str:
    """A family of acts, or the one that stands for all that are the same thing done."""
    alike = packaged_yaml("data/answers")["alike"]
    return next((one for one, families in alike.items() if family in families), family)


def _likeness(mine: _Meaning, theirs: _Meaning) -> float:
    """How much of a choice a move says, in (0, 1]; 0 where it means something else."""
    if mine.is_not != theirs.is_not or (mine.to and theirs.to and mine.to != theirs.to):
        return 0.0
    both = len(mine.content & theirs.content)
    if mine.kinds & theirs.kinds:
        if not (mine.content and theirs.content):
            return float(mine.content == theirs.content and mine.to == theirs.to)
        is_said = both >= _OF_MINE * len(mine.content) and both >= _OF_THEIRS * len(theirs.content)
        return both / len(theirs.content) if is_said else 0.0
    is_clear = both >= _LEAST and both >= _OF_MINE * max(len(mine.content), len(theirs.content))
    return both / len(theirs.content) / 2 if is_clear else 0.0
