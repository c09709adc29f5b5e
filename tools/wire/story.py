"""Answers as full as a good model's: a story whose canon grows from turn to turn.

Each scene brings somebody and something: facts by id, effects of the choices and, where they are
asked for, lasting lines. Readings and branch checks find nothing wrong. Like ``replies``, an answer
depends on the request alone. The benchmarks build long stories with it.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from typing import Any

from tools.wire import replies

LINES_WANTED = "- lines: up to"
"""What a scene's prompt says where it asks for lasting lines."""

_FIRST = "Ada Bram Cato Dora Edda Finn Greta Hale Ines Jory Klara Loth Mina Nils Ovid Petra".split()
_LAST = "Ash Birk Crane Dahl Elm Frost Gray Holt Iver Juhl Kern Lund Marsh Noll Orme Pike".split()
_PLACES = "mill,chapel,ferry landing,boat house,orchard,north gallery,salt store,signal tower"
_THINGS = "lamp,letter,brass key,rope,ledger,map,bell,coin,knife,music box,spyglass,seal"
_LOOKS = "blue,cracked,heavy,tarred,gilded,small,wet,burnt,old,folded"
_SENTENCES = (
    "Rain had passed over the {place} in the night, and the stones still shone.",
    "Somewhere behind {name} a rope knocked against wood, slow and patient.",
    "The {thing} lay where the light fell, and nobody had yet dared to move it.",
    "The air of the {place} smelled of salt and cold iron.",
    "{name} counted the steps to the door, and counted them again.",
    "Under the far wall ran a thin line of light, too warm for the moon.",
    "From the water came two notes of a horn, then nothing for a long while.",
    "Dust had settled on everything but the {thing}.",
    "A swallow came in by the broken pane, turned once and was gone.",
    "{name} looked at you as if there were one more thing to say.",
    "The floor of the {place} gave a little, as floors do above something hollow.",
    "Far off somebody called a name, thought better of it and began to sing.",
)


def answer(prompt: str, schema: Mapping[str, Any] | None, words: int = 150) -> str:
    """The text of the answer to a request."""
    source = replies.source_of(prompt)
    wanted = (schema or {}).get("properties", {})
    if "objections" in wanted:
        told = _lines(source, _cast(source), in_passages=True)
        value: Any = {"objections": [], "choices": [], "lines": told, "ended": []}
    elif "branches" in wanted:
        sound = {"contradictions": [], "meaningfulness": 0.8, "character_alignment": 0.8}
        value = {"branches": [{**sound, "suggestion": ""}] * 3}
    elif replies.wants_scene(prompt, schema):
        value = _scene(source, words, wants_lines=LINES_WANTED in prompt)
    else:
        return replies.answer(prompt, schema, words)
    return json.dumps(value, ensure_ascii=False)


def _cast(source: random.Random) -> dict[str, str]:
    """Who comes, where they are and what they bring."""
    name = f"{source.choice(_FIRST)} {source.choice(_LAST)}"
    place = source.choice(_PLACES.split(","))
    thing = f"{source.choice(_LOOKS.split(','))} {source.choice(_THINGS.split(','))}"
    return {"name": name, "id": name.lower().replace(" ", "_"), "place": place, "thing": thing}


def _scene(source: random.Random, words: int, *, wants_lines: bool) -> dict[str, Any]:
    cast = _cast(source)
    name, place, thing = cast["name"], cast["place"], cast["thing"]
    sentences = [s.format(**cast) for s in source.sample(_SENTENCES, len(_SENTENCES))]
    opening = f"The day turns slowly over the {place}."
    entrance = f"{name} comes into the {place} and puts a {thing} of {name}'s own on the table."
    told, length = [], len(f"{opening} {entrance}".split())
    while sentences and length < words:
        told.append(sentences.pop())
        length += len(told[-1].split())
    third = -(-len(told) // 3)
    spoken = f"I carried this {thing} all the way to the {place}. Do not ask me yet who it is for."
    passages = [
        _passage(opening),
        _passage(
            " ".join([entrance, *told[:third]]),
            (cast["id"], "located_in", place),
            (cast["id"], "holds", f"{name}'s {thing}"),
        ),
        _passage(spoken, speaker=cast["id"]),
        _passage(" ".join(told[third : 2 * third]), (cast["id"], "feeling", "uneasy")),
        _passage(" ".join(told[2 * third :])),
    ]
    reply: dict[str, Any] = {
        "passages": [p for p in passages if p["text"]],
        "setting_description": f"The {place}, towards evening, after rain.",
        "emotional_tone": source.choice(("wistful", "tense", "hopeful", "solemn")),
        "story_branches": [
            _branch(f"Ask {name} for whom the {thing} is", cast, "knows", f"whose the {thing} is"),
            _branch(f"Walk through the {place} to its far wall", cast, "located_in", place),
            _branch("Wait in silence for the horn on the water", cast, "feeling", "patient"),
        ],
        "is_ending": False,
    }
    if wants_lines:
        reply |= {"lines": _lines(source, cast), "ended": []}
    return reply


def _passage(text: str, *facts: tuple[str, str, str], speaker: str = "") -> dict[str, Any]:
    told = [{"subject": s, "relation": r, "value": v, "ends": False} for s, r, v in facts]
    emotion = "guarded" if speaker else ""
    return {"facts": told, "speaker": speaker, "emotion": emotion, "text": text}


def _branch(choice: str, cast: Mapping[str, str], relation: str, value: str) -> dict[str, Any]:
    effect = {"subject": "player", "relation": relation, "value": value, "ends": False}
    consequence = f"{cast['name']} has to take a side, and the {cast['thing']} with it."
    return {
        "choice": choice,
        "consequence": consequence,
        "effects": [effect],
        "affects": [cast["id"]],
    }


def _lines(
    source: random.Random, cast: Mapping[str, str], *, in_passages: bool = False
) -> list[dict[str, Any]]:
    """Three lasting lines; a reading names the passage of each."""
    name, place, thing = cast["name"], cast["place"], cast["thing"]
    texts = (
        (f"{name} brought a {thing} to the {place} and will not say for whom it is.", 2),
        (f"Under the far wall of the {place} there is a light that nobody has explained.", 1),
        (f"{name} has promised to be back before the tide turns {source.randint(2, 9)} times.", 3),
    )
    where = {"passage": 1} if in_passages else {}
    return [
        {**where, "text": text, "about": [cast["id"]], "known_by": [], "weight": weight}
        for text, weight in texts
    ]
