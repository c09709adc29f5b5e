"""A premise's facts as its story says them: who does what, in whose mouth. Called by ``casting``.

What plots of facts (``plots/hide.truth.yaml``) may name: ``fact``, ``also``, ``reason`` and
who is in them. The guide page "The embedded storyteller" has the slots.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from tta_rebuild.core.english import gerund, singular
from tta_rebuild.storyteller.entities import Entity, short
from tta_rebuild.storyteller.fact_wording import (
    PLAYER,
    FactWording,
    Finite,
    Mentioned,
    Piece,
    PremiseFact,
)
from tta_rebuild.storyteller.matter_kind import is_of_wonder
from tta_rebuild.storyteller.motives import is_of_motive
from tta_rebuild.storyteller.noun_phrases import words_in
from tta_rebuild.storyteller.premise import PremiseReading
from tta_rebuild.storyteller.premise_people import called_in_story
from tta_rebuild.storyteller.premise_questions import FactQuestion
from tta_rebuild.storyteller.surroundings import (
    cases_of,
    forms_of,
    noun_slots,
    once_known,
    person_slots,
)
from tta_rebuild.storyteller.word_lists import pattern

PARTS_OF_FACTS = ("doer", "to", "whom")
"""Who does what a story turns on, who is to be told of it, whom the player is after."""
_REASONS = ("lack", "coming", "state", "deed")
_WORTH_SAYING = ("doing", "lack", "deed", "coming", "said", "state")
"""The kinds of fact that are said beside the one that a story turns on, the best first."""


@dataclass(frozen=True, slots=True)
class FactCast:
    """The facts of one story's premise.

    Attributes:
        pronouns: of everybody, by name.
        said: the facts by the name of their slot: fact, also … also3, reason.
        people: who plays doer, to, object and beside (who is in it besides: a buyer), as far as
            they are of the premise; none of them is ``npc``.
        question: what the story turns on, None where its plot is not of a fact.
        is_known: whether the facts have been told in full.
        groups: the names of those who are several; one of them speaks for all.
    """

    pronouns: Mapping[str, str]
    said: Mapping[str, PremiseFact]
    people: Mapping[str, Entity]
    question: FactQuestion | None
    is_known: bool
    groups: frozenset[str] = frozenset()

    def slots(self) -> dict[str, str]:
        """All that can be said without a person of the scene."""
        told: dict[str, str] = {}
        for name, fact in self.said.items():
            told |= forms_of(name, self._told(fact))
        if self.question is None:
            return told
        fact = self.question.fact
        told |= forms_of(
            "fact_he",
            FactWording(self._short).told(self._shortened(fact), again=True)
            if fact.doer
            else told["fact"],
        )
        if base := FactWording(self._short).base(self._shortened(fact)):
            verb, space, rest = base.partition(" ")
            told |= {"fact_inf": base, "fact_ing": f"{gerund(verb)}{space}{rest}"}
        if thing := FactWording(self._short).object(self._shortened(fact)):
            told |= noun_slots("object", once_known(thing) if self.is_known else thing)
            if (somebody := fact.done_to) and somebody != PLAYER:
                he, him, _his = cases_of(self.pronouns.get(somebody) or "they")
                told |= forms_of("object_it", he) | forms_of("object_them", him)
        if asked := FactWording(self._short).asked(self._shortened(fact)):
            told["asked"] = asked
        if claim := FactWording(self._short).claim(self._shortened(fact)):
            told |= forms_of("claim", claim)
        if fact.when:
            told["when"] = fact.when
        doer = self.people.get("doer")
        name = speaker_of(doer.name) if doer and doer.name in self.groups else ""
        name = name or (short(doer.name) if doer else fact.doer)
        if name and name != PLAYER:
            told |= person_slots("doer", name, (doer.pronouns if doer else fact.pronoun) or "they")
        if self.question.to:
            to = self.people.get("to")
            pronoun = to.pronouns if to else self.pronouns.get(self.question.to)
            told |= person_slots("to", short(self.question.to), pronoun or "they")
        return told

    def spoken(self, part: str, name: str) -> dict[str, str]:
        """The facts in the mouth of somebody, as slots: ``fact_npc``."""
        told: dict[str, str] = {}
        are_many = name in self.groups
        for slot, fact in self.said.items():
            wording = FactWording(self._short, _brief(name), are_many=are_many)
            told |= forms_of(f"{slot}_{part}", wording.told(self._shortened(fact)))
        if self.question is not None:
            main = self._shortened(self.question.fact)
            for slot in ("object", "asked", "claim"):
                wording = FactWording(self._short, _brief(name), are_many=are_many)
                said = getattr(wording, slot)(main)
                said = once_known(said) if slot == "object" and self.is_known else said
                told |= forms_of(f"{slot}_{part}", said)
        return told

    @property
    def _short(self) -> Mapping[str, str]:
        return {_brief(name): said for name, said in self.pronouns.items()}

    def _told(self, fact: PremiseFact) -> str:
        return FactWording(self._short).told(self._shortened(fact))

    def _shortened(self, fact: PremiseFact) -> PremiseFact:
        """A fact with its people, and itself, as they are called once they are known."""
        said = fact.brief if self.is_known and fact.brief else fact.pieces
        return replace(
            fact,
            doer=_brief(fact.doer),
            subject=tuple(map(_shortened, fact.subject)),
            pieces=tuple(map(_shortened, said)),
            base=tuple(map(_shortened, fact.base)),
            object=tuple(map(_shortened, fact.object)),
            asked=tuple(map(_shortened, fact.asked)),
            claim=tuple(map(_shortened, fact.claim)),
        )


def fact_cast(
    premise: PremiseReading, people: Sequence[Entity], plot: str, *, is_known: bool
) -> FactCast:
    """The facts of a premise in the story of a plot; ``is_known``: they have been told in full."""
    asked = premise.question
    is_told = is_of_motive(plot)
    if asked is not None and asked.shape != "way":
        is_told |= is_of_wonder(plot) or f"{plot}.".startswith(f"{asked.plot}.")
    question = asked if is_told else None
    main = question.fact if question else None
    pronouns = {one.name: one.pronouns or "they" for one in people}
    others = [
        f
        for f in premise.facts
        if _is_worth_saying(f)
        and not (_overlap(f, main, pronouns) or f.is_of_unknown)
        and not pattern("is_only_there").search(FactWording(pronouns).told(f))
    ]
    others.sort(key=lambda f: (f.doer == PLAYER, _WORTH_SAYING.index(f.kind)))
    reasons = [f for f in others if f.kind in _REASONS and (main is None or f.doer != main.doer)]
    reasons = [f for f in reasons if f.doer != PLAYER or f.kind in ("lack", "coming")]
    named = {"fact": main} if main else {}
    named |= dict(zip(("also", "also2", "also3"), others, strict=False))
    named |= {"reason": reasons[0]} if reasons and main else {}
    parts: dict[str, Entity] = {}
    wanted = {"doer": main.doer, "to": question.to} if main is not None and question else {}
    wanted |= {"object": _done_to(main), "beside": _also_in(main)} if main is not None else {}
    for part, name in wanted.items():
        one = next((p for p in people if name and (p.name == name or p.is_called(name))), None)
        parts |= {part: one} if one else {}
    groups = frozenset(called_in_story(one) for one in premise.people if one.is_group)
    return FactCast(pronouns, named, parts, question, is_known, groups)


def _is_worth_saying(fact: PremiseFact) -> bool:
    """Whether a fact is more than what the player is, means to do, or knows a thing by."""
    if fact.doer == PLAYER:
        return fact.kind not in ("state", "doing") and not (fact.kind == "coming" and fact.base)
    return bool(fact.doer) or not fact.is_beside


def speaker_of(group: str) -> str:
    """Who speaks for several: "the eldest villager", "the head of the council"."""
    *before, last = group.split()
    one = singular(last)
    if one == last or last in words_in("groups"):
        return f"the head of {group}"
    return " ".join([*(before or ["the"]), "eldest", one])


def _overlap(fact: PremiseFact, main: PremiseFact | None, pronouns: Mapping[str, str]) -> bool:
    """Whether a fact is the one that the story turns on, or a part of it."""
    if main is None:
        return False
    a, b = (FactWording(pronouns).told(one).lower() for one in (fact, main))
    return fact.start == main.start or a in b or b in a


def _done_to(fact: PremiseFact) -> str:
    """Whom a deed is done to, or whom the player is kept from; "" if nobody."""
    named = (p.who for p in fact.asked if isinstance(p, Mentioned) and p.case == "object")
    others = (who for who in named if who not in (PLAYER, fact.doer))
    somebody = fact.done_to if fact.done_to != PLAYER else ""
    return somebody or (next(others, "") if fact.is_not else "")


def _also_in(fact: PremiseFact) -> str:
    """Who is in a deed besides whoever does it and those to whom it is done; "" if nobody."""
    others = {PLAYER, fact.doer, _done_to(fact)}
    named = (piece.who for piece in fact.pieces if isinstance(piece, Mentioned))
    return next((who for who in named if who not in others), "")


def _brief(name: str) -> str:
    """The name by which a fact knows somebody: whose father it is may be who speaks."""
    return name if pattern("owned_name").fullmatch(name) else short(name)


def _shortened(piece: Piece) -> Piece:
    if isinstance(piece, Mentioned):
        return replace(piece, who=_brief(piece.who))
    return replace(piece, of=_brief(piece.of)) if isinstance(piece, Finite) else piece
