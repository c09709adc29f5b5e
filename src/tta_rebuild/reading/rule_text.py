"""Free-text rules into checks: "nobody may enter the tower", "no magic", "it is always night".

An author gives a world's rules as name → text. ``compiled`` turns into checks what it understands
whole; every other rule is left to the model that tells and judges, and named as such.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import Literal

from tta_rebuild.core.english import singular
from tta_rebuild.reading.rule_words import (
    PERSON,
    bases_of,
    expanded,
    family,
    is_being,
    is_known_noun,
    listed,
    members,
    opposite,
    table,
    words_for,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldRule:
    """One compiled rule.

    Attributes:
        name, text: as the author gave it.
        kind: what is checked.
        words: words or stems (``magic*``) that are forbidden or that trigger it.
        price: for a conditional rule, words of which one must occur in the same sentence.
        subject: for a forbidden act, those who may not (nobody may if empty), or with ``only``
            those who alone may: a noun, last, and words that must stand beside it.
        verbs: base forms of what may not be done; any form of them counts.
        objects: nouns of which each must be among what it is done to.
        link: a preposition that must follow the verb ("speak *to* the king"), "" for any.
        inside: the act counts only in or into one of the objects.
        ability: the rule says what cannot be, so that "can" and "could" break it too.
        when: hours of the day at which the act is forbidden; empty for always.
    """

    name: str
    text: str
    kind: Literal["forbidden", "conditional", "forbidden_act"]
    words: tuple[str, ...] = ()
    price: tuple[str, ...] = ()
    subject: tuple[str, ...] = ()
    only: bool = False
    verbs: tuple[str, ...] = ()
    objects: tuple[str, ...] = ()
    link: str = ""
    inside: bool = False
    ability: bool = False
    when: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Compiled:
    """What became of free-text rules: checks, and the names of those left to the model.

    A rule of several sentences may be in both: some of it is checked, the rest is not.
    """

    rules: tuple[WorldRule, ...]
    left_to_model: tuple[str, ...]


Make = Callable[..., WorldRule]
"""Makes a rule of the name and text at hand."""

_NOBODY = r"nobody|no one|no-one|none|not a soul"
_NO_CLASS = r"no (?P<kind>[\w -]+?)"
_CLASS = r"(?:all |any |the |an? )?(?P<kind>[\w -]+?)"
_MODAL = r"(?:may|can|could|must|shall|should|will|(?:is|are) (?:allowed|permitted|able) to)"
_ACT = r"(?P<verb>\w+)(?P<rest>(?: .*)?)"
_BANNED = (
    r"(?:strictly |absolutely )?(?:forbidden|banned|outlawed|prohibited|illegal|"
    r"not allowed|not permitted|impossible|not possible|unknown|not real|extinct|none|"
    r"disabled|absent|false|not welcome)"
)
_BEING = r"(?:in|inside|into|near|on|at|within)"
_OPEN_ENDED = re.compile(
    r"\b(?:if|unless|until|when|whenever|while|without|except|but|before|after|because|who|whom|"
    r"whose|which|that|than|more|less|once|twice|again|as|or|and|not|only|so)\b"
)
_SAYINGS = (
    (
        r"\b(?:(?<!not )realistic|realism|real[ -]world|true to life|down to earth|"
        r"no(?:thing)? supernatural)\b",
        "realistic",
    ),
    (r"\b(?:medieval|pre-industrial|bronze age|iron age|stone age)\b", "medieval"),
    (r"\bnon-?magic(?:al)?\b", "magic"),
)
_ALWAYS = r"(?:it|this|here it) (?:is|'s) (?:always|for ?ever|eternally) (?P<what>\w+)"
_NEVER = r"it (?:never|does not|can not|will never) (?P<what>rain|snow|thunder)s?"
_PRICED = (
    r"(?:all |every |any |each |the )?(?:use of )?(?P<what>\w+)(?: use| spells?)? "
    r"(?:always |must )?(?:costs?|requires?|demands?|needs?|be paid (?:for )?(?:with|in)|"
    r"is paid (?:for )?(?:with|in|by)|only (?:works? )?with|drains?|takes?)"
    r"(?: (?:the|its|their) (?:caster|user|wizard|witch)'?s?)?"
    r" (?:a |an |the |some |your |their |its user's )*(?P<price>\w+)"
)
_NO_TOPIC = (
    r"(?:there (?:is|are|exists?) |(?:(?:this|our|the|an?) )?\w+ (?:has |with )|"
    r"an? \w+ (?=without))?(?:absolutely )?"
    r"(?:no|without|never any|never use|do not use|avoid|forbid|ban)(?: any| the use of)? "
    r"(?P<what>.+?)"
    r"(?: (?:is|are|exists?|allowed|permitted|is allowed|are allowed|is possible))?"
)
_BANNED_TOPIC = rf"(?P<what>[\w, -]+?) (?:(?:is|are) {_BANNED}|(?:do|does) not (?:exist|work))"


def compiled(rules: Mapping[str, str]) -> Compiled:
    """Compile free-text rules by name."""
    made: list[WorldRule] = []
    left: list[str] = []
    for name, text in rules.items():
        make = partial(WorldRule, name=name, text=str(text))
        words = _plain(str(text))
        if len(words.split()) < 3 and not _compile(make, words):
            is_rule = bool(_compile(make, _plain(name)))  # such as ``no_magic``
            words = _plain(f"{name} is {text}") if words and not is_rule else _plain(name)
        found = [_compile(make, s) for s in re.split(r"[.;!]\s*", words) if s]
        made.extend(rule for rules_of_one in found for rule in rules_of_one)
        if not all(found) or not found:
            left.append(name)
    return Compiled(tuple(made), tuple(left))


def _plain(text: str) -> str:
    low = expanded(" ".join(text.lower().replace("_", " ").split()))
    low = re.sub(r"^(?:here|in (?:this|our|the) \w+),? ", "", low)
    return re.sub(
        r",? (?:here|at all|in (?:this|our) \w+|of any kind|ever|please)(?=[.;!]|$)", "", low
    )


def _compile(make: Make, low: str) -> list[WorldRule]:
    """What the first way of reading that understands a sentence makes of it."""
    return next((found for read in _READINGS if (found := list(read(make, low)))), [])


def _by_saying(make: Make, low: str) -> Iterator[WorldRule]:
    topics = [topic for pattern, topic in _SAYINGS if re.search(pattern, low)]
    if low.startswith(tuple(table("sayings")["resurrection"])):
        topics.insert(0, "resurrection")
    for topic in topics:
        yield make(kind="forbidden", words=family(topic))
    always = re.fullmatch(_ALWAYS, low)
    if always and opposite(always["what"]):
        yield make(kind="forbidden", words=opposite(always["what"]))
    never = re.fullmatch(_NEVER, low)
    if never:
        endings = ("", "s", "ed", "ing", "fall", "drops", "y")
        yield make(kind="forbidden", words=tuple(never["what"] + ending for ending in endings))


def _by_price(make: Make, low: str) -> Iterator[WorldRule]:
    priced = re.fullmatch(_PRICED, low)
    if priced and family(priced["what"]):
        price = words_for(priced["price"])
        yield make(kind="conditional", words=family(priced["what"]), price=price)


def _by_act(make: Make, low: str) -> Iterator[WorldRule]:
    low, when = _hours(low)
    for pattern in _ACTS:
        found = re.fullmatch(pattern, low)
        if found is None:
            continue
        groups = found.groupdict()
        subject = _subject(groups.get("kind") or "")
        done = _done(groups["verb"], groups["rest"] or "")
        if subject is None or done is None:
            continue
        verbs, objects, link, inside = done
        only = pattern.startswith("only")
        ability = re.search(r"\b(?:can|could|able|possible|impossible)\b", low) is not None
        yield make(
            kind="forbidden_act",
            subject=subject,
            only=only,
            verbs=verbs,
            objects=objects,
            link=link,
            inside=inside,
            ability=ability and not only,
            when=when,
        )
        return


_ACTS: tuple[str, ...] = (
    rf"it is (?:strictly )?(?:forbidden|impossible|not allowed|illegal) "
    rf"(?:for {_CLASS} )?to {_ACT}",
    rf"(?:{_NOBODY})(?: ever)? {_MODAL} (?:ever )?{_ACT}",
    rf"(?:{_NOBODY}) (?:ever )?(?!has|have|is|was|are)(?P<verb>\w+s)(?P<rest>(?: .*)?)",
    rf"{_NO_CLASS}(?: ever)? {_MODAL} (?:ever )?{_ACT}",
    rf"only {_CLASS} {_MODAL} {_ACT}",
    rf"{_CLASS} {_MODAL} (?:not|never)(?: ever)? (?:be (?:able|allowed|permitted) to )?{_ACT}",
    rf"{_CLASS} (?:is|are) (?:not|never) (?:able|allowed|permitted|supposed) to {_ACT}",
    rf"{_CLASS} (?:is|are) (?:forbidden|unable) to {_ACT}",
    rf"{_CLASS} (?:never|do not|does not|did not) (?:ever )?{_ACT}",
    rf"(?:do not|never|you (?:must|may|can|shall) (?:not|never)) (?!use |any |have ){_ACT}",
    rf"(?P<verb>\w{{2,}}ing)(?P<rest>(?: .*?)?) (?:is|are) {_BANNED}",
    r"no (?P<verb>\w{2,}ing)(?P<rest>)(?: allowed)?",
    r"no (?P<verb>\w{2,}ing) (?P<kind>\w+s)(?P<rest>)",
)


def _by_place(make: Make, low: str) -> Iterator[WorldRule]:
    """ "Children are not allowed in the tower": whatever being there looks like."""
    low, when = _hours(low)
    found = re.fullmatch(
        rf"(?:no (?P<none>[\w -]+?) (?:are |is )?allowed|{_CLASS} (?:is|are) {_BANNED}) "
        rf"{_BEING} (?P<rest>.+)",
        low,
    )
    subject = _subject(found["none"] or found["kind"]) if found else None
    done = _done("enter", " " + found["rest"]) if found else None
    if subject is None or done is None or (subject and not is_being(subject[-1])):
        return
    yield make(
        kind="forbidden_act",
        subject=subject,
        verbs=tuple(sorted(listed("verbs", "presence"))),
        objects=done[1],
        inside=True,
        when=when,
    )


def _by_topic(make: Make, low: str) -> Iterator[WorldRule]:
    found = re.fullmatch(_NO_TOPIC, low) or re.fullmatch(_BANNED_TOPIC, low)
    cleaned = re.sub(
        r"\b(?:real|use of|any|the|a|an|allowed)\b", " ", found["what"] if found else ""
    )
    topics = [" ".join(t.split()) for t in re.split(r",|\bor\b|\band\b|/", cleaned) if t.strip()]
    if all(family(t) or not _is_phrase(t) for t in topics):
        for topic in topics:
            yield make(kind="forbidden", words=words_for(topic))


_READINGS = (_by_saying, _by_price, _by_place, _by_act, _by_topic)


@cache
def _small() -> frozenset[str]:
    return listed("grammar", "links") | listed("grammar", "places")


def _is_phrase(topic: str) -> bool:
    """Whether a topic is more than a thing with a word or two before it."""
    words = topic.split()
    small = _small() | listed("grammar", "articles_of_rules")
    return len(words) > 3 or not small.isdisjoint(words) or bool(_OPEN_ENDED.search(topic))


def _hours(low: str) -> tuple[str, tuple[str, ...]]:
    for phrase, hours in table("hours").items():
        if phrase in low:
            return " ".join(low.replace(phrase, "").strip(" ,").split()), tuple(hours.split())
    return low, ()


def _subject(kind: str) -> tuple[str, ...] | None:
    """Words of who is meant, the noun last; () for anybody, None if it is not understood."""
    words = [w for w in kind.split() if w not in ("the", "a", "an", "all", "any", "every", "of")]
    if not words:
        return ()
    if len(words) > 3 or _OPEN_ENDED.search(kind) or not _small().isdisjoint(kind.split()):
        return None
    noun = singular(words[-1])
    if not words[:-1] and noun in listed("grammar", "everybody"):
        return ()
    return (*words[:-1], noun)


def _done(verb: str, rest: str) -> tuple[tuple[str, ...], tuple[str, ...], str, bool] | None:
    """Verb, objects, preposition and whether it is about a place; None if not understood."""
    if verb.endswith("ing") and (is_known_noun(verb) or verb in listed("nouns", "in_ing")):
        return None
    if _OPEN_ENDED.search(rest) or verb in listed("grammar", "no_acts"):
        return None
    words = re.findall(r"[\w'-]+", rest)
    link = words[0] if words and words[0] in listed("grammar", "links") else ""
    small = _small() | listed("grammar", "articles_of_rules")
    objects = tuple(singular(w) for w in words if w not in small)
    if len(objects) > 3:
        return None
    return bases_of(verb), objects, link, bool(words) and words[0] in listed("grammar", "places")


def object_forms(noun: str) -> frozenset[str]:
    """What counts as the object that a rule names: the class, and pronouns for people."""
    found = members(noun)
    if PERSON in found or noun == "human":
        found |= members(PERSON) | {"him", "her", "them", "me", "us", "you"}
    return found
