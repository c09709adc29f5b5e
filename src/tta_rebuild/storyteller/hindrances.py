"""What the sentences of a premise rule out: a dead telephone, bound hands, a mute brother.

Called by ``rulebook`` before a move is played: what is ruled out costs no turn, and the reason is
the premise's own sentence. ``data/hindrances.yaml`` has what is looked for.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache

from tta_rebuild.core.english import singular
from tta_rebuild.storyteller.act import Act
from tta_rebuild.storyteller.entities import Entity, head_of, short
from tta_rebuild.storyteller.word_lists import common, is_one, packaged_yaml, pattern
from tta_rebuild.storyteller.world_state import NOWHERE, WorldState


@lru_cache(maxsize=64)
def _found(told: tuple[str, ...], people: tuple[str, ...]) -> tuple[tuple[int, str, str, str], ...]:
    """What a premise rules out: the number of the entry, the thing, the person, the sentence."""
    names = "|".join(re.escape(name) for name in sorted(people, key=len, reverse=True)) or "(?!)"

    def all_found() -> Iterator[tuple[int, str, str, str]]:
        for number, entry in enumerate(packaged_yaml("data/hindrances")["hindrances"]):
            says = re.sub(r"\(\?P<who>\)", rf"\\b(?:{names})\\b", entry["says"])
            for sentence in told:
                if found := re.search(says, sentence, re.I):
                    named = found.groupdict()
                    what = named.get("what") or named.get("only") or ""
                    who = re.search(names, found[0], re.I) if says != entry["says"] else None
                    clause = _clause(sentence, found[0])
                    yield number, singular(what), who[0].lower() if who else "", clause

    return tuple(all_found())


def _clause(sentence: str, found: str) -> str:
    """The part of a sentence that says what was found in it, if that can stand alone.

    A clause with a subject of its own does; what hangs on another ("though nobody has lain
    there") is given as the whole sentence.
    """
    parts = re.split(r"[;:—] (?:and |but |so )?|, (?:and|but|so) |[.!?…]$", sentence)
    whole = (part for part in parts if found.strip(" ,.") in part and len(part.split()) > 2)
    part = next(whole, sentence)
    return part if part == sentence or pattern("stands_alone").match(part) else sentence


def hindered(
    act: Act,
    told: tuple[str, ...],
    people: Mapping[str, str],
    state: WorldState,
    spoken_to: Collection[str] = (),
) -> str:
    """The sentence of the premise by which an act cannot be done, "" if none rules it out.

    Args:
        told: the premise's sentences, to the player.
        people: the ids of those of the story by what they are called.
        spoken_to: the ids of the dead whom one can speak to.
    """
    table = packaged_yaml("data/hindrances")
    named = {
        head_of(phrase) for phrase in (act.object, act.person, act.instrument, act.where) if phrase
    }
    named |= {thing for thing, verbs in table["implied"].items() if act.verb in verbs.split()}
    whom = f"{act.person} {act.object}".lower()
    ids = {name.lower(): one for name, one in people.items()}
    meant = {one for name, one in ids.items() if re.search(rf"\b{re.escape(name)}\b", whom)}
    for number, what, who, sentence in _found(told, tuple(people)):
        entry = table["hindrances"][number]
        is_meant = {act.family, act.verb} & {*entry["acts"].split()}
        is_over = any(state.get(f"done.{one}") for one in entry.get("unless", "").split())
        is_over |= bool(re.search(entry.get("but", "(?!)"), act.clause))
        is_over |= "away" in entry and state.get(f"{ids[who]}.at") != NOWHERE
        is_over |= "away" in entry and ids[who] in spoken_to and act.family in _said_to_dead()
        is_said = bool(re.search(entry.get("said", ""), act.said))
        is_said &= "several" not in entry or bool(pattern("several").search(act.clause))
        is_said &= "plain" not in entry or not (act.object or act.where or act.instrument)
        is_to_it = what in named if what else ids[who] in meant if who else True
        if is_meant and is_said and is_to_it and not is_over:
            why = sentence.rstrip(".!?…")
            is_name = not is_one(
                re.split(r"[ '’]", why)[0].lower(), "determiners pronouns subjects openers"
            )
            return why if is_name else f"{why[0].lower()}{why[1:]}"
    return ""


def _said_to_dead() -> list[str]:
    said: list[str] = common("said_to_the_dead").split()
    return said


def mute_people(told: tuple[str, ...], people: tuple[str, ...]) -> set[str]:
    """Who cannot speak, as a premise says, of those names; in lower case."""
    entries = packaged_yaml("data/hindrances")["hindrances"]
    return {who for number, _, who, _ in _found(told, people) if who and "mute" in entries[number]}


def spelled_out(told: tuple[str, ...], people: Collection[Entity]) -> tuple[str, ...]:
    """The sentences of a premise with a name for the "he" or "she" that opens one.

    Where more than one of those spoken of before fits, the pronoun stays.
    """
    said: list[str] = []
    for sentence in told:
        found, before = pattern("opening_pronoun").match(sentence), " ".join(said).lower()
        gender = found["pronoun"].lower() if found else ""
        named = [
            one for one in people if one.name.lower() in before or short(one.name).lower() in before
        ]
        fits = [one for one in named if one.pronouns == gender]
        if found and len(fits) == 1:
            sentence = f"{found['opens']}{short(fits[0].name)}{sentence[found.end() :]}"
        said.append(sentence)
    return tuple(said)
