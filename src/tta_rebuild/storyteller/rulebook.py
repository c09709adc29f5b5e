"""What an act of the player's does: its conditions, its effects on the state, how it is told.

Called by ``teller`` for free moves. ``act_binding`` finds what the player named; this file takes
the first rule that fits (``data/acts``) and fills its sentences.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from tta_rebuild.core.english import singular, third_person
from tta_rebuild.storyteller.act import Act
from tta_rebuild.storyteller.act_binding import (
    GOES,
    SELF,
    Binder,
    place_in,
    with_article,
)
from tta_rebuild.storyteller.addressed import (
    as_asked,
    as_thought,
    as_to_spirit,
    let_happen,
    meant_by_words,
    rules_for,
)
from tta_rebuild.storyteller.answers import (
    asked_about,
    form_of,
    is_of_theirs,
    is_of_wishes,
    known_of,
    told_about,
)
from tta_rebuild.storyteller.beyond import is_dead
from tta_rebuild.storyteller.casting import Cast
from tta_rebuild.storyteller.deeds import record, record_heard
from tta_rebuild.storyteller.entities import POINTING, Entity, bare, head_of, last_word, short
from tta_rebuild.storyteller.hindrances import hindered
from tta_rebuild.storyteller.line_template import capital, template
from tta_rebuild.storyteller.line_writer import LineWriter
from tta_rebuild.storyteller.noun_phrases import is_animal
from tta_rebuild.storyteller.possible import why_impossible
from tta_rebuild.storyteller.results import done, kinds_of, own_clause, result_of, said_too, there
from tta_rebuild.storyteller.silence import SPOKEN, speaks
from tta_rebuild.storyteller.surroundings import PEOPLE, THINGS_AROUND, cases_of, forms_of
from tta_rebuild.storyteller.word_lists import common, rules_of
from tta_rebuild.storyteller.world_state import YOU, WorldState

_MOST_STEPS = 3
_ONE, _MANY = ("it", "its", "is"), ("them", "their", "are")
_AROUND = re.compile(r"\{(?:[Tt]he_)?(?:[Kk]eeper|[Ww]orker|[Cc]rowd|[Rr]oom|[Ss]pot|[Ee]xit)")
_IT = re.compile(r"\b[Ii]ts?\b(?!\})")
_VERB_OR_SUBJECT = re.compile(r"\{v:([a-z]+)\}(?: (?=\{(person|they)\}))?|\{([Pp]erson|[Tt]hey)\}")


@dataclass(slots=True)
class Outcome:
    """What came of a move."""

    texts: list[str] = field(default_factory=list)  # paragraphs that tell it
    lines: list[str] = field(default_factory=list)  # what is now true, in plain sentences
    declined: str = ""  # why nothing was done, said instead of playing a turn
    is_done: bool = False  # whether the first act succeeded
    kind: str = ""  # what sort of deed it was
    is_told: bool = True  # whether the rules tell it, rather than a scene


@lru_cache(maxsize=4_000)
def conjugated(text: str, are_many: bool, is_they: bool) -> str:
    """``{v:look}`` as "look" or "looks", after the name or the pronoun that stands before it.

    Args:
        are_many: True if the person is several people.
        is_they: True if they are spoken of as "they".
    """
    is_plural = is_they

    def written(found: re.Match[str]) -> str:
        nonlocal is_plural
        verb, after, before = found.groups()
        if before or after:
            is_plural = are_many if (before or after).lower() == "person" else is_they
        if before:
            return found.group()
        many = "are" if verb == "be" else verb
        return (many if is_plural else third_person(verb)) + (" " if after else "")

    return _VERB_OR_SUBJECT.sub(written, text)


class Rulebook:
    """The rules of one story, applied to its state.

    Attributes:
        binder: what the words of a move are bound by.
        understood: the acts as they were read, with what their words were taken to mean.

    Args:
        cast: what there is; what the player names is added in an open world.
    """

    def __init__(self, cast: Cast, state: WorldState, writer: LineWriter) -> None:
        self.cast, self.state, self.writer = cast, state, writer
        self.binder = Binder(cast, state)
        self.understood: list[dict[str, Any]] = []

    def play(self, act: Act, *, is_told: bool = True) -> Outcome:
        """Do it, and what comes with it ("… and run"); stops at the first step that fails.

        Args:
            act: what was read of the move.
            is_told: False if a scene tells it: then only what becomes of what the move names
                changes, and its line is the deed alone.
        """
        outcome = Outcome(is_told=is_told)
        act = as_thought(
            as_to_spirit(act, self.cast, self.state), self.cast, self.state, self.binder.here()
        )
        steps = [act, *_following(act)][:_MOST_STEPS]
        if any(self._is_against_oneself(step) for step in steps):
            outcome.declined = self._say(common("not_yourself"), {})
            return outcome
        if why := next((why for step in steps if (why := self._ruled_out(step, is_told))), ""):
            outcome.declined = self._say(common("cannot"), {"why": why})
            return outcome
        for step in steps:
            if not self._step(step, outcome):
                break
        self.state.bound.pop("alone", None)  # which says for rules that really nobody is here
        return outcome

    def declined(self, act: Act) -> str:
        """One line for words that are no act, with what can be done here."""
        empty = act.problem in ("empty", "numbers")
        said = self._say(common("empty" if empty else "not_understood"), {})
        things = (e for e in self.cast.entities.values() if e.kind != "place")
        here = [one.name for one in things if self.state.is_seen(one.id)]
        return f"{said} Here: {', '.join(here[:6])}." if here else said

    def _step(self, act: Act, outcome: Outcome) -> bool:
        """Apply one act; True if it was done."""
        act = as_asked(act)
        family, entities = act.family, self.cast.entities
        entry = rules_of(meant_by_words(act))
        bound, (kind, phrase) = self.binder.bound(act)
        named = {role: entities[one].name for role, one in bound.items() if one in entities}
        words = ", ".join(filter(None, (act.object, act.person, place_in(act.where))))
        self.understood.append({"family": family, "verb": act.verb, "words": words, **named})
        if kind and not outcome.texts:
            one = with_article(phrase)
            slots = forms_of("object", one)
            slots["is"] = "are" if self.is_many("", one) else "is"
            is_pointing = bare(phrase) in POINTING
            asked = entry.get("asks", "What do you mean by that?") if is_pointing else ""
            outcome.declined = asked or self._say(common("no_such")[kind], slots)
            return False
        needs_object = "asks" in entry and not (act.object or act.person or act.said or act.where)
        if needs_object and not outcome.texts:
            outcome.declined = entry["asks"]
            return False
        entry, known = self._asked_of(act, bound)
        slots = self._slots(act, bound) | {"known": f"*{self.state.get('now')}*"}
        for rule in entry["rules"]:
            if not self.state.holds(rule.get("when", "")):
                continue
            if "as" in rule:
                entry = rules_of(rule["as"])
                rule = next(r for r in entry["rules"] if self.state.holds(r.get("when", "")))
            told = rule.get("fail") or rule.get("cost") or rule.get("text") or ()
            plain = {} if told else result_of(act, kinds_of(act, bound), slots)
            if plain:
                rule = {**rule, "line": plain["line"]}
                rule["then"] = ", ".join(filter(None, (rule.get("then"), plain.get("then"))))
                told = plain["say"]
            text = self._told(act, self._say(_of_number(told, slots), slots), slots)
            if not text:
                continue
            if "say" in plain:
                text = f"{text} {self._taken(bound['owner'])}".strip()
            outcome.texts.append(text.replace(slots["known"], known))  # however often told before
            outcome.kind = entry.get("kind", "quiet")
            if "fail" in rule:
                return False
            outcome.is_done = self.state.values[f"done.{family}"] = True
            effects = rule.get("then", "")
            self._apply(effects if outcome.is_told else _on(effects, bound), bound)
            if outcome.is_told or family not in ("leave", "flee"):
                self._move(family, bound)
            record_heard(act, self.cast, self.state, effects)
            record(act, self.cast, self.state, came=effects)
            line = self._filled(rule.get("line", ""), slots) if outcome.is_told else ""
            outcome.lines += [one for one in (said_too(act, line), line) if one]
            return True
        return False

    def _asked_of(self, act: Act, bound: dict[str, str]) -> tuple[dict[str, Any], str]:
        """The rules that an act goes by, and what is known of what it asks; binds what they ask."""
        of_theirs = is_of_theirs(act.said, self.cast, bound["person"])
        known = "" if of_theirs else self._known(act, bound["person"])
        bound |= {
            "theirs": "yes" if of_theirs else "",
            "known": "yes" if known else "",
            "wants": "yes" if is_of_wishes(act) else "",
            "is_quoted": "yes" if act.is_quoted else "",
        }
        bound |= {**self._of_person(bound["person"]), **form_of(act)}
        entry, asked = rules_for(act, bound, self.cast, self.state)
        bound |= asked
        self.state.bound.update(bound)
        return entry, known

    def _known(self, act: Act, speaker: str) -> str:
        """What can be said of that which an act asks about or looks at, "" if nothing."""
        speaker = speaker if act.family != "look" else ""
        topic = asked_about(act, self.cast)
        known = known_of(topic, self.cast, self.state, speaker=speaker) if topic else ""
        if not known and act.family == "ask" and self.cast.is_open:
            known = told_about(act.said, self.cast, speaker)
        return known if self.writer.allows(known) else ""

    def _of_person(self, person: str) -> dict[str, str]:
        """What rules may ask of whom an act is done to: whether they can speak, or are a beast."""
        whom = self.cast.entities.get(person)
        is_beast = whom is not None and is_animal(head_of(whom.role or whom.name))
        is_silent = self.state.is_any(person, "mute")
        return {"silent": "yes" if is_silent else "", "beast": "yes" if is_beast else ""}

    def _is_against_oneself(self, act: Act) -> bool:
        whom = bare(act.object or act.person)
        is_self = whom in SELF or whom == self.cast.entities[YOU].name.lower()
        return act.verb == "die" or (act.family in ("kill", "attack") and is_self)

    def _ruled_out(self, act: Act, is_told: bool) -> str:
        """Why this cannot be done in this story, "" if it can."""
        if not self.cast.is_open:  # its author has not foreseen a death
            return "it is not in you, not here" if act.family == "kill" else ""
        premise = self.cast.premise
        dead = [p.id for p in self.cast.of_kind("person") if is_dead(p, self.cast, self.state)]
        why = hindered(act, premise.told, self.called(), self.state, dead)
        return why or (why_impossible(act, premise) if is_told else "")

    def called(self) -> dict[str, str]:
        """What people are called, and their ids; "he" and "she" where it can be but one."""
        people = [one for one in self.cast.of_kind("person") if one.id != YOU]
        names = {name: one.id for one in people for name in (one.name, short(one.name))}
        own = [one for one in people if not self.state.is_any(one.id, "local", "group")]
        for pronoun in ("he", "she"):
            single = [one.id for one in own if one.pronouns == pronoun]
            names |= {pronoun: single[0]} if len(single) == 1 else {}
        return names

    def breaks_silence(self, text: str) -> bool:
        """Whether a text lets somebody speak who cannot."""
        people = self.cast.of_kind("person")
        return any(self.state.is_any(one.id, "mute") and speaks(one, text) for one in people)

    def _apply(self, effects: str, bound: Mapping[str, str]) -> None:
        """Change the state; what is done to several people is done to each of them."""
        whole = bound["person"] or bound["object"]
        members = self.binder.members(whole)
        things = [one for one in THINGS_AROUND if f"{one}." in effects]
        self.state.bound |= {one: self.binder.around(one) for one in things}
        self.state.apply(effects)
        for member in members:
            self.state.bound |= {role: member for role, one in bound.items() if one == whole}
            self.state.apply(_on(effects, bound))
        self.state.bound.update(bound)

    def _move(self, family: str, bound: Mapping[str, str]) -> None:
        """Who goes somewhere is there, and those who trust them come along."""
        place = bound["place"] or bound["object"]
        if family in ("leave", "flee") and self.cast.is_open and not bound["place"]:
            outside = self.binder.make("outside", "place", family)
            place = outside.id if outside else place
        entity = self.cast.entities.get(place)
        if family not in GOES or entity is None or entity.kind != "place":
            return
        is_within = self.binder.is_within(entity)
        with_you = [p.id for p in self.cast.of_kind("person") if self.binder.is_with_you(p.id)]
        trusting = [p for p in with_you if int(self.state.get(f"{p}.trust")) > 0]
        come_along = [p for p in with_you if p in bound.values() or p in trusting]
        is_away = not is_within and self.cast.is_elsewhere(place, self.state.get("home"))
        self.state.values |= {"here": place, "within": is_within, "away": is_away}
        for person in come_along if not is_within else ():
            self.state.values[f"{person}.at"] = place

    # ------------------------------------------------------------------ how it is told

    def _slots(self, act: Act, bound: Mapping[str, str]) -> dict[str, str]:
        clause = own_clause(act)
        slots = {
            "you_do": clause,
            "said": "" if act.is_quoted else act.said.rstrip(".!?"),
            "quoted": f"“{capital(act.said)}”" if act.is_quoted else "",
            "tool": act.instrument,
            "where": act.where,
            "there": there(act.where),
            "manner": act.manner,
        }
        if clause:
            slots["You_do"] = f"{capital(clause)}."
        phrase = self._phrase(act.object, bound["object"])
        if phrase:
            many = self.is_many(bound["object"], phrase)
            slots |= forms_of("object", phrase)
            slots |= dict(zip(("it", "its", "is"), _MANY if many else _ONE, strict=True))
            slots |= {"It": "They" if many else "It", "done": done(act.verb)}
            slots["happens"] = let_happen(
                act, act.object if bare(act.object) in POINTING else phrase
            )
        who = bound["person"] or (bound["object"] if self.binder.is_person(bound["object"]) else "")
        if who and who != YOU:
            slots |= self.person_slots(who, "person")
            others = (self.cast.entities[one].name for one in self.binder.in_play() if one != who)
            slots["other"] = next(others, "")
        return {name: text for name, text in slots.items() if text}

    def person_slots(self, entity_id: str, name: str) -> dict[str, str]:
        """A person as slots: ``person`` with ``they``, ``them``, ``their``; or ``npc`` …"""
        entity = self.cast.entities[entity_id]
        they = cases_of(self._pronoun(entity))
        cases = [f"{'npc_' * (name == 'npc')}{case}" for case in ("they", "them", "their")]
        slots = dict(zip(cases, they, strict=True)) | forms_of(cases[0], they[0])
        return slots | forms_of(name, entity.name)

    def _pronoun(self, entity: Entity) -> str:
        return "they" if self.state.is_any(entity.id, "group") else entity.pronouns or "they"

    def is_many(self, entity_id: str, phrase: str) -> bool:
        """Whether a person or thing is told of in the plural."""
        entity = self.cast.entities.get(entity_id)
        is_name = entity is not None and entity.kind == "person" and entity.name[:1].isupper()
        last = last_word(phrase)
        is_plural = not is_name and singular(last) != last
        return is_plural or self.state.is_any(entity_id, "group")

    def _phrase(self, said: str, entity_id: str) -> str:
        """What a thing is called: as the player did, or by its name for "it" and "him"."""
        if entity_id == YOU:
            return said
        entity = self.cast.entities.get(entity_id)
        first = bare(said).split()[:1]
        if entity and (not said or (first and first[0] in POINTING) or entity.kind == "person"):
            return entity.name
        return with_article(said)

    def _say(self, texts: Sequence[str], slots: Mapping[str, str]) -> str:
        if self.state.bound.get("silent"):
            texts = [one for one in texts if not SPOKEN.search(one)] or common("wordless")
        fitting = [text for text in self._conjugated(texts) if self._has_its_people(text)]
        return self.writer.line([template(text) for text in fitting], **slots)

    def _taken(self, owner: str) -> str:
        """How somebody takes it that one has touched them, "" if nobody was."""
        if not owner or self.state.is_any(owner, "dead", "asleep"):
            return ""
        texts = [
            conjugated(text, *self._number(owner)) for text in common("taken")[self._mood(owner)]
        ]
        self.state.apply("owner.trust+1" if int(self.state.get(f"{owner}.trust")) >= 0 else "")
        return self.writer.line([*map(template, texts)], **self.person_slots(owner, "person"))

    def _mood(self, who: str) -> str:
        trust = int(self.state.get(f"{who}.trust"))
        return "friend" if trust > 0 else "foe" if trust < 0 else "neutral"

    def _has_its_people(self, text: str) -> bool:
        """False for a text with somebody of the surroundings who is meant, or far from them."""
        if self.state.get("away") and _AROUND.search(text):
            return False
        named = {self.state.bound.get(role, "") for role in ("object", "person")}
        whom = {self.cast.entities[one].name for one in named if one in self.cast.entities}
        needed = (slot for slot in PEOPLE if f"{{{slot}" in text.lower())
        return not any(self.cast.slots.get(slot) in whom for slot in needed)

    def _filled(self, line: str, slots: Mapping[str, str]) -> str:
        return self.writer.filled(template(*self._conjugated([line])), **slots)

    def _conjugated(self, texts: Sequence[str]) -> list[str]:
        who = self.state.bound.get("person") or self.state.bound.get("object", "")
        return [conjugated(text, *self._number(who)) for text in texts]

    def _number(self, who: str) -> tuple[bool, bool]:
        """Whether somebody is several people, and whether they go by "they"."""
        entity = self.cast.entities.get(who)
        if entity is None or entity.kind != "person":
            return True, True
        return self.is_many(who, entity.name), self._pronoun(entity) == "they"

    def _told(self, act: Act, text: str, slots: Mapping[str, str]) -> str:
        """What came of a deed, with the deed told back first where the text does not name it.

        Nothing but the deed, where every sentence for it has been told lately.
        """
        deed = slots.get("You_do", "")
        named = (head_of(one) for one in (act.object, act.person, act.where, act.said))
        is_told = any(one and one in text.lower() for one in named) or deed in text
        return text if is_told or not self.writer.allows(deed) else f"{deed} {text}".strip()

    def reaction(self, kind: str) -> str:
        """What somebody who is there makes of it, "" if nobody is."""
        who = self.binder.npc()
        table = common("reactions").get(kind)
        if not who or not table or self.state.is_any(who, "group", "caught"):
            return ""
        spoken = self.state.is_any(who, "mute") and SPOKEN
        said = [text for text in table[self._mood(who)] if not (spoken and spoken.search(text))]
        texts = [template(conjugated(text, *self._number(who))) for text in said]
        return self.writer.line(texts, **self.person_slots(who, "person"))


def _of_number(texts: Sequence[str], slots: Mapping[str, str]) -> Sequence[str]:
    """For several things rather what does not speak of "it"."""
    is_many = slots.get("it") == "them"
    return [text for text in texts if not (is_many and _IT.search(text))] or texts


def _on(effects: str, bound: Mapping[str, str]) -> str:
    """The effects on what a move names, without those on the story."""
    return ",".join(one for one in effects.split(",") if one.strip(" !").split(".")[0] in bound)


def _following(act: Act) -> list[Act]:
    return [] if act.then is None else [act.then, *_following(act.then)]
