"""What kind of matter a premise turns on, and which plot tells of such a one.

Called by ``casting`` and ``premise_wishes``. A plot of a conflict and a kind
(``plots/understand.sign.yaml``) knows that what is to be understood is a knocking or a light, and
can be concrete about it; that of the conflict alone (``plots/understand.yaml``) has to fit whatever
it may be.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cache

from tta_rebuild.storyteller.entities import head_of
from tta_rebuild.storyteller.noun_phrases import (
    is_animal,
    is_person,
    is_place,
    is_portable,
    kind_of_thing,
    noun_kind,
    one_of,
)
from tta_rebuild.storyteller.scene_file import packaged
from tta_rebuild.storyteller.word_lists import word_table

_BY_FILE = {
    "document": "text", "picture": "text", "event": "event", "performance": "show",
    "building": "place", "far_place": "place", "road": "place", "store": "place",
    "water": "place", "grave": "place", "claim": "case", "weather": "event",
}  # fmt: skip
"""The kinds of ``interludes`` that are one of these."""
_WONDER = "understand.wonder_"
_ANY_PLACE = frozenset(("place", "spot", "position", "point", "seat", "corner", "way", "end"))
"""What is a place only where it is one of the premise: not the fifth place at a table."""


def kind_of_matter(matter: str, people: Collection[str] = (), places: Collection[str] = ()) -> str:
    """``person``, ``creature``, ``place``, one of ``data/matter_kinds.toml``, else ``thing``.

    Args:
        matter: a noun phrase.
        people: names and roles of whom the premise speaks.
        places: noun phrases that the premise has as places.
    """
    noun = one_of(head_of(matter).lower())
    is_named = matter[:1].isupper()
    is_machine = bool(kind_of_thing(noun)) and not (is_person(noun) or is_animal(noun))
    if matter in people and (is_named or not is_machine):
        return "creature" if is_animal(noun) and not (is_named or is_person(noun)) else "person"
    known = _nouns().get(noun)
    if known and (known != "self" or matter.lower().startswith(("your ", "my "))):
        return known  # the body of somebody else is none of one's own
    if is_animal(noun):
        return "creature"
    if matter in places:
        return "place"
    if is_person(noun):
        return "person"
    if kind := kind_of_thing(noun):
        return _BY_FILE.get(kind, "thing")
    return "place" if is_place(noun) and noun not in _ANY_PLACE else "thing"


def is_known_noun(phrase: str) -> bool:
    """Whether a phrase has a noun of which it is known what it is."""
    noun = one_of(head_of(phrase).lower())
    is_listed = noun in _nouns() or bool(kind_of_thing(noun) or noun_kind(noun))
    return is_listed or is_portable(noun) or is_animal(noun) or is_place(noun) or is_person(noun)


def plots_of_matter(conflict: str, kind: str) -> list[str]:
    """The plots for a conflict over a matter of a kind; the conflict's own where there is none."""
    plots, beside = packaged("plots"), word_table("matter_kinds")["beside"]
    for one in chain_of(kind):
        for name in filter(None, (conflict, beside.get(conflict))):
            of_kind = f"{name}.{one}"
            if found := [plot for plot in plots if f"{plot}.".startswith(f"{of_kind}.")]:
                return found
    return [conflict]


def plots_of_fact(shape: str) -> list[str]:
    """The plots for a question that a fact raises ("hide.truth")."""
    return [plot for plot in packaged("plots") if f"{plot}.".startswith(f"{shape}.")]


def plots_of_wonder(kind: str) -> list[str]:
    """The plots that take what a matter of a kind does as it is, and tell what comes of it."""
    found = (plots_of_fact(f"{_WONDER}{one}") for one in chain_of(kind))
    return next(filter(None, found), [])


def is_of_wonder(plot: str) -> bool:
    """Whether a plot is one of a wonder, by its name."""
    return plot.startswith(_WONDER)


def plots_without_asking() -> list[str]:
    """The plots that a premise may be told by where nobody asks for a ready one."""
    conflicts = word_table("premise_topics")["conflict"]
    return [name for name in packaged("plots") if name.partition(".")[0] in conflicts]


def chain_of(kind: str) -> Sequence[str]:
    """The kind, and those whose stories may be told of it as well."""
    chains: Mapping[str, str] = word_table("matter_kinds")["chains"]
    return chains.get(kind, "").split()


@cache
def _nouns() -> Mapping[str, str]:
    """Noun → its kind; where two lists have it the first counts."""
    found = dict[str, str]()
    for kind, nouns in word_table("matter_kinds")["nouns"].items():
        for noun in nouns.split():
            found.setdefault(noun.replace("_", " "), kind)
    return found
