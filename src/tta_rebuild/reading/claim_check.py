"""One claim against what holds, by the rules of its relation: contradiction as arithmetic.

Used by ``checker`` for claims that came with a text and for those that the reader read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tta_rebuild.canon.contradiction import Contradiction
from tta_rebuild.canon.relations import Area, Relation, key_of
from tta_rebuild.canon.view import Canon, Fact
from tta_rebuild.core.story import NARRATOR, Claim
from tta_rebuild.reading.lexicon import Lexicon
from tta_rebuild.reading.nature import deeds_barred_by
from tta_rebuild.reading.promises import broken_by, stems
from tta_rebuild.reading.prose_reader import SentenceRead

_SURE, _LIKELY, _UNSAID, _OFFSTAGE = 0.97, 0.9, 0.65, 0.5
_KEPT = frozenset(["holds", "owns", "wears", "uses"])


class ClaimCheck:
    """Compares claims with a canon.

    Args:
        canon: what holds.
        lexicon: for the words that tell a change.
    """

    def __init__(self, canon: Canon, lexicon: Lexicon) -> None:
        self._canon = canon
        self._lexicon = lexicon

    def contradictions(
        self, claim: Claim, read: SentenceRead | None, *, told: bool = False
    ) -> Iterator[Contradiction]:
        """Contradictions of one claim; ``told`` says that it is meant as a change."""
        if claim.speaker != NARRATOR:
            return
        canon = self._canon
        relation = canon.relations[claim.relation]
        subject = canon.id_of(claim.subject)
        slot, normal = canon.relations.normal(relation.name, claim.value)
        telling = read.sentence if read is not None and read.passage else claim.sentence
        told = told or self._tells_change(relation, telling, read)
        if relation.person and not claim.ends:
            yield from self._dead(claim, subject, relation)
        if relation.subject == "thing" or relation.value == "thing":
            thing = subject if relation.subject == "thing" else canon.id_of(claim.value)
            if not claim.ends:
                yield from self._destroyed(claim, thing, relation, told)
        if relation.name in ("first_meeting", "stranger_to"):
            yield from self._first_meeting(claim, subject)
            return
        if relation.name == "does":
            done = stems(claim.value)
            entering = {"move", "arrive", "stay"} & {
                family.name for w in done if (family := self._lexicon.plain.get(w)) is not None
            }
            more = " enter go visit return come cross" if entering else ""
            yield from self._broken_promise(claim, subject, claim.value + more)
            yield from self._against_nature(claim, subject)
            return
        if relation.name == "located_in" and not claim.ends:
            yield from self._broken_promise(
                claim, subject, f"enter go visit return come {claim.value}"
            )
        if relation.name == "uses":
            yield from self._in_other_hands(claim, subject, canon.relations["holds"], told=False)
            return
        held = canon.fact(subject, relation.name, slot)
        if claim.ends:
            yield from self._ending(claim, relation, held, normal, told)
            return
        if held is not None:
            was = canon.relations.normal(relation.name, held.value)[1]
            if relation.name == "alive" and was == normal == "false":
                yield from self._second_death(claim, relation, held, read)
            if was != normal:
                yield from self._second_value(claim, relation, held, was, normal, told, read)
        elif relation.name in _KEPT:
            yield from self._in_other_hands(claim, subject, relation, told=told)
        yield from self._excluded(claim, subject, relation, slot, told)
        if relation.name == "state":
            yield from self._across_groups(claim, subject, normal, told)

    # ------------------------------------------------------------------------ what tells a change

    def _tells_change(self, relation: Relation, sentence: str, read: SentenceRead | None) -> bool:
        if read is None:
            return False
        if read.told_change and relation.volatile:
            return True
        if relation.name in self._lexicon.cues(read.families):
            return True
        low = f" {sentence.lower()} "
        if relation.name == "located_in" and read.passage:
            words = set(re.findall(r"[a-z]+", low))
            if words & self._lexicon.sets["journey_words"]:
                return True
        return any(f" {w} " in low for w in self._lexicon.phrases["change_words"])

    def _since_last_turn(self, fact: Fact) -> bool:
        return fact.since >= self._canon.turn_began_at()

    # ------------------------------------------------------------------------ the cases

    def _second_value(
        self,
        claim: Claim,
        relation: Relation,
        held: Fact,
        was: str,
        normal: str,
        told: bool,
        read: SentenceRead | None,
    ) -> Iterator[Contradiction]:
        if self._compatible(relation, was, normal):
            return
        if relation.order:
            yield from self._hour(claim, relation, held, told)
            return
        if relation.rising:
            if was.isdigit() and normal.isdigit() and int(normal) > int(was):
                if relation.name == "age" and not told:
                    yield self._contradiction(claim, relation, held, _LIKELY)
                return
            yield self._contradiction(claim, relation, held, _SURE)
            return
        if was in relation.final:
            if told and relation.name == "state" and normal in ("mended", "whole", "standing"):
                return
            kind = "destroyed_used" if relation.name == "state" else relation.contradiction
            yield self._contradiction(claim, relation, held, _SURE, kind=kind)
            return
        if relation.name == "alive" and normal == "false":
            return
        if relation.name == "located_in":
            yield from self._journey(claim, relation, held, told)
            if told:
                return
        if relation.change == "freely" or (relation.change == "narrated" and told):
            return
        certainty = _SURE if relation.change == "never" else _LIKELY
        if relation.volatile and not self._since_last_turn(held):
            certainty = _OFFSTAGE
        if relation.name == "located_in" and read is not None and read.passage:
            # A passage may tell of a way in words that no list foresees ("the tower is nearer than
            # it looked"): only where it plainly says that they are there is it sure.
            said = (self._canon.id_of(c.subject) for c in read.claims if c.relation == "located_in")
            if held.subject not in said:
                certainty = min(certainty, _UNSAID)
        yield self._contradiction(claim, relation, held, certainty)

    def _compatible(self, relation: Relation, was: str, now: str) -> bool:
        if relation.name in (
            "located_in",
            "role",
            "kin",
            "species",
            "made_of",
            "born_in",
            "part_of",
        ):
            if was.endswith("_" + now) or now.endswith("_" + was):
                return True
            if relation.name == "role" and (was.startswith(now + "_") or now.startswith(was + "_")):
                return True
        if relation.name == "located_in":
            return self._inside(was, now) or self._inside(now, was)
        if relation.name == "weather":
            return was.startswith(now) or now.startswith(was)
        if relation.name == "name":
            return bool(set(was.split("_")) & set(now.split("_")))
        if relation.name == "trait":
            return was.rsplit("_", 1)[-1] == now.rsplit("_", 1)[-1] and (
                was.endswith("_" + now) or now.endswith("_" + was)
            )
        return False

    def _inside(self, small: str, great: str) -> bool:
        """Whether a place lies within another, as far as the canon says."""
        seen: set[str] = set()
        here: str | None = small
        while here is not None and here not in seen:
            if here == great:
                return True
            seen.add(here)
            whole = self._canon.value(here, "part_of") or self._canon.value(here, "located_in")
            here = key_of(whole) if whole else None
        return False

    def _journey(
        self, claim: Claim, relation: Relation, held: Fact, told: bool
    ) -> Iterator[Contradiction]:
        far = self._canon.holds_at(held.value, "far_from", claim.value)
        if far is None or not self._since_last_turn(held):
            return
        low = claim.sentence.lower()
        if any(f"{p}" in low for p in self._lexicon.phrases["time_shift"]):
            return
        yield self._contradiction(
            claim,
            relation,
            held,
            _LIKELY,
            kind="impossible_travel",
            because=f" and {relation_text(far)}",
            more=(far.since,),
        )

    def _hour(
        self, claim: Claim, relation: Relation, held: Fact, told: bool
    ) -> Iterator[Contradiction]:
        order = relation.order
        was, now = key_of(held.value), key_of(claim.value)
        if was not in order or now not in order or order.index(now) >= order.index(was):
            return
        if told or any(p in claim.sentence.lower() for p in self._lexicon.phrases["time_shift"]):
            return
        fresh = self._since_last_turn(held)
        yield self._contradiction(claim, relation, held, _LIKELY if fresh else _OFFSTAGE)

    def _ending(
        self, claim: Claim, relation: Relation, held: Fact | None, normal: str, told: bool
    ) -> Iterator[Contradiction]:
        if held is None:
            return
        if self._canon.relations.normal(relation.name, held.value)[1] != normal:
            return
        if relation.endless or normal in relation.final:
            yield self._contradiction(claim, relation, held, _SURE)
        elif relation.change == "never":
            yield self._contradiction(claim, relation, held, _SURE, kind="denied_fact", area="fact")
        elif relation.change == "narrated" and not told:
            certainty = _OFFSTAGE if relation.volatile and not self._since_last_turn(held) else 0.85
            if relation.name == "located_in":
                certainty = min(certainty, _UNSAID)  # people leave without a word being said of it
            yield self._contradiction(
                claim, relation, held, certainty, kind="denied_fact", area="fact"
            )

    def _second_death(
        self, claim: Claim, relation: Relation, held: Fact, read: SentenceRead | None
    ) -> Iterator[Contradiction]:
        if read is None or not {"die", "kill"} & read.families:
            return
        if claim.sentence == held.sentence or any(d.past for d in read.deeds):
            return
        yield self._contradiction(
            claim,
            relation,
            held,
            _LIKELY,
            kind="dies_twice",
            fix="tell it as the death already known, or let someone else die",
        )

    def _against_nature(self, claim: Claim, subject: str) -> Iterator[Contradiction]:
        """What a deed in words needs of the one who does it: abilities and senses."""
        done = stems(claim.value)
        hit: frozenset[str] | set[str]
        for fact in self._canon.facts_about(subject):
            if fact.relation == "ability" and fact.value.startswith(("not ", "cannot ")):
                hit = stems(fact.value) & done
            elif fact.relation == "trait":
                hit = deeds_barred_by(self._canon, fact) & done
            else:
                continue
            if hit:
                kind = "ability_denied" if fact.relation == "ability" else "nature_changed"
                yield self._contradiction(
                    claim,
                    self._canon.relations[fact.relation],
                    fact,
                    _LIKELY,
                    kind=kind,
                    area="character",
                    fix="find another way for them to do it",
                )

    def _dead(self, claim: Claim, subject: str, relation: Relation) -> Iterator[Contradiction]:
        dead = self._canon.holds_at(subject, "alive", "false")
        if dead is None:
            return
        words = set(re.findall(r"[a-z]+", claim.sentence.lower()))
        if words & self._lexicon.sets["body_words"]:
            return
        yield self._contradiction(
            claim,
            relation,
            dead,
            _SURE,
            kind="dead_acts",
            area="timeline",
            fix=f"let someone else do it, or tell it as a memory: {_plain(subject)} is dead",
        )

    def _destroyed(
        self, claim: Claim, thing: str, relation: Relation, told: bool
    ) -> Iterator[Contradiction]:
        gone = self._canon.holds_at(thing, "state", "destroyed")
        if gone is None or (
            relation.name == "state" and (told or key_of(claim.value) == "destroyed")
        ):
            return
        if relation.name == "owns":
            return
        if (
            relation.name == "state"
            and self._canon.relations.normal("state", claim.value)[0] == "existence"
        ):
            return
        yield self._contradiction(
            claim,
            relation,
            gone,
            _SURE,
            kind="destroyed_used",
            area="world",
            fix=f"{_plain(thing)} no longer exists: leave it out, or tell how it was rebuilt",
        )

    def _first_meeting(self, claim: Claim, subject: str) -> Iterator[Contradiction]:
        met = self._canon.holds_at(subject, "met", self._canon.id_of(claim.value))
        if met is not None:
            relation = self._canon.relations["met"]
            yield self._contradiction(
                claim,
                relation,
                met,
                _SURE,
                kind="first_meeting_again",
                fix="let them meet as people who know each other",
            )

    def _in_other_hands(
        self, claim: Claim, subject: str, relation: Relation, *, told: bool
    ) -> Iterator[Contradiction]:
        canon = self._canon
        if told:
            return
        bearer = canon.bearer(relation.name, claim.value)
        if bearer is not None and bearer.subject != subject:
            yield self._contradiction(claim, relation, bearer, _LIKELY)
            return
        last = canon.last_of(subject, relation.name, claim.value)
        if bearer is None and last is not None and last[1]:
            yield self._contradiction(
                claim,
                relation,
                last[0],
                _LIKELY,
                kind="lost_used" if relation.name != "wears" else "worn_by_other",
                because=" and lost it since",
                fix=f"tell how {_plain(subject)} came by it again, or leave it out",
            )

    def _excluded(
        self, claim: Claim, subject: str, relation: Relation, slot: str, told: bool
    ) -> Iterator[Contradiction]:
        for name in relation.excludes:
            other = self._canon.fact(subject, name, slot)
            if other is None:
                continue
            excluded = self._canon.relations[name]
            if excluded.endless:
                yield self._contradiction(claim, relation, other, _SURE)
            elif not told:
                yield self._contradiction(claim, relation, other, _LIKELY)

    def _across_groups(
        self, claim: Claim, subject: str, normal: str, told: bool
    ) -> Iterator[Contradiction]:
        """What is locked is not open, what is asleep does nothing: opposites of unlike groups."""
        if told:
            return
        for mine, other_slot, other in (("open", "lock", "locked"), ("locked", "openness", "open")):
            if normal == mine:
                held = self._canon.fact(subject, "state", other_slot)
                if held and self._canon.relations.normal("state", held.value)[1] == other:
                    fresh = self._since_last_turn(held)
                    yield self._contradiction(
                        claim, self._canon.relations["state"], held, _LIKELY if fresh else _OFFSTAGE
                    )

    def _broken_promise(self, claim: Claim, subject: str, deed: str) -> Iterator[Contradiction]:
        for promise in broken_by(self._canon, subject, deed):
            yield self._contradiction(
                claim,
                self._canon.relations["promise"],
                promise,
                _LIKELY,
                kind="broken_promise",
                area="narrative_logic",
                fix="let them keep their word, or tell first how it was released",
            )

    # ------------------------------------------------------------------------ saying it

    def _contradiction(
        self,
        claim: Claim,
        relation: Relation,
        held: Fact,
        certainty: float,
        *,
        kind: str = "",
        area: Area | None = None,
        because: str = "",
        more: tuple[int, ...] = (),
        fix: str = "",
    ) -> Contradiction:
        stated = held.sentence or relation_text(held, self._canon)
        saying = self._canon.relations[claim.relation].say(
            self._canon.id_of(claim.subject), claim.value
        )
        if claim.ends:
            saying = f"no longer: {saying}"
        was = relation_text(held, self._canon)
        return Contradiction(
            kind=kind or relation.contradiction,
            area=area or relation.area,
            message=f"this says “{saying}”, but {was}{because} (since event {held.since})",
            sentence=claim.sentence,
            against=stated,
            relation=relation.name,
            subject=self._canon.id_of(claim.subject),
            positions=tuple(sorted({held.since, *more})),
            fix=fix or f"keep to what holds ({was}), or tell first how it changed",
            certainty=certainty,
        )


def relation_text(fact: Fact, canon: Canon | None = None) -> str:
    """A fact in plain words."""
    if canon is None:
        return f"{_plain(fact.subject)} {fact.relation.replace('_', ' ')} {_plain(fact.value)}"
    if fact.relation == "alive":
        return f"{_plain(fact.subject)} is {'dead' if fact.value == 'false' else 'alive'}"
    return canon.relations[fact.relation].say(fact.subject, fact.value)


def _plain(name: str) -> str:
    return name.replace("_", " ")
