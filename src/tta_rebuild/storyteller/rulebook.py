"""What an act of the player's does: its conditions, its effects on the state, how it is told.

Called by ``player_move`` for free moves. ``act_binding`` finds what the player named; this file
takes the first rule that fits (``data/acts``), whose sentences ``act_writer`` fills.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from tta_rebuild.storyteller.act import Act
from tta_rebuild.storyteller.act_binding import Binder
from tta_rebuild.storyteller.act_words import GOES, SELF, is_rung, place_in, with_article
from tta_rebuild.storyteller.act_writer import ActWriter, of_number
from tta_rebuild.storyteller.addressed import (
    as_asked,
    as_thought,
    as_to_spirit,
    meant_by_words,
    rules_for,
)
from tta_rebuild.storyteller.answers import (
    asked_about,
    form_of,
    is_of_story,
    is_of_theirs,
    is_of_wishes,
    known_of,
    told_about,
)
from tta_rebuild.storyteller.beyond import is_dead
from tta_rebuild.storyteller.casting import Cast
from tta_rebuild.storyteller.deeds import record, record_heard
from tta_rebuild.storyteller.entities import POINTING, bare, head_of, short
from tta_rebuild.storyteller.findings import Finding, found_by
from tta_rebuild.storyteller.hindrances import hindered
from tta_rebuild.storyteller.line_template import template
from tta_rebuild.storyteller.line_writer import LineWriter
from tta_rebuild.storyteller.noun_phrases import is_animal
from tta_rebuild.storyteller.possible import why_impossible
from tta_rebuild.storyteller.results import kinds_of, result_of, said_too, with_names
from tta_rebuild.storyteller.silence import speaks
from tta_rebuild.storyteller.surroundings import THINGS_AROUND, forms_of
from tta_rebuild.storyteller.word_lists import common, rules_of
from tta_rebuild.storyteller.world_state import YOU, WorldState

_MOST_STEPS = 3
_ROLES = ("object", "person", "tool", "place")
_SPOKEN_OF = {"him": "he|him|his", "her": "she|her|hers", "it": "it|its"}
_SPOKEN_OF |= dict.fromkeys(("them", "they"), r"\w+")  # some of whatever has been told of
_IS_TOLD = re.compile(r"\b(?:person|body|sought|hidden|object=you)\b")
"""Conditions of rules that tell themselves what is found, or of whom."""


@dataclass(slots=True)
class Outcome:
    """What came of a move."""

    texts: list[str] = field(default_factory=list)  # paragraphs that tell it
    lines: list[str] = field(default_factory=list)  # what is now true, in plain sentences
    declined: str = ""  # why nothing was done, said instead of playing a turn
    is_done: bool = False  # whether the first act succeeded
    kind: str = ""  # what sort of deed it was
    is_told: bool = True  # whether the rules tell it, rather than a scene


class Rulebook:
    """The rules of one story, applied to its state.

    Attributes:
        binder: what the words of a move are bound by.
        telling: writes what comes of them.
        understood: the acts as they were read, with what their words were taken to mean.

    Args:
        cast: what there is; what the player names is added in an open world.
    """

    def __init__(self, cast: Cast, state: WorldState, writer: LineWriter) -> None:
        self.cast, self.state, self.writer = cast, state, writer
        self.binder = Binder(cast, state)
        self.telling = ActWriter(cast, state, writer, self.binder)
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
            outcome.declined = self.telling.say(common("not_yourself"), {})
            return outcome
        if why := next((why for step in steps if (why := self._ruled_out(step, is_told))), ""):
            outcome.declined = self.telling.say(common("cannot"), {"why": why})
            return outcome
        for step in steps:
            if not self._step(step, outcome):
                break
        self.state.bound.pop("alone", None)  # which says for rules that really nobody is here
        return outcome

    def declined(self, act: Act) -> str:
        """One line for words that are no act, with what can be done here."""
        empty = act.problem in ("empty", "numbers")
        said = self.telling.say(common("empty" if empty else "not_understood"), {})
        things = (e for e in self.cast.entities.values() if e.kind != "place")
        here = [one.name for one in things if self.state.is_seen(one.id)]
        return f"{said} Here: {', '.join(here[:6])}." if here else said

    def _step(self, act: Act, outcome: Outcome) -> bool:
        """Apply one act; True if it was done."""
        act = as_asked(act)
        bound, missing = self.binder.bound(act)
        self._note(act, bound)
        unclear = None if outcome.texts else self._unclear(act, *missing, bound)
        if unclear is not None and self._is_left_open(act, missing[1]):
            return self._plainly(act, outcome)
        is_on_the_line = missing[0] == "away" and self.state.bound.pop("on_the_line", "")
        self.state.bound["on_the_line"] = "yes" if is_rung(act) else ""
        if is_on_the_line:  # "I ring Ben up and tell him": it goes by the same telephone
            return self._plainly(act, outcome)
        if unclear is not None:
            outcome.declined = unclear
            return False
        entry, known = self._asked_of(act, bound)
        slots = self.telling.slots(act, bound) | {"known": f"*{self.state.get('now')}*"}
        slots |= {"tells": self._tells(bound["person"])}
        for rule in entry["rules"]:
            if not self.state.holds(rule.get("when", "")):
                continue
            if "as" in rule:
                entry, act = rules_of(rule["as"]), replace(act, family=rule["as"])
                rule = next(r for r in entry["rules"] if self.state.holds(r.get("when", "")))
            is_news = known not in self.cast.premise.told  # else what it finds is told instead
            found = None if known and is_news else self._found(act, rule, bound, slots)
            if found is None or found.is_besides:
                text, rule = self._told_of(act, rule, bound, slots)
            else:
                text = slots.get("You_do", "")
                rule = {**rule, "line": "", "then": _without_trifles(rule.get("then", ""))}
            text = f"{text} {found.told}".strip() if found else text
            if not text:
                continue
            outcome.texts.append(text.replace(slots["known"], known))  # however often told before
            outcome.kind = entry.get("kind", "quiet")
            if "fail" not in rule:
                self._done(act, rule, bound, slots, outcome)
                outcome.lines += [found.line] if found and found.line else []
            return "fail" not in rule
        return False

    def _is_left_open(self, act: Act, phrase: str) -> bool:
        """Whether the player knows whom "her" or "them" means, and the reading does not.

        So it is where the premise or the scenes before speak of such a one.
        """
        words = _SPOKEN_OF.get(bare(phrase))
        around = " ".join((*self.cast.premise.told, *self.writer.recent)).lower()
        return bool(self.cast.is_open and words and re.search(rf"\b(?:{words})\b", around))

    def _plainly(self, act: Act, outcome: Outcome) -> bool:
        """Tell but the deed: it is done, and nothing is made up that comes of it."""
        nothing = dict.fromkeys(_ROLES, "")
        self.state.bound |= nothing
        if told := self.telling.slots(act, nothing).get("You_do", ""):
            outcome.texts.append(told)
            outcome.lines.append(said_too(act, ""))
            outcome.is_done = True
        return bool(told)

    def _told_of(
        self, act: Act, rule: Mapping[str, Any], bound: Mapping[str, str], slots: Mapping[str, str]
    ) -> tuple[str, Mapping[str, Any]]:
        """What comes of an act by a rule, and the rule with what plainly comes of it besides."""
        told = rule.get("fail") or rule.get("cost") or rule.get("text") or ()
        plain = {} if told else result_of(act, kinds_of(act, bound), slots)
        if plain:
            then = ", ".join(filter(None, (rule.get("then"), plain.get("then"))))
            rule = {**rule, "line": plain["line"], "then": then}
            told = plain["say"]
        text = self.telling.told(act, self.telling.say(of_number(told, slots), slots), slots)
        if text and plain:
            text = f"{text} {self.telling.taken(bound['owner'])}".strip()
        return text, rule

    def _found(
        self, act: Act, rule: Mapping[str, Any], bound: Mapping[str, str], slots: Mapping[str, str]
    ) -> Finding | None:
        """What an act finds out, where it succeeds and nothing is known of it but what it finds."""
        is_plain = not ({"fail", "cost"} & rule.keys() or _IS_TOLD.search(rule.get("when", "")))
        may_find = self.cast.is_open and self.cast.file.common and is_plain
        return found_by(act, self.telling, kinds_of(act, bound), bound, slots) if may_find else None

    def _note(self, act: Act, bound: Mapping[str, str]) -> None:
        """Keep how an act was read."""
        entities = self.cast.entities
        named = {role: entities[one].name for role, one in bound.items() if one in entities}
        words = ", ".join(filter(None, (act.object, act.person, place_in(act.where))))
        self.understood.append({"family": act.family, "verb": act.verb, "words": words, **named})

    def _unclear(self, act: Act, kind: str, phrase: str, bound: Mapping[str, str]) -> str | None:
        """What is asked back of an act that names too little, or what is not there; None if clear.

        Args:
            kind: of what is not there, "" if all is.
            phrase: what it was called.
        """
        entry = rules_of(meant_by_words(act))
        if kind:
            one = with_article(phrase)
            slots = forms_of("object", one)
            slots["is"] = "are" if self.telling.is_many("", one) else "is"
            is_pointing = bare(phrase) in POINTING
            asked = entry.get("asks", "What do you mean by that?") if is_pointing else ""
            return asked or self.telling.say(common("no_such")[kind], slots)
        needs_object = "asks" in entry and not (act.object or act.person or act.said or act.where)
        is_known = bound["object"] or (bound["person"] and entry.get("kind") == "speech")
        needs_object = needs_object and not is_known and " the " not in f" {act.verb} "
        return str(entry["asks"]) if needs_object else None

    def _done(
        self, act: Act, rule: Mapping[str, Any], bound: dict[str, str], slots: Mapping[str, str],
        outcome: Outcome,
    ) -> None:  # fmt: skip
        """What an act changes that was done by a rule, and what lasts of it."""
        outcome.is_done = self.state.values[f"done.{act.family}"] = True
        effects = rule.get("then", "")
        self._apply(effects if outcome.is_told else _on(effects, bound), bound)
        if outcome.is_told or act.family not in ("leave", "flee"):
            self._move(act.family, bound)
        record_heard(act, self.cast, self.state, effects)
        record(act, self.cast, self.state, came=effects)
        line = self.telling.filled(rule.get("line", ""), slots) if outcome.is_told else ""
        told = with_names(said_too(act, line), self._meant(act, bound))
        outcome.lines += [one for one in (told, line) if one]

    def _meant(self, act: Act, bound: Mapping[str, str]) -> dict[str, str]:
        """What the pronouns of a move stand for, as far as that is known."""
        meant: dict[str, str] = {}
        for phrase, role in ((act.object, "object"), (act.person, "person")):
            entity = self.cast.entities.get(bound[role])
            name = entity.name if entity is not None and bound[role] != YOU else ""
            if bare(phrase) in POINTING and name:
                meant[bare(phrase)] = name
            elif phrase and phrase not in act.clause and bare(phrase) not in POINTING:
                many = entity is not None and self.telling.is_many(bound[role], phrase)
                is_person = self.binder.is_person(bound[role])
                words = ("them",) if many else ("him", "her") if is_person else ("it",)
                meant |= dict.fromkeys(words, phrase)
        return meant

    def _asked_of(self, act: Act, bound: dict[str, str]) -> tuple[dict[str, Any], str]:
        """The rules that an act goes by, and what is known of what it asks; binds what they ask."""
        of_theirs = is_of_theirs(act.said, self.cast, bound["person"])
        known = "" if of_theirs else self._known(act, bound["person"])
        is_meant = is_of_story(act.said, self.cast, self.writer.recent)
        bound |= {
            "theirs": "yes" if of_theirs else "",
            "known": "yes" if known else "",
            "wants": "yes" if is_of_wishes(act) else "",
            "tells": "yes" if is_meant and self._tells(bound["person"]) else "",
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

    def _tells(self, person: str) -> str:
        """What somebody has to say next in a plot to whoever asks, "" if nothing more."""
        part: Literal["doer", "npc"] = "doer" if person == self.cast.parts.get("doer") else "npc"
        tells = self.cast.file.tells.get(part, ())
        told = int(self.state.get(f"{person}.disclosed"))
        said = self.writer.filled(template(tells[told])) if told < len(tells) else ""
        return said if self.writer.allows(said) else ""

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


def _on(effects: str, bound: Mapping[str, str]) -> str:
    """The effects on what a move names, without those on the story."""
    return ",".join(one for one in effects.split(",") if one.strip(" !").split(".")[0] in bound)


def _without_trifles(effects: str) -> str:
    """The effects of a rule without things that its own sentences would have told of."""
    return "gain+1" if "trifle" in effects or "found_list" in effects else effects


def _following(act: Act) -> list[Act]:
    return [] if act.then is None else [act.then, *_following(act.then)]
