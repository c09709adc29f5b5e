"""One act of a player's move: what stands before its verb, the verb, and its parts.

Called by ``act``, which cuts a move into its acts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tta_rebuild.core.english import singular
from tta_rebuild.storyteller.act_grammar import (
    Verb,
    families,
    is_adverb,
    is_base,
    is_one,
    joined,
    phrase_length,
    small_words,
    verb_at,
)
from tta_rebuild.storyteller.act_phrases import arguments, as_text, is_somebody
from tta_rebuild.storyteller.second_person import to_second_person
from tta_rebuild.storyteller.word_lists import word_list

LONGEST_LEAD = 12
"""Words that may stand before the verb of an act."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What the player does, in parts; noun phrases keep their determiner and speak of "you".

    Attributes:
        family: a table of ``data/verbs.toml``, ``do`` for other verbs; "" if not understood.
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


_BEFORE_VERBS = ("not", "openings", "wishes", "fillers", "weak")


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
            longest = verb.words if verb else 0
            sizes = {name: phrase_length(name, low[at:]) for name in _BEFORE_VERBS}
            name = max(sizes, key=lambda kind: sizes[kind])
            size = sizes[name]
            after = low[at + size :]
            following = after[0] if after else ""
            does_go = low[at] in ("go", "come") and size == 1 and is_base(following)
            is_idle = name == "weak" and not following.endswith("ing") and not does_go
            if is_idle or (name == "openings" and low[at] == "to" and not verb_at(after)):
                size = 0
            may_be_verb = name in ("not", "wishes") or low[at] == "lets"
            is_equal = size == longest and may_be_verb and verb_at(after)
            if size and (size > longest or is_equal):
                self.subject = self.subject or (low[at] if name == "openings" else "")
                self.is_denied = self.is_denied or name == "not"
                self.weak += size if name in ("weak", "wishes") else 0
            elif size and size == longest and name == "weak" and verb_at([following]):
                self.weak += size + 1
            elif not longest and (is_adverb(low[at]) or is_one(low[at], "adverbs")):
                self.manner += [tokens[at]] if is_adverb(low[at]) else []
                size = 1
            elif not low[at][0].isalnum() and low[at][0] != "“":
                size = 1
            else:
                break
            at += size
        self.rest = list(tokens[at:])
        self.verb = verb_at(self.rest)


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
    if not quoted and family in ("say", "shout", "whisper", "answer"):
        quoted, rest = _own_words(family, rest)
    found = arguments(family, rest)
    low = {token.lower() for token in rest}
    if "said" in takes and lead.subject[:1] in ("i", "w") and low & {"you", "your"}:
        return spoken(as_text(tokens), family)
    is_to_me = "you" in (found.get("object"), found.get("person")) and "me" in low
    if is_to_me and not lead.subject and not quoted:
        return spoken(as_text(tokens), "say")
    if verb.keeps_noun and not found.get("object"):
        found["object"] = found.pop("person", "") or found.pop("said", "")
    if quoted:
        if found.get("said"):
            found.setdefault("object", found["said"])
        found["said"] = quoted[0]
        if quoted[0].endswith("?") and family in ("say", "tell", "whisper", "shout", "write"):
            family = "ask"
    found["manner"] = " ".join([*lead.manner, found.get("manner", "")]).strip()
    told = joined([*lead.manner, verb.base, *_unquoted(lead.rest[1:], rest if quoted else None)])
    act = Act(family=family, verb=verb.name, is_quoted=bool(quoted), **found)  # type: ignore[arg-type]
    if lead.is_denied:
        said = to_second_person(f"to {told}")
        act = Act(family="refuse", verb="refuse", said=said, object=act.object, person=act.person)
        told = f"do not {told}"
    clause = to_second_person(f"you {told}")
    return replace(
        act, clause=f"{clause}: “{act.said[:1].upper()}{act.said[1:]}”" if quoted else clause
    )


def _unquoted(tokens: Sequence[str], kept: Sequence[str] | None) -> list[str]:
    return [t for t in tokens if t[0] not in "“?" and (kept is None or t in kept)]


def _own_words(family: str, rest: list[str]) -> tuple[list[str], list[str]]:
    """The words said as they stand ("say good night to the king"), and what is left."""
    first = rest[0].lower() if rest else ""
    lists = "openers prepositions determiners pronouns enders"
    if not first or is_adverb(first) or is_one(first, lists):
        return [], rest
    to = families()[family].person_after
    ends = (k for k, t in enumerate(rest) if k and t.lower() in to and is_somebody(rest[k + 1 :]))
    end = next(ends, len(rest))
    return [joined(rest[:end])], rest[end:]


def _without_verb(tokens: list[str], lead: Lead) -> Act | None:
    """One goes "north" and "back to the harbour"; in "with the knife I cut it" one reads on."""
    low = [token.lower() for token in tokens]
    starts = (k for k, w in enumerate(low) if k and w in ("i", "we") and Lead(tokens[k:]).verb)
    at = next(starts, 0)
    if at:
        is_phrase = is_one(low[0], "prepositions") and not is_one(low[0], "enders")
        return deed([*tokens[at:], *((",", low[0], *tokens[1:at]) if is_phrase else ())])
    first = "".join(lead.rest[:1]).lower()
    is_goal = is_one(first, "where_alone") or first in ("to", "into", "towards")
    is_short = len(lead.rest) == 1 or (len(lead.rest) < 8 and small_words("english") & set(low))
    if lead.subject or not (is_goal and is_short):
        return None
    where = to_second_person(joined(lead.rest))
    return Act(family="go", verb="go", where=where, clause=f"you go {where}")


_PLAUSIBLE = re.compile(r"(?!.*(.)\1\1)(?!.*[^aeiouy]{6})[a-z]*[aeiouy][a-z]*(?:-[a-z]+)?$")
_LOST_E = re.compile(r"(?:at|iz|is|ut|ov|av|uc|rg|v|c|u|bl|tl|dl|gl|ir|ur)$")


def unknown(lead: Lead) -> Verb | None:
    """A verb that no table holds, where it plainly is one: "I defenestrate the duke"."""
    if not lead.rest:
        return None
    word, *rest = lead.rest
    low, following = word.lower(), (rest[0].lower() if rest else "")
    lists = (
        "determiners pronouns subjects finite prepositions openers enders adverbs english hurried"
    )
    if is_one(low, lists) or len(low) < 3 or not _PLAUSIBLE.match(low):
        return None
    is_argument = is_one(following, "determiners pronouns prepositions")
    is_noun = any(singular(low) in word_list(name) for name in ("people", "places"))
    if not lead.subject and (not is_argument or is_noun):
        return None
    base = low
    if lead.subject and low.endswith("ed"):
        base = low[:-2] + "e" * bool(_LOST_E.search(low[:-2]))
    elif low.endswith("ing") and len(low) > 5:
        base = low[:-3] + "e" * bool(_LOST_E.search(low[:-3]))
    return Verb("do", base, base, rest)
