"""What cannot be done in the world of a premise, and why.

Called by ``rulebook`` before an act is played: what is ruled out costs no turn.
"""

from __future__ import annotations

import re

from tta_rebuild.storyteller.act import Act
from tta_rebuild.storyteller.casting import head_of
from tta_rebuild.storyteller.premise import PremiseReading
from tta_rebuild.storyteller.word_lists import word_table


def why_impossible(act: Act, premise: PremiseReading) -> str:
    """Why the premise does not allow an act, "" if it does."""
    return _excluded(act, premise) or _wonder(act, premise) or _not_invented(act, premise)


def _excluded(act: Act, premise: PremiseReading) -> str:
    if act.family in ("kill", "attack") and "death" in premise.excluded:
        return "in this story nobody dies"
    words = {act.family, act.verb}
    if not words & {*premise.cannot, *premise.excluded}:
        return ""
    said = (s for s in premise.told if any(re.search(rf"\b{w[:4]}", s, re.I) for w in words))
    return next((s.rstrip(".!?…") for s in said), "it is not in the nature of this story")


def _wonder(act: Act, premise: PremiseReading) -> str:
    """Magic and the like need a premise that speaks of such things."""
    wonders = word_table("premise_topics")["wonders"]
    is_shape = act.family == "become" and head_of(act.object) in wonders["shapes"].split()
    is_wonder = is_shape or act.verb in wonders["verbs"].split(", ")
    if premise.is_wondrous or not is_wonder or (act.object and act.family == "fly"):
        return ""
    return f"nothing in this story says that you can {act.clause.removeprefix('you ')}"


def _not_invented(act: Act, premise: PremiseReading) -> str:
    named = {head_of(part) for part in (act.verb, act.object, act.instrument, act.person) if part}
    for year, words in word_table("premise_topics")["inventions"].items():
        early = named & {*words.split()} if premise.year and premise.year < int(year) else None
        if early:
            return f"in {premise.year} there is no {min(early)} yet"
    return ""
