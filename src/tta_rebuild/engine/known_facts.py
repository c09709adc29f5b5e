"""Which facts and lasting lines somebody knows or could see: what a reader is shown first.

The server's list of facts asks it. What they have in mind and which lines are theirs is as in
``knowing``; beside that counts what a scene told or showed them. What was only declared, such as
what another hides or how a world is laid out, is not theirs before a scene brings it to them.
The state must be of a whole path: where somebody was in an earlier turn is asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from tta_rebuild.canon.fact_check import lies_in
from tta_rebuild.canon.knowledge import INNER, PUBLIC, KnowledgeCheck
from tta_rebuild.canon.people import PLAYER
from tta_rebuild.canon.view import STORY, Fact
from tta_rebuild.core.story import LastingLine
from tta_rebuild.engine.fact_display import cited
from tta_rebuild.engine.knowing import OPEN_TO_ALL, OWN, line_is_known
from tta_rebuild.engine.state import StoryState

CONCEALED = frozenset(["kin", "alias"])
"""Of what may be known without having been there: what others may know of somebody before them."""

SEEN = frozenset(["located_in", "state", "wears", "looks"])
"""Relations that whoever is in the same place sees."""


@dataclass(frozen=True)
class KnownFacts:
    """The facts and lines of a story as one person has them; ``names`` are those known, by id."""

    state: StoryState
    who: str
    names: Mapping[str, str]

    @classmethod
    def of_player(cls, state: StoryState, names: Mapping[str, str]) -> KnownFacts:
        """Those of the player's character."""
        return cls(state, state.player or PLAYER, names)

    def knows(self, fact: Fact) -> bool:
        """Whether they know a fact or could see that it is so."""
        who, relation = self.who, fact.relation
        if relation in INNER and fact.subject != who:
            return self._check.has_in_mind(who, fact.value)
        if fact.subject == who:
            return relation in OWN or self._is_public(relation) or self._was_told(fact)
        if fact.subject == STORY:
            return relation in OPEN_TO_ALL or self._was_told(fact)
        if fact.value == who and self.state.canon.relations[relation].symmetric:
            return True
        has_met = fact.subject in self._met
        return (has_met and self._is_public(relation)) or self._was_told(fact) or self._sees(fact)

    def knows_line(self, line: LastingLine) -> bool:
        """Whether a lasting line is theirs."""
        return line_is_known(line, self.who, self._check)

    @cached_property
    def _check(self) -> KnowledgeCheck:
        return KnowledgeCheck(self.state.canon, self.state.names, self.state.lines)

    @cached_property
    def _met(self) -> frozenset[str]:
        return frozenset(self.state.canon.values(self.who, "met"))

    @staticmethod
    def _is_public(relation: str) -> bool:
        return relation in PUBLIC and relation not in CONCEALED

    def _was_told(self, fact: Fact) -> bool:
        """Whether a sentence of a scene bears it out, and not of whoever was elsewhere."""
        is_cited = bool(cited(self.state, fact, self.names))
        return is_cited and not (self._is_somebody(fact.subject) and self._were_apart(fact))

    def _were_apart(self, fact: Fact) -> bool:
        """Whether the turn of a fact has placed them and whom it is about in two places."""
        canon, places = self.state.canon, []
        for one in (self.who, fact.subject):
            place = canon.fact(one, "located_in", at=fact.since)
            if place is None or canon.turn_of(place.since) != canon.turn_of(fact.since):
                return False
            places.append(place.value)
        here, there = places
        return not (lies_in(canon, here, there) or lies_in(canon, there, here))

    def _is_somebody(self, one: str) -> bool:
        canon = self.state.canon
        said = (canon.relations[fact.relation] for fact in canon.facts_about(one))
        return one in self.state.names or any(relation.subject == "person" for relation in said)

    def _sees(self, fact: Fact) -> bool:
        """Whether it is before their eyes now: in the place that they are in, or one around it."""
        canon = self.state.canon
        here, there = (canon.value(one, "located_in") for one in (self.who, fact.subject))
        is_here = bool(here and there) and lies_in(canon, str(here), str(there))
        held = canon.holds_at(fact.subject, fact.relation, fact.value)
        return fact.relation in SEEN and is_here and held is not None
