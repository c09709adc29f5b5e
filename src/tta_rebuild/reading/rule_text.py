"""Free-text rules into checks: "nobody may enter the tower", "no magic", "it is always night".

An author gives a world's rules as name → text. ``compiled`` turns into checks what it understands
whole; every other rule is left to the model that tells and judges, and named as such.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from tta_rebuild.reading.rule_words import (
    PERSON,
    bases_of,
    family,
    is_being,
    is_known_noun,
    listed,
    members,
    opposite,
    phrases,
    singular,
    words_for,
)

RuleKind = Literal["forbidden", "required", "conditional", "forbidden_act"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldRule:
    """One compiled rule.

    Attributes:
        name, text: as the author gave it.
        kind: what is checked.
        words: words or stems (``magic*``) that are forbidden, required or that trigger it.
        price: for a conditional rule, words of which one must occur in the same sentence.
        subject: for a forbidden act, the noun of those who may not ("" for anybody), or with
            ``only`` of those who alone may; ``which`` are words that must stand beside it.
        verbs: base forms of what may not be done; any form of them counts.
        objects: nouns of which each must be among what it is done to.
        link: a preposition that must follow the verb ("speak *to* the king"), "" for any.
        inside: the act counts only in or into one of the objects.
        ability: the rule says what cannot be, so that "can" and "could" break it too.
        when: hours of the day at which the act is forbidden; empty for always.
    """

    name: str
    text: str
    kind: RuleKind
    words: tuple[str, ...] = ()
    price: tuple[str, ...] = ()
    subject: str = ""
    which: tuple[str, ...] = ()
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


_NIGHT = ("evening", "dusk", "night", "midnight")
HOURS = {
    "after dark": _NIGHT,
    "at night": _NIGHT,
    "by night": _NIGHT,
    "after sunset": _NIGHT,
    "after nightfall": _NIGHT,
    "after midnight": ("midnight",),
    "before dawn": ("night", "midnight"),
    "by day": ("morning", "noon", "afternoon"),
    "in daylight": ("morning", "noon", "afternoon"),
    "during the day": ("morning", "noon", "afternoon"),
}
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
_ARTICLES = frozenset(["the", "a", "an", "any", "his", "her", "their", "your", "its", "ever", "to"])
_LINKS = frozenset(["to", "with", "from", "about", "of", "against", "for"])
_PLACES = frozenset(["in", "into", "inside", "on", "onto", "at", "through", "within", "upon"])
_OPEN_ENDED = re.compile(
    r"\b(?:if|unless|until|when|whenever|while|without|except|but|before|after|because|who|whom|"
    r"whose|which|that|than|more|less|once|twice|again|as|or|and|not|only|so)\b"
)
_NO_ACTS = frozenset("be have been being not always only exist work".split())
_PEOPLE = frozenset(
    ["you", "player", "people", "anyone", "anybody", "one", "character", "we", "mortal"]
)


def compiled(rules: Mapping[str, str]) -> Compiled:
    """Compile free-text rules by name."""
    made: list[WorldRule] = []
    left: list[str] = []
    for name, text in rules.items():
        words = _plain(str(text))
        if len(words.split()) < 3 and not any(_compile(name, "", words)):
            words = _plain(f"{name} is {text}") if words and not _rule_in(name) else _plain(name)
        sentences = [s for s in re.split(r"[.;!]\s*", words) if s]
        found = [list(_compile(name, str(text), sentence)) for sentence in sentences]
        made.extend(rule for rules_of_one in found for rule in rules_of_one)
        if not all(found) or not found:
            left.append(name)
    return Compiled(tuple(made), tuple(left))


def _rule_in(name: str) -> bool:
    """Whether a rule's name is a rule itself, such as ``no_magic``."""
    return any(_compile(name, "", _plain(name)))


def _plain(text: str) -> str:
    low = " ".join(text.lower().replace("’", "'").replace("_", " ").split())
    low = low.replace("cannot", "can not").replace("can't", "can not").replace("won't", "will not")
    low = re.sub(r"n't\b", " not", low)
    low = re.sub(r"^(?:here|in (?:this|our|the) \w+),? ", "", low)
    return re.sub(
        r",? (?:here|at all|in (?:this|our) \w+|of any kind|ever|please)(?=[.;!]|$)", "", low
    )


def _compile(name: str, text: str, low: str) -> Iterator[WorldRule]:
    for reading in _READINGS:
        found = list(reading(name, text, low))
        if found:
            yield from found
            return


def _by_saying(name: str, text: str, low: str) -> Iterator[WorldRule]:
    if low.startswith(phrases("sayings", "resurrection")):
        yield WorldRule(name=name, text=text, kind="forbidden", words=family("resurrection"))
    realistic = (
        r"\b(?:(?<!not )realistic|realism|real[ -]world|true to life|down to earth|"
        r"no(?:thing)? supernatural)\b"
    )
    if re.search(realistic, low):
        yield WorldRule(name=name, text=text, kind="forbidden", words=family("realistic"))
    if re.search(r"\b(?:medieval|pre-industrial|bronze age|iron age|stone age)\b", low):
        yield WorldRule(name=name, text=text, kind="forbidden", words=family("medieval"))
    if re.search(r"\bnon-?magic(?:al)?\b", low):
        yield WorldRule(name=name, text=text, kind="forbidden", words=family("magic"))
    always = re.fullmatch(
        r"(?:it|this|here it) (?:is|'s) (?:always|for ?ever|eternally) (?P<what>\w+)", low
    )
    if always and opposite(always["what"]):
        yield WorldRule(name=name, text=text, kind="forbidden", words=opposite(always["what"]))
    weather = re.fullmatch(
        r"it (?:never|does not|can not|will never) (?P<what>rain|snow|thunder)s?", low
    )
    if weather:
        what = weather["what"]
        words = (
            what,
            f"{what}s",
            f"{what}ed",
            f"{what}ing",
            f"{what}fall",
            f"{what}drops",
            f"{what}y",
        )
        yield WorldRule(name=name, text=text, kind="forbidden", words=words)


def _by_price(name: str, text: str, low: str) -> Iterator[WorldRule]:
    priced = re.fullmatch(
        r"(?:all |every |any |each |the )?(?:use of )?(?P<what>\w+)(?: use| spells?)? "
        r"(?:always |must )?(?:costs?|requires?|demands?|needs?|be paid (?:for )?(?:with|in)|"
        r"is paid (?:for )?(?:with|in|by)|only (?:works? )?with|drains?|takes?)"
        r"(?: (?:the|its|their) (?:caster|user|wizard|witch)'?s?)?"
        r" (?:a |an |the |some |your |their |its user's )*(?P<price>\w+)",
        low,
    )
    if priced and family(priced["what"]):
        yield WorldRule(
            name=name,
            text=text,
            kind="conditional",
            words=family(priced["what"]),
            price=words_for(priced["price"]),
        )


def _by_requirement(name: str, text: str, low: str) -> Iterator[WorldRule]:
    required = re.fullmatch(
        r"(?:always|every scene must|every scene|each scene must|must) "
        r"(?:mention|contain|include|name|have|mentions)s? (?P<what>.+)",
        low,
    )
    for topic in _topics(required["what"]) if required else ():
        yield WorldRule(name=name, text=text, kind="required", words=words_for(topic))


def _by_act(name: str, text: str, low: str) -> Iterator[WorldRule]:
    low, when = _hours(low)
    for pattern, only in _ACTS:
        found = re.fullmatch(pattern, low)
        if found is None:
            continue
        groups = found.groupdict()
        subject = _subject(groups.get("kind") or "")
        done = _done(groups["verb"], groups["rest"] or "")
        if subject is None or done is None:
            continue
        verbs, objects, link, inside = done
        ability = re.search(r"\b(?:can|could|able|possible|impossible)\b", low) is not None
        yield WorldRule(
            name=name,
            text=text,
            kind="forbidden_act",
            subject=subject[-1] if subject else "",
            which=subject[:-1],
            only=only,
            verbs=verbs,
            objects=objects,
            link=link,
            inside=inside,
            ability=ability and not only,
            when=when,
        )
        return


_ACTS: tuple[tuple[str, bool], ...] = (
    (
        rf"it is (?:strictly )?(?:forbidden|impossible|not allowed|illegal) "
        rf"(?:for {_CLASS} )?to {_ACT}",
        False,
    ),
    (rf"(?:{_NOBODY})(?: ever)? {_MODAL} (?:ever )?{_ACT}", False),
    (rf"(?:{_NOBODY}) (?:ever )?(?!has|have|is|was|are)(?P<verb>\w+s)(?P<rest>(?: .*)?)", False),
    (rf"{_NO_CLASS}(?: ever)? {_MODAL} (?:ever )?{_ACT}", False),
    (rf"only {_CLASS} {_MODAL} {_ACT}", True),
    (
        rf"{_CLASS} {_MODAL} (?:not|never)(?: ever)? (?:be (?:able|allowed|permitted) to )?{_ACT}",
        False,
    ),
    (rf"{_CLASS} (?:is|are) (?:not|never) (?:able|allowed|permitted|supposed) to {_ACT}", False),
    (rf"{_CLASS} (?:is|are) (?:forbidden|unable) to {_ACT}", False),
    (rf"{_CLASS} (?:never|do not|does not|did not) (?:ever )?{_ACT}", False),
    (
        rf"(?:do not|never|you (?:must|may|can|shall) (?:not|never)) (?!use |any |have ){_ACT}",
        False,
    ),
    (rf"(?P<verb>\w{{2,}}ing)(?P<rest>(?: .*?)?) (?:is|are) {_BANNED}", False),
    (r"no (?P<verb>\w{2,}ing)(?P<rest>)(?: allowed)?", False),
    (r"no (?P<verb>\w{2,}ing) (?P<kind>\w+s)(?P<rest>)", False),
)


def _by_place(name: str, text: str, low: str) -> Iterator[WorldRule]:
    """ "Children are not allowed in the tower": whatever being there looks like."""
    low, when = _hours(low)
    found = re.fullmatch(
        rf"(?:no (?P<none>[\w -]+?) (?:are |is )?allowed|{_CLASS} (?:is|are) {_BANNED}) "
        rf"{_BEING} (?P<rest>.+)",
        low,
    )
    if found is None:
        return
    subject = _subject(found["none"] or found["kind"])
    done = _done("enter", " " + found["rest"])
    if subject is None or done is None or (subject and not is_being(subject[-1])):
        return
    yield WorldRule(
        name=name,
        text=text,
        kind="forbidden_act",
        subject=subject[-1] if subject else "",
        which=subject[:-1],
        verbs=tuple(sorted(listed("verbs", "presence"))),
        objects=done[1],
        inside=True,
        when=when,
    )


def _by_topic(name: str, text: str, low: str) -> Iterator[WorldRule]:
    found = re.fullmatch(
        r"(?:there (?:is|are|exists?) |(?:(?:this|our|the|an?) )?\w+ (?:has |with )|"
        r"an? \w+ (?=without))?"
        r"(?:absolutely )?"
        r"(?:no|without|never any|never use|"
        r"do not use|avoid|forbid|ban)(?: any| the use of)? (?P<what>.+?)"
        r"(?: (?:is|are|exists?|allowed|permitted|is allowed|are allowed|is possible))?",
        low,
    ) or re.fullmatch(
        rf"(?P<what>[\w, -]+?) (?:(?:is|are) {_BANNED}|(?:do|does) not (?:exist|work))", low
    )
    topics = _topics(found["what"]) if found else []
    if all(family(t) or not _is_phrase(t) for t in topics):
        for topic in topics:
            yield WorldRule(name=name, text=text, kind="forbidden", words=words_for(topic))


def _is_phrase(topic: str) -> bool:
    """Whether a topic is more than a thing with a word or two before it."""
    small = _PLACES | _LINKS | _ARTICLES
    return (
        len(topic.split()) > 3
        or any(w in small for w in topic.split())
        or bool(_OPEN_ENDED.search(topic))
    )


_READINGS: tuple[Callable[[str, str, str], Iterator[WorldRule]], ...] = (
    _by_saying,
    _by_price,
    _by_requirement,
    _by_place,
    _by_act,
    _by_topic,
)


def _topics(text: str) -> list[str]:
    cleaned = re.sub(r"\b(?:real|use of|any|the|a|an|allowed)\b", " ", text)
    return [" ".join(t.split()) for t in re.split(r",|\bor\b|\band\b|/", cleaned) if t.strip()]


def _hours(low: str) -> tuple[str, tuple[str, ...]]:
    for phrase, hours in HOURS.items():
        if phrase in low:
            return " ".join(low.replace(phrase, "").strip(" ,").split()), hours
    return low, ()


def _subject(kind: str) -> tuple[str, ...] | None:
    """Words of who is meant, the noun last; () for anybody, None if it is not understood."""
    words = [w for w in kind.split() if w not in ("the", "a", "an", "all", "any", "every", "of")]
    if not words:
        return ()
    if len(words) > 3 or _OPEN_ENDED.search(kind) or (_PLACES | _LINKS) & set(kind.split()):
        return None
    noun = singular(words[-1])
    if not words[:-1] and (noun in _PEOPLE or noun == PERSON or noun == "human"):
        return ()
    return (*words[:-1], noun)


def _done(verb: str, rest: str) -> tuple[tuple[str, ...], tuple[str, ...], str, bool] | None:
    """Verb, objects, preposition and whether it is about a place; None if not understood."""
    if verb.endswith("ing") and (is_known_noun(verb) or verb in listed("nouns", "in_ing")):
        return None
    if _OPEN_ENDED.search(rest) or verb in _NO_ACTS:
        return None
    words = re.findall(r"[\w'-]+", rest)
    link = words[0] if words and words[0] in _LINKS else ""
    objects = tuple(singular(w) for w in words if w not in _ARTICLES | _LINKS | _PLACES)
    if len(objects) > 3:
        return None
    return bases_of(verb), objects, link, bool(words) and words[0] in _PLACES


def object_forms(noun: str) -> frozenset[str]:
    """What counts as the object that a rule names: the class, and pronouns for people."""
    found = members(noun)
    if PERSON in found or noun == "human":
        found |= members(PERSON) | {"him", "her", "them", "me", "us", "you"}
    return found
