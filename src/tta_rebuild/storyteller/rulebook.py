"""What an act of the player's does: its conditions, its effects on the state, how it is told.

Called by ``teller`` for free moves. The rules and their sentences are the files of ``data/acts``,
a family of acts each; this file binds what the player named to what there is, takes the first rule
that fits and fills its sentences.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

from tta_rebuild.core.data_files import parse_yaml
from tta_rebuild.core.english import singular, third_person
from tta_rebuild.storyteller.act import Act, clause_in_past
from tta_rebuild.storyteller.act_grammar import small_words
from tta_rebuild.storyteller.casting import Cast, Entity, bare, head_of, slug
from tta_rebuild.storyteller.line_template import tidy
from tta_rebuild.storyteller.line_writer import LineWriter
from tta_rebuild.storyteller.scene_file import ChoiceEntry, template
from tta_rebuild.storyteller.word_lists import word_list
from tta_rebuild.storyteller.world_state import NOWHERE, YOU, WorldState

_MOST_STEPS = 3
_PEOPLE = (
    "he",
    "him",
    "she",
    "her",
    "they",
    "them",
    "someone",
    "somebody",
    "everyone",
    "everybody",
)
_SELF = ("yourself", "you", "me", "myself")
_THINGS = ("it", "this", "that", "them", "these", "those")
_GOES = ("go", "enter", "leave", "climb", "flee", "follow", "jump", "fly")
_VERB_OR_SUBJECT = re.compile(r"\{v:([a-z]+)\}(?: (?=\{(person|they)\}))?|\{([Pp]erson|[Tt]hey)\}")
_PRONOUNS = {
    "she": ("she", "her", "her"),
    "he": ("he", "him", "his"),
    "it": ("it", "it", "its"),
    "they": ("they", "them", "their"),
}


def _done_to_people() -> frozenset[str]:
    return frozenset(_common("done_to_people").split())


@dataclass(slots=True)
class Outcome:
    """What came of a move.

    Attributes:
        texts: paragraphs that tell it.
        lines: what is now true, in plain sentences.
        declined: why nothing was done, said instead of playing a turn.
    """

    texts: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    declined: str = ""
    kind: str = ""


@cache
def _act(family: str) -> dict[str, Any]:
    """The rules of one family of acts; those of "do" for a family without a file."""
    folder = files("tta_rebuild.storyteller") / "data" / "acts"
    file = folder / f"{family}.yaml"
    if not file.is_file():
        return _act("do")
    rules: dict[str, Any] = parse_yaml(file.read_text("utf-8"), file.name, is_ours=True)
    return rules


def _common(name: str) -> Any:
    """One of the lists that all acts share."""
    return _act("_common")[name]


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
        return (verb if is_plural else third_person(verb)) + (" " if after else "")

    return _VERB_OR_SUBJECT.sub(written, text)


class Rulebook:
    """The rules of one story, applied to its state.

    Attributes:
        made: what the player's words have brought into being.
        understood: the acts as they were read, with what their words were taken to mean.

    Args:
        cast: what there is; what the player names is added in an open world.
    """

    def __init__(self, cast: Cast, state: WorldState, writer: LineWriter) -> None:
        self.cast, self.state, self.writer = cast, state, writer
        self.made: list[Entity] = []
        self.understood: list[dict[str, Any]] = []

    def play(self, act: Act) -> Outcome:
        """Do it, and what comes with it ("… and run"); stops at the first step that fails."""
        outcome = Outcome()
        steps = [act, *_following(act)][:_MOST_STEPS]
        if why := next(filter(None, map(self._ruled_out, steps)), ""):
            outcome.declined = self._say(_common("cannot"), {"why": why})
            return outcome
        step: Act | None = act
        for _ in range(_MOST_STEPS):
            if step is None or not self._step(step, outcome):
                break
            step = step.then
        return outcome

    def offers(self) -> list[ChoiceEntry]:
        """Choices that fit any story."""
        return [ChoiceEntry.model_validate(offer) for offer in _common("offers")]

    def declined(self, act: Act) -> str:
        """One line for words that are no act, with what can be done here."""
        empty = act.problem in ("empty", "numbers")
        said = self._say(_common("empty" if empty else "not_understood"), {})
        here = [e.name for e in self.cast.entities.values() if self._is_seen(e)]
        return f"{said} Here: {', '.join(here[:6])}." if here else said

    def _is_seen(self, entity: Entity) -> bool:
        is_here = entity.kind != "place" and self.state.is_here(entity.id)
        return is_here and not self.state.get(f"{entity.id}.hidden")

    def _step(self, act: Act, outcome: Outcome) -> bool:
        """Apply one act; True if it was done."""
        family = act.family
        entry = _act(family)
        bound, missing = self._bound(act, family)
        named = {
            role: self.cast.entities[one].name
            for role, one in bound.items()
            if one in self.cast.entities
        }
        words = ", ".join(filter(None, (act.object, act.person, _place_in(act.where))))
        self.understood.append({"family": family, "verb": act.verb, "words": words, **named})
        if missing and not outcome.texts:
            outcome.declined = missing
            return False
        needs_object = "asks" in entry and not (act.object or act.person or act.said or act.where)
        if needs_object and not outcome.texts:
            outcome.declined = entry["asks"]
            return False
        self.state.bound.update(bound)
        slots = self._slots(act, bound)
        for rule in entry["rules"]:
            if not self.state.holds(rule.get("when", "")):
                continue
            if "as" in rule:
                entry = _act(rule["as"])
                rule = next(r for r in entry["rules"] if self.state.holds(r.get("when", "")))
            told = rule.get("fail") or rule.get("cost") or rule.get("text") or ()
            text = self._told(act, self._say(told, slots), slots)
            if not text:
                continue
            outcome.texts.append(text)
            outcome.kind = entry.get("kind", "quiet")
            if "fail" in rule:
                return False
            self.state.apply(rule.get("then", ""))
            self._move(family, bound)
            line = self._filled(rule.get("line", ""), slots)
            outcome.lines += [one for one in (_said_too(act, line), line) if one]
            return True
        return False

    def _ruled_out(self, act: Act) -> str:
        """Why the premise does not allow this, "" if it does."""
        if act.family == "kill" and not self.cast.is_open:
            return "it is not in you, not here"  # its author has not foreseen a death
        if not {act.family, act.verb} & set(self.cast.cannot):
            deadly = act.family in ("kill", "attack")
            return "in this story nobody dies" if deadly and "death" in self.cast.cannot else ""
        words = (act.family, act.verb)
        said = (s for s in self.cast.told if any(re.search(rf"\b{w[:4]}", s, re.I) for w in words))
        return next((s.rstrip(".!?…") for s in said), "it is not in the nature of this story")

    # ------------------------------------------------------------------ what the words mean

    def _bound(self, act: Act, family: str) -> tuple[dict[str, str], str]:
        """Ids of what the act names; and what to say where that does not exist here."""
        bound = dict.fromkeys(("object", "person", "tool", "place"), "")
        wanted = {"object": act.object, "person": act.person, "tool": act.instrument}
        if act.where and family in _GOES:
            wanted["place"] = _destination(act.where)
        missing = ""
        for role, phrase in wanted.items():
            if not phrase or (act.said and bare(phrase) in _THINGS):
                continue
            if bare(phrase) in _SELF:
                bound[role] = YOU
                continue
            entity = self._entity(phrase, role, family)
            if entity is None:
                kind = "person" if role == "person" else "place" if role == "place" else "thing"
                missing = self._say(_common("no_such")[kind], {"object": phrase, "person": phrase})
                continue
            bound[role] = entity.id
            if entity.kind == "person":
                self.state.values["last_person"] = entity.id
            elif entity.kind == "thing":
                self.state.values["last_thing"] = entity.id
        if not bound["person"] and self._is_person(bound["object"]) and bound["object"] != YOU:
            bound["person"] = bound["object"]
        elif not (bound["person"] or act.person) and _act(family).get("kind") == "speech":
            bound["person"] = self.npc()
        bound["said"] = "said" if act.said else ""
        return bound, missing

    def _entity(self, phrase: str, role: str, family: str) -> Entity | None:
        plain = bare(phrase)
        pronoun = plain.split()[0] if plain else ""
        if pronoun in _PEOPLE and (who := self._meant_by(pronoun)):
            return who
        if pronoun in _THINGS:
            last = self.cast.entities.get(str(self.state.values.get("last_thing")))
            here = (t for t in self.cast.of_kind("thing") if self.state.is_here(t.id))
            return last or next(here, None)
        kinds = {"person": ("person",), "place": ("place", "thing"), "tool": ("thing",)}.get(
            role, ()
        )
        found = self.cast.found(phrase, kinds)
        if found is None and self.cast.is_open and pronoun not in _PEOPLE:
            return self._make(phrase, role, family)
        if found is not None and not self.cast.is_open and found.kind != "place":
            is_seen = self.state.is_here(found.id) and not self.state.get(f"{found.id}.hidden")
            return found if is_seen or family in ("think", "remember") else None
        return found

    def _make(self, phrase: str, role: str, family: str) -> Entity:
        """Something that the player named and nobody had spoken of: it is here from now on."""
        head = head_of(phrase)
        is_person = head in word_list("people") or (
            (role == "person" or family in _done_to_people()) and not phrase.startswith("your ")
        )
        is_place = role == "place" or (family in ("go", "enter") and not is_person)
        kind = "person" if is_person else "place" if is_place else "thing"
        name = _with_article(phrase)
        entity = Entity(slug(phrase), kind, name)
        if entity.id in self.cast.entities:
            return self.cast.entities[entity.id]
        self.cast.entities[entity.id] = entity
        self.made.append(entity)
        if kind != "place":
            self.state.values[f"{entity.id}.at"] = self.state.values.get("here", NOWHERE)
        if kind == "person":
            self.state.values[f"{entity.id}.person"] = True
            if singular(_last_word(phrase)) != _last_word(phrase):
                self.state.values[f"{entity.id}.group"] = True
        return entity

    def _meant_by(self, pronoun: str) -> Entity | None:
        """The person that "him" or "them" means: the last spoken of, else one who is here."""
        fits = {"he": "he", "him": "he", "she": "she", "her": "she"}.get(pronoun, "")
        last = self.cast.entities.get(str(self.state.values.get("last_person", "")))
        here = [last] if last else []
        here += [p for p in self.cast.of_kind("person") if self.state.is_here(p.id)]
        fitting = (p for p in here if not fits or p.pronouns in (fits, ""))
        return next(fitting, None)

    def npc(self, *, is_single: bool = False) -> str:
        """Whoever of those present is in play: the last spoken of, else the first; "" for nobody.

        ``is_single`` passes over groups.
        """
        here = [p.id for p in self.cast.of_kind("person") if self._is_with_you(p.id)]
        if is_single:
            here = [one for one in here if not self.state.values.get(f"{one}.group")]
        last = str(self.state.values.get("last_person", ""))
        return last if last in here else next(iter(here), "")

    def _is_with_you(self, person: str) -> bool:
        return self.state.is_here(person) and not self.state.values.get(f"{person}.dead")

    def _is_person(self, entity_id: str) -> bool:
        return bool(entity_id) and bool(self.state.values.get(f"{entity_id}.person"))

    def _move(self, family: str, bound: Mapping[str, str]) -> None:
        """Who goes somewhere is there, and those who trust them come along."""
        place = bound["place"] or bound["object"]
        if family in ("leave", "flee") and self.cast.is_open and not bound["place"]:
            place = self._make("outside", "place", family).id
        entity = self.cast.entities.get(place)
        if family not in _GOES or entity is None or entity.kind != "place":
            return
        with_you = [p.id for p in self.cast.of_kind("person") if self._is_with_you(p.id)]
        self.state.values["here"] = place
        for person in with_you:
            if int(self.state.get(f"{person}.trust")) > 0:
                self.state.values[f"{person}.at"] = place

    # ------------------------------------------------------------------ how it is told

    def _slots(self, act: Act, bound: Mapping[str, str]) -> dict[str, str]:
        clause = _own_clause(act)
        slots = {
            "you_do": clause,
            "said": "" if act.is_quoted else act.said.rstrip(".!?"),
            "quoted": f"“{act.said[:1].upper()}{act.said[1:]}”" if act.is_quoted else "",
            "tool": act.instrument,
            "where": act.where,
            "manner": act.manner,
        }
        if clause:
            slots["You_do"] = f"{clause[:1].upper()}{clause[1:]}."
        phrase = self._phrase(act.object, bound["object"])
        if phrase:
            many = self.is_many(bound["object"], phrase)
            slots |= {"object": phrase, "Object": phrase[:1].upper() + phrase[1:]}
            slots |= dict(zip(("it", "its", "is"), _MANY if many else _ONE, strict=True))
        who = bound["person"] or (bound["object"] if self._is_person(bound["object"]) else "")
        if who and who != YOU:
            slots |= self.person_slots(who, "person")
        return {name: text for name, text in slots.items() if text}

    def person_slots(self, entity_id: str, name: str) -> dict[str, str]:
        """A person as slots: ``person`` with ``they``, ``them``, ``their``; or ``npc`` …"""
        entity = self.cast.entities[entity_id]
        they = _PRONOUNS[self._pronoun(entity)]
        named = "they", "them", "their"
        if name == "npc":
            named = "npc_they", "npc_them", "npc_their"
        slots = dict(zip(named, they, strict=True))
        slots[named[0].title() if name == "person" else "Npc_they"] = they[0].title()
        slots |= {name: entity.name, name.title(): entity.name[:1].upper() + entity.name[1:]}
        return slots

    def _pronoun(self, entity: Entity) -> str:
        return entity.pronouns or "they"

    def is_many(self, entity_id: str, phrase: str) -> bool:
        """Whether a person or thing is told of in the plural."""
        entity = self.cast.entities.get(entity_id)
        if entity is not None and entity.kind == "person" and entity.name[:1].isupper():
            return bool(self.state.values.get(f"{entity_id}.group"))
        last = _last_word(phrase)
        is_group = bool(self.state.values.get(f"{entity_id}.group"))
        return is_group or singular(last) != last

    def _phrase(self, said: str, entity_id: str) -> str:
        """What a thing is called: as the player did, or by its name for "it" and "him"."""
        if entity_id == YOU:
            return said
        entity = self.cast.entities.get(entity_id)
        first = bare(said).split()[:1]
        if entity and (
            not said or (first and first[0] in (*_PEOPLE, *_THINGS)) or entity.kind == "person"
        ):
            return entity.name
        return _with_article(said)

    def _say(self, texts: Sequence[str], slots: Mapping[str, str]) -> str:
        return self.writer.line([template(t) for t in self._conjugated(texts)], **slots)

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
        if is_told or not self.writer.allows(deed):
            return text
        return f"{deed} {text}".strip()

    def reaction(self, kind: str) -> str:
        """What somebody who is there makes of it, "" if nobody is."""
        who = self.npc()
        table = _common("reactions").get(kind)
        if not who or not table:
            return ""
        trust = self.state.get(f"{who}.trust")
        mood = "friend" if int(trust) > 0 else "foe" if int(trust) < 0 else "neutral"
        texts = [template(conjugated(text, *self._number(who))) for text in table[mood]]
        return self.writer.line(texts, **self.person_slots(who, "person"))


def _following(act: Act) -> list[Act]:
    return [] if act.then is None else [act.then, *_following(act.then)]


def _with_article(phrase: str) -> str:
    """What a bare noun is called in a sentence: "lamp" → "the lamp"; "outside" stays."""
    is_whole = " " in phrase or phrase[:1].isupper() or phrase.startswith(_WITHOUT_ARTICLE)
    return phrase if not phrase or is_whole else f"the {phrase}"


def _said_too(act: Act, line: str) -> str:
    """The deed itself in the past, where the rule's line leaves out what was named or said."""
    named = (head_of(phrase) for phrase in (act.object, act.person, act.where, act.instrument))
    is_left_out = any(one and one not in line.lower() for one in named if one not in _PRONOUNS_SAID)
    is_left_out |= bool(act.said) and act.said.rstrip(".!?").lower() not in line.lower()
    told = clause_in_past(_own_clause(act)) if is_left_out or not line else ""
    return tidy(f"{told[:1].upper()}{told[1:]}.") if told else ""


def _own_clause(act: Act) -> str:
    """What is told of one step of a move: the whole without the steps that follow."""
    clause = act.clause
    if act.then is not None:
        clause = clause.removesuffix(act.then.clause.removeprefix("you "))
        clause = re.sub(r"[\s,;]*\b(?:and|then|but|,)*\s*$", "", clause).rstrip(" ,;")
    return clause.rstrip(".!?")


def _place_in(where: str) -> str:
    """What stands after the prepositions: "in the cage" → "the cage"."""
    words = where.split()
    while words and words[0].lower() in small_words("prepositions"):
        words.pop(0)
    return " ".join(words)


def _destination(where: str) -> str:
    """Where "out through the cat flap" or "to the harbour" leads: "outside", "the harbour"."""
    words = where.split()
    if words[0].lower() in ("over", "across", "behind", "under", "beyond", "beside", "past"):
        return where
    if {"out", "through", "away", "off"} & {w.lower() for w in words[:2]}:
        return "outside"
    return _place_in(where) or where


_WITHOUT_ARTICLE = ("outside", "every", "some", "any", "nothing", "nobody", "home", "one")
_PRONOUNS_SAID = frozenset((*_PEOPLE, *_THINGS))
_ONE, _MANY = ("it", "its", "is"), ("them", "their", "are")


def _last_word(phrase: str) -> str:
    words = re.sub(r"\s+(?:of|who|that|which|from|with|in|at|on)\s.*$", "", bare(phrase)).split()
    return words[-1] if words else ""
