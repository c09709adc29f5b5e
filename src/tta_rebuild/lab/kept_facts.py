"""Whether a declared fact became part of the story, under whatever names the canon keeps it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tta_rebuild.canon.people import WORLD_WORDS, pronouns_of
from tta_rebuild.canon.relations import key_of
from tta_rebuild.canon.view import STORY, Canon
from tta_rebuild.core.english import number_in
from tta_rebuild.core.events import Event, FactAsserted, FactRetracted
from tta_rebuild.core.story import Claim
from tta_rebuild.lab.told_file import ToldFact


class FactKeeping:
    """What one turn asserted and ended, and what holds after it.

    Args:
        canon: the canon after the turn.
        events: the turn's events.
        means: surface form → id of whom or what it means.
        language: of the story, for its pronouns.
    """

    def __init__(
        self, canon: Canon, events: Iterable[Event], means: Mapping[str, str], language: str = "en"
    ) -> None:
        self._pronouns = {form for forms in pronouns_of(language).values() for form in forms}
        self._canon = canon
        self._means = {key_of(form): who for form, who in means.items()}
        self._claims: list[tuple[Claim, bool]] = []
        for event in events:
            if isinstance(event, (FactAsserted, FactRetracted)):
                self._claims.append((event.claim, isinstance(event, FactRetracted)))

    def find(self, fact: ToldFact, speaker: str) -> str | None:
        """Of whom a declared fact is kept, "" if it held before, None if it was dropped.

        Kept is what the turn recorded with the same value, of the same subject or of the one who is
        meant (whoever it is, for a pronoun), and what the canon agrees with already. The relation
        may have another name by then.
        """
        canon = self._canon
        for claim, ends in self._claims:
            if ends == fact.ends and self._is_same(claim, fact):
                return canon.id_of(claim.subject)
        relation, value, _ = canon.relations.understood(fact.relation, fact.value, fact.ends)
        holds = any(canon.holds_at(who, relation, value) for who in self._meant_by(fact.subject))
        believed = speaker and any(
            canon.id_of(belief.subject) == canon.id_of(fact.subject)
            and self._is_value(belief.relation, belief.value, fact)
            for belief in canon.beliefs_of(speaker)
        )
        return "" if bool(holds or believed) != fact.ends else None

    def _is_same(self, claim: Claim, fact: ToldFact) -> bool:
        is_open = fact.subject.casefold() in self._pronouns
        is_meant = is_open or self._canon.id_of(claim.subject) in self._meant_by(fact.subject)
        return is_meant and self._is_value(claim.relation, claim.value, fact)

    def _meant_by(self, said: str) -> set[str]:
        key = key_of(said)
        meant = {said, self._means.get(key, said), *([STORY] if key in WORLD_WORDS else ())}
        return {self._canon.id_of(who) for who in meant}

    def _is_value(self, relation: str, value: str, fact: ToldFact) -> bool:
        canon = self._canon
        if canon.id_of(value) == canon.id_of(fact.value):
            return True
        normal = canon.relations.normal
        if normal(relation, value)[1] == normal(relation, fact.value)[1]:
            return True
        number = number_in(value)
        return bool(number) and number == number_in(fact.value) == value.strip()
