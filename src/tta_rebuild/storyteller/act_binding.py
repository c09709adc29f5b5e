"""What a move names, bound to what there is: "her", "the old maps", "out through the window".

Called by ``rulebook``. In a story from a premise, what nobody had spoken of comes to be by being
named; in a world by hand it is not there.
"""

from __future__ import annotations

import re

from tta_rebuild.core.english import singular
from tta_rebuild.storyteller.act import Act
from tta_rebuild.storyteller.act_grammar import small_words
from tta_rebuild.storyteller.act_rules import common, rules_of
from tta_rebuild.storyteller.casting import Cast, Entity, bare, head_of, slug
from tta_rebuild.storyteller.premise_people import gender_of
from tta_rebuild.storyteller.word_lists import word_list
from tta_rebuild.storyteller.world_state import NOWHERE, YOU, WorldState

GOES = ("go", "enter", "leave", "climb", "flee", "follow", "jump", "fly")
_PEOPLE = tuple("he him she her they them someone somebody everyone everybody".split())
SELF = ("yourself", "you", "me", "myself")
_THINGS = ("it", "this", "that", "them", "these", "those")
_WITHOUT_ARTICLE = ("outside", "every", "some", "any", "nothing", "nobody", "home", "one")
_OWNED = ("your ", "his ", "her ", "their ", "its ")
POINTING = frozenset((*_PEOPLE, *_THINGS))
"""Words that stand for somebody or something named before."""


class Binder:
    """Finds what the words of a move mean in one story.

    Attributes:
        made: what the player's words have brought into being.
    """

    def __init__(self, cast: Cast, state: WorldState) -> None:
        self.cast, self.state = cast, state
        self.made: list[Entity] = []

    def bound(self, act: Act) -> tuple[dict[str, str], tuple[str, str]]:
        """Ids of what the act names, by role; and the kind and the words of what is not here."""
        family = act.family
        bound = dict.fromkeys(("object", "person", "tool", "place"), "")
        wanted = {"object": act.object, "person": act.person, "tool": act.instrument}
        if act.where and family in GOES:
            wanted["place"] = _destination(act.where)
        missing = ("", "")
        for role, phrase in wanted.items():
            if not phrase or (act.said and bare(phrase) in _THINGS) or family == "become":
                continue
            if bare(phrase) in (*SELF, self.cast.entities[YOU].name.lower()):
                bound[role] = YOU
                continue
            entity = self._entity(phrase, role, family)
            if entity is None:
                kind = "person" if role == "person" else "place" if role == "place" else "thing"
                missing = (kind, phrase)
                continue
            bound[role] = entity.id
            if entity.kind == "person":
                self.state.values["last_person"] = entity.id
            elif entity.kind == "thing":
                self.state.values["last_thing"] = entity.id
        if not bound["person"] and self.is_person(bound["object"]) and bound["object"] != YOU:
            bound["person"] = bound["object"]
        elif not (bound["person"] or act.person) and rules_of(family).get("kind") == "speech":
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
            return self.make(phrase, role, family)
        if found is not None and not self.cast.is_open and found.kind != "place":
            is_seen = self.state.is_here(found.id) and not self.state.get(f"{found.id}.hidden")
            return found if is_seen or family in ("think", "remember") else None
        return found

    def make(self, phrase: str, role: str, family: str) -> Entity:
        """Something that the player named and nobody had spoken of: it is here from now on."""
        head = head_of(phrase)
        is_owned = phrase.lower().startswith(_OWNED)
        is_person = head in word_list("people") or (
            role != "place"
            and not is_owned
            and (role == "person" or family in common("done_to_people").split())
        )
        is_place = role == "place" or (family in ("go", "enter") and not is_person)
        kind = "person" if is_person else "place" if is_place else "thing"
        name = with_article(phrase)
        pronouns = gender_of(bare(phrase)) if kind == "person" else ""
        entity = Entity(slug(phrase), kind, name, pronouns=pronouns)
        if entity.id in self.cast.entities:
            return self.cast.entities[entity.id]
        self.cast.entities[entity.id] = entity
        self.made.append(entity)
        if kind != "place":
            self.state.values[f"{entity.id}.at"] = self.state.values.get("here", NOWHERE)
        if kind == "person":
            self.state.values[f"{entity.id}.person"] = True
            if singular(last_word(phrase)) != last_word(phrase):
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

    def in_play(self) -> list[str]:
        """Whom a scene may be about: people of the premise who are here, single ones."""
        here = [p.id for p in self.cast.of_kind("person") if self.is_with_you(p.id)]
        kept = [one for one in here if not self._is_any(one, "group", "local")]
        last = self.state.values.get("last_person")
        return sorted(kept, key=lambda one: one != last)

    def _is_any(self, person: str, *properties: str) -> bool:
        return any(self.state.values.get(f"{person}.{one}") for one in properties)

    def npc(self) -> str:
        """Who is spoken to where nobody is named: the last spoken of, else the first, or ""."""
        here = [p.id for p in self.cast.of_kind("person") if self.is_with_you(p.id)]
        last = str(self.state.values.get("last_person", ""))
        return last if last in here else next(iter(here), "")

    def is_with_you(self, person: str) -> bool:
        """Whether somebody is with the player and alive."""
        return self.state.is_here(person) and not self.state.values.get(f"{person}.dead")

    def is_person(self, entity_id: str) -> bool:
        """Whether an id is that of a person."""
        return bool(entity_id) and bool(self.state.values.get(f"{entity_id}.person"))


def with_article(phrase: str) -> str:
    """What a bare noun is called in a sentence: "lamp" → "the lamp"; "outside" stays."""
    is_whole = " " in phrase or phrase[:1].isupper() or phrase.startswith(_WITHOUT_ARTICLE)
    return phrase if not phrase or is_whole else f"the {phrase}"


def place_in(where: str) -> str:
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
    return place_in(where) or where


def last_word(phrase: str) -> str:
    """The noun of a phrase as it stands: "the names of my friends" → "names"."""
    words = re.sub(r"\s+(?:of|who|that|which|from|with|in|at|on)\s.*$", "", bare(phrase)).split()
    return words[-1] if words else ""
