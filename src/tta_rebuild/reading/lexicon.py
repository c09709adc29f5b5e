"""Words the reader knows: families of verbs with what they do, and small closed sets.

Loaded from ``data/verbs.toml`` and ``data/words.toml`` on first use.
The reader looks forms up here, the checker reads what a family needs and changes.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from tta_rebuild.core.english import verb_forms

_VOWELS = "aeiou"


@dataclass(frozen=True, slots=True)
class Effect:
    """``who relation value``, where both sides are roles (S, O, T …) or words."""

    who: str
    relation: str
    value: str
    ends: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """Verbs that do the same to the world.

    Attributes:
        effects: what becomes so.
        needs: what must be so before, as written in the data file.
        cues: relations whose change these verbs tell.
    """

    name: str
    verbs: tuple[str, ...]
    effects: tuple[Effect, ...] = ()
    needs: tuple[str, ...] = ()
    cues: frozenset[str] = frozenset()


def _family(name: str, data: Mapping[str, Any]) -> Family:
    effects = []
    for text in data.get("effects", ()):
        ends = text.startswith("-")
        who, relation, value = text.removeprefix("-").split(" ")
        effects.append(Effect(who, relation, value, ends))
    return Family(
        name=name,
        verbs=tuple(data["verbs"]),
        effects=tuple(effects),
        needs=tuple(data.get("needs", ())),
        cues=frozenset(data.get("cues", ()))
        | {e.relation for e in effects if not data.get("static")},
    )


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Forms, families and closed sets, ready for look-up.

    Attributes:
        lemma: a verb's form → its lemma.
        participles: forms that may stand in a passive.
        plain: lemma → family of the bare verb.
        phrasal: lemma → {following words → family}.
        sets: the closed sets by name.
        acts: what ``clauses`` found in the sentences it read last.
    """

    families: Mapping[str, Family]
    lemma: Mapping[str, str]
    participles: frozenset[str]
    plain: Mapping[str, Family]
    phrasal: Mapping[str, Mapping[tuple[str, ...], Family]]
    sets: Mapping[str, frozenset[str]]
    phrases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    acts: dict[str, Any] = field(default_factory=dict, compare=False)

    def cues(self, families: Iterable[str]) -> frozenset[str]:
        """The relations whose change verbs of these families tell."""
        found: set[str] = set()
        for name in families:
            found |= self.families[name].cues
        return frozenset(found)


def _assemble(
    families: list[Family],
    irregular: list[tuple[str, str]],
    participles: Iterable[str],
    sets: Mapping[str, frozenset[str]],
    phrases: Mapping[str, tuple[str, ...]],
) -> Lexicon:
    lemma: dict[str, str] = {}
    past: set[str] = set(participles)
    plain: dict[str, Family] = {}
    phrasal: dict[str, dict[tuple[str, ...], Family]] = {}
    strong = {first for first, form in irregular if first != form and not form.endswith("ing")}
    for family in families:
        for verb in family.verbs:
            head, *rest = verb.split("_")
            if rest:
                phrasal.setdefault(head, {}).setdefault(tuple(rest), family)
            else:
                plain.setdefault(head, family)
            for form in verb_forms(head):
                if head in strong and form.endswith("ed") and form != head:
                    continue
                lemma.setdefault(form, head)
                if form.endswith("ed") and form != head:
                    past.add(form)
    for first, form in irregular:
        lemma[form] = first
    return Lexicon(
        families={f.name: f for f in families},
        lemma=lemma,
        participles=frozenset(past),
        plain=plain,
        phrasal=phrasal,
        sets=sets,
        phrases=phrases,
    )


@cache
def built_in_words() -> Lexicon:
    """The lexicon that comes with the package."""
    here = files("tta_rebuild.reading") / "data"
    verbs = tomllib.loads((here / "verbs.toml").read_text("utf-8"))
    words = tomllib.loads((here / "words.toml").read_text("utf-8"))
    irregular: list[tuple[str, str]] = []
    participles: set[str] = set()
    for line in words.pop("irregular"):
        first, *forms = line.split()
        if first != "saw":  # far more often the past of "see"
            irregular.append((first, first))
        irregular.extend((first, form) for form in forms)
        participles.update(f for f in (first, *forms) if not f.endswith("ing"))
    sets = {name: frozenset(listed) for name, listed in words.items()}
    phrases = {name: tuple(listed) for name, listed in words.items()}
    return _assemble(
        [_family(name, data) for name, data in verbs.items()], irregular, participles, sets, phrases
    )
