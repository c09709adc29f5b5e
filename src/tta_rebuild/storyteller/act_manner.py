"""In what manner an act is done, as the conditions of rules ask: by telephone, with a gesture.

Called by ``act_binding``, which binds who and what an act names; this looks at its words alone.
"""

from __future__ import annotations

from tta_rebuild.storyteller.act import Act
from tta_rebuild.storyteller.act_words import SOUGHT
from tta_rebuild.storyteller.entities import head_of
from tta_rebuild.storyteller.word_lists import common, is_one

_MANNERS = ("by_phone", "by_text", "gesture", "shot", "bodily", "fed", "rung", "clapped")
"""Lists of ``words.toml``: of verbs, or of the tools by which it is done."""
_SET_DOWN = ("on", "in", "under", "beside", "inside", "at", "next")
_RAISED = ("hold up", "hold out", "raise")


def manner_of(act: Act, called: str, *, is_alone: bool) -> dict[str, str]:
    """What conditions may ask of an act besides whom it binds: "yes" or "".

    Args:
        called: the name of what it is done to, "" if it is done to nothing.
        is_alone: whether nobody is there to be spoken to.
    """
    heads = {head_of(act.object), head_of(called)}
    kinds = common("kinds_of_things").items()
    is_so = {
        "said": bool(act.said),
        "sought": act.verb in SOUGHT,
        "where": bool(act.where),
        "named": bool(act.person),
        "alone": is_alone,
        "of_all": any(is_one(word, "of_all") for word in act.object.lower().split()[:2]),
        "raised": act.verb in _RAISED,
        "set_down": act.verb == "leave" and act.where.split(" ")[0] in _SET_DOWN,
        **{manner: _is_of(act, manner) for manner in _MANNERS},
        **{kind: bool(heads & {*words.split()}) for kind, words in kinds},
    }
    return {name: "yes" if holds else "" for name, holds in is_so.items()}


def _is_of(act: Act, manner: str) -> bool:
    """Whether the verb of an act, or what it is done with or at, is of a list."""
    words = {act.verb.split(" ")[0], head_of(act.instrument), head_of(act.where)}
    return any(is_one(word, manner) for word in words)
