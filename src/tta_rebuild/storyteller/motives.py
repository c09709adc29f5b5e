"""Why people do what they do: which stories know a reason for a deed.

A plot of a motive (``plots/motive.sell.1.yaml``) is about somebody who has one for deeds of a
kind, and tells it whatever the player is after because of the deed: to know why, to stop it, to
have it put right. Called by ``casting`` and ``fact_cast``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cache

from tta_rebuild.core.english import gerund, participle, past, verb_forms
from tta_rebuild.storyteller.fact_wording import PLAYER, Mentioned, PremiseFact
from tta_rebuild.storyteller.matter_kind import kind_of_matter
from tta_rebuild.storyteller.scene_file import packaged
from tta_rebuild.storyteller.word_lists import fact_words, word_table

_ANY, _REFUSED = "any", "refuse"
_INNER, _ASKED, _DEMAND = "inner", "asked", "demand"
ABOUT = "about"
"""The shape of the question what to do about somebody."""
_NOT = "not "


def is_of_motive(plot: str) -> bool:
    """Whether a plot is one of a motive, by its name or its file's."""
    return plot.removeprefix("plots/").partition(".")[0] == "motive"


def has_motive(shape: str) -> bool:
    """Whether somebody's motive answers a question: why they did it, how they may be stopped.

    Args:
        shape: of ``data/facts.toml``, or "way".
    """
    return shape in word_table("motives")["shapes"]


def kind_of_deed(fact: PremiseFact) -> str:
    """One of ``data/motives.toml``, ``any`` where the verb is of none."""
    kinds = _kinds_of_deed()
    if fact.asked and fact.does in _verbs_of(_DEMAND):
        return _DEMAND
    if fact.is_not:
        return kinds.get(_NOT + fact.does, _REFUSED)
    return kinds.get(fact.does, _ANY)


def object_of_deed(
    fact: PremiseFact, people: Collection[str] = (), places: Collection[str] = ()
) -> str:
    """To what a deed is done: one of ``objects`` of ``data/motives.toml``, ``deed`` to nothing.

    Args:
        people: names and roles of whom the premise speaks.
        places: noun phrases that the premise has as places.
    """
    if fact.asked and kind_of_deed(fact) in word_table("motives")["to_another"]:
        return _ASKED
    if len(fact.object) == 1 and isinstance(who := fact.object[0], Mentioned):
        return "you" if who.who == PLAYER else "person"
    said = "".join(piece for piece in fact.object if isinstance(piece, str)).strip()
    noun = f"{said} ".partition(" of ")[0].strip()  # the letter of our aunt
    kinds: Mapping[str, str] = word_table("motives")["objects"]
    return kinds[kind_of_matter(noun, people, places)] if noun else "deed"


def plots_of_motive(fact: PremiseFact, shape: str, of: str = "") -> list[str]:
    """The plots that know a reason for a deed, or for not doing it.

    Those that know as well to what it is done (``motive.sell.place.1``) come first, then those of
    something like it, those whose reason lies between the premise's own people
    (``motive.sell.inner.1``), and those of any deed that is done to such a thing.

    Args:
        shape: of the question that is asked because of it (``data/facts.toml``).
        of: to what it is done (``object_of_deed``).
    """
    if shape in (own := word_table("motives")["of_shape"]):
        return _stories(own[shape])
    if shape == ABOUT and fact.claim and fact.verb in fact_words("claims"):
        return _stories(own["true"])
    table, kind = word_table("motives"), kind_of_deed(fact)
    beside, kind = table["beside"].get(of, "").split(), table["done_to"].get(f"{kind}.{of}", kind)
    ranked = (*(f"{kind}.{one}" for one in (of, *beside, _INNER)), f"{_ANY}.{of}")
    known = next(filter(None, map(_stories, ranked)), [])
    return known or [*_stories(kind), *_stories(f"{_ANY}.{_INNER}")]


def _stories(of: str) -> list[str]:
    """``motive.sell.place.1``, ``motive.sell.place.2`` … of "sell.place"."""
    return [plot for plot in packaged("plots") if plot.rpartition(".")[0] == f"motive.{of}"]


@cache
def _kinds_of_deed() -> Mapping[str, str]:
    """A verb in any form, after "not " where it is not done → the kind of deed."""
    found = dict[str, str]()
    for kind in word_table("motives")["deeds"]:
        for verb in _verbs_of(kind):
            found.setdefault(verb, kind)
    return found


@cache
def _verbs_of(kind: str) -> frozenset[str]:
    """The verbs of a kind of deed in all forms, after "not " where it is not done."""
    found = set[str]()
    for verb in word_table("motives")["deeds"][kind].split(","):
        negated, base = verb.strip().startswith(_NOT), verb.strip().removeprefix(_NOT)
        forms = {*verb_forms(base), past(base), participle(base), gerund(base)}
        found |= {_NOT * negated + form for form in forms}
    return frozenset(found)
