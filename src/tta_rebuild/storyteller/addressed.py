"""By which rules an act goes, by what is said in it and to whom.

Called by ``rulebook``. An apology, a confession or a pardon said in any words goes by the rules of
those acts, so that the answer is that of whoever it is owed to; what is said to the dead goes by
rules of its own (``beyond``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from tta_rebuild.core.english import third_person
from tta_rebuild.storyteller.act import Act
from tta_rebuild.storyteller.act_grammar import is_base
from tta_rebuild.storyteller.beyond import is_departed, is_spirit, to_spirit
from tta_rebuild.storyteller.casting import Cast
from tta_rebuild.storyteller.entities import bare, short
from tta_rebuild.storyteller.second_person import to_second_person
from tta_rebuild.storyteller.word_lists import common, is_one, packaged_yaml, rules_of
from tta_rebuild.storyteller.world_state import YOU, WorldState


def rules_for(
    act: Act, bound: Mapping[str, str], cast: Cast, state: WorldState
) -> tuple[dict[str, Any], dict[str, str]]:
    """The rules that an act goes by, and what they may ask besides what it names."""
    asked = {"spirit": "", "lays": "", "returns": "", "asks": "", "theirs_to_forgive": ""}
    asked["concerns"] = "yes" if concerns(act, bound["person"], cast) else ""
    person, family = bound["person"], act.family
    is_speech = family in common("said_to_the_dead").split() or family in ("free", "let", "send")
    if cast.is_open and person and is_speech:
        if is_spirit(person, cast, state):
            lay = packaged_yaml("data/deeds")["deeds"]["lay"]
            says = re.search(lay["said"], act.said or act.clause, re.I)
            asked["spirit"] = "yes"
            asked["lays"] = "yes" if says and family in lay["acts"].split() else ""
            asked["lays"] = "" if family == "ask" and not act.is_quoted else asked["lays"]
            asked["returns"] = "yes" if family in ("knock", "answer", "sing") else ""
            return rules_of("_spirit"), asked
        if is_departed(person, cast, state):
            asked["asks"] = "yes" if family in ("ask", "demand", "beg") else ""
            is_owed = family in ("apologise", "forgive", "confess", "promise", "thank")
            asked["theirs_to_forgive"] = "yes" if is_owed else ""
            return rules_of("_departed"), asked
    return rules_of(meant_by_words(act)), asked


def meant_by_words(act: Act) -> str:
    """The family of an act of speech by what is said: "tell him I forgive him" is a pardon."""
    if act.family not in ("tell", "say", "whisper", "shout", "answer") or not act.said:
        return act.family
    for family, says in packaged_yaml("data/answers")["speech"].items():
        if re.search(says, act.said, re.I):
            return str(family)
    return "confess" if is_confession(act) else act.family


def as_meant(act: Act) -> Act:
    """The act of speech that words are: an apology or a pardon is no mere telling."""
    family = meant_by_words(act)
    if family == act.family:
        return act
    return replace(act, family=family, verb=act.verb if family == "confess" else family)


def as_to_spirit(act: Act, cast: Cast, state: WorldState) -> Act:
    """What names nobody and means whoever haunts the place is done to them."""
    if not cast.is_open or not (one := to_spirit(act, cast, state)):
        return act
    return replace(act, person=cast.entities[one].name)


def as_thought(act: Act, cast: Cast, state: WorldState, here: Sequence[str]) -> Act:
    """What is said of the only one who is there ("she can rest now") is thought, not said."""
    here = [one for one in here if not state.is_any(one, "group", "local")]
    first = re.split(r"['’ ]", act.said.lower() + " ")[0]
    is_said = act.family == "say" and act.is_quoted and not act.person and len(here) == 1
    if not is_said or first != cast.entities[here[0]].pronouns:
        return act
    clause = act.clause.replace("you say", "you think", 1)
    return replace(act, family="think", verb="think", clause=clause)


def as_asked(act: Act) -> Act:
    """To beg somebody for forgiveness is to ask for it: the answer is theirs."""
    if act.family not in ("beg", "persuade", "demand"):
        return act
    forms = packaged_yaml("data/answers")["forms"]
    is_plea = any(re.search(forms[one], act.said, re.I) for one in ("forgive", "love", "trust"))
    return replace(act, family="ask") if is_plea else act


def is_confession(act: Act) -> bool:
    """Whether what is told or said is something that the speaker has done.

    In words as spoken only what is past is one: "I sent an innocent man to prison".
    """
    if act.family not in ("tell", "say", "whisper", "shout", "answer"):
        return False
    said = to_second_person(act.said) if act.is_quoted else act.said
    if not re.search(packaged_yaml("data/deeds")["deeds"]["confess"]["said"], said, re.I):
        return False
    first, *rest = re.findall(r"[\w’']+", act.said.lower()) or [""]
    if not act.is_quoted:
        return True
    verb = next((one for one in rest if not is_one(one, "finite adverbs")), "")
    is_past = bool(verb) and not is_base(verb) and not verb.endswith(("ing", "s"))
    return first in ("i", "i've", "i’ve") and (is_past or bool({"have", "had"} & {*rest[:1]}))


def concerns(act: Act, person: str, cast: Cast) -> bool:
    """Whether what somebody is told is about them: "you", their name, "her father"."""
    whom = cast.entities.get(person)
    if whom is None or person == YOU or not act.said or act.said.startswith(("to ", "not to ")):
        return False
    low = act.said.lower()
    if act.is_quoted:
        return bool(re.search(r"\byou(?:r|rs|[’']\w+)?\b", low)) and not low.endswith("?")
    cases = {"he": "he|him|his", "she": "she|her|hers"}.get(whom.pronouns, "they|them|their")
    names = "|".join(re.escape(bare(one)) for one in {whom.name, short(whom.name)})
    return bool(re.search(rf"\b(?:{cases}|{names})\b", low))


def let_happen(act: Act, phrase: str) -> str:
    """What comes of letting: "let it lead into the sea" → "it leads into the sea"."""
    if act.family != "let" or not act.said:
        return ""
    verb, _, rest = act.said.rstrip(".!?").partition(" ")
    is_many = phrase.lower() in ("they", "them", "you", "we")
    done = verb if is_many else third_person(verb)
    subject = {"him": "he", "her": "she", "them": "they", "me": "you"}.get(phrase, phrase)
    return f"{subject} {done} {rest}".strip() if is_base(verb) else ""
