"""What prose tells as done, against what the deed needs: nobody dead acts, nothing lost is used.

Used by ``checker`` for drafts read by rule. Only deeds that are told as happening now count: what
is wished, denied, remembered or spoken of needs nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tta_rebuild.canon.contradiction import Contradiction
from tta_rebuild.canon.fact_check import plain, relation_text
from tta_rebuild.canon.relations import Area
from tta_rebuild.canon.view import Canon, Fact
from tta_rebuild.reading.conduct import promises_broken, ruled_out
from tta_rebuild.reading.lexicon import Lexicon
from tta_rebuild.reading.prose_reader import Deed, SentenceRead


class DeedCheck:
    """Holds deeds against a canon.

    Args:
        canon: what holds.
        lexicon: closed sets of words.
    """

    def __init__(self, canon: Canon, lexicon: Lexicon) -> None:
        self._canon = canon
        self._lexicon = lexicon

    def contradictions(self, read: SentenceRead) -> Iterator[Contradiction]:
        """Contradictions of the deeds of one sentence."""
        yield from self._first_time(read)
        taken: set[str] = set()
        changed: set[str] = set()
        for deed in read.deeds:
            if deed.hedged or deed.past:
                continue
            if not deed.negated:
                yield from self._of_the_dead(deed, read)
                yield from self._needs(deed, read, taken, changed)
                yield from self._own_word(deed, read)
                yield from self._nature(deed, read)
            name = deed.family.name if deed.family else ""
            if name in ("take", "give", "repair", "unlock", "make", "revive", "become"):
                taken.update(deed.roles.values())
            changed.update(v for r, v in deed.roles.items() if r == "O")

    def _of_the_dead(self, deed: Deed, read: SentenceRead) -> Iterator[Contradiction]:
        name = deed.family.name if deed.family else ""
        who = deed.roles.get("S")
        if (
            not who
            or name in self._lexicon.sets["done_to_the_dead"]
            or (deed.family is None and deed.verb in ("be", "have"))
        ):
            return
        dead = self._canon.holds_at(who, "alive", "false")
        if dead is None or "S" in deed.fresh:
            return
        words = set(re.findall(r"[a-z]+", read.sentence.lower()))
        if words & self._lexicon.sets["body_words"]:
            return
        yield self._contradiction(
            "dead_acts",
            "timeline",
            read,
            dead,
            who,
            0.9,
            message=f"{plain(who)} acts here ({deed.verb.replace('_', ' ')}), but is dead",
            fix="let someone else do it, or tell it as a memory",
        )

    def _needs(
        self, deed: Deed, read: SentenceRead, taken: set[str], changed: set[str]
    ) -> Iterator[Contradiction]:
        if deed.family is None:
            return
        who, thing = deed.roles.get("S", ""), deed.roles.get("O", "")
        known = bool(thing) and "O" not in deed.fresh and thing not in taken
        for need in deed.family.needs if known else ():
            match need:
                case "O alive":
                    yield from self._alive(deed, read, thing)
                case "O usable" | "O not destroyed" | "O present":
                    yield from self._whole(deed, read, thing, who)
                case "S has O":
                    yield from self._in_hand(deed, read, who, thing)
                case "O not locked":
                    if thing not in changed and "unlock" not in read.families:
                        yield from self._unlocked(deed, read, thing)
                case _:
                    pass
        for role in ("W", "T", "O"):
            if role == "O" and deed.family.name not in ("arrive", "take", "move"):
                continue
            other = deed.roles.get(role, "")
            if (
                other
                and role not in deed.fresh
                and other not in taken
                and (role in "WO" or deed.family.name in ("arrive", "stay", "move"))
            ):
                yield from self._whole(deed, read, other, who)
                if role == "W":
                    yield from self._in_hand(deed, read, who, other)

    def _alive(self, deed: Deed, read: SentenceRead, thing: str) -> Iterator[Contradiction]:
        dead = self._canon.holds_at(thing, "alive", "false")
        if dead is None:
            return
        kind = "dies_twice" if deed.family and deed.family.name == "kill" else "dead_acts"
        yield self._contradiction(
            kind,
            "timeline",
            read,
            dead,
            thing,
            0.88,
            message=f"{plain(thing)} cannot be part of this: dead since event {dead.since}",
            fix="leave the dead out, or tell it as a memory",
        )

    def _whole(
        self, deed: Deed, read: SentenceRead, thing: str, who: str
    ) -> Iterator[Contradiction]:
        gone = self._canon.holds_at(thing, "state", "destroyed")
        if gone is None or "repair" in read.families or "make" in read.families:
            return
        words = set(re.findall(r"[a-z]+", read.sentence.lower()))
        if words & self._lexicon.sets["left_of_it"]:
            return
        yield self._contradiction(
            "destroyed_used",
            "world",
            read,
            gone,
            thing,
            0.88,
            message=f"{plain(thing)} is used here, but it was destroyed",
            fix=f"leave {plain(thing)} out, or tell how it was rebuilt",
        )

    def _in_hand(
        self, deed: Deed, read: SentenceRead, who: str, thing: str
    ) -> Iterator[Contradiction]:
        if not who or {"take", "give"} & (
            read.families - {deed.family.name if deed.family else ""}
        ):
            return
        if who not in read.people:
            return  # "the book gives the answer": only somebody has things
        bearer = self._canon.bearer("holds", thing)
        if bearer is not None and bearer.subject != who:
            if f"{bearer.subject}'s" in read.sentence.lower().replace(" ", "_"):
                return
            beside = self._canon.value(who, "located_in")
            shared = beside is not None and beside == self._canon.value(
                bearer.subject, "located_in"
            )
            yield self._contradiction(
                "given_away",
                "fact",
                read,
                bearer,
                who,
                0.6 if shared else 0.82,  # it may pass from hand to hand unsaid
                message=f"{plain(who)} has {plain(thing)} here, but "
                f"{relation_text(bearer, self._canon)}",
                fix=f"tell how {plain(who)} got it back, or leave it out",
            )
        elif bearer is None:
            last = self._canon.last_of(who, "holds", thing)
            if last is not None and last[1]:
                yield self._contradiction(
                    "lost_used",
                    "fact",
                    read,
                    last[0],
                    who,
                    0.82,
                    message=f"{plain(who)} uses {plain(thing)} here, but no longer has it",
                    fix=f"tell how {plain(who)} found it again, or leave it out",
                )

    def _unlocked(self, deed: Deed, read: SentenceRead, thing: str) -> Iterator[Contradiction]:
        locked = self._canon.holds_at(thing, "state", "locked")
        if locked is not None and locked.since >= self._canon.turn_began_at():
            if "W" in deed.roles or "key" in read.sentence.lower():
                return
            yield self._contradiction(
                "state_opposite",
                "world",
                read,
                locked,
                thing,
                0.78,
                message=f"{plain(thing)} is opened here, but it is locked",
                fix="unlock it first, or let them find it locked",
            )

    def _own_word(self, deed: Deed, read: SentenceRead) -> Iterator[Contradiction]:
        who = deed.roles.get("S", "")
        if not who or deed.verb in ("be", "have", "promise", "swear", "vow"):
            return
        done = " ".join([deed.verb, *(v for r, v in deed.roles.items() if r != "S")])
        if deed.family is not None and deed.family.name in ("move", "arrive", "stay"):
            done = " ".join([done, *self._lexicon.sets["ways_of_going"]])
        for promise in promises_broken(self._canon, who, done):
            yield self._contradiction(
                "broken_promise",
                "narrative_logic",
                read,
                promise,
                who,
                0.85,
                message=f"{plain(who)} breaks a promise: {promise.value.replace('_', ' ')}",
                fix="let them keep their word, or tell first how it was released",
            )

    def _nature(self, deed: Deed, read: SentenceRead) -> Iterator[Contradiction]:
        who = deed.roles.get("S", "")
        if not who:
            return
        unable = self._canon.holds_at(who, "ability", f"not {deed.verb}")
        if unable is not None and not {"train", "learn", "become"} & read.families:
            yield self._contradiction(
                "ability_denied",
                "character",
                read,
                unable,
                who,
                0.87,
                message=f"{plain(who)} can {deed.verb} here, but "
                f"{relation_text(unable, self._canon)}",
                fix="let someone else do it, or tell how it was learnt",
            )
        verb = deed.verb.split("_")[0]
        for trait in ruled_out(self._canon, who, [verb]):
            if trait.relation == "trait":
                yield self._contradiction(
                    "nature_changed",
                    "character",
                    read,
                    trait,
                    who,
                    0.82,
                    message=f"{plain(who)} cannot do this ({verb}): {trait.value}",
                    fix="find another way for them to do it",
                )
        if deed.verb in ("eat", "devour", "taste", "chew"):
            diet = self._canon.fact(who, "trait", "diet")
            food = set(deed.roles.get("O", "").split("_"))
            if diet is not None and food & self._lexicon.sets["meats"] and "veg" in diet.value:
                yield self._contradiction(
                    "trait_changed",
                    "character",
                    read,
                    diet,
                    who,
                    0.85,
                    message=f"{plain(who)} eats meat here, but is {diet.value}",
                    fix="let them eat something else",
                )

    def _first_time(self, read: SentenceRead) -> Iterator[Contradiction]:
        if not read.first_time or read.question:
            return
        for deed in read.deeds:
            who = deed.roles.get("S", "")
            for role in ("O", "R", "T", "W"):
                other = deed.roles.get(role, "")
                if not who or not other or who == other:
                    continue
                met = self._canon.holds_at(who, "met", other)
                if met is not None:
                    yield self._contradiction(
                        "first_meeting_again",
                        "timeline",
                        read,
                        met,
                        who,
                        0.88,
                        message=f"{plain(who)} and {plain(other)} meet as strangers, but have met",
                        fix="let them meet as people who know each other",
                    )
                    return

    def _contradiction(
        self,
        kind: str,
        area: Area,
        read: SentenceRead,
        held: Fact,
        subject: str,
        certainty: float,
        *,
        message: str,
        fix: str,
    ) -> Contradiction:
        return Contradiction(
            kind=kind,
            area=area,
            message=f"{message} (event {held.since})",
            sentence=read.sentence,
            against=held.sentence or relation_text(held, self._canon),
            relation=held.relation,
            subject=subject,
            positions=(held.since,),
            fix=fix,
            certainty=certainty,
        )
