"""Which plot a story of a premise is told by. Called by ``casting`` and ``teller``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from random import Random

from tta_rebuild.storyteller.entities import Entity, bare, head_of
from tta_rebuild.storyteller.fact_wording import PremiseFact
from tta_rebuild.storyteller.matter_kind import (
    chain_of,
    is_known_noun,
    kind_of_matter,
    plots_of_fact,
    plots_of_matter,
    plots_of_wonder,
)
from tta_rebuild.storyteller.motives import has_motive, object_of_deed, plots_of_motive
from tta_rebuild.storyteller.noun_phrases import is_animal, words_in
from tta_rebuild.storyteller.premise import PremiseReading
from tta_rebuild.storyteller.premise_people import PremisePerson
from tta_rebuild.storyteller.premise_questions import FactQuestion, is_known
from tta_rebuild.storyteller.word_lists import fact_words
from tta_rebuild.storyteller.world_state import Value

_HAPPENING = "understand.happening"


def chosen_plot(
    premise: PremiseReading,
    seed: str,
    people: Sequence[Entity],
    now: Mapping[str, Value],
    *,
    is_away: bool,
) -> str:
    """The plot of a situation that the player has chosen, else of the premise's conflict.

    Args:
        now: the state as the story begins.
        is_away: somebody whom it is about is dead or not there.
    """
    is_ready = premise.situation and premise.is_chosen
    if premise.question is not None:
        fact, is_against = premise.question.fact, premise.question.shape == "way"
        doer = next((one for one in people if one.is_called(fact.doer)), None)
        can_tell = doer is not None and _can_tell(doer, now)
        is_told = can_tell and has_motive(premise.question.shape) and not (is_against and is_away)
        said = [called for one in premise.people for called in (one.name, one.role)]
        of = object_of_deed(fact, said, premise.places)
        plots = plots_of_motive(fact, premise.question.shape, of) if is_told else []
        if not plots and _is_strange(fact) and (matter := matter_asked_about(premise)):
            kind = kind_of_matter(matter, said, premise.places)
            is_office = kind == "place" and bool(fact.done_to)  # a school that sends one home
            plots = [] if is_office else plots_of_wonder(kind)
        plots = plots or ([] if is_against else _plots_of_noun(premise, said))
        plots = plots or ([] if is_against else _plots_of_fact(premise.question))
        if plots:
            return Random(f"{seed}:plot").choice(plots)
    return (
        premise.situation
        if is_ready
        else plot_for(premise, premise.conflict, seed, is_away=is_away)
    )


def _is_strange(fact: PremiseFact) -> bool:
    """Whether a thing does what things do not: it hums; no lift that has broken."""
    usual = fact_words("usual") | fact_words("states")
    return not fact.is_passive and fact.does not in usual and fact.verb not in usual


def _plots_of_noun(premise: PremiseReading, people: Sequence[str]) -> list[str]:
    """Where a thing does something, the plots of finding out about such a thing, if there are any.

    They can be concrete about it; those of a happening have to fit whatever has happened.
    """
    question, matter = premise.question, matter_asked_about(premise)
    if question is None or question.plot != _HAPPENING or not matter or not is_known_noun(matter):
        return []
    plots = plots_of_matter("understand", kind_of_matter(matter, people, premise.places))
    return [one for one in plots if "." in one]


def _plots_of_fact(question: FactQuestion) -> list[str]:
    """The plots of a question; of a secret those of what the player has done, or only knows."""
    of_secret = plots_of_fact(f"{question.plot}.{'known' if is_known(question.fact) else 'deed'}")
    return of_secret or plots_of_fact(question.plot)


def _can_tell(person: Entity, now: Mapping[str, Value]) -> bool:
    """Whether somebody is there at the beginning and can say why they do what they do.

    For several, whom the premise speaks of as such, one of them speaks.
    """
    is_there = now.get(f"{person.id}.at") == now["here"]
    is_group = bool(now.get(f"{person.id}.group"))
    is_one = person.pronouns != "it" or is_group
    is_one &= not (is_group and {*bare(person.name).split()} & words_in("vague_people"))
    return is_there and is_one and not now.get(f"{person.id}.mute")


def _is_it(person: PremisePerson, premise: PremiseReading) -> bool:
    """Whether somebody is what a premise turns on."""
    return premise.matter in (person.name, person.role)


def plot_for(premise: PremiseReading, conflict: str, seed: str, *, is_away: bool = False) -> str:
    """A plot of a conflict that knows of what kind the premise's matter is, if there is one.

    ``is_away``: somebody whom it is about is dead or not there.
    """
    if not premise.names_matter:  # of a place there is a story where it is of nothing else
        of_place = plots_of_matter(conflict, "place") if premise.places else [conflict]
        return Random(f"{seed}:plot").choice(of_place)
    people = [called for one in premise.people for called in (one.name, one.role)]
    kind = kind_of_matter(premise.matter, people, premise.places)
    if is_away and conflict in ("understand", "unmask", "win_back"):
        is_dead = any(p.odds.get("dead", 0.0) > 0.5 for p in premise.people if _is_it(p, premise))
        conflict = "unmask" if is_dead else "find"
    is_told_of_people = any(one.name for one in premise.people)
    of = {*chain_of(kind)}
    is_wonder = premise.is_wondrous or bool(of & {"place", "event"})  # which have one other story
    is_wonder &= "event" in of or not (premise.question or is_told_of_people)
    is_strange = conflict == "understand" and is_wonder
    plots: list[str] = plots_of_wonder(kind) if is_strange else []
    plots = [*plots, *plots_of_matter(conflict, kind)]
    return Random(f"{seed}:plot").choice(plots)


def matter_asked_about(premise: PremiseReading) -> str:
    """What does by itself what is to be explained: "the lighthouse", "your cat"; "" if nothing."""
    question = premise.question
    if question is None or question.shape not in ("behind", "why"):
        return ""
    if question.fact.doer:
        is_beast = is_animal(head_of(question.fact.doer)) and not question.fact.doer[:1].isupper()
        return question.fact.doer if is_beast else ""
    subject = question.fact.subject[0] if len(question.fact.subject) == 1 else ""
    one = re.sub(r"^(?:every|each) ", "the ", subject) if isinstance(subject, str) else ""
    return one if one.startswith("the ") else ""
