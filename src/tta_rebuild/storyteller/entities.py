"""People, places and things of a story, and how a phrase means one of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tta_rebuild.core.english import singular
from tta_rebuild.storyteller.noun_phrases import is_person
from tta_rebuild.storyteller.word_lists import word_list, word_table

_LEADING = re.compile(
    r"^(?:the|an?|your|my|his|her|their|its|our|this|that|some|every|all)\s+", re.I
)
_TAIL = re.compile(
    r"\s+(?:of|who|whom|that|which|from|with|in|at|on|under|behind|beside|"
    r"the|he|she|you|they|we|i|what|where)\s.*$",
    re.I,
)


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
    return _LEADING.sub("", " ".join(phrase.lower().split()).strip(" .,!?")).strip()


def short(name: str) -> str:
    """What somebody is called once they are known: ``Engineer Tom Bakker`` → ``Tom``.

    A title and one name stay together: ``Dr Lund``.
    """
    words = name.split()
    if len(words) < 2 or not all(word[:1].isupper() for word in words):
        return name
    names = words[1:] if is_person(words[0].lower()) or words[0] in word_list("titles") else words
    return name if len(names) < 2 else names[0]


def head_of(phrase: str) -> str:
    """The noun of a phrase, in the singular: ``the names of my friends`` → ``name``."""
    words = _TAIL.sub("", bare(phrase)).split()
    return singular(words[-1]) if words else ""


def _names(entity: Entity) -> Iterable[str]:
    return (bare(name) for name in (entity.name, entity.role, *entity.also) if name)


def _is_named(entity: Entity, wanted: str) -> bool:
    return wanted in _names(entity)


def _shares_head(entity: Entity, wanted: str) -> bool:
    head = _kin(head_of(wanted))
    return any(_kin(head_of(name)) == head for name in _names(entity))


def _kin(noun: str) -> str:
    """One word for a kinship, whatever it is called: ``dad`` → ``father``."""
    return next((one for one, said in word_table("words")["called"].items() if noun in said), noun)


def _shares_word(entity: Entity, wanted: str) -> bool:
    """A proper name by one of its words ("Zuckerberg")."""
    words = set(entity.name.lower().split())
    return entity.name[:1].isupper() and bool(words & set(wanted.split()))


def slug(name: str) -> str:
    """An id from a name: ``Old Tam`` → ``old_tam``."""
    made = re.sub(r"\W+", "_", re.sub("['’]", "", bare(name))).strip("_")
    return made if made[:1].isalpha() and made.isascii() else f"x_{made}" if made else "someone"
