"""What cannot be done in the world of a premise, and why; and whether an act does what it aims at.

Called by ``rulebook`` before an act is played: what is ruled out costs no turn.
"""

from __future__ import annotations

import re

from tta_rebuild.storyteller.act import Act
from tta_rebuild.storyteller.act_parser import parse_act
from tta_rebuild.storyteller.entities import head_of
from tta_rebuild.storyteller.noun_phrases import words_in
from tta_rebuild.storyteller.premise import PremiseReading
from tta_rebuild.storyteller.word_lists import pattern, word_table

_BEFORE_NOUN = r"\b(?:an?|the|my|your|his|her|its|our|their|this|that|by|on) (?:[\w-]+ ){0,2}?"
_OLDER_VERBS = frozenset("train text app plane".split())


def why_impossible(act: Act, premise: PremiseReading) -> str:
    """Why the premise does not allow an act, "" if it does."""
    return _excluded(act, premise) or _wonder(act, premise) or _not_invented(act, premise)


def does_aim(act: Act, premise: PremiseReading) -> bool:
    """Whether an act is what the player set out to do: its verb, and what it is done to.

    Who has to decide about something has done it by selling, keeping or burning it.
    """
    meant = parse_act(premise.aim)
    same = meant.family and (act.verb == meant.verb or act.family == meant.family)
    named, wanted = ({head_of(p) for p in _parts(a) if p} for a in (act, meant))
    if meant.verb == "decide":
        same, wanted = act.verb in words_in("settling"), {head_of(premise.matter)}
    return bool(same and wanted and named & wanted)


def _parts(act: Act) -> tuple[str, ...]:
    return act.object, act.person, act.where


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
    if not is_wonder or (act.object and act.family == "fly"):
        return ""
    told, verb = " ".join(premise.told), re.escape(act.verb)
    is_able = re.search(rf"\byou (?:can|could|learn(?:ed|t)? to) {verb}\b", told, re.I)
    is_other = pattern("own_power").search(told) and not re.search(rf"\b{verb[:4]}", told)
    if is_able or (premise.is_wondrous and not is_other):
        return ""
    what = act.clause.removeprefix("you ")
    power = (
        "the power that you have is another"
        if is_other
        else "something in it would have to give you that power"
    )
    return f"nothing in this story says that you can {what}; {power}"


def _not_invented(act: Act, premise: PremiseReading) -> str:
    """What was not yet known in the premise's time, named as a thing or done as a verb."""
    if not premise.year:
        return ""
    clause = "" if act.is_quoted else act.clause.lower()
    for year, words in word_table("premise_topics")["inventions"].items():
        if premise.year >= int(year):
            continue
        for word in words.split():
            is_done = act.verb == word and word not in _OLDER_VERBS
            if is_done or re.search(rf"{_BEFORE_NOUN}{word}(?:e?s)?\b", clause):
                return f"in {premise.year} there is no {word} yet"
    return ""
