"""What the words of an act say by themselves, whatever there is in the story.

Called by ``act_binding``, which looks up what they mean, and by ``rulebook``, ``act_writer``,
``scene_order`` and ``kept_out``.
"""

from __future__ import annotations

import re

from tta_rebuild.storyteller.act import Act
from tta_rebuild.storyteller.act_grammar import verb_at
from tta_rebuild.storyteller.act_speech import is_order
from tta_rebuild.storyteller.entities import head_of, last_word
from tta_rebuild.storyteller.noun_phrases import is_person, words_in
from tta_rebuild.storyteller.word_lists import common, is_one, pattern, rules_of, word_list

GOES = ("go", "enter", "leave", "climb", "flee", "follow", "jump", "fly")
SELF = ("yourself", "you", "me", "myself")
SOUGHT = ("look for", "search for", "seek", "hunt for", "find", "locate", "seek out", "feel for")
_WITHOUT_ARTICLE = ("outside", "every", "some", "any", "nothing", "nobody", "home", "one")


def is_spoken(act: Act) -> bool:
    """Whether an act is said to whoever is there, if it names nobody."""
    is_owed = act.family in ("forgive", "thank") and act.is_quoted and not act.object
    is_speech = rules_of(act.family).get("kind") == "speech"
    return is_speech or is_owed or act.family == "apologise"


def is_request(act: Act) -> bool:
    """Whether what is said is for somebody to do: "to open the gate", or “Open the gate!”"""
    if act.said.startswith(("to ", "not to ")):
        return True
    if not act.is_quoted or act.family != "tell":
        return False
    if any(map(is_order, re.split(r"[.!?…] ?", act.said))):
        return True
    words = re.findall(r"[\w’']+", act.said.lower().removeprefix("please "))
    verb = verb_at(words[:4])
    if verb is None or words[0].endswith(("ing", "ed")):
        return False
    barred = "rather_nouns english openers states finite adverbs"
    return verb.words > 1 or not is_one(words[0], barred)


def is_rung(act: Act) -> bool:
    """Whether somebody is rung up or written to, wherever they are."""
    return act.family == "call" and is_one(act.verb.split()[0], "by_phone by_text")


def is_elliptic(act: Act) -> bool:
    """Whether an act leaves out what it is done to: "pick up", "hop on", "push"."""
    names_all = " the " in f" {act.verb} " or act.said or act.where or act.instrument
    is_asked = "asks" in rules_of(act.family) and rules_of(act.family).get("kind") != "speech"
    return is_asked and not (act.object or act.person or names_all)


def with_article(phrase: str) -> str:
    """What a bare noun is called in a sentence: "lamp" → "the lamp"; "outside" stays."""
    is_whole = " " in phrase or phrase[:1].isupper() or phrase.startswith(_WITHOUT_ARTICLE)
    return phrase if not phrase or is_whole else f"the {phrase}"


def place_in(where: str) -> str:
    """What stands after the prepositions: "in the cage" → "the cage"."""
    words = where.split()
    while words and words[0].lower() in word_list("prepositions"):
        words.pop(0)
    return " ".join(words)


def destination(where: str) -> str:
    """Where "out through the cat flap" or "to the harbour" leads: "outside", "the harbour"."""
    words = where.split()
    if words[0].lower() in ("over", "across", "behind", "under", "beyond", "beside", "past"):
        return where
    if {"out", "through", "away", "off"} & {w.lower() for w in words[:2]}:
        return "outside"
    return place_in(where) or where


def names_somebody(phrase: str, role: str, family: str) -> bool:
    """Whether a phrase names people: by its noun, as a name, or as whom one speaks to."""
    head = head_of(phrase).removesuffix("-in-law")
    if family == "call" and role == "person":
        return True  # whoever can be rung up or sent for is somebody
    if head in word_list("people") or (family == "wake" and role == "object"):
        return True
    if role == "place" or pattern("owned").match(phrase) or head in SELF:
        return is_person(head) and role == "person"
    is_group = last_word(phrase) in words_in("groups")
    is_named = phrase[:1].isupper() or phrase[:1].isdigit() or is_person(head) or is_group
    if role == "person":
        return is_named or bool(pattern("noun_phrase").match(phrase))
    return is_named and family in common("done_to_people").split()
