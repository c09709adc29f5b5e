"""People, places and things of a story, and how a phrase means one of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tta_rebuild.core.english import singular
from tta_rebuild.storyteller.word_lists import pattern


@dataclass(frozen=True, slots=True)
class Entity:
    """A person, place or thing: ``name`` as it is said ("the nurse", "Clara", "the old maps")."""

    id: str
    kind: str
    name: str
    role: str = ""
    pronouns: str = ""
    also: tuple[str, ...] = ()
    at: str = ""


def named(phrase: str, among: Sequence[Entity]) -> Entity | None:
    """What a phrase of the player's means: by its whole name, else by its last noun."""
    wanted = bare(phrase)
    if not wanted:
        return None
    tests = (_is_named, _shares_head, _shares_word)
    return next((one for fits in tests for one in among if fits(one, wanted)), None)


def bare(phrase: str) -> str:
    """A noun phrase in lower case without its article: ``The old Maps`` → ``old maps``."""
    return pattern("article").sub("", " ".join(phrase.lower().split()).strip(" .,!?")).strip()


def head_of(phrase: str) -> str:
    """The noun of a phrase, in the singular: ``the names of my friends`` → ``name``."""
    words = pattern("after_noun").sub("", bare(phrase)).split()
    return singular(words[-1]) if words else ""


def _names(entity: Entity) -> Iterable[str]:
    return (bare(name) for name in (entity.name, entity.role, *entity.also) if name)


def _is_named(entity: Entity, wanted: str) -> bool:
    return wanted in _names(entity)


def _shares_head(entity: Entity, wanted: str) -> bool:
    return any(head_of(name) == head_of(wanted) for name in _names(entity))


def _shares_word(entity: Entity, wanted: str) -> bool:
    """A proper name by one of its words ("Zuckerberg")."""
    words = set(entity.name.lower().split())
    return entity.name[:1].isupper() and bool(words & set(wanted.split()))


def slug(name: str) -> str:
    """An id from a name: ``Old Tam`` → ``old_tam``."""
    made = re.sub(r"\W+", "_", re.sub("['’]", "", bare(name))).strip("_")
    return made if made[:1].isalpha() and made.isascii() else f"x_{made}" if made else "someone"
