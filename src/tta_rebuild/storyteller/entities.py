"""People, places and things of a story, and how a phrase or a pronoun means one of them.

"It", "him" and "them" mean whatever and whoever was named last, in a move or in a scene.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tta_rebuild.core.english import singular
from tta_rebuild.storyteller.noun_phrases import is_person
from tta_rebuild.storyteller.word_lists import pattern, word_list, word_table
from tta_rebuild.storyteller.world_state import WorldState

_PERSONS = tuple("he him she her they them someone somebody".split())
_EVERYBODY = tuple("everyone everybody".split())
_OF_ALL = re.compile(
    r"(?:each|all|both|every(?: single)? one|(?:the )?(?:two|three|four)) of "
    r"(?:us|them|(?:the )?(?:others|rest))|us|(?:the )?(?:others|rest)|every(?:one|body)(?: else)?"
)
THINGS = ("it", "this", "that", "them", "these", "those")
POINTING = frozenset((*_PERSONS, *_EVERYBODY, *THINGS))
"""Words that stand for somebody or something named before."""
UNKNOWN_PRONOUNS = ("", "they")
"""Those of one person of whom a story has not said which they are."""

_LAST = {"he": "he", "she": "she", "it": "it"}
_MEANT = {"him": "he", "her": "she", "them": "they", "these": "they", "those": "they"}
_MEANT |= {"this": "it", "that": "it"}


def is_everybody(plain: str) -> bool:
    """Whether a phrase without its article means all who are there: "each of the others"."""
    return bool(_OF_ALL.fullmatch(plain))


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

    def is_called(self, phrase: str) -> bool:
        """Whether a phrase of the premise is its name or what it is."""
        return bool(phrase) and phrase in (self.name, self.role)


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


def short(name: str) -> str:
    """What somebody is called once they are known: ``Engineer Tom Bakker`` → ``Tom``.

    A title and one name stay together: ``Dr Lund``. Somebody's nephew is "the nephew".
    """
    if owned := pattern("owned_name").fullmatch(name):
        return f"the {owned['noun']}"
    words = name.split()
    if len(words) < 2 or not all(word[:1].isupper() for word in words):
        return name
    names = words[1:] if is_person(words[0].lower()) or words[0] in word_list("titles") else words
    return name if len(names) < 2 else names[0]


def head_of(phrase: str) -> str:
    """The noun of a phrase, in the singular: ``the names of my friends`` → ``name``."""
    words = pattern("after_noun").sub("", bare(phrase)).split()
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


def last_meant(pronoun: str, state: WorldState) -> str:
    """The id of what a pronoun means, "" if nothing that it fits was named."""
    return str(state.values.get(f"last_{_MEANT.get(pronoun, pronoun)}") or "")


def remember(entity: Entity, state: WorldState) -> None:
    """Take an entity as what is meant from now on by the pronouns that fit it."""
    if entity.kind == "person":
        is_group = bool(state.values.get(f"{entity.id}.group"))
        fitting = ["they" if is_group else _LAST.get(entity.pronouns, "they")]
        if not is_group and fitting == ["they"]:  # it may be either, where nobody else is meant
            fitting += [one for one in ("he", "she") if not state.values.get(f"last_{one}")]
    elif entity.kind == "thing":
        last = last_word(entity.name)
        fitting = ["they" if singular(last) != last else "it"]
    else:
        return
    for pronoun in fitting:
        state.values[f"last_{pronoun}"] = entity.id


def remember_all(text: str, among: Iterable[Entity], state: WorldState) -> None:
    """Remember those of ``among`` that a text names, the one that it names last as the last."""
    low, found = text.lower(), list[tuple[int, Entity]]()
    for entity in among:
        name = bare(entity.name)
        at = low.rfind(name)
        if at >= 0 and re.search(rf"\b{re.escape(name)}\b", low):
            found.append((at, entity))
    for _, entity in sorted(found, key=lambda one: one[0]):
        remember(entity, state)


def last_word(phrase: str) -> str:
    """The noun of a phrase as it stands: "the names of my friends" → "names"."""
    words = pattern("after_last_word").sub("", bare(phrase)).split()
    return words[-1] if words else ""
