"""One act of a player's move: what stands before its verb, the verb, and what it speaks of.

Called by ``act``, which cuts a move into its acts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

from tta_rebuild.core.english import singular
from tta_rebuild.storyteller.act_grammar import (
    Verb,
    VerbFamily,
    families,
    is_adverb,
    is_base,
    is_one,
    joined,
    phrase_length,
    small_words,
    verb_at,
)
from tta_rebuild.storyteller.second_person import to_second_person
from tta_rebuild.storyteller.word_lists import word_list

LONGEST_LEAD = 12
"""Words that may stand before the verb of an act."""
_PERSON_OF = {"his": "him", "their": "them", "its": "it", "her": "her", "your": "you"}
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
            return name, size if is_before or is_idle else 0
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
    found = _arguments(families()[family], rest, verb.keeps_noun)
    low = {token.lower() for token in rest}
    is_to_me = "you" in (found.get("object"), found.get("person")) and "me" in low
    if "said" in takes and lead.subject[:1] in ("i", "w") and low & {"you", "your"}:
        return spoken(as_text(tokens), family)
    if is_to_me and not lead.subject and not quoted:
        return spoken(as_text(tokens), "say")
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
    ends = (k for k, t in enumerate(rest) if k and spec.brings("person", t.lower()))
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


# ------------------------------------------------------------------------- what follows the verb

_NOUN = r"(?:d+[ap]*n+|[hb]a*n+|n+|d+a?)"
_PHRASE = re.compile(
    rf"(?P<manner>Mm*[^pEM]*)|(?P<prep>(?:pf?)*)(?P<noun>{_NOUN}(?:f(?:{_NOUN}|[rhb]))*|[rhb]|o.+)?"
)
"""A phrase in the letters of ``_tags``."""


@cache
def _letters() -> Mapping[str, str]:
    """The letter of each small word, by what it may be."""
    lists = {"a": "adverbs", "s": "subjects", "o": "openers", "r": "pronouns", "d": "determiners"}
    lists["p"] = "prepositions"
    found = {word: letter for letter, name in lists.items() for word in small_words(name)}
    both = small_words("determiners") & small_words("pronouns")
    return found | dict.fromkeys(both, "b") | {"of": "f", "her": "h"}


def _tags(low: list[str], spec: VerbFamily) -> str:
    """A letter for each word.

    o opens a clause, s is its subject, T opens an infinitive, E ends what an act speaks of, M and m
    are manner, p preposition, f of, d determiner, r pronoun, h her, b this, a adverb, n other, x
    a mark.
    """
    tags = ""
    while (k := len(tags)) < len(low):
        word, following = low[k], "".join(low[k + 1 : k + 2])
        size = phrase_length("manner", low[k:]) if tags[-1:] not in ("d", "h") else 0
        letter = _letters().get(word, "a" if is_adverb(word) else "n")
        if word == "to" and (is_base(following) or is_one(following, "infinitives")):
            letter = "T"
        elif is_one(word, "enders") and not (word == "before" and spec.takes[0] == "where"):
            letter = "E" if k or word not in ("as", "once") else "o"
        elif size:
            letter = "M" + "m" * (size - 1)
        elif word == "her" and not k and spec.takes_two and "to" not in low:
            letter = "h" if is_one(low[-1], "asked_things") else "r"
        elif word == "that" and tags[-1:] == "n":
            letter = "o"
        elif word in ("it", "you", "nobody", "this") and k and is_one(following, "finite"):
            letter = "s"
        elif not word[0].isalnum():
            letter = "x"
        tags += letter
    return tags


def _arguments(spec: VerbFamily, rest: list[str], keeps_noun: bool) -> dict[str, str]:
    """The parts of what follows a verb, by the names of ``Act``'s fields, in the second person."""
    rest = rest[rest[:1] in (["of"], ["Of"]) :]
    low = [token.lower() for token in rest]
    tags = _tags(low, spec)
    begin, end = _reported(spec, low, tags) if "said" in spec.takes else (len(rest), len(rest))
    said = joined(rest[begin + (low[begin : begin + 1] == ["that"]) : end])
    head = [k for k, tag in enumerate(tags) if tag != "x" and not begin <= k < end]
    phrases = list(_phrases("".join(tags[k] for k in head), [rest[k] for k in head], spec))
    parts: dict[str, list[str]] = {"said": [said]} if said else {}
    slots = ["object"] if keeps_noun else [s for s in spec.takes if s != "where"] or ["object"]
    bare = [words for prep, words in phrases if not prep]
    for words in bare:
        is_first_of_two = len(bare) > 1 and words is bare[0] and "person" in slots
        is_person = is_first_of_two or (slots[0] == "said" and is_somebody(words))
        free = [slot for slot in slots if slot not in parts] or ["aside"]
        slot = "person" if is_person and "person" in free else free[0]
        last = words[-1].lower()
        if slot == "person" and not said and is_one(last, "said_things asked_things"):
            slot = "said" if "said" in slots else "object"
            if owner := _PERSON_OF.get(words[0].lower()) if is_one(last, "asked_things") else "":
                parts["person"] = [owner]
        parts[slot] = words
    for prep, words in phrases:
        if prep:
            slot, kept = _slot(spec, prep, words, parts)
            parts.setdefault(slot, []).extend(kept)
    parts.pop("aside", None)
    return {slot: _lowered(to_second_person(joined(words))) for slot, words in parts.items()}


def _reported(spec: VerbFamily, low: list[str], tags: str) -> tuple[int, int]:
    """Where what is reported begins and ends ("that …", "to …", "who …", "about …")."""
    size = len(low)
    for k, (word, tag) in enumerate(zip(low, tags, strict=True)):
        may_open = tag == "s" or (is_one(word, "openers") and not (tag == "b" and k + 1 == size))
        if k and tags[k - 1] == "p" and not (tag == "T" and is_one(low[k - 1], "where_alone")):
            continue
        if tag == "T" or (may_open and not (k and spec.takes[0] == "object")):
            return k - (k > 0 and low[k - 1] == "not"), size
        if "bare_infinitive" in spec.flags and k and is_base(word) and tags[k - 1] != "d":
            return k, size
        if spec.brings("said", word) and k + 1 < size:
            ends = (j for j in range(k + 2, size) if spec.brings("person", low[j]) and low[j] != "for")
            return k, next(ends, size)
    return size, size


def _phrases(
    tags: str, tokens: list[str], spec: VerbFamily
) -> Iterator[tuple[list[str], list[str]]]:
    """Phrases in order, as (prepositions, words); a clause of time, reason or purpose ends them."""
    takes_two, at = spec.takes_two, 0
    while at < len(tags) and tags[at] not in "ET":
        found = _PHRASE.match(tags, at)
        begin, at = at, max(found.end(), at + 1)
        if found["manner"]:
            yield tokens[begin:at], []
            continue
        middle, noun, following = found.end("prep"), found["noun"], tags[at : at + 1]
        is_second = takes_two and middle == begin
        is_clause = following in ("o", "s") and at + 1 < len(tags)
        if noun and (is_clause or (following in tuple("dhbr") and not is_second and noun != "r")):
            at = (tags + "E").index("E", at)
        if noun or middle > begin:
            yield tokens[begin:middle], tokens[middle:at]
        elif is_adverb(tokens[begin].lower()):
            yield [tokens[begin]], []


def _slot(
    spec: VerbFamily, prep: list[str], words: list[str], parts: Mapping[str, list[str]]
) -> tuple[str, list[str]]:
    """Which part a phrase with its preposition is, and the words of it to keep."""
    first, before, whole = prep[0].lower(), prep[-1].lower(), [*prep, *words]
    is_time = first in ("for", "in", "at") and words and is_one(words[-1].lower(), "times")
    if words[-1:] == ["ear"] and "person" not in parts:
        return "person", [_PERSON_OF.get(words[0].lower(), joined(words))]
    if is_time or is_adverb(first) or phrase_length("manner", [w.lower() for w in whole]):
        return "manner", whole
    for slot in ("object", "person"):
        if words and slot not in parts and spec.brings(slot, before):
            return slot, words
    if first == "with" and "person" not in parts and is_somebody(words):
        return "person", words
    if words and first in ("with", "using", "via"):
        return ("instrument" if "instrument" not in parts else "aside"), words
    if "said" in spec.takes and spec.brings("said", first):
        return "said", whole
    if is_one(first, "asides") or (first == "by" and not words):
        return "aside", whole
    if "where" in parts:
        is_goal = "where" in spec.takes and before in ("to", "into", "towards")
        if not is_goal or parts["where"][0].lower() in ("to", "into"):
            return "aside", whole
        parts["where"].clear()
    return "where", whole


def is_somebody(words: Sequence[str]) -> bool:
    """True for a name, "her", "the guard": somebody rather than something, as far as words tell."""
    ends = (k for k, word in enumerate(words) if k and is_one(word.lower(), "joints"))
    last = words[next(ends, len(words)) - 1] if words else ""
    if len(words) == 1 and is_one(last.lower(), "somebody"):
        return True
    return singular(last.lower()) in word_list("people") or (last[:1].isupper() and len(words) < 3)


def _lowered(words: str) -> str:
    first = words.split(" ")[0]
    is_small = is_one(first.lower(), "determiners prepositions") or first in ("You", "That")
    return words[:1].lower() + words[1:] if is_small else words


def as_text(tokens: Sequence[str]) -> str:
    """A whole sentence as text, with the ? or ! at its end."""
    mark = tokens[-1] if tokens[-1:] and tokens[-1][0] in "!?" else ""
    return joined(tokens).rstrip("?!") + mark
