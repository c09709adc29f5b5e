"""The world's rules as data: what may not occur, what must, and what has its price.

An author gives rules as free text (``{"no_magic": "no magic allowed"}``); ``compiled`` turns into
checks what it can and says which rules are left to the model. The checker and ``tta validate`` use
the checks; nothing here asks a model.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

from tta_rebuild.canon.contradiction import Contradiction
from tta_rebuild.canon.relations import key_of
from tta_rebuild.reading.lexicon import built_in_words
from tta_rebuild.reading.prose_reader import SentenceRead

RuleKind = Literal["forbidden", "required", "conditional", "forbidden_act"]

_DENIALS = re.compile(
    r"\b(?:no|not|n't|never|without|nobody|nothing|none|isn't|wasn't|doesn't|don't|didn't|cannot|"
    r"lack of|myth|myths|legend|story|stories|tale|tales|pretend\w*|imagin\w*|dream\w*|believ\w*|"
    r"if only|as if|like a|fairy)\b"
)
_SINGULAR_PLURAL = {
    "dragon": "dragons",
    "gun": "guns",
    "ghost": "ghosts",
    "monster": "monsters",
    "alien": "aliens",
    "teleporting": "teleport",
    "teleportation": "teleport",
    "magical": "magic",
    "spells": "magic",
    "sorcery": "magic",
    "wizards": "magic",
    "firearms": "guns",
    "robots": "technology",
    "phones": "technology",
    "computers": "technology",
    "weapon": "weapons",
    "killing": "violence",
    "alcohol": "alcohol",
    "fly": "flying",
    "time": "time_travel",
    "undead": "monsters",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldRule:
    """One compiled rule.

    Attributes:
        name, text: as the author gave it.
        kind: what is checked.
        words: words or word families (``magic*``) that are forbidden, required or that trigger it.
        price: for a conditional rule, words of which one must occur in the same passage.
        subject: for a forbidden act, who may not ("" for anybody), or with ``only`` who alone may.
        verbs, objects: for a forbidden act, lemmas and stems of what is done to what.
        when: hours of the day at which the act is forbidden; empty for always.
    """

    name: str
    text: str
    kind: RuleKind
    words: tuple[str, ...] = ()
    price: tuple[str, ...] = ()
    subject: str = ""
    only: bool = False
    verbs: tuple[str, ...] = ()
    objects: tuple[str, ...] = ()
    when: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Compiled:
    """What became of free-text rules: checks, and the names of those left to the model."""

    rules: tuple[WorldRule, ...]
    left_to_model: tuple[str, ...]


@cache
def _families() -> Mapping[str, tuple[str, ...]]:
    data = tomllib.loads((files("tta_rebuild.canon") / "data" / "rules.toml").read_text("utf-8"))
    known = {name: tuple(words) for name, words in data["families"].items()}
    for name, parts in data["bundles"].items():
        known[name] = tuple(w for part in parts for w in data["families"][part])
    return known


def words_for(topic: str) -> tuple[str, ...]:
    """The word family of a topic; a topic of no family stands for itself and its endings."""
    key = key_of(topic).replace("-", "_")
    families = _families()
    for option in (key, _SINGULAR_PLURAL.get(key, ""), key + "s", key.removesuffix("s")):
        if option in families:
            return families[option]
    plain = key.replace("_", " ")
    return (plain if " " in plain else plain.removesuffix("s") + "*",)


@cache
def _pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    parts = [re.escape(w.rstrip("*")) + (r"\w*" if w.endswith("*") else "") for w in words]
    return re.compile(r"\b(?:" + "|".join(parts) + r")\b")


_NIGHT = ("evening", "dusk", "night", "midnight")
_WHEN = {
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
_LIST = re.compile(r",|\bor\b|\band\b|/")
_FILLER = re.compile(
    r"\b(?:allowed|permitted|exists?|at all|ever|here|in this world|of any kind|any|"
    r"real|the use of|is|are|anywhere|please)\b"
)


def compiled(rules: Mapping[str, str]) -> Compiled:
    """Compile free-text rules by name."""
    made: list[WorldRule] = []
    left: list[str] = []
    for name, text in rules.items():
        found = list(_compile(name, text))
        made.extend(found)
        if not found:
            left.append(name)
    return Compiled(tuple(made), tuple(left))


def _topics(text: str) -> list[str]:
    cleaned = _FILLER.sub(" ", text)
    return [t.strip() for t in _LIST.split(cleaned) if t.strip()]


def _compile(name: str, text: str) -> Iterator[WorldRule]:
    low = " ".join(text.lower().replace("’", "'").strip(" .!").split())
    when: tuple[str, ...] = ()
    for phrase, hours in _WHEN.items():
        if phrase in low:
            low, when = low.replace(phrase, "").strip(" ,"), hours
            break
    act = re.match(
        r"(?P<who>nobody|no one|none|no \w+|only (?:the )?[\w ]+?|(?:the )?[\w ]+?) "
        r"(?:may|can|must|should|shall|is allowed to|are allowed to|could|will|ever)\s?"
        r"(?P<no>not |never |n't )?(?:ever )?(?P<verb>\w+) ?(?P<rest>.*)$",
        low,
    )
    priced = re.match(
        r"(?:all |every |any |each |the )?(?:use of )?(?P<what>\w+)(?: use| spells?)? "
        r"(?:always |must )?"
        r"(?:costs?|requires?|demands?|needs?|be paid (?:for )?(?:with|in)|"
        r"is paid (?:for )?(?:with|in|by)|only (?:works? )?with|drains?|takes?)"
        r" (?:a |an |the |some |your |their |its user's )*(?P<price>\w+)$",
        low,
    )
    if priced and priced["what"] not in ("nobody", "nothing"):
        yield WorldRule(
            name=name,
            text=text,
            kind="conditional",
            words=words_for(priced["what"]),
            price=words_for(priced["price"]),
        )
        return
    required = re.match(
        (
            r"(?:always|every scene must|every scene|each scene must|must) (?:mention|"
            r"contain|include|name|have|mentions)s? (?P<what>.+)$"
        ),
        low,
    )
    if required:
        for topic in _topics(required["what"]):
            yield WorldRule(name=name, text=text, kind="required", words=words_for(topic))
        return
    if re.search(
        (
            r"\b(?:realistic|real world|real-world|true to life|down to earth|no "
            r"supernatural|nothing supernatural)\b"
        ),
        low,
    ):
        yield WorldRule(name=name, text=text, kind="forbidden", words=words_for("realistic"))
        return
    if re.search(r"\b(?:medieval|pre-industrial|bronze age|iron age|stone age)\b", low):
        yield WorldRule(name=name, text=text, kind="forbidden", words=words_for("medieval"))
        return
    none = re.match(
        (
            r"(?:there (?:is|are|exists?) )?(?:absolutely )?(?:no|without|never any|never "
            r"use|do not use|don't use|avoid|forbid|ban) (?P<what>[^.]+)$"
        ),
        low,
    )
    if none and not (act and act["who"].startswith("no ")):
        for topic in _topics(none["what"]):
            yield WorldRule(name=name, text=text, kind="forbidden", words=words_for(topic))
        return
    gone = re.match(
        (
            r"(?P<what>[\w, ]+?) (?:is|are|does|do|was) (?:strictly |absolutely "
            r")?(?:forbidden|banned|outlawed|not allowed|not exist|not permitted|prohibited|"
            r"impossible|unknown|illegal|not real|extinct)\b"
        ),
        low,
    )
    if gone:
        for topic in _topics(gone["what"]):
            yield WorldRule(name=name, text=text, kind="forbidden", words=words_for(topic))
        return
    if act:
        yield from _act_rule(name, text, act, when)


def _act_rule(
    name: str, text: str, act: re.Match[str], when: tuple[str, ...]
) -> Iterator[WorldRule]:
    who, lemma = act["who"], built_in_words().lemma
    verb = lemma.get(act["verb"])
    denies = bool(act["no"]) or who in ("nobody", "no one", "none") or who.startswith("no ")
    only = who.startswith("only ")
    if verb is None or not (denies or only):
        return
    subject = (
        ""
        if who in ("nobody", "no one", "none")
        else key_of(who.removeprefix("no ").removeprefix("only "))
    )
    if subject in ("you", "player", "people", "anyone", "characters", "one"):
        subject = ""
    family = built_in_words().plain.get(verb)
    verbs = {verb}
    if family is not None and family.name in ("move", "arrive"):
        verbs |= set(built_in_words().families["move"].verbs) | set(
            built_in_words().families["arrive"].verbs
        )
    elif family is not None and family.name not in ("speak", "mental", "use"):
        verbs |= set(family.verbs)
    objects = tuple(
        w
        for w in re.findall(r"[a-z]+", act["rest"])
        if w
        not in ("the", "a", "an", "to", "into", "in", "of", "any", "with", "at", "on", "without")
    )
    yield WorldRule(
        name=name,
        text=text,
        kind="forbidden_act",
        subject=subject,
        only=only,
        verbs=tuple(sorted(verbs)),
        objects=objects,
        when=when,
    )


class WorldRules:
    """Compiled rules, ready to check sentences.

    Args:
        rules: what ``compiled`` gave, or rules that an author wrote as data.
    """

    def __init__(self, rules: Iterable[WorldRule] = ()) -> None:
        self.rules = tuple(rules)

    def contradictions(
        self,
        sentence: str,
        read: SentenceRead | None = None,
        *,
        hour: str = "",
        names: Mapping[str, str] | None = None,
    ) -> Iterator[Contradiction]:
        """Rules that a sentence breaks.

        Args:
            sentence: the draft.
            read: its reading, for rules about acts.
            hour: the time of day that holds, for rules about hours.
            names: id → role, for rules about "the guard".
        """
        low = sentence.lower().replace("’", "'")
        for rule in self.rules:
            match rule.kind:
                case "forbidden":
                    hit = _pattern(rule.words).search(low)
                    if hit and not _denied(low, hit.start()):
                        yield self._contradiction(
                            rule,
                            "rule_forbidden",
                            sentence,
                            f"“{hit.group(0)}” may not occur",
                            0.92,
                        )
                case "conditional":
                    hit = _pattern(rule.words).search(low)
                    if (
                        hit
                        and not _denied(low, hit.start())
                        and not _pattern(rule.price).search(low)
                    ):
                        yield self._contradiction(
                            rule,
                            "rule_price",
                            sentence,
                            f"“{hit.group(0)}” occurs without its price",
                            0.85,
                        )
                case "forbidden_act":
                    if read is not None and self._does(rule, read, low, hour, names or {}):
                        yield self._contradiction(
                            rule, "rule_act", sentence, "somebody does what nobody may", 0.88
                        )
                case "required":
                    pass

    def missing(self, scene: str) -> list[Contradiction]:
        """Required things that a whole scene does not have; warnings."""
        low = scene.lower()
        return [
            self._contradiction(
                rule,
                "rule_required",
                scene[:80],
                "this scene lacks what every scene must have",
                0.6,
            )
            for rule in self.rules
            if rule.kind == "required" and not _pattern(rule.words).search(low)
        ]

    def _does(
        self, rule: WorldRule, read: SentenceRead, low: str, hour: str, names: Mapping[str, str]
    ) -> bool:
        if (
            rule.when
            and hour not in rule.when
            and not any(p in low for p, h in _WHEN.items() if h == rule.when)
        ):
            told = next((c.value for c in read.claims if c.relation == "time_of_day"), "")
            if told not in rule.when:
                return False
        for deed in read.deeds:
            if deed.hedged or deed.negated or deed.past:
                continue
            who = deed.roles.get("S", "")
            fits = (
                who == rule.subject
                or rule.subject in (names.get(who, ""),)
                or who.endswith("_" + rule.subject)
            )
            if rule.subject and fits == rule.only:
                continue
            if deed.verb not in rule.verbs:
                continue
            done = " ".join(v for r, v in deed.roles.items() if r != "S").replace("_", " ")
            if all(o.removesuffix("s") in done for o in rule.objects):
                return True
        return False

    def _contradiction(
        self, rule: WorldRule, kind: str, sentence: str, what: str, certainty: float
    ) -> Contradiction:
        return Contradiction(
            kind=kind,
            area="world",
            message=f"{what}: the world's rule “{rule.text}”",
            sentence=sentence,
            against=rule.text,
            subject=rule.name,
            fix=f"keep to the rule “{rule.text}”",
            certainty=certainty,
        )


def _denied(low: str, at: int) -> bool:
    """Whether a word is denied or told as fancy in its own clause."""
    begin = max(low.rfind(mark, 0, at) for mark in (",", ";", ".", "—")) + 1
    return bool(_DENIALS.search(low[begin:at]))
