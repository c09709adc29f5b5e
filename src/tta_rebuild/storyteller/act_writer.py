"""How an act is told: what its texts call everybody, in which number, and how people take it.

Called by ``rulebook`` for what came of an act. The sentences are those of ``data/acts``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from tta_rebuild.core.english import singular, third_person
from tta_rebuild.storyteller.act import Act
from tta_rebuild.storyteller.act_binding import Binder
from tta_rebuild.storyteller.act_words import with_article
from tta_rebuild.storyteller.addressed import let_happen
from tta_rebuild.storyteller.casting import Cast
from tta_rebuild.storyteller.entities import POINTING, Entity, bare, head_of, last_word, short
from tta_rebuild.storyteller.line_template import capital, template
from tta_rebuild.storyteller.line_writer import LineWriter
from tta_rebuild.storyteller.results import done, own_clause, then_so, there
from tta_rebuild.storyteller.silence import SPOKEN
from tta_rebuild.storyteller.surroundings import PEOPLE, cases_of, forms_of
from tta_rebuild.storyteller.word_lists import common
from tta_rebuild.storyteller.world_state import YOU, WorldState

_ONE, _MANY = ("it", "its", "is"), ("them", "their", "are")
_AROUND = re.compile(r"\{(?:[Tt]he_)?(?:[Kk]eeper|[Ww]orker|[Cc]rowd|[Rr]oom|[Ss]pot|[Ee]xit)")
_IT = re.compile(r"\b[Ii]ts?\b(?!\})")
_VERB_OR_SUBJECT = re.compile(r"\{v:([a-z]+)\}(?: (?=\{(person|they)\}))?|\{([Pp]erson|[Tt]hey)\}")


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


class ActWriter:
    """Writes what comes of acts, over the state of the story.

    Args:
        binder: what the words of a move are bound by.
    """

    def __init__(self, cast: Cast, state: WorldState, writer: LineWriter, binder: Binder) -> None:
        self.cast, self.state, self.writer, self.binder = cast, state, writer, binder

    def slots(self, act: Act, bound: Mapping[str, str]) -> dict[str, str]:
        """What the texts of an act may name: the deed, what it is done to, with, where and how."""
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
            slots["so"] = then_so(act, many)
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
        return slots | forms_of(name, short(entity.name) if name == "npc" else entity.name)

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

    def say(self, texts: Sequence[str], slots: Mapping[str, str]) -> str:
        """One of the texts that fit whoever is there, filled; "" if none can be said."""
        if self.state.bound.get("silent"):
            texts = [one for one in texts if not SPOKEN.search(one)] or common("wordless")
        fitting = [text for text in self._conjugated(texts) if self._has_its_people(text)]
        return self.writer.line([template(text) for text in fitting], **slots)

    def taken(self, owner: str) -> str:
        """How somebody takes it that one has touched them, "" if nobody was."""
        if not owner or self.state.is_any(owner, "dead", "asleep"):
            return ""
        texts = [
            conjugated(text, *self.number_of(owner))
            for text in common("taken")[self.mood_of(owner)]
        ]
        self.state.apply("owner.trust+1" if int(self.state.get(f"{owner}.trust")) >= 0 else "")
        return self.writer.line([*map(template, texts)], **self.person_slots(owner, "person"))

    def mood_of(self, who: str) -> str:
        """How somebody stands to the player: ``friend``, ``neutral`` or ``foe``."""
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

    def filled(self, line: str, slots: Mapping[str, str]) -> str:
        """A line with its slots filled, "" if one of them is missing."""
        return self.writer.filled(template(*self._conjugated([line])), **slots)

    def _conjugated(self, texts: Sequence[str]) -> list[str]:
        who = self.state.bound.get("person") or self.state.bound.get("object", "")
        return [conjugated(text, *self.number_of(who)) for text in texts]

    def number_of(self, who: str) -> tuple[bool, bool]:
        """Whether somebody is several people, and whether they go by "they"."""
        entity = self.cast.entities.get(who)
        if entity is None or entity.kind != "person":
            return True, True
        return self.is_many(who, entity.name), self._pronoun(entity) == "they"

    def told(self, act: Act, text: str, slots: Mapping[str, str]) -> str:
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
        said = [text for text in table[self.mood_of(who)] if not (spoken and spoken.search(text))]
        texts = [template(conjugated(text, *self.number_of(who))) for text in said]
        return self.writer.line(texts, **self.person_slots(who, "person"))


def of_number(texts: Sequence[str], slots: Mapping[str, str]) -> Sequence[str]:
    """For several things rather what does not speak of "it"."""
    is_many = slots.get("it") == "them"
    return [text for text in texts if not (is_many and _IT.search(text))] or texts
