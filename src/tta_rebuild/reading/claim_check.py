"""Claims as a text tells them: what the words say of change, then the arithmetic of ``canon``.

Used by ``checker`` for claims that came with a text and for those that the reader read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tta_rebuild.canon.contradiction import Contradiction
from tta_rebuild.canon.fact_check import FactCheck, Telling, relation_text
from tta_rebuild.canon.relations import Relation
from tta_rebuild.canon.view import Canon
from tta_rebuild.core.story import NARRATOR, Claim
from tta_rebuild.reading.conduct import promises_broken, ruled_out, stems
from tta_rebuild.reading.lexicon import Lexicon
from tta_rebuild.reading.prose_reader import SentenceRead

_LIKELY = 0.9


class ClaimCheck:
    """Compares claims with a canon.

    Args:
        canon: what holds.
        lexicon: for the words that tell a change.
    """

    def __init__(self, canon: Canon, lexicon: Lexicon) -> None:
        self._canon = canon
        self._lexicon = lexicon
        self._facts = FactCheck(canon)

    def contradictions(
        self, claim: Claim, read: SentenceRead | None, *, told: bool = False
    ) -> Iterator[Contradiction]:
        """Contradictions of one claim; ``told`` says that it is meant as a change."""
        yield from self._facts.contradictions(claim, self._telling(claim, read, told=told))
        if claim.speaker == NARRATOR and not claim.ends:
            yield from self._conduct(claim)

    # ------------------------------------------------------------------------ the words around it

    def _telling(self, claim: Claim, read: SentenceRead | None, *, told: bool) -> Telling:
        relation = self._canon.relations[claim.relation]
        low = claim.sentence.lower()
        words = self._lexicon
        placed = None
        if read is not None and read.passage:
            placed = frozenset(
                self._canon.id_of(c.subject) for c in read.claims if c.relation == relation.name
            )
        return Telling(
            as_change=told or self._tells_change(relation, claim, read),
            after_a_while=any(phrase in low for phrase in words.phrases["time_shift"]),
            of_a_body=not words.sets["body_words"].isdisjoint(re.findall(r"[a-z]+", low)),
            dies=read is not None
            and not read.families.isdisjoint(("die", "kill"))
            and not any(deed.past for deed in read.deeds),
            placed=placed,
        )

    def _tells_change(self, relation: Relation, claim: Claim, read: SentenceRead | None) -> bool:
        if read is None:
            return False
        if read.told_change and relation.volatile:
            return True
        if relation.name in self._lexicon.cues(read.families):
            return True
        low = f" {(read.sentence if read.passage else claim.sentence).lower()} "
        on_the_way = self._lexicon.sets["journey_words"].intersection(re.findall(r"[a-z]+", low))
        if relation.nested and read.passage and on_the_way:
            return True
        return any(f" {word} " in low for word in self._lexicon.phrases["change_words"])

    # ------------------------------------------------------------------------ word and nature

    def _conduct(self, claim: Claim) -> Iterator[Contradiction]:
        """What a deed in words, or being somewhere, does to a promise and asks of a nature."""
        who = self._canon.id_of(claim.subject)
        relation = self._canon.relations[claim.relation]
        going = f"{' '.join(self._lexicon.sets['ways_of_going'])} {claim.value}"
        if relation.nested:
            yield from self._broken_promises(claim, who, going)
        elif relation.name == "does":
            done = stems(claim.value)
            families = (self._lexicon.plain.get(word) for word in done)
            goes = any(f is not None and f.name in ("move", "arrive", "stay") for f in families)
            yield from self._broken_promises(claim, who, going if goes else claim.value)
            for fact in ruled_out(self._canon, who, done):
                yield self._found(
                    claim, fact.relation, fact.since, relation_text(fact, self._canon)
                )

    def _broken_promises(self, claim: Claim, who: str, deed: str) -> Iterator[Contradiction]:
        for fact in promises_broken(self._canon, who, deed):
            yield self._found(claim, fact.relation, fact.since, relation_text(fact, self._canon))

    def _found(self, claim: Claim, name: str, since: int, was: str) -> Contradiction:
        canon = self._canon
        relation = canon.relations[name]
        who = canon.id_of(claim.subject)
        saying = canon.relations[claim.relation].say(who, claim.value)
        return Contradiction(
            kind=relation.contradiction if name != "trait" else "nature_changed",
            area=relation.area,
            message=f"this says “{saying}”, but {was} (since event {since})",
            sentence=claim.sentence,
            against=was,
            relation=name,
            subject=who,
            positions=(since,),
            fix="let them keep their word, or tell first how it was released"
            if name == "promise"
            else "find another way for them to do it",
            certainty=_LIKELY,
        )
