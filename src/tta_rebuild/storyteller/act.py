"""What the player does, in parts, and how that is told back in the past.

Made by ``act_parser``; read by whoever plays a move: ``rulebook``, ``act_binding``, ``deeds`` …
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from tta_rebuild.core.english import past
from tta_rebuild.storyteller.act_grammar import is_base
from tta_rebuild.storyteller.word_lists import pattern, word_table


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What the player does, in parts; noun phrases keep their determiner and speak of "you"."""

    family: str = ""  # of data/verbs.txt, "do" for other verbs; "" if not understood
    verb: str = ""  # the plain form with its particle: "smash", "turn on"
    object: str = ""  # "the old maps"; a pronoun stays unless the move says who or what it is
    person: str = ""  # whom it is said, given or done to, where that is not the object
    instrument: str = ""  # "a knife" (with, using)
    where: str = ""  # with its preposition: "under the floorboards"
    result: str = ""  # what becomes of the object: "open", "loose"
    manner: str = ""  # "slowly", "without a match"
    said: str = ""  # what is said, asked, written, thought: reported, or as spoken
    is_quoted: bool = False  # said holds the words as spoken
    clause: str = ""  # this act and those after it told back: "you break it and run"
    then: Act | None = None  # the next act of a compound move
    problem: str = ""  # of no act: empty, numbers, nonsense, question (to the game), no verb


def clause_in_past(clause: str) -> str:
    """``you give Mara the key and run`` → ``you gave Mara the key and ran``; speech stays."""
    parts = re.split(r"(“[^”]*”)", clause)
    for i in range(0, len(parts), 2):
        told, that, reported = parts[i].partition(" that ")
        told = pattern("tensed").sub(
            lambda m: m[1] + (past(m[2]) if m[1].startswith("you ") or is_base(m[2]) else m[2]),
            told,
        )
        for now, then in word_table("words")["shifted"] if that else ():
            reported = re.sub(rf"\b{now}\b", then, reported, count=1)
        parts[i] = told + that + reported
    return "".join(parts)
