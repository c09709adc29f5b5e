"""Why people do what they do: which stories know a reason for a deed.

A plot of a motive (``plots/motive.sell.1.yaml``) is about somebody who has one for deeds of a
kind, and tells it whatever the player is after because of the deed: to know why, to stop it, to
have it put right. Called by ``casting`` and ``fact_cast``.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from tta_rebuild.core.english import gerund, participle, past, verb_forms
from tta_rebuild.storyteller.fact_wording import PremiseFact
from tta_rebuild.storyteller.scene_file import packaged
from tta_rebuild.storyteller.word_lists import word_table

_ANY, _REFUSED = "any", "refuse"
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
    if fact.is_not:
        return kinds.get(_NOT + fact.does, _REFUSED)
    return kinds.get(fact.does, _ANY)


def plots_of_motive(fact: PremiseFact) -> list[str]:
    """The plots that know a reason for a deed, or for not doing it.

    Those whose reason lies between the premise's own people (``motive.sell.inner.1``) come before
    the others of the kind; where a kind has none, one for any deed may be told as well.
    """
    kind = kind_of_deed(fact)
    inner, own = _named(f"motive.{kind}.inner."), _named(f"motive.{kind}.")
    return inner or [*own, *_named(f"motive.{_ANY}.inner.")]


def _named(prefix: str) -> list[str]:
    return [plot for plot in packaged("plots") if plot.startswith(prefix)]


@cache
def _kinds_of_deed() -> Mapping[str, str]:
    """A verb in any form, after "not " where it is not done → the kind of deed."""
    found = dict[str, str]()
    for kind, verbs in word_table("motives")["deeds"].items():
        for verb in verbs.split(","):
            negated, base = verb.strip().startswith(_NOT), verb.strip().removeprefix(_NOT)
            forms = {*verb_forms(base), past(base), participle(base), gerund(base)}
            for form in forms:
                found.setdefault(_NOT * negated + form, kind)
    return found
