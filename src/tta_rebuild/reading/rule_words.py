"""Words of world rules: their forms, what belongs to a class, the families of topics.

Used by ``rule_text`` (rules into checks) and ``rule_acts`` (sentences against them). All words are
data: ``data/rules.toml`` and ``data/classes.toml``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from tta_rebuild.core.data_files import packaged_toml
from tta_rebuild.core.english import plural, singular
from tta_rebuild.core.english import verb_forms as regular_forms

_WORD = re.compile(
    r"[A-Za-zÀ-ÿ]+(?:['’][A-Za-z]+)?(?:-[A-Za-zÀ-ÿ]+)*|\d+(?:[.,]\d+)?|[,;:.!?()—–-]"
)
_NOT = re.compile(r"\b(?:(can)not|(ca|wo|sha)n't|(\w*)n't)\b", re.IGNORECASE)
_SHORT = re.compile(r"(?<=[a-z])'(re|ve|ll|m|d)\b", re.IGNORECASE)
_WHOLE = {
    "ca": "can", "wo": "will", "sha": "shall",
    "re": "are", "ve": "have", "ll": "will", "m": "am", "d": "had",
}  # fmt: skip
PERSON = "person"
_BEINGS = (PERSON, "animal", "dragon", "ghost", "robot", "undead", "elf", "dwarf", "monster")


def table(name: str) -> Mapping[str, Any]:
    """A table of ``data/rules.toml``."""
    found: Mapping[str, Any] = packaged_toml("tta_rebuild.reading", "rules")[name]
    return found


@cache
def listed(in_table: str, name: str) -> frozenset[str]:
    """A list of the data file as a set, such as the verbs of presence."""
    return frozenset(table(in_table)[name].split())


def opposite(word: str) -> tuple[str, ...]:
    """The words that cannot occur where it is always that: day words for "night"."""
    return family(table("opposites").get(word, ""))


# -------------------------------------------------------------------------------------- classes


@cache
def _classes() -> Mapping[str, frozenset[str]]:
    data = packaged_toml("tta_rebuild.reading", "classes")
    return {name: frozenset(words.split()) for name, words in data.items()}


def is_being(noun: str) -> bool:
    """Whether the noun is somebody who could be let in or kept out."""
    return any(singular(noun) in members(one) for one in _BEINGS)


@cache
def members(noun: str) -> frozenset[str]:
    """The class that a noun names with everything that belongs to it, in the singular."""
    found, waiting = set[str](), [singular(noun)]
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting.extend(_classes().get(one, ()))
    return frozenset(found)


@cache
def is_known_noun(noun: str) -> bool:
    """Whether the class table has the noun."""
    one = singular(noun)
    return one in _classes() or any(one in words for words in _classes().values())


# ---------------------------------------------------------------------------------------- verbs


@cache
def _irregular() -> Mapping[str, tuple[str, ...]]:
    """Base form → all forms."""
    return {forms.split()[0]: tuple(forms.split()) for forms in table("verbs")["irregular"]}


def bases_of(form: str) -> tuple[str, ...]:
    """What a verb's form may be a form of: "lies" → "lie", "whistling" → "whistl" or "whistle".

    A base that is no word does no harm: its forms do not occur.
    """
    if form in _irregular():
        return (form,)
    known = [base for base, forms in _irregular().items() if form in forms]
    if known:
        return (known[-1],)
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


@cache
def verb_forms(verb: str) -> frozenset[str]:
    """Every form of a verb, regular or not; of two verbs that share forms, only its own."""
    special = table("homographs").get(verb)
    if special:
        return frozenset(special["forms"].split())
    if verb in _irregular():
        regular = {f for f in regular_forms(verb) if not f.endswith("ed")}
        return frozenset(regular.union(_irregular()[verb]))
    return regular_forms(verb)


def is_other_verb(verb: str, form: str, following: str) -> bool:
    """Whether a form is more likely one of another verb: "lying by the fire" is no lie."""
    special = table("homographs").get(verb, {"other": "", "other_before": ""})
    return form in special["other"].split() and following in special["other_before"].split()


# --------------------------------------------------------------------------------------- topics


def family(topic: str) -> tuple[str, ...]:
    """The words by which a topic shows, stems with ``*``; () for a topic of no family."""
    families, bundles = table("families"), table("bundles")
    key = "_".join(topic.lower().replace("-", "_").split())
    for option in (key, table("same").get(key, ""), key + "s", key.removesuffix("s")):
        if option in families:
            return tuple(families[option])
        if option in bundles:
            return tuple(word for part in bundles[option] for word in families[part])
    return ()


def words_for(topic: str) -> tuple[str, ...]:
    """The word family of a topic; a topic of no family stands for itself, singular and plural."""
    known = family(topic)
    if known:
        return known
    *before, noun = topic.split()
    nouns = {singular(noun)} if before else {singular(noun), *members(noun)}
    forms = {form for one in nouns for form in (one, plural(one))}
    return tuple(sorted(" ".join((*before, form)) for form in forms))


def words_of(sentence: str) -> list[str]:
    """Words and marks of a sentence, in which what was drawn together is apart again."""
    return _WORD.findall(expanded(sentence))


def expanded(text: str) -> str:
    """A text without "can't", "n't", "we're" and their like."""
    text = _NOT.sub(_whole, text.replace("’", "'"))
    return _SHORT.sub(lambda found: f" {_WHOLE[found[1].lower()]}", text)


def _whole(found: re.Match[str]) -> str:
    stem = found[1] or found[2] or found[3]
    return f"{_WHOLE.get(stem.lower(), stem)} not"
