"""What a move names, bound to what there is: "her", "the old maps", "out through the window".

Called by ``rulebook``, with the words that ``act_words`` finds in an act; ``act_writer`` and
``teller`` ask who is there. In a story from a premise, what nobody had spoken of comes to be by
being named; in a world by hand it is not there.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from tta_rebuild.storyteller.act import Act
from tta_rebuild.storyteller.act_manner import manner_of
from tta_rebuild.storyteller.act_words import (
    GOES,
    SELF,
    destination,
    is_elliptic,
    is_request,
    is_rung,
    is_spoken,
    names_somebody,
    with_article,
)
from tta_rebuild.storyteller.beyond import is_dead, is_of_beyond, spirit_meant
from tta_rebuild.storyteller.casting import Cast
from tta_rebuild.storyteller.entities import (
    POINTING,
    THINGS,
    UNKNOWN_PRONOUNS,
    Entity,
    bare,
    head_of,
    is_everybody,
    last_meant,
    last_word,
    remember,
    remember_all,
    slug,
)
from tta_rebuild.storyteller.line_template import listed
from tta_rebuild.storyteller.noun_phrases import (
    is_person,
    is_plural,
    is_portable,
    kind_of_thing,
    noun_kind,
    words_in,
)
from tta_rebuild.storyteller.premise_mentions import gender_of
from tta_rebuild.storyteller.surroundings import THINGS_AROUND
from tta_rebuild.storyteller.word_lists import common, is_one, pattern, rules_of, word_list
from tta_rebuild.storyteller.world_state import NOWHERE, YOU, Value, WorldState

_NO_THINGS = ("event", "weather")
"""What a scene may speak of and nobody handles."""
_KINDS = {"person": ("person",), "place": ("place", "thing"), "tool": ("thing",)}


class Binder:
    """Finds what the words of a move mean in one story.

    Attributes:
        made: what the player's words have brought into being.
    """

    def __init__(self, cast: Cast, state: WorldState) -> None:
        self.cast, self.state = cast, state
        self.made: list[Entity] = []

    def bound(self, act: Act) -> tuple[dict[str, str], tuple[str, str]]:
        """Ids of what the act names, by role; and the kind and the words of what is not here.

        Besides what conditions of rules may ask: ``said`` ("request" for what is to be done),
        ``sought``, ``where``, ``alone`` and the kinds of things of ``data/acts/_common.yaml``.
        """
        family = act.family
        bound = dict.fromkeys(("object", "person", "tool", "place"), "")
        if is_elliptic(act) and (meant := self._entity("it", "object", family)):
            bound["object"] = meant.id
        wanted = {"object": act.object, "person": act.person, "tool": act.instrument}
        if family in GOES:
            where, _, along = act.where.partition(" with ")
            is_back = self.state.get("away") and pattern("back_in").match(
                f"{act.verb} {where}".strip()
            )
            wanted["place"] = destination(where) if where and not is_back else ""
            bound["place"] = str(self.state.get("home")) if is_back else ""
            wanted["person"] = wanted["person"] or along
        missing = ("", "")
        for role, phrase in wanted.items():
            plain = bare(phrase)
            is_said = act.said and plain in THINGS and not (role == "person" and plain == "them")
            if not phrase or is_said or family == "become" or is_everybody(plain):
                continue
            if plain in (*SELF, self.cast.entities[YOU].name.lower()):
                bound[role] = YOU
                continue
            if role == "person" and self._is_thing(phrase):  # "give up the throne"
                role = "object"
                if bound["object"]:
                    continue
            entity = self._entity(phrase, role, family)
            if entity is None or (not is_rung(act) and self._is_away(entity, family)):
                kind = "person" if role == "person" else "place" if role == "place" else "thing"
                missing = (kind, phrase) if entity is None else ("away", entity.name)
                continue
            bound[role] = entity.id
            remember(entity, self.state)
            if entity.kind == "person":
                self.state.values["last_person"] = entity.id
        if family in ("leave", "flee") and self._is_place(bound["object"]):
            bound["object"] = ""
        if family == "enter" and self._is_place(bound["object"]):
            bound["place"] = bound["place"] or bound["object"]
        if not bound["person"] and self.is_person(bound["object"]) and bound["object"] != YOU:
            bound["person"] = bound["object"]
        elif not (bound["person"] or act.person) and is_spoken(act):
            bound["person"] = self._owner(act.object) or self.npc()
        bound["owner"] = owner = self._touched(act)
        bound["person"] = bound["person"] or owner
        if owner and not missing[0] and self._is_away(self.cast.entities[owner], "touch"):
            missing = ("away", self.cast.entities[owner].name)
        self._to_all(family, bound)
        named = self.cast.entities.get(bound["object"])
        bound |= manner_of(act, named.name if named else "", is_alone=not self.npc())
        if act.said:
            bound["said"] = "request" if is_request(act) else "said"
        return bound, missing

    def _is_thing(self, phrase: str) -> bool:
        """Whether what somebody is called who is spoken to is no word for anybody here."""
        head = head_of(phrase)
        is_named = self.cast.found(phrase, ("person",)) is not None or bare(phrase) in POINTING
        is_thing = is_portable(head) or kind_of_thing(head) not in ("", "animal")
        return is_thing and not (is_named or is_person(head))

    def _touched(self, act: Act) -> str:
        """Whose hand or shoulder an act is done to; empty if to none."""
        is_body = head_of(act.object) in common("kinds_of_things")["body"].split()
        return self._owner(act.object) if is_body and act.family != "look" else ""

    def _owner(self, phrase: str) -> str:
        """Whose "his offer" or "my father's hand" is."""
        owner = {"his": "him", "her": "her"}.get(phrase.split(" ")[0].lower(), "")
        who = self._meant_by(owner) if owner else None
        if found := re.match(r"(.+?)['’]s? \S+$", phrase):
            who = self.cast.found(found[1], ("person",))
            return who.id if who is not None and who.id != YOU else ""
        return who.id if who is not None and self.is_with_you(who.id) else ""

    def _to_all(self, family: str, bound: dict[str, str]) -> None:
        """Where a family has no rule for a group, what is said to it is said before all."""
        entry, who = rules_of(family), bound["person"]
        is_before_all = entry.get("kind") == "speech" or family in common("before_all").split()
        is_told = any("person.group" in rule.get("when", "") for rule in entry["rules"])
        if not is_before_all or is_told or not self.state.is_any(who, "group"):
            return
        bound["person"] = ""
        bound["object"] = "" if bound["object"] == who else bound["object"]

    def around(self, slot: str) -> str:
        """The id of a thing of the surroundings, which comes to be by it; "" if there is none."""
        name = self.cast.slots.get(f"the_{slot}") or self.cast.slots.get(slot, "")
        thing = self.cast.found(name, ("thing",)) if name else None
        thing = thing or (self.make(name, "object", "") if name else None)
        return thing.id if thing else ""

    def _is_away(self, entity: Entity, family: str) -> bool:
        """Whether an act needs somebody who is not there at all: dead, missing, unknown."""
        needs_them = entity.kind == "person" and family in common("face_to_face").split()
        if needs_them and self.state.is_any(entity.id, "unplaced"):  # the father at his own feast
            self.state.values |= {f"{entity.id}.at": self._here(), f"{entity.id}.unplaced": False}
        is_gone = self.state.values.get(f"{entity.id}.at") == NOWHERE
        if is_gone and family in common("said_to_the_dead").split():
            return self.cast.is_open and not is_dead(entity, self.cast, self.state)
        return is_gone and self.cast.is_open and needs_them

    def _entity(self, phrase: str, role: str, family: str) -> Entity | None:
        plain = bare(phrase)
        pronoun = plain.split()[0] if plain else ""
        if plain in POINTING:
            meant = self._pointed_at(plain)
            return self._called_by(plain, meant) if meant is not None else None
        if is_of_beyond(plain) and (one := spirit_meant(plain, self.cast, self.state)):
            return self.cast.found(phrase, ("person",)) or one
        found = self._several(phrase) or self.cast.found(phrase, _KINDS.get(role, ()))
        found = found or self._anybody(plain)
        if found is None and head_of(plain) in words_in("kin"):
            found = spirit_meant(head_of(plain), self.cast, self.state)
        if found is None and self.cast.is_open and pronoun not in POINTING:
            return self.make(phrase, role, family)
        if found is not None and not self.cast.is_open and found.kind != "place":
            is_known = self.state.is_seen(found.id) or family in ("think", "remember")
            return found if is_known else None
        return found

    def make(self, phrase: str, role: str, family: str) -> Entity | None:
        """Something that the player named and nobody had spoken of: it is here from now on.

        None for words that name nobody, where somebody is needed.
        """
        is_person = names_somebody(phrase, role, family)
        if role == "person" and not is_person:
            return None
        is_place = role == "place" or (family in ("go", "enter") and not is_person)
        kind = "person" if is_person else "place" if is_place else "thing"
        last = last_word(phrase)
        is_group = kind == "person" and (is_plural(last) or last in words_in("groups"))
        pronouns = gender_of(bare(phrase)) if kind == "person" and not is_group else ""
        entity = Entity(slug(phrase), kind, with_article(phrase), pronouns=pronouns)
        if entity.id in self.cast.entities:
            return self.cast.entities[entity.id]
        self._add(entity, is_group=is_group)
        if is_person and family in common("made_away").split():
            self.state.values[f"{entity.id}.at"] = NOWHERE
        if is_person and family == "wake":
            self.state.values[f"{entity.id}.asleep"] = True
        return entity

    def _add(self, entity: Entity, *, is_group: bool) -> None:
        self.cast.entities[entity.id] = entity
        self.made.append(entity)
        if entity.kind != "place":
            self.state.values[f"{entity.id}.at"] = self._here()
        is_so = {"person": entity.kind == "person", "group": is_group}
        self.state.values |= {f"{entity.id}.{one}": True for one, holds in is_so.items() if holds}

    def _here(self) -> Value:
        return self.state.values.get("here", NOWHERE)

    def _meant_by(self, pronoun: str) -> Entity | None:
        """What "it", "him" or "them" means: the last named that fits, else somebody here."""
        last = self.cast.entities.get(last_meant(pronoun, self.state))
        if last is not None and self.state.values.get(f"{last.id}.at") != NOWHERE:
            return last
        if pronoun in THINGS and pronoun != "them":
            return self._matter() if pronoun == "it" else None
        if pronoun in ("they", "them"):
            return self._several(pronoun) or last
        fits = {"him": "he", "her": "she"}.get(pronoun, pronoun)
        named = self.cast.entities.get(str(self.state.values.get("last_person", "")))
        here = [named] if named else []
        people = self.cast.of_kind("person")
        here += [p for p in people if self.state.is_here(p.id)]
        here += [p for p in people if self.state.is_any(p.id, "unplaced")]
        single = [p for p in here if not self.state.is_any(p.id, "group")]
        single.sort(key=lambda p: self.state.is_any(p.id, "local"))  # the premise's own first
        is_either = fits not in ("he", "she")
        fitting = (p for p in single if is_either or p.pronouns in (fits, *UNKNOWN_PRONOUNS))
        beasts = (p for p in single if p.pronouns == "it")  # a fox may be "him", too
        return next(fitting, None) or last or next(beasts, None)

    def _matter(self) -> Entity | None:
        """What "it" means where no thing was named: what the premise turns on, if that is here."""
        matter = self.cast.found(self.cast.slots.get("matter", ""), ("thing",))
        is_here = matter is not None and self.state.values.get(f"{matter.id}.at") != NOWHERE
        return matter if self.cast.is_open and is_here else None

    def _called_by(self, pronoun: str, whom: Entity) -> Entity:
        """Somebody of whom the premise says no pronouns, by those that the player uses."""
        pronouns = {"him": "he", "her": "she"}.get(pronoun, "")
        is_single = whom.kind == "person" and not self.state.is_any(whom.id, "group")
        if pronouns and is_single and whom.pronouns in UNKNOWN_PRONOUNS and whom.id != YOU:
            whom = replace(whom, pronouns=pronouns)
            self.cast.entities[whom.id] = whom
            self.state.values[f"{whom.id}.pronouns"] = pronouns
        return whom

    def _pointed_at(self, pronoun: str) -> Entity | None:
        """What a pronoun means; one of the dead who answer rather than a stranger of the place."""
        found = self._meant_by(pronoun)
        is_last = found is not None and found.id == last_meant(pronoun, self.state)
        if found is not None and (is_last or not self.state.is_any(found.id, "local")):
            return found
        return spirit_meant(pronoun, self.cast, self.state) or found

    def _several(self, phrase: str) -> Entity | None:
        """Several people named at once: "both witches", "them", "Anna and Karl"; one for all."""
        single = [p for p in self._with_you() if not self.state.is_any(p.id, "group")]
        words, head = bare(phrase).split(), head_of(phrase)
        is_them = bool({"them", "they"} & {*words[-1:]})
        if "and" in words:
            parts = re.split(r",? and |, ", phrase)
            found = [self.cast.found(part, ("person",)) for part in parts]
            members = [p for p in found if p is not None and p in single]
            members = members if len(members) == len(parts) else []
        elif is_them:
            members = [p for p in single if not self.state.is_any(p.id, "local")]
        elif words and (is_plural(last_word(phrase)) or is_one(words[0], "several")):
            members = [p for p in single if head in (head_of(p.name), head_of(p.role))]
        else:
            return None
        if len(members) < 2:
            return members[0] if members and is_them else None
        name = listed([p.name for p in members[:4]]) if is_them else with_article(phrase)
        return self._group(members, name)

    def _group(self, members: Sequence[Entity], name: str) -> Entity:
        entity = Entity(slug(name), "person", name, pronouns="they")
        if entity.id not in self.cast.entities:
            self._add(entity, is_group=True)
        self.state.values[f"{entity.id}.members"] = " ".join(p.id for p in members)
        return entity

    def _anybody(self, plain: str) -> Entity | None:
        """Whom "the man" or "the woman" means where nobody is called that: the last one named."""
        if plain not in word_list("anybody") or not self.cast.is_open:
            return None
        fits = gender_of(plain)
        last = self.cast.entities.get(last_meant(fits or "they", self.state))
        if last is not None and last.kind == "person" and self.state.is_here(last.id):
            return last
        here = (self.cast.entities[one] for one in self.in_play())
        return next((p for p in here if not fits or p.pronouns == fits), None)

    def members(self, entity_id: str) -> list[str]:
        """The people whom an entity for several stands for."""
        return str(self.state.values.get(f"{entity_id}.members") or "").split()

    def remember_the_first(self) -> None:
        """Before anything is done "it" is what the premise turns on, "she" whom it names first."""
        matter = self._matter()
        first = [matter] if matter else []
        people = [p for p in self._with_you() if not self.state.is_any(p.id, "local")]
        for entity in (*reversed(people), *first):
            remember(entity, self.state)

    def remember_told(self, text: str) -> None:
        """What a scene has named is what "it" and "him" mean in the next move.

        Things of the surroundings come to be by being named.
        """
        slots = self.cast.slots
        for slot in THINGS_AROUND:
            name = bare(slots.get(f"the_{slot}") or slots.get(slot, ""))
            if name and name in text.lower():
                self.around(slot)
        here = [e for k, e in self.cast.entities.items() if k != YOU and self.state.is_here(e.id)]
        local = [e for e in here if self.state.is_any(e.id, "local")]
        near = {e.pronouns for e in here if e.kind == "person" and e not in local}
        own = [e for e in here if e.kind == "person" and e not in local]
        single = (e for e in own if not self.state.is_any(e.id, "group"))
        if any(e.pronouns in UNKNOWN_PRONOUNS for e in single):
            near |= {"he", "she"}
        apart = [e for e in local if e.pronouns in near]  # "her" rather means the premise's own
        matter = bare(self.cast.slots.get("matter", ""))
        meant = [e for e in here if bare(e.name) != matter and e not in apart]
        meant = [e for e in meant if kind_of_thing(head_of(e.name)) not in _NO_THINGS]
        remember_all(text, meant, self.state)

    def in_play(self) -> list[str]:
        """Whom a scene may be about: people of the premise who are here, single ones."""
        others = ("group", "local", "part", "caught")
        kept = [p.id for p in self._with_you() if not self.state.is_any(p.id, *others)]
        last = self.state.values.get("last_person")
        return sorted(kept, key=lambda one: one != last)

    def npc(self) -> str:
        """Who is spoken to where nobody is named: the last spoken of, else the first, or ""."""
        here = self.here()
        here = [one for one in here if not self.state.is_any(one, "group")] or here
        last = str(self.state.values.get("last_person", ""))
        return last if last in here else next(iter(here), "")

    def here(self) -> list[str]:
        """Everybody who is with the player, alive and awake."""
        return [p.id for p in self._with_you()]

    def _with_you(self) -> list[Entity]:
        return [p for p in self.cast.of_kind("person") if self.is_with_you(p.id)]

    def is_with_you(self, person: str) -> bool:
        """Whether somebody is with the player, alive and awake."""
        return self.state.is_here(person) and not self.state.is_any(person, "dead", "asleep")

    def is_within(self, place: Entity) -> bool:
        """Whether a place is a room, or a corner, of the one where the story plays."""
        named = (self.cast.slots.get(slot, "") for slot in ("room", "room2", "spot", "exit"))
        is_known = any(name and head_of(name) == head_of(place.name) for name in named)
        head = head_of(place.name)
        is_far = noun_kind(head) == "place" or head in word_list("places")
        is_nearby = not (is_far or place.name.split()[-1][:1].isupper())
        is_room = is_known or is_nearby or head in word_list("rooms")
        return self.cast.is_open and is_room and place.id != self.state.values.get("home")

    def _is_place(self, entity_id: str) -> bool:
        return entity_id in self.cast.entities and self.cast.entities[entity_id].kind == "place"

    def is_person(self, entity_id: str) -> bool:
        """Whether an id is that of a person."""
        return self.state.is_any(entity_id, "person")
