"""A told story of three turns and six labelled passages, written for these tests alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def fact(subject: str, relation: str, value: str, *, ends: bool = False) -> dict[str, Any]:
    return {"subject": subject, "relation": relation, "value": value, "ends": ends}


def passage(text: str, *facts: dict[str, Any], speaker: str = "") -> dict[str, Any]:
    return {"text": text, "facts": list(facts), "speaker": speaker, "emotion": ""}


def branch(choice: str, *effects: dict[str, Any]) -> dict[str, Any]:
    return {"choice": choice, "consequence": "", "effects": list(effects), "affects": []}


CLIMB = "Climb the tower and look at the bell."
ASK = "Ask Bram about the cracked bell."
CROSS = "Cross the square to the baker's shop."


def reply(*passages: dict[str, Any], branches: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    offered = branches or (branch(ASK), branch(CROSS))
    return {
        "passages": list(passages),
        "setting_description": "A market square",
        "emotional_tone": "calm",
        "story_branches": list(offered),
        "is_ending": False,
    }


def story() -> dict[str, Any]:
    """A bell-ringer, a bell-founder and a crack."""
    opening = reply(
        passage(
            "Nela came into the square. Nela held a rope.",
            fact("nela", "located_in", "square"),
            fact("nela", "holds", "rope"),
        ),
        passage(
            "Bram sat in the square. Bram was 61 years old, and his knee was bad.",
            fact("bram", "age", "61"),
            fact("bram", "located_in", "square"),
        ),
        branches=(branch(CLIMB, fact("nela", "located_in", "tower")), branch(ASK)),
    )
    second = reply(
        passage(
            "Nela went to the tower. The bell was cracked.",
            fact("nela", "located_in", "tower"),
            fact("bell", "state", "cracked"),
        )
    )
    third = reply(passage("Below, Bram held a hat.", fact("bram", "holds", "hat")))
    return {
        "id": "tiny",
        "premise": "Nela rings the bell of a small town, and the bell is cracked.",
        "author": "tests",
        "protagonist": "nela",
        "cast": [
            {"id": "nela", "name": "Nela", "description": "a bell-ringer", "pronouns": "she"},
            {"id": "bram", "name": "Bram", "description": "a founder of bells", "pronouns": "he"},
        ],
        "rules": {},
        "language": "en",
        "turns": [
            {
                "move": {"kind": "begin", "text": ""},
                "reply": opening,
                "holds": ["Bram is sixty-one and has a bad knee."],
                "knows": [],
                "mentions": {"Nela": "nela", "Bram": "bram"},
            },
            {
                "move": {"kind": "choice", "text": CLIMB, "choice": 1},
                "reply": second,
                "holds": ["The great bell in the tower is cracked."],
                "knows": [{"who": "nela", "fact": "The bell is cracked.", "not": ["bram"]}],
                "mentions": {"The bell": "bell", "Nela": "nela"},
            },
            {
                "move": {"kind": "free", "text": "I lean out over the wall and call down to Bram."},
                "reply": third,
                "holds": [],
                "knows": [],
                "mentions": {"Bram": "bram"},
            },
        ],
        "probes": [
            {
                "after_turn": 1,
                "kind": "age",
                "label": "contradiction",
                "speaker": "",
                "text": "Bram was 34 years old.",
                "facts": [fact("bram", "age", "34")],
                "because": "Turn 1: Bram was 61 years old.",
            },
            {
                "after_turn": 3,
                "kind": "age",
                "label": "clean",
                "speaker": "",
                "text": "At 61, Bram still cast every bell himself.",
                "facts": [fact("bram", "age", "61")],
                "because": "Turn 1: Bram was 61 years old.",
            },
        ],
    }


def contradicting_story() -> dict[str, Any]:
    """The same, with a last turn that the engine must hold back although the file says it is so."""
    told = story()
    told["turns"][2]["reply"] = reply(
        passage("Bram was 34 years old that day.", fact("bram", "age", "34"))
    )
    return told


def labelled(number: int, weight: int, text: str, how: str = "plain") -> dict[str, Any]:
    row = {"id": f"p{number}", "category": "violence", "weight": weight}
    return {**row, "text": text, "how": how}


PASSAGES = [
    labelled(1, 3, "For days they tortured him."),
    labelled(2, 2, "He stabbed the guard."),
    labelled(3, 1, "He drew his sword."),
    labelled(4, 0, "They shared the bread and sang."),
    labelled(5, 2, "Afterwards he was taught a lesson in the yard.", "euphemism"),
]


def read_premise() -> dict[str, Any]:
    """A premise as a person has read it, with moves."""
    return {
        "id": "p1",
        "premise": "A keeper, Joe, tends the lighthouse with his wife Clara while a storm nears.",
        "protagonist": {"name": "Joe", "is": "a lighthouse keeper", "pronouns": "he"},
        "people": [
            {"name": "Clara", "is": "your wife", "pronouns": "she"},
            {"name": "", "is": "the inspector of lights", "pronouns": "unknown"},
        ],
        "places": ["the lighthouse"],
        "must_not": ["a husband called Clara"],
        "moves": [
            {
                "text": "burn the log book",
                "act": "burn",
                "object": "the log book",
                "after": "The log book is ashes.",
            },
            {
                "text": "fly to the moon",
                "act": "fly",
                "object": "the moon",
                "after": "refused: nobody can",
            },
        ],
    }


def write(path: Path, *rows: dict[str, Any]) -> Path:
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return path
