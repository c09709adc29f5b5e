"""Whether the canon keeps each person and thing of a told story as one, and no two as one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from tta_rebuild.canon.people import People, pronouns_of
from tta_rebuild.canon.relations import key_of
from tta_rebuild.canon.view import Canon
from tta_rebuild.core.story import CharacterSketch
from tta_rebuild.lab.measures import EvalRow, ToldCounts
from tta_rebuild.lab.told_file import ToldStory, ToldTurn


class PeopleSeen:
    """Collects, turn by turn, under which ids of the canon each one of the story is found."""

    def __init__(self, story: ToldStory, sketches: Sequence[CharacterSketch]) -> None:
        self._story = story
        self._sketches = sketches
        self._pronouns = {f for forms in pronouns_of(story.language).values() for f in forms}
        self._pairs = 0
        self._found: dict[str, dict[str, str]] = defaultdict(dict)  # who → id → the form
        self._waiting: list[tuple[str, str]] = []
        self._canon: Canon | None = None

    def stored(self, declared: str, stored: str) -> None:
        """A declared subject or speaker, and the id that it is kept under; read after the turn."""
        self._waiting.append((declared, stored))

    def after_turn(self, canon: Canon, turn: ToldTurn) -> None:
        """Resolve every form that the turn mentions by the canon as it is now."""
        self._canon = canon
        people = People(canon, self._sketches, self._story.language)
        known = {person.id: person.id for person in self._story.cast}
        known |= {key_of(person.name): person.id for person in self._story.cast}
        known |= {who: who for t in self._story.turns for who in t.mentions.values()}
        for form, who in turn.mentions.items():
            self._pairs += 1
            known[key_of(form)] = who
            if form.casefold() not in self._pronouns:
                self._take(who, people.id_of(form), form)
        for declared, stored in self._waiting:
            if key_of(declared) in known and declared.casefold() not in self._pronouns:
                self._take(known[key_of(declared)], canon.id_of(stored), declared)
        self._waiting.clear()

    def _take(self, who: str, found: str, form: str) -> None:
        if found and self._canon is not None and self._canon.knows_of(found):
            self._found[who].setdefault(found, form)

    def count(self, counts: ToldCounts) -> None:
        """Add what was found to the counts: each id too many once."""
        counts.mentions += self._pairs
        if self._canon is None:
            return
        owners: dict[str, dict[str, str]] = defaultdict(dict)
        for who, ids in self._found.items():
            last = {self._canon.id_of(found): form for found, form in ids.items()}
            counts.people_split += len(last) - 1
            if len(last) > 1:
                said = ", ".join(f"'{form}' is {found}" for found, form in last.items())
                counts.rows.append(EvalRow(self._story.id, "people_split", who, said))
            for found, form in last.items():
                owners[found][who] = form
        for found, people in owners.items():
            counts.people_merged += len(people) - 1
            if len(people) > 1:
                said = ", ".join(f"'{form}' means {who}" for who, form in people.items())
                counts.rows.append(EvalRow(self._story.id, "people_merged", found, said))
