"""One act of a player's move: what stands before its verb, the verb, and what it speaks of.

Called by ``act``, which cuts a move into its acts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tta_rebuild.core.english import singular
from tta_rebuild.storyteller.act_grammar import (
    Verb,
    VerbFamily,
    arguments,
    families,
    is_adverb,
    is_base,
    is_one,
    is_somebody,
    joined,
    phrase_length,
    small_words,
    verb_at,
)
from tta_rebuild.storyteller.second_person import to_second_person
from tta_rebuild.storyteller.word_lists import word_list

LONGEST_LEAD = 12
"""Words that may stand before the verb of an act."""
_PLAUSIBLE = re.compile(r"(?!.*(.)\1\1)(?!.*[^aeiouy]{6})[a-z]*[aeiouy][a-z]*(?:-[a-z]+)?$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What the player does, in parts; noun phrases keep their determiner and speak of "you".

    Attributes:
        family: a family of ``data/verbs.txt``, ``do`` for other verbs; "" if not understood.
        verb: the plain form with its particle: "smash", "turn on".
        object: "the old maps"; a pronoun stays unless the move itself says who or what it is.
        person: whom it is said, given or done to, where that is not the object.
        instrument: "a knife" (with, using).
        where: with its preposition: "under the floorboards".
        manner: "slowly", "without a match".
        said: what is said, asked, written or thought; reported in the second person, or as spoken.
        is_quoted: ``said`` holds the words as spoken.
        clause: this act and those after it told back, without full stop: "you break it and run".
        then: the next act of a compound move.
        problem: why it is no act: "empty", "numbers", "nonsense", "question" (to the game) or
            "no verb"; "" for an act.
    """

    family: str = ""
    verb: str = ""
    object: str = ""
    person: str = ""
    instrument: str = ""
    where: str = ""
    manner: str = ""
    said: str = ""
    is_quoted: bool = False
    clause: str = ""
    then: Act | None = None
    problem: str = ""


def spoken(words: str, family: str = "") -> Act:
    """Words said as they stand."""
    words = words.strip()
    family = family or ("ask" if words.endswith("?") else "say")
    verb = family if family in ("ask", "tell", "shout") else "say"
    clause = f"you {'say' if verb == 'tell' else verb}: “{words[:1].upper()}{words[1:]}”"
    return Act(family=family, verb=verb, said=words, is_quoted=True, clause=clause)


class Lead:
    """What stands before the verb: subject, wishes, fillers, manner; and whether it is denied."""

    def __init__(self, tokens: Sequence[str]) -> None:
        self.manner: list[str] = []
        self.subject = ""
        self.is_denied = False
        self.weak = 0
        at, low = 0, [token.lower().replace("’", "'") for token in tokens]
        while at < min(len(low), LONGEST_LEAD):
            verb = verb_at(tokens[at:])
            name, size = self._before_verb(low[at:], verb.words if verb else 0)
            if size:
                self.subject = self.subject or (low[at] if name == "openings" else "")
                self.is_denied = self.is_denied or name == "not"
                self.weak += size if name in ("weak", "wishes") else 0
            elif not verb and (is_adverb(low[at]) or is_one(low[at], "adverbs")):
                self.manner += [tokens[at]] if is_adverb(low[at]) else []
            elif low[at][0].isalnum() or low[at][0] == "“":
                break
            at += max(size, 1)
        self.rest = list(tokens[at:])
        self.verb = verb_at(self.rest)

    @staticmethod
    def _before_verb(low: list[str], longest: int) -> tuple[str, int]:
        """The list and the size of a phrase that is no verb here, though it may be one."""
        names = ("not", "openings", "wishes", "fillers", "weak")
        size, name = max(((phrase_length(n, low), n) for n in names), key=lambda pair: pair[0])
        after = low[size:]
        following = after[0] if after else ""
        if name == "weak":
            is_idle = low[0] in ("go", "come") and size == 1 and is_base(following)
            is_before = following.endswith("ing") and (size > longest or verb_at(after))
            return name, size if (is_before or is_idle) and size >= longest else 0
        if name == "openings" and low[0] == "to" and not verb_at(after):
            return name, 0
        may_be_verb = name in ("not", "wishes") or low[0] == "lets"
        is_equal = size == longest and may_be_verb and verb_at(after)
        return name, size if size > longest or is_equal else 0


def deed(tokens: list[str]) -> Act | None:
    """One act from the tokens of one part; None if they hold no verb."""
    lead = Lead(tokens)
    verb = lead.verb or unknown(lead)
    if not verb:
        return _without_verb(tokens, lead)
    family, takes = verb.family, families()[verb.family].takes
    quoted = [token.strip("“” ,") for token in verb.rest if token[0] == "“"]
    rest = [token for token in verb.rest if token[0] != "“"]
    while rest and not rest[-1][0].isalnum():
        rest.pop()
    last = verb.name.split()[-1]
    if last in ("about", "that", "if", "whether") or (last == "for" and takes[0] == "person"):
        rest.insert(0, last)
    elif not quoted and family in ("say", "shout", "whisper", "answer"):
        quoted, rest = _own_words(families()[family], rest)
    found = arguments(families()[family], rest, verb.keeps_noun)
    low = {token.lower() for token in rest}
    is_to_me = "you" in (found.get("object"), found.get("person")) and "me" in low
    if "said" in takes and lead.subject[:1] in ("i", "w") and low & {"you", "your"}:
        return spoken(joined(tokens, keeps_mark=True), family)
    if is_to_me and not lead.subject and not quoted:
        return spoken(joined(tokens, keeps_mark=True), "say")
    if quoted:
        found = {"object": found.get("said", ""), **found, "said": quoted[0]}
        if quoted[0].endswith("?") and family in ("say", "tell", "whisper", "shout", "write"):
            family = "ask"
    found["manner"] = " ".join([*lead.manner, found.get("manner", "")]).strip()
    told = [t for t in lead.rest[1:] if t[0] not in "“?" and (t in rest or not quoted)]
    clause = joined([*lead.manner, verb.base, *told])
    act = Act(family=family, verb=verb.name, is_quoted=bool(quoted), **found)  # type: ignore[arg-type]
    if lead.is_denied:
        said = to_second_person(f"to {clause}")
        act = Act(family="refuse", verb="refuse", said=said, object=act.object, person=act.person)
        clause = f"do not {clause}"
    spoken_words = f": “{act.said[:1].upper()}{act.said[1:]}”" if quoted else ""
    return replace(act, clause=to_second_person(f"you {clause}") + spoken_words)


def _own_words(spec: VerbFamily, rest: list[str]) -> tuple[list[str], list[str]]:
    """The words said as they stand ("say yes to the king"), and what is left."""
    lists = "openers prepositions determiners pronouns enders"
    if not rest or is_adverb(rest[0]) or is_one(rest[0].lower(), lists):
        return [], rest
    ends = (k for k, t in enumerate(rest) if k and t.lower() in spec.after.get("person", ()))
    end = next((k for k in ends if is_somebody(rest[k + 1 :])), len(rest))
    return [joined(rest[:end])], rest[end:]


def _without_verb(tokens: list[str], lead: Lead) -> Act | None:
    """One goes "north" and "back to the harbour"; in "with the knife I cut it" one reads on."""
    low = [token.lower() for token in tokens]
    starts = (k for k, w in enumerate(low) if k and w in ("i", "we") and Lead(tokens[k:]).verb)
    if at := next(starts, 0):
        is_phrase = is_one(low[0], "prepositions") and not is_one(low[0], "enders")
        return deed([*tokens[at:], *((",", low[0], *tokens[1:at]) if is_phrase else ())])
    first = "".join(lead.rest[:1]).lower()
    is_goal = is_one(first, "where_alone") or first in ("to", "into", "towards")
    is_short = len(lead.rest) == 1 or (len(lead.rest) < 8 and small_words("english") & set(low))
    if lead.subject or not (is_goal and is_short):
        return None
    where = to_second_person(joined(lead.rest))
    return Act(family="go", verb="go", where=where, clause=f"you go {where}")


def unknown(lead: Lead) -> Verb | None:
    """A verb that no family holds, where it plainly is one: "I defenestrate the duke"."""
    word = "".join(lead.rest[:1]).lower()
    lists = "determiners pronouns subjects finite prepositions openers enders adverbs english"
    if is_one(word, f"{lists} hurried") or len(word) < 3 or not _PLAUSIBLE.match(word):
        return None
    following = "".join(lead.rest[1:2]).lower()
    is_noun = any(singular(word) in word_list(name) for name in ("people", "places"))
    if not lead.subject and (not is_one(following, "determiners pronouns prepositions") or is_noun):
        return None
    base = re.sub(r"(?<=\w{3})(?:ed|ing)$", "", word)
    lost = base != word and re.search(r"(?:at|iz|is|ut|ov|av|rg|v|c|u|bl|tl|dl|gl|ir|ur)$", base)
    return Verb("do", base + "e" * bool(lost), base, lead.rest[1:])
