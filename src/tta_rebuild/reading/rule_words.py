"""Words of world rules: their forms, what belongs to a class, the families of topics.

Used by ``rule_text`` (rules into checks) and ``rule_acts`` (sentences against them). All words are
data: ``data/rules.toml`` and ``data/classes.toml``.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from tta_rebuild.core.english import verb_forms as regular_forms

_WORD = re.compile(
    r"[A-Za-zÀ-ÿ]+(?:['’][A-Za-z]+)?(?:-[A-Za-zÀ-ÿ]+)*|\d+(?:[.,]\d+)?|[,;:.!?()—–-]"
)
PERSON = "person"
_BEINGS = (PERSON, "animal", "dragon", "ghost", "robot", "undead", "elf", "dwarf", "monster")


@dataclass(frozen=True, slots=True)
class _Data:
    rules: Mapping[str, Any]
    classes: Mapping[str, frozenset[str]]
    verbs: Mapping[str, tuple[str, ...]]
    base: Mapping[str, str]
    singular: Mapping[str, str]


@cache
def _data() -> _Data:
    here = files("tta_rebuild.reading") / "data"
    rules, classes = (
        tomllib.loads((here / name).read_text("utf-8")) for name in ("rules.toml", "classes.toml")
    )
    verbs = {
        first: (first, *forms)
        for line in rules["verbs"]["irregular"]
        for first, *forms in [line.split()]
    }
    return _Data(
        rules=rules,
        classes={name: frozenset(listed.split()) for name, listed in classes.items()},
        verbs=verbs,
        base={form: first for first, forms in verbs.items() for form in forms},
        singular=dict(pair.split(":") for pair in rules["nouns"]["irregular"].split()),
    )


def listed(table: str, name: str) -> frozenset[str]:
    """A list of the data file as a set, such as the verbs of presence."""
    return frozenset(_data().rules[table][name].split())


def opposite(word: str) -> tuple[str, ...]:
    """The words that cannot occur where it is always that: day words for "night"."""
    other = _data().rules["opposites"].get(word)
    return family(other) if other else ()


def phrases(table: str, name: str) -> tuple[str, ...]:
    """A list of phrases of the data file."""
    return tuple(_data().rules[table].get(name, ()))


def singular(noun: str) -> str:
    """A noun in the singular; what is no known plural stays."""
    data = _data()
    if noun in data.singular:
        return data.singular[noun]
    if noun.endswith("ies") and len(noun) > 4:
        return noun[:-3] + "y"
    if noun.endswith(("ches", "shes", "xes", "sses", "zes")):
        return noun[:-2]
    if noun.endswith("s") and not noun.endswith(("ss", "us", "is")):
        return noun[:-1]
    return noun


def is_being(noun: str) -> bool:
    """Whether the noun is somebody who could be let in or kept out."""
    return any(singular(noun) in members(one) for one in _BEINGS)


def members(noun: str) -> frozenset[str]:
    """The class that a noun names with everything that belongs to it, in the singular."""
    found, waiting = set[str](), [singular(noun)]
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting.extend(_data().classes.get(one, ()))
    return frozenset(found)


@cache
def is_known_noun(noun: str) -> bool:
    """Whether the class table has the noun."""
    one = singular(noun)
    data = _data()
    return one in data.classes or any(one in listed for listed in data.classes.values())


def bases_of(form: str) -> tuple[str, ...]:
    """What a verb's form may be a form of: "lies" → "lie", "whistling" → "whistl" or "whistle".

    A base that is no word does no harm: its forms do not occur.
    """
    known = form if form in _data().verbs else _data().base.get(form)
    if known:
        return (known,)
    if form.endswith("ing") and re.search("[aeiouy]", form[:-3]):
        stem = form[:-3]
        doubled = stem[-1:] == stem[-2:-1] and stem[-1:] not in "lsz"
        short = re.fullmatch(r"[^aeiou]*[aeiou][bcdgkmnptvz]", stem)
        return (stem[:-1],) if doubled else (stem + "e",) if short else (stem, stem + "e")
    if form.endswith("ies"):
        return (form[:-3] + "y",)
    if form.endswith("es"):
        return form[:-1], form[:-2]
    return (form.removesuffix("s") if not form.endswith("ss") else form,)


def verb_forms(verb: str) -> frozenset[str]:
    """Every form of a verb, regular or not; of two verbs that share forms, only its own."""
    data = _data()
    special = data.rules["homographs"].get(verb)
    if special:
        return frozenset(special["forms"].split())
    if verb in data.verbs:
        regular = {f for f in regular_forms(verb) if not f.endswith("ed")}
        return frozenset({*data.verbs[verb], *regular})
    return regular_forms(verb)


def is_other_verb(verb: str, form: str, following: str) -> bool:
    """Whether a form is more likely one of another verb: "lying by the fire" is no lie."""
    special = _data().rules["homographs"].get(verb)
    return bool(
        special
        and form in special["other"].split()
        and following in special["other_before"].split()
    )


def family(topic: str) -> tuple[str, ...]:
    """The words by which a topic shows, stems with ``*``; () for a topic of no family."""
    rules = _data().rules
    key = "_".join(topic.lower().replace("-", "_").split())
    for option in (key, rules["same"].get(key, ""), key + "s", key.removesuffix("s")):
        if option in rules["families"]:
            return tuple(rules["families"][option])
        if option in rules["bundles"]:
            return tuple(w for p in rules["bundles"][option] for w in rules["families"][p])
    return ()


def words_for(topic: str) -> tuple[str, ...]:
    """The word family of a topic; a topic of no family stands for itself, singular and plural."""
    known = family(topic)
    if known:
        return known
    *before, noun = topic.split()
    forms = {form for one in members(noun) for form in noun_forms(one)} if not before else set()
    return tuple(sorted({" ".join((*before, f)) for f in noun_forms(singular(noun))} | forms))


def noun_forms(noun: str) -> set[str]:
    """A noun's singular and plural."""
    plurals = {many for many, one in _data().singular.items() if one == noun}
    if not plurals:
        if re.search(r"[^aeiou]y$", noun):
            plurals = {noun[:-1] + "ies"}
        else:
            plurals = {noun + ("es" if re.search(r"(?:s|x|z|ch|sh)$", noun) else "s")}
    return {noun, *plurals}


def words_of(sentence: str) -> list[str]:
    """Words and marks of a sentence, "n't" taken apart."""
    found: list[str] = []
    for token in _WORD.findall(sentence):
        low = token.replace("’", "'")
        if low.lower().endswith("n't"):
            stem = low[:-3]
            if stem:  # some texts set "did n't" apart
                found.append({"ca": "can", "wo": "will", "sha": "shall"}.get(stem.lower(), stem))
            found.append("not")
        elif low.lower() == "cannot":
            found.extend(("can", "not"))
        elif low.lower().endswith(("'re", "'ve", "'ll", "'m", "'d")):
            stem, _, tail = low.partition("'")
            found.append(stem)
            found.append(
                {"re": "are", "ve": "have", "ll": "will", "m": "am", "d": "had"}[tail.lower()]
            )
        else:
            found.append(low)
    return found
