"""Whether what the player sets out to do is kept out by their own boundaries; what is told back.

Called by ``player_move`` before a move is played: what is kept out costs no turn. What decides is
the family of the deed, and to whom it is done, not the words: a drum may be beaten.
"""

from __future__ import annotations

from collections.abc import Iterator

from tta_rebuild.core.boundaries import boundary_refusal
from tta_rebuild.storyteller.act import Act
from tta_rebuild.storyteller.act_words import SELF
from tta_rebuild.storyteller.casting import Cast
from tta_rebuild.storyteller.entities import POINTING, THINGS, bare, head_of
from tta_rebuild.storyteller.line_template import capital
from tta_rebuild.storyteller.noun_phrases import is_animal, is_person
from tta_rebuild.storyteller.results import own_clause
from tta_rebuild.storyteller.word_filter import KeptOut, WordFilter
from tta_rebuild.storyteller.word_lists import common, pattern, word_table


def why_kept_out(act: Act, cast: Cast, bounds: WordFilter) -> str:
    """The line that says which boundary at ``none`` an act, or one after it, breaks; "" if none."""
    broken = (_broken(step, cast, bounds) for step in _steps(act))
    first = next((one for one in broken if one is not None and one.is_none), None)
    return boundary_refusal(first.name, first.level) if first else ""


def own_words(act: Act, cast: Cast, bounds: WordFilter) -> frozenset[str]:
    """How a move may be told back, in a sentence and at its beginning, whatever words it holds.

    Nothing, if a step of it is a deed of which there is to be little.
    """
    if any(_broken(step, cast, bounds) for step in _steps(act)):
        return frozenset()
    told = (
        words for step in _steps(act) for words in (step.clause.rstrip(".!?"), own_clause(step))
    )
    clauses = set(filter(None, told))
    return frozenset(clauses | {capital(clause) for clause in clauses})


def _steps(act: Act) -> Iterator[Act]:
    yield act
    if act.then is not None:
        yield from _steps(act.then)


def _broken(act: Act, cast: Cast, bounds: WordFilter) -> KeptOut | None:
    """The boundary that a deed falls under by what it is, and by whom it is done to."""
    boundary = bounds.kept_out(act.family)
    if boundary is None:
        return None
    of_somebody = boundary.category in word_table("banned_words")["deeds"]["to_somebody"]
    return boundary if not of_somebody or _lives(act.object or act.person, cast) else None


def _lives(phrase: str, cast: Cast) -> bool:
    """Whether a phrase of the player's is somebody else, an animal, or a part of them."""
    plain = bare(phrase)
    if plain in POINTING:
        return plain not in THINGS or plain == "them"
    noun = head_of(plain)
    if noun in common("kinds_of_things")["body"].split():
        return bool(pattern("owned").match(phrase)) and not phrase.lower().startswith("your ")
    is_known = cast.found(phrase, ("person",)) is not None
    return plain not in SELF and (is_known or is_person(noun) or is_animal(noun))
