"""What can be done now: a scene's own choices, then its plot's, then what fits any story.

Called by ``teller`` at the end of a scene.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from tta_rebuild.storyteller.absent import Absent
from tta_rebuild.storyteller.act import Act
from tta_rebuild.storyteller.act_parser import parse_act
from tta_rebuild.storyteller.casting import Cast
from tta_rebuild.storyteller.entities import head_of, slug
from tta_rebuild.storyteller.line_template import template
from tta_rebuild.storyteller.line_writer import LineWriter
from tta_rebuild.storyteller.meant_choice import decision, leaning, meant_choice, settled_by
from tta_rebuild.storyteller.noun_phrases import is_portable
from tta_rebuild.storyteller.scene_file import ChoiceEntry, SceneEntry
from tta_rebuild.storyteller.word_lists import common
from tta_rebuild.storyteller.world_state import WorldState

MOST_CHOICES = 3
_OFFERED_REMEMBERED, _TAKEN_REMEMBERED = 8, 40


class Offers:
    """The choices of one story.

    Attributes:
        standing: what was offered last and has not been taken.
        taken: the words of choices taken, oldest first.

    Args:
        notes: those of the scene before.
    """

    def __init__(
        self,
        cast: Cast,
        state: WorldState,
        writer: LineWriter,
        rng: Random,
        notes: Mapping[str, Any],
    ) -> None:
        self._cast, self._state, self._writer, self._rng = cast, state, writer, rng
        self._offered: Sequence[str] = notes.get("offered", ())
        self.taken: list[str] = list(notes.get("taken", ()))
        self.standing = [ChoiceEntry.model_validate(one) for one in notes.get("offers", ())]

    def take(self, words: str) -> ChoiceEntry | None:
        """The choice that these words take, None for words of the player's own."""
        offer = next((one for one in self.standing if is_same(one.do, words)), None)
        offer = offer or self._answered(words) or self._meant(words)
        if offer is not None:
            self.standing.remove(offer)
            self.taken.append(offer.do)
        return offer

    def _meant(self, words: str) -> ChoiceEntry | None:
        """In a story of a premise, the choice that words of the player's own mean."""
        told = [one for one in self.standing if one.says]
        return meant_choice(words, told, self._cast) if self._cast.is_open else None

    def decided(self, act: Act) -> str:
        """The effects of the choice that an act decides for, "" where nothing is to be decided."""
        taken = decision(act, self.standing) if self._cast.is_open else None
        return settled_by(taken) if taken else ""

    def leaning(self, act: Act) -> str:
        """The effects of the choice that counts if nothing else is decided, "" if none is open."""
        towards = leaning(act, self.standing) if self._cast.is_open else None
        return towards.then if towards else ""

    def _answered(self, words: str) -> ChoiceEntry | None:
        """The choice that says yes or no to what was offered, for a plain "I accept the offer"."""
        act = parse_act(words)
        if act.family not in ("accept", "refuse") or act.then or (act.said and not act.is_quoted):
            return None
        fitting = [one for one in self.standing if parse_act(one.do).family == act.family]
        return fitting[0] if len(fitting) == 1 else None

    def after(self, scene: SceneEntry | None, new: Sequence[ChoiceEntry] = ()) -> list[ChoiceEntry]:
        """The choices that follow a scene, or none told: at least three where so many fit.

        Args:
            new: those that a deed has brought; what stood before fills their number up.
        """
        is_quiet = scene is None or (not scene.choices and not self._cast.is_open)
        own = None if is_quiet or scene is None else scene.choices
        found = self._ready(self.standing) if own is None else self._ready(own, scene)
        if own and (deed := self._of_the_premise()):
            found = [*found[: MOST_CHOICES - 1], *deed]
        found = [*new, *found[: MOST_CHOICES - len(new)]] if new else found
        anywhere = self._anywhere() if self._cast.is_open else []
        pool = self._ready(self._cast.file.choices)
        self._rng.shuffle(pool)
        pool = [*self._ready(anywhere[:1]), *pool, *self._ready(anywhere[1:])]
        pool.sort(key=lambda one: (one.do in self.taken, one.do in self._offered))
        while len(found) < MOST_CHOICES and (left := _besides(pool, found)):
            kinds = {choice.kind for choice in found}
            another = (c for c in left if c.kind not in kinds and c.do not in self.taken)
            found.append(next(another, left[0]))
        return found

    def noted(self, choices: Sequence[ChoiceEntry]) -> dict[str, Any]:
        """What the next scene has to know of them."""
        return {
            "offers": [c.model_dump(by_alias=True, exclude_defaults=True) for c in choices],
            "offered": [*self._offered, *(c.do for c in choices)][-_OFFERED_REMEMBERED:],
            "taken": self.taken[-_TAKEN_REMEMBERED:],
        }

    def _ready(
        self, entries: Sequence[ChoiceEntry], scene: SceneEntry | None = None
    ) -> list[ChoiceEntry]:
        """Those that can be offered now, their slots filled as they are meant now."""
        found = []
        absent = Absent(self._cast, self._state)
        for entry in entries:
            words = self._writer.filled(template(entry.do))
            is_fit = not self._cast.is_open or self._writer.allows(words)
            is_fit &= absent.allows_choice(entry, scene)
            if words and is_fit and self._state.holds(entry.if_):
                says = self._writer.filled(template(entry.says))
                found.append(entry.model_copy(update={"do": words, "says": says}))
        return found

    def _of_the_premise(self) -> list[ChoiceEntry]:
        """A deed done to something that the premise names, every other turn of its own story."""
        state, cast = self._state, self._cast
        is_due = state.holds("stage=setup/stage=development") and not int(state.get("now")) % 2
        if not (cast.file.common and is_due and state.holds("!away, !ruined")):
            return []
        named = [cast.entities.get(slug(one)) for one in cast.premise.things]
        things = [one for one in named if one is not None and state.is_here(one.id)]
        self._rng.shuffle(things)
        for thing in things:
            state.bound["thing"], self._writer.slots["thing"] = thing.id, thing.name
            kinds = kinds_of_thing(thing.name)
            rows = [
                {key: value for key, value in row.items() if key != "of"}
                for row in common("offers_of_things")
                if kinds and ("of" not in row or {*row["of"].split()} & kinds)
            ]
            offers = self._ready([ChoiceEntry.model_validate(row) for row in rows])
            new = [one for one in offers if one.do not in (*self.taken, *self._offered)]
            if new:
                return [new[0]]
        return []

    def _anywhere(self) -> list[ChoiceEntry]:
        """What can be done in any story, with the things and places of this one, in some order."""
        things = [e for e in self._cast.of_kind("thing") if self._state.is_here(e.id)]
        ways = [e for e in self._cast.of_kind("place") if e.id != self._state.get("here")]
        for slot, among in (("thing", things), ("way", ways)):
            entity = self._rng.choice(among) if among else None
            self._state.bound[slot] = entity.id if entity else ""
            self._writer.slots.pop(slot, None)
            if entity:
                self._writer.slots[slot] = entity.name
        offers = [ChoiceEntry.model_validate(offer) for offer in common("offers")]
        self._rng.shuffle(offers)
        return offers


def kinds_of_thing(phrase: str) -> set[str]:
    """What sort of thing a phrase names, ``portable`` among them, if any."""
    head = head_of(phrase)
    kinds = {kind for kind, words in common("kinds_of_things").items() if head in words.split()}
    return kinds | ({"portable"} if is_portable(head) else set())


def is_same(one: str, other: str) -> bool:
    """Whether two texts are the same choice: case, spaces and the last stop aside."""
    plain, asked = (" ".join(text.split()).lower().rstrip(". ") for text in (one, other))
    return plain == asked


def _besides(pool: list[ChoiceEntry], found: list[ChoiceEntry]) -> list[ChoiceEntry]:
    return [choice for choice in pool if not any(is_same(choice.do, one.do) for one in found)]
