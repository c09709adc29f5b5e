"""Whether what the player sets out to do is kept out by their own boundaries.

Called by ``player_move`` before a move is played: what is kept out costs no turn. What decides is
the family of the deed, and to whom it is done, not the words: a drum may be beaten.
"""

from __future__ import annotations

from tta_rebuild.core.boundaries import boundary_refusal
from tta_rebuild.storyteller.act import Act
from tta_rebuild.storyteller.act_binding import SELF
from tta_rebuild.storyteller.casting import Cast
from tta_rebuild.storyteller.entities import POINTING, THINGS, bare, head_of
from tta_rebuild.storyteller.noun_phrases import is_animal, is_person
from tta_rebuild.storyteller.word_filter import WordFilter
from tta_rebuild.storyteller.word_lists import common, pattern, word_table


def why_kept_out(act: Act, cast: Cast, bounds: WordFilter) -> str:
    """The line that says which boundary an act, or one after it, would break; "" if none."""
    boundary = bounds.kept_out(act.family)
    if boundary is not None:
        deeds = word_table("banned_words")["deeds"]["to_somebody"]
        if boundary.category not in deeds or _is_done_to_somebody(act, cast):
            return boundary_refusal(boundary.name, boundary.level)
    return why_kept_out(act.then, cast, bounds) if act.then else ""


def _is_done_to_somebody(act: Act, cast: Cast) -> bool:
    """Whether what an act is done to lives; without an object, whom else it names counts."""
    return _lives(act.object or act.person, cast)


def _lives(phrase: str, cast: Cast) -> bool:
    plain = bare(phrase)
    if plain in POINTING:
        return plain not in THINGS or plain == "them"
    noun = head_of(plain)
    if noun in common("kinds_of_things")["body"].split():
        return bool(pattern("owned").match(plain)) and not plain.startswith("your ")
    is_known = cast.found(phrase, ("person",)) is not None
    return plain not in SELF and (is_known or is_person(noun) or is_animal(noun))
