"""The story's own world: the kit's material with the premise's people, places and things put first.

Called by ``teller``. Everything here follows from the premise, the characters, the boundaries and
the seed, so it is the same on every turn of a story and needs no place in the notes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from tta_rebuild.storyteller.kit import Kit, Person, Place, slug
from tta_rebuild.storyteller.premise import PremiseReading
from tta_rebuild.storyteller.word_filter import WordFilter
from tta_rebuild.storyteller.word_lists import word_list, word_table

CAST_SIZE = 5


@dataclass(frozen=True, slots=True)
class World:
    """Who and what may appear.

    Attributes:
        player_id: id of the player's character; ``player_name`` is "" if they have none.
        focuses: phrases that the story turns on, the premise's own first.
        core: the first of the premise's own focuses, what the story is about; "" if it has none.
    """

    kit: Kit
    reading: PremiseReading
    player_id: str
    player_name: str
    cast: tuple[Person, ...]
    places: tuple[Place, ...]
    things: tuple[str, ...]
    focuses: tuple[str, ...]
    core: str

    def place(self, name: str) -> Place | None:
        """A place by name."""
        return next((p for p in self.places if p.name == name), None)


def world_of(
    kit: Kit,
    reading: PremiseReading,
    characters: Sequence[Mapping[str, Any]],
    bounds: WordFilter,
    root: str,
) -> World:
    """Put the premise's own people, places and things before the kit's."""
    player = next((c for c in characters if c.get("is_player")), {})
    places = _places(kit, reading, bounds, root)
    cast = _cast(kit, reading, characters, bounds, root)
    cast_words = {p.role.lower() for p in cast} | {p.name.lower() for p in cast}
    own = [t for t in reading.things if bounds.allows(t)]
    own += [p for p in reading.places if bounds.allows(p)]
    own += [p for p in (*reading.people, *reading.names) if bounds.allows(p)]
    own = list(dict.fromkeys(own)) or _softened(reading, bounds)
    own = [f for f in own if f.lower() not in cast_words] or own
    own = _ranked(own, " ".join(reading.opening).lower())
    things = [t for t in kit.things if bounds.allows(t)]
    rng = Random(f"{root}:things")
    rng.shuffle(things)
    return World(
        kit=kit,
        reading=reading,
        player_id=str(player.get("character_id") or "player"),
        player_name=str(player.get("name") or ""),
        cast=cast,
        places=places,
        things=tuple(things) or ("the lamp", "the letter", "the map"),
        focuses=tuple(own) or tuple(things[:2]) or ("the question",),
        core=own[0] if own else "",
    )


_SOFTER = {
    "killer": "stranger",
    "killers": "strangers",
    "murder": "case",
    "monster": "visitor",
    "reaper": "visitor",
    "ghosts": "voices",
    "soldiers": "travellers",
    "zombies": "neighbours",
    "apocalypse": "great change",
    "afterlife": "other side",
    "arena": "contest",
    "war": "quarrel",
    "plague": "change",
    "overlord": "stranger",
    "funeral": "farewell",
    "assassination": "plan",
    "robbery": "plan",
}


def _softened(reading: PremiseReading, bounds: WordFilter) -> list[str]:
    """A premise of which boundaries leave nothing, in milder words: its bare nouns or others."""
    found: list[str] = []
    for phrase in (*reading.things, *reading.places, *reading.people):
        words_of = phrase.split()
        first = " ".join(w for w in words_of[:2] if w in ("the", "your", "two", "three"))
        head = words_of[-1].lower()
        ways = (f"{first or 'the'} {head}", f"{first or 'the'} {_SOFTER.get(head, '')}")
        found += [way for way in ways if way[-1] != " " and bounds.allows(way)][:1]
    return list(dict.fromkeys(found))


def _is_lost(head: str, reading: PremiseReading) -> bool:
    """True if the premise says that this person dies, or killed: no company for the player."""
    told = " ".join(reading.opening)
    fate = r"(?:dies?|died|dead|killed|kills|murder\w*|suicide)"
    return bool(re.search(rf"\b{re.escape(head)}\b[^.]{{0,24}}\b{fate}\b", told, re.I)) or (
        "suicide" in told and reading.people[:1] == (f"the {head}",)
    )


def _ranked(own: Sequence[str], text: str) -> list[str]:
    """What the premise speaks of most comes first, then what it names first; one of each head."""

    def rank(phrase: str) -> tuple[bool, int, int]:
        head = re.escape(_head(phrase))
        found = [m.start() for m in re.finditer(rf"\b{head}\b", text)]
        vague = _head(phrase) in word_list("too_vague")
        return vague, -len(found), found[0] if found else len(text)

    by_head: dict[str, str] = {}
    for phrase in sorted(own, key=rank):
        head = _head(phrase)
        by_head.setdefault(head[:-1] if head.endswith("s") else head, phrase)
    return list(by_head.values())


def _head(phrase: str) -> str:
    return phrase.split()[-1].lower()


def _places(kit: Kit, reading: PremiseReading, bounds: WordFilter, root: str) -> tuple[Place, ...]:
    own = [
        _own_place(name, kit)
        for name in reading.places
        if _head(name) not in word_list("too_big") and bounds.allows(name)
    ]
    rest = [p for p in kit.places if bounds.allows(p.at) and bounds.allows(p.name)]
    Random(f"{root}:places").shuffle(rest)
    heads = [_head(p.name) for p in own]
    own = [p for i, p in enumerate(own) if heads[i] not in heads[:i]]
    return tuple(own[:3] + rest) or kit.places[:1]


def _own_place(name: str, kit: Kit) -> Place:
    head = _head(name)
    singular = head[:-1] if head.endswith("s") else head
    before = (
        "in"
        if singular in word_list("places_with_in")
        else "on"
        if singular in word_list("places_with_on")
        else "at"
    )
    words = kit.words
    return Place(
        name,
        f"{before} {name}",
        singular in word_list("places_with_in"),
        kit.pools["sights_own"],
        words["sounds_any"],
        words["smells_any"],
    )


def _cast(
    kit: Kit,
    reading: PremiseReading,
    characters: Sequence[Mapping[str, Any]],
    bounds: WordFilter,
    root: str,
) -> tuple[Person, ...]:
    rng = Random(f"{root}:cast")
    voices = ["warm", "dry", "wary", "bold", "learned", "plain"]
    rng.shuffle(voices)
    cast: list[Person] = []
    for sketch in characters:
        if sketch.get("is_player") or not str(sketch.get("name") or "").strip():
            continue
        name = str(sketch["name"]).strip()[:40]
        description = str(sketch.get("description") or "")
        cast.append(
            Person(
                str(sketch.get("character_id") or slug(name)),
                name,
                _pronoun(description),
                _role(description),
                _voice(sketch.get("traits") or {}, voices[len(cast) % len(voices)]),
            )
        )
        if len(cast) == CAST_SIZE:
            return tuple(cast)
    for name in reading.names[:2]:
        if bounds.allows(name) and not any(p.name == name for p in cast):
            they = _pronoun(" ".join(reading.opening).partition(name)[2][:160])
            cast.append(Person(slug(name), name, they, "", voices[len(cast) % len(voices)]))
    extras = [p for p in kit.cast if bounds.allows(f"{p.role} {p.look} {p.name}")]
    rng.shuffle(extras)
    taken = {word for p in cast for word in p.name.lower().split()}
    extras = [p for p in extras if p.name.lower() not in taken]
    company = reading.people if reading.things or reading.places else reading.people[1:]
    for phrase in company:
        role = phrase.removeprefix("the ")
        head = _head(role)
        if (
            _is_lost(head, reading)
            or head in word_list("no_company")
            or phrase.startswith("your ")
            or not bounds.allows(phrase)
        ):
            continue
        fits = [p for p in extras if _fits(p, head)]
        fit = next((p for p in fits if p.name not in kit.fixed), next(iter(fits), None))
        if fit is not None and len(cast) < 4:
            extras.remove(fit)
            whose = "your" if head in ("friend", "neighbour", "roommate", "colleague") else "the"
            cast.append(replace(fit, role=f"{whose} {role}", look=""))
    for person in extras:
        if len(cast) >= CAST_SIZE:
            break
        cast.append(person)
    return tuple(cast)


def _fits(person: Person, head: str) -> bool:
    return not (
        (head in word_list("roles_of_women") and person.they != "she")
        or (head in word_list("roles_of_men") and person.they != "he")
    )


def _pronoun(description: str) -> str:
    """The first pronoun or noun that tells, "" if none does."""
    found = re.search(
        r"\b(?:(she|her|woman|girl|mother)|he|his|him|man|boy|father)\b", description, re.I
    )
    return "" if found is None else "she" if found.group(1) else "he"


def _role(description: str) -> str:
    text = re.sub(r"\s+", " ", description).strip().rstrip(".")
    if not text or len(text) > 70 or not re.match(r"(?:an?|the|your)\b", text, re.I):
        return ""
    return text[0].lower() + text[1:]


def _voice(traits: Mapping[str, Any], otherwise: str) -> str:
    best, most = otherwise, 0.0
    for voice, names in word_table("words")["voices"].items():
        for trait, strength in traits.items():
            fits = str(trait).lower() in names.split()
            if fits and isinstance(strength, int | float) and strength > most:
                best, most = voice, float(strength)
    return best
