"""What the player is after, where a story asks for it at its beginning. Called by ``teller``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from tta_rebuild.storyteller.line_template import capital
from tta_rebuild.storyteller.offers import is_same
from tta_rebuild.storyteller.premise_questions import content_of
from tta_rebuild.storyteller.scene_file import ChoiceEntry
from tta_rebuild.storyteller.second_person import to_second_person
from tta_rebuild.storyteller.word_lists import pattern

_LEAST_SHARED = 2
"""Words that a move and a wish must share."""


_UNDERTAKEN = content_of("decide find out what why to do about becomes of")
"""What wishes say of any matter."""


def wished(words: str, offered: Sequence[str]) -> str:
    """What a player's words say that they are after, a bare infinitive; "" if they do something.

    Args:
        words: one of the wishes offered, or "I want to find her".
        offered: the wishes, as the choices have them.
    """
    if taken := next((one for one in offered if is_same(one, words)), ""):
        return taken
    said = pattern("says_wish").match(words.strip())
    aim = to_second_person(re.sub(r"[.!]+$", "", said["aim"])) if said else ""
    if said and pattern("wants_another").match(words.strip()):  # I want Tom to admit it
        aim = f"get {aim}"
    return aim[:1].lower() + aim[1:]


def wish_of(notes: Mapping[str, Any], words: str) -> str:
    """What the player is after by now: as noted, or as they say it where they have been asked."""
    asked: Sequence[str] = notes.get("wishes", ())
    return str(notes.get("wish") or (wished(words, asked) if asked else ""))


def wish_acted_on(notes: Mapping[str, Any], words: str) -> str:
    """Which of the wishes offered a move is the first step to, "" where it is of none."""
    said, offered = content_of(words), notes.get("wishes", ())
    shared = {one: len(said & content_of(one)) for one in offered}
    best = max(shared, key=lambda one: shared[one], default="")
    is_named = len(content_of(best) - _UNDERTAKEN) <= _LEAST_SHARED  # about Lieutenant Crane
    is_of_it = is_named and bool(said & content_of(best.rpartition(" ")[2]))
    return best if is_of_it or shared.get(best, 0) >= _LEAST_SHARED else ""


def wishes_offered(wishes: Sequence[str]) -> list[ChoiceEntry]:
    """The wishes as choices."""
    kinds = ("curious", "bold", "quiet")
    rows = zip(map(capital, wishes), kinds, strict=False)
    return [ChoiceEntry.model_validate({"do": wish, "kind": kind}) for wish, kind in rows]
