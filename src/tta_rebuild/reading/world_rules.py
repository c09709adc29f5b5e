"""The world's rules as checks by words: "no magic", "nobody can fly", "animals cannot speak".

What cannot be told for sure from a sentence's words breaks no rule: a check misses much, and holds
back little that is innocent.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from tta_rebuild.canon.fact_check import Contradiction
from tta_rebuild.core.data_files import packaged_toml
from tta_rebuild.core.english import past, plural, singular, verb_forms

ClassesOf = Callable[[str], Collection[str]]
"""A name as written → what the story says that its bearer is: role, species."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldRule:
    """One compiled rule: words that may not occur (or stems: ``magic*``), or an act, without words.

    Attributes:
        subject: who may not (nobody may if empty): a noun, last, and words that stand beside it.
        verbs: base forms of the act; any form of them counts.
        after: what must follow the verb, in this order: prepositions, and nouns in the singular.
    """

    name: str
    text: str
    words: tuple[str, ...] = ()
    subject: tuple[str, ...] = ()
    verbs: tuple[str, ...] = ()
    after: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """``forbidden`` for words, ``forbidden_act`` for an act."""
        return "forbidden" if self.words else "forbidden_act"


@dataclass(frozen=True, slots=True)
class WorldRules:
    """Rules ready to check sentences; of those ``left_to_model`` it is at least a sentence."""

    rules: tuple[WorldRule, ...] = ()
    left_to_model: tuple[str, ...] = ()

    def contradictions(
        self, sentence: str, *, classes_of: ClassesOf = lambda name: ()
    ) -> Iterator[Contradiction]:
        """Rules that a sentence breaks; what is said in quotation marks breaks none."""
        told = _whole(re.sub(r"[\"“][^\"”]*[\"”]?", " , ", sentence))
        low = _phrases("idioms").sub(" ", told.lower())
        clauses = [] if told.rstrip().endswith("?") else _clauses(told)
        for rule in self.rules:
            used = _occurring(rule.words, low) if rule.words else ""
            what = f"“{used}” may not occur" if used else "somebody does what they may not"
            if used or (not rule.words and _is_done(rule, clauses, low, classes_of)):
                yield Contradiction(
                    kind="rule_forbidden" if rule.words else "rule_act",
                    message=f"{what}: the world's rule “{rule.text}”",
                    sentence=sentence,
                    against=rule.text,
                    subject=rule.name,
                    fix=f"keep to the rule “{rule.text}”",
                )


_words = partial(packaged_toml, "tta_rebuild.reading", "rules")
_classes = partial(packaged_toml, "tta_rebuild.reading", "classes")


@cache
def _set(*names: str) -> frozenset[str]:
    return frozenset(word for name in names for word in _words()["sets"][name].split())


@cache
def _members(noun: str) -> frozenset[str]:
    """The class that a noun names with everything that belongs to it, in the singular."""
    return frozenset([noun]).union(*map(_members, _classes().get(noun, "").split()))


@cache
def _nouns() -> frozenset[str]:
    return frozenset(_classes()).union(*(words.split() for words in _classes().values()))


@cache
def _forms(verb: str) -> frozenset[str]:
    return verb_forms(verb) | {past(verb), *_words()["irregular"].get(verb, "").split()}


def _bases(form: str) -> tuple[str, ...]:
    """What "lies" or "lying" may be a form of; one that is no verb does no harm."""
    cut = (form[:-1], form[:-2], form[:-3], form[:-4])
    tried = (*cut, cut[2] + "e", cut[2] + "y", cut[3] + "ie")
    return tuple(v for v in tried if re.search("[aeiouy]", v) and form in verb_forms(v))


def _family(topic: str) -> tuple[str, ...]:
    """The words by which a topic shows; () for a phrase that is no family's name."""
    key = re.sub("[ -]", "_", topic)
    for option in (key, key + "s", key.removesuffix("s")):
        found = [_words()["families"].get(p, ()) for p in _words()["bundles"].get(option, [option])]
        if all(found):
            return tuple(word for words in found for word in words)
    nouns = [] if " " in topic else sorted(_members(singular(topic)))
    return tuple(form for noun in nouns for form in (noun, plural(noun)))


@cache
def _pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    """Any of the words or phrases; a star stands for any ending."""
    any_of = "|".join(re.escape(word) for word in words).replace(r"\*", r"\w*")
    return re.compile(rf"\b(?:{any_of})\b")


@cache
def _phrases(*names: str) -> re.Pattern[str]:
    return _pattern(tuple(phrase for name in names for phrase in _words()["phrases"][name]))


def _whole(text: str) -> str:
    """A text in which "can't" and "n't" are words of their own."""
    text = re.sub(r"\b(can)(?:no|')t\b", r"\1 not", text.replace("’", "'"), flags=re.IGNORECASE)
    return re.sub(r"n't\b", " not", text)


def compiled(rules: Mapping[str, str]) -> WorldRules:
    """Compile rules in the author's words, name → text; what is not understood whole is left."""
    made: list[WorldRule] = []
    left: list[str] = []
    for name, text in rules.items():
        words, plain_name = _plain(str(text)), _plain(name)
        if len(words.split()) < 3 and not _understood(words):  # such as ``no_magic = "strict"``
            is_told = words and not _understood(plain_name)
            words = f"{plain_name} is {words}" if is_told else plain_name
        found = [_understood(sentence) for sentence in re.split(r"[.;!]\s*", words) if sentence]
        made += [WorldRule(name=name, text=str(text), **check) for one in found for check in one]
        if not found or not all(found):
            left.append(name)
    return WorldRules(tuple(made), tuple(left))


def _plain(text: str) -> str:
    low = _whole(" ".join(text.lower().replace("_", " ").split())).rstrip(".;! ")
    return re.sub(_words()["parts"]["aside"], "", low)


def _understood(rule: str) -> list[dict[str, Any]]:
    """The checks that one sentence means, as fields of ``WorldRule``; none if it is left."""
    if _set("conditions") & {*rule.replace(",", " ").split()}:
        return []
    said = [family for family, saying in _words()["sayings"].items() if re.search(saying, rule)]
    if said:
        return [{"words": _family(family)} for family in said]
    for found in _matches("acts", rule):
        if act := _act(found):
            return [act]
    what = next((found["what"] for found in _matches("topics", rule)), "")
    bare = re.sub(r"\b(?:real|allowed|use of|any|no|the|an?)\b", " ", what)
    topics = [" ".join(t.split()) for t in re.split(r",|\bor\b|\band\b|/", bare) if t.strip()]
    checks = [{"words": _family(topic)} for topic in topics]
    return checks if all(check["words"] for check in checks) else []


def _matches(patterns: str, rule: str) -> Iterator[re.Match[str]]:
    for pattern in _words()["patterns"][patterns]:
        if found := re.fullmatch(pattern.format(**_words()["parts"]), rule):
            yield found


def _act(found: re.Match[str]) -> dict[str, Any] | None:
    """The act that a rule forbids, None if some of it is not understood."""
    groups = found.groupdict()
    form, who, rest = (groups.get(part) or "" for part in ("form", "who", "rest"))
    verbs = _bases(form) if form else (groups["verb"],)
    *which, noun = [word for word in who.split() if word not in _set("articles")] or [""]
    after = tuple(singular(w) for w in re.findall(r"[\w-]+", rest) if w not in _set("articles"))
    is_clear = not _set("more") & {*who.split(), *rest.split()} and len(after) < 5
    is_clear = is_clear and not _set("prepositions") & {*which} and len(which) < 3
    if not is_clear or not verbs or _set("no_acts") & {form, *verbs}:
        return None
    anybody = not which and singular(noun) in {"", *_set("everybody")}
    subject = () if anybody else (*which, singular(noun))
    return {"subject": subject, "verbs": verbs, "after": after}


def _occurring(words: tuple[str, ...], low: str) -> str:
    """The first of the words that a text has without denying it or telling it as fancy."""
    for hit in _pattern(words).finditer(low):
        begin = max(low.rfind(mark, 0, hit.start()) for mark in ",;.—") + 1
        if not _phrases("denials", "tales").search(low[begin : hit.start()]):
            return hit.group()
    return ""


def _clauses(sentence: str) -> list[list[str]]:
    """The words of each clause, in lower case but for names."""
    clauses: list[list[str]] = [[]]
    for word in re.findall(r"[A-Za-zÀ-ÿ]+(?:-[A-Za-zÀ-ÿ]+)*|[,;:.!?()—–]", sentence):
        low, begins = word.lower(), not any(clauses)
        is_name = low not in _set("articles", "prepositions", "people", "nobody")
        if begins and (low.endswith("s") or {low, singular(low)} & (_nouns() | _set("bare"))):
            is_name = False
        if low in _set("stops"):
            clauses.append([])
        else:
            clauses[-1].append(word if is_name else low)
    return clauses


def _is_done(rule: WorldRule, clauses: list[list[str]], low: str, classes_of: ClassesOf) -> bool:
    """Whether one whom the rule means does what it names, read outwards from the verb."""
    for number, clause in enumerate(clauses):
        for place, form in enumerate(word.lower() for word in clause):
            verb = next((verb for verb in rule.verbs if form in _forms(verb)), None)
            if verb and _is_to(rule.after, verb, clause[place + 1 :]):
                doer = _doer(clauses[: number + 1], place, verb)
                is_told = not _phrases("tales", "wishes").search(low.partition(form)[0])
                if doer and is_told and _is_meant(rule, doer, classes_of):
                    return True
    return False


def _is_to(after: Sequence[str], verb: str, said: Sequence[str]) -> bool:
    """Whether what follows a verb in its clause is what the rule names, in its order."""
    if said and said[0] in _words()["not_before"].get(verb, "").split():
        return False  # of two verbs with this form it is the other
    for wanted in after:
        at = next((i for i, word in enumerate(said) if singular(word) in _members(wanted)), -1)
        if at < 0 or said[at + 1 : at + 2] == ["s"] or _set("prepositions") & {*said[:at]}:
            return False
        said = said[at + 1 :]
    return True


def _doer(clauses: list[list[str]], place: int, verb: str) -> list[str]:
    """Who does what the verb at a place of the last clause says; [] for not done, or not sure."""
    *earlier, clause = clauses
    before, form, aside = clause[:place], clause[place].lower(), set[str]()
    if not earlier and not before and form == verb:  # a choice: "Open the gate"
        told = [w for w in clause[1:2] if w in _set("told_to") or w.endswith("ly")]
        return ["you"] if told else []
    while before and (before[-1] in _set("beside") or before[-1].endswith("ly")):
        word = before.pop()
        aside.add(word)
        if word == "to" and not (before and before.pop() in _set("begun")):
            return []  # "began to speak" is done, "wanted to speak" is not
    if aside & _set("undone") or (aside & _set("be") and not form.endswith("ing")):
        return []
    if before or not earlier:
        return _noun_phrase(before)
    if aside or form in (verb, verb + "s") or form.endswith(("ing", "ies")):
        return []
    # "Mara spread her arms and flew": the subject of the clause before
    shared = next((c for c in reversed(earlier[1:]) if len(c) > 1), earlier[0])
    begun = (_noun_phrase(shared[:end]) for end in range(1, 5) if shared[end : end + 1] != ["s"])
    known = _nouns() | _set("people")
    return next((p for p in begun if p and (p[-1][0].isupper() or singular(p[-1]) in known)), [])


def _noun_phrase(words: list[str]) -> list[str]:
    """The words as one noun phrase, the noun last; [] if they are more than that, or less."""
    owner = max((i for i, word in enumerate(words) if word == "s"), default=-1)
    phrase = words[owner + 1 :]
    small = _set("articles", "prepositions")
    if not phrase or phrase[-1] in small | _set("nobody") or small & {*phrase[1:]}:
        return []
    names = [word for word in phrase if word[0].isupper()]
    if len(phrase) == 1 or (phrase[0] not in small and names[1 - len(phrase) :] == phrase[1:]):
        return phrase  # "Mara Voss", "Captain Mara Voss"
    is_one = phrase[0] in _set("articles") - {"no"} and len(phrase) < 5
    return phrase if is_one and not names and not _nouns() & {*phrase[:-1]} else []


def _is_meant(rule: WorldRule, doer: list[str], classes_of: ClassesOf) -> bool:
    """Whether the one who acts is among those whom the rule concerns."""
    *beside, noun = doer
    is_named = noun[0].isupper()
    kinds = {singular(noun)} | ({singular(c) for c in classes_of(noun)} if is_named else set())
    if rule.subject:
        *which, concerned = rule.subject
        return bool(kinds & _members(concerned)) and {*which} <= {*beside, *kinds}
    is_person = is_named or noun in _set("people") or kinds & _members("person")
    return bool(is_person) and not kinds & _members("animal")
