"""Going on in a story that another model has told, and after a passage that was held back.

Called by ``provider``. In a story of another model nothing is invented: the player's move is taken
up, the place, the people and the last words are called to mind, and three plain moves are offered.
The notes of the other model go back as they came, so that it finds its thread again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tta_rebuild.core.english import sentences_of
from tta_rebuild.core.errors import RequestRejected
from tta_rebuild.storyteller.line_template import listed
from tta_rebuild.storyteller.teller import VERSION, Teller
from tta_rebuild.storyteller.word_filter import WordFilter
from tta_rebuild.storyteller.word_lists import word_table

MOST_NAMED = 3
LONGEST_QUOTE = 240


def is_anothers(variables: Mapping[str, Any]) -> bool:
    """Whether the story so far was told by somebody else."""
    notes = variables.get("notes")
    is_ours = isinstance(notes, Mapping) and notes.get("v") == VERSION
    return not is_ours and bool(variables.get("recent"))


def carried_on(variables: Mapping[str, Any]) -> dict[str, Any]:
    """The next scene, or the rest of one, as a scene reply.

    Raises:
        RequestRejected: too little is known to go on, or the story is in another language.
    """
    if str(variables.get("language") or "en").lower()[:2] != "en":
        raise RequestRejected("the embedded storyteller goes on in English only")
    bounds = WordFilter(variables.get("boundaries") or {}, variables.get("rules") or {})
    told = str(variables.get("told_so_far") or "")
    people = _people(variables)
    filled = {
        "move": "" if told else _quotable(str(variables.get("action") or "")),
        "place": _place(variables),
        "people": listed(people[:MOST_NAMED]),
        "last": "" if told else _last_words(variables),
    }
    filled = {name: text for name, text in filled.items() if text and bounds.allows(text)}
    if told:
        filled["hold"] = ""
    if not filled:
        raise RequestRejected("the embedded storyteller knows too little of this story to go on")
    turn = int(variables.get("turn") or 0)
    ending = bool(variables.get("should_end"))
    passages = [_line(name, turn, filled) for name in filled]
    if ending:
        passages.append(_line("end", turn, filled))
    asked = [("look", {}), *([("ask", {"name": people[0]})] if people else []), ("wait", {})]
    choices = [] if ending else [_line(name, turn, values) for name, values in asked]
    return {
        "scene_id": f"offline-carries-on-{turn}",
        "setting_description": filled.get("place", ""),
        "emotional_tone": "quiet",
        "passages": [{"facts": [], "text": text} for text in passages],
        "story_branches": [
            {"choice": choice, "consequence": "The story goes on from here.", "affects": []}
            for choice in choices
        ],
        "is_ending": ending,
        "notes": variables.get("notes") or {},
    }


def rest_of_scene(variables: Mapping[str, Any]) -> dict[str, Any]:
    """The rest of a scene as a scene reply of its own, after a passage of it was held back.

    It is told again as it would have been (same seed, same turn), without what was read already.
    Where nothing of the scene is ours (another model began it), it is closed in a line or two.
    """
    told, withheld = (_sentences(variables.get(key)) for key in ("told_so_far", "withheld"))
    reply = Teller(variables).scene()
    said = [(p, _sentences(p["text"])) for p in reply["passages"]]
    passages = [p for p, sentences in said if sentences and not sentences & withheld]
    rest = [p for p in passages if not _sentences(p["text"]) & told]
    if told and len(rest) == len(passages):
        return carried_on(variables)
    reply["passages"] = rest or passages[-1:]
    return reply


def _sentences(text: str | None) -> set[str]:
    plain = (sentence.lower().strip(' “”"') for sentence in sentences_of(text or ""))
    return {" ".join(sentence.split()) for sentence in plain}


def _line(name: str, turn: int, values: Mapping[str, str]) -> str:
    lines = word_table("carry_on")[name]
    return str(lines[turn % len(lines)]).format(**values)


def _facts(variables: Mapping[str, Any], relation: str) -> dict[str, str]:
    facts = variables.get("facts") or []
    return {str(f["subject"]): str(f["value"]) for f in facts if f.get("relation") == relation}


def _people(variables: Mapping[str, Any]) -> list[str]:
    """Names of the living beside the player's character."""
    alive = _facts(variables, "alive")
    return [
        str(person.get("name") or person.get("character_id"))
        for person in variables.get("characters") or []
        if not person.get("is_player") and alive.get(str(person.get("character_id"))) != "false"
    ]


def _place(variables: Mapping[str, Any]) -> str:
    """Where the player's character is, as the facts say."""
    where = _facts(variables, "located_in")
    players = [p for p in variables.get("characters") or [] if p.get("is_player")]
    return next((where[i] for p in players if (i := str(p.get("character_id"))) in where), "")


def _last_words(variables: Mapping[str, Any]) -> str:
    """The last sentence of the story that is no line of ours and quotes nobody."""
    ours = tuple(
        head for lines in word_table("carry_on").values() for line in lines
        if (head := str(line).partition("{")[0].strip("“"))
    )  # fmt: skip
    lines = str(variables.get("previous_context") or "").splitlines()
    before = [line.partition(": ")[2] for line in lines]
    for scene in (*reversed(variables.get("recent") or []), *reversed(before)):
        for sentence in reversed(sentences_of(str(scene))):
            is_plain = not set(sentence) & set('"“”')
            if is_plain and not sentence.startswith(ours) and (quote := _quotable(sentence)):
                return quote
    return ""


def _quotable(text: str) -> str:
    """On one line, short enough, without quotation marks of its own."""
    line = " ".join(text.split()).translate({ord(mark): None for mark in '"“”'}).strip()
    return line if len(line) <= LONGEST_QUOTE else ""
