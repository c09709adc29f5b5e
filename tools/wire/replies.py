"""The text of an answer: what a well-behaved model would say, varied by the request."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Mapping
from typing import Any

_PLACES = ("the long shore", "the upper gallery", "the ferry landing", "the walled orchard")
_TONES = ("wistful", "tense", "hopeful", "curious", "solemn")
_SENTENCES = (
    "Rain had passed in the night, and the stones still shone where the lamp light found them.",
    "Somewhere close by a rope knocked against wood, slow and patient, like a visitor with time.",
    "The air smelled of salt and cold iron, and every sound came twice, once from the water.",
    "A line of small footprints crossed the path and stopped where no door had ever been.",
    "Nothing moved but the grass, which leaned as if it were listening to something below it.",
    "The old bell hung silent above, its mouth full of swallows' nests and last year's leaves.",
    "For a while there was only breathing, and the sense of a question that nobody had asked.",
    "A thin line of light lay under the far wall, too warm and too steady for the moon.",
    "The map, unrolled again, showed a corner that the folding had hidden until this evening.",
    "Far off, a voice was calling a name, and then thought better of it and began to sing.",
)
_LINES = (
    ("If we wait until morning, the tide will have taken the answer with it.", "urgent"),
    ("I have heard that song before, though I could not tell you where.", "uneasy"),
    ("Keep the light low. Whoever made this did not want it found quickly.", "careful"),
    ("You go first. I will count the steps, and tell you if they change.", "calm"),
)
_BRANCHES = (
    ("Follow the footprints to where they stop", "The path shows what it leads to."),
    ("Climb up to the old bell and look inside", "The swallows give up what they guard."),
    ("Answer the voice across the dark water", "Somebody learns that you are here."),
    ("Study the hidden corner of the old map", "A second way in becomes clear."),
    ("Wait in the shelter until the light fades", "The stranger comes out of hiding."),
)


def source_of(*parts: str) -> random.Random:
    """A random source that depends on the request alone."""
    digest = hashlib.sha256("\x00".join(parts).encode("utf-8", "replace")).digest()
    return random.Random(digest)


ONE_SENTENCE_FIRST = "first passage is one short sentence"
"""An instruction that the answers follow where a prompt gives it."""


def scene(
    source: random.Random, words: int = 130, *, one_sentence_first: bool = False
) -> dict[str, Any]:
    """A scene reply in the shape of ``core.tasks``: passages, two lines, three branches."""
    sentences: list[str] = []
    while sum(len(s.split()) for s in sentences) < words:
        sentences.extend(source.sample(_SENTENCES, len(_SENTENCES)))
        if sum(len(s.split()) for s in sentences) >= words:
            while sum(len(s.split()) for s in sentences[:-1]) >= words:
                sentences.pop()
    opening = [sentences.pop(0)] if one_sentence_first else []
    texts = opening + [
        " ".join(sentences[start : start + 3]) for start in range(0, len(sentences), 3)
    ]
    passages = [{"facts": [], "text": text} for text in texts]
    dialogue = [
        {"character_id": "companion", "text": text, "emotion": emotion}
        for text, emotion in source.sample(_LINES, 2)
    ]
    branches = [
        {"choice": choice, "consequence": consequence, "effects": [], "affects": []}
        for choice, consequence in source.sample(_BRANCHES, 3)
    ]
    return {
        "passages": passages,
        "setting_description": f"Evening at {source.choice(_PLACES)}, after rain.",
        "emotional_tone": source.choice(_TONES),
        "dialogue": dialogue,
        "story_branches": branches,
        "is_ending": False,
        "notes": {},
    }


def fill(schema: Mapping[str, Any], source: random.Random, root: Mapping[str, Any]) -> Any:
    """Some value that satisfies a JSON schema (the part of the language that we use)."""
    if "$ref" in schema:
        name = str(schema["$ref"]).rsplit("/", 1)[-1]
        return fill(root.get("$defs", {}).get(name, {}), source, root)
    if "const" in schema:
        return schema["const"]
    if schema.get("enum"):
        return source.choice(list(schema["enum"]))
    for key in ("anyOf", "oneOf", "allOf"):
        if schema.get(key):
            return fill(schema[key][0], source, root)
    kind = schema.get("type", "string")
    if isinstance(kind, list):
        kind = kind[0]
    if kind == "object":
        required = schema.get("required", list(schema.get("properties", {})))
        properties = schema.get("properties", {})
        return {name: fill(properties.get(name, {}), source, root) for name in required}
    if kind == "array":
        length = max(1, int(schema.get("minItems", 1)))
        return [fill(schema.get("items", {}), source, root) for _ in range(length)]
    if kind == "boolean":
        return False
    if kind in ("number", "integer"):
        low = float(schema.get("minimum", 0))
        high = float(schema.get("maximum", low + 1))
        return int(low) if kind == "integer" else round(low + (high - low) * 0.8, 3)
    if kind == "null":
        return None
    return source.choice(_SENTENCES)


def wants_scene(prompt: str, schema: Mapping[str, Any] | None) -> bool:
    """True where the request asks for a scene reply, by its schema or in words."""
    if schema is not None:
        properties = schema.get("properties", {})
        return "passages" in properties or "story_branches" in properties
    return any(word in prompt for word in ("METACONCEPTS TO FOLLOW", "passages", "story_branches"))


def answer(prompt: str, schema: Mapping[str, Any] | None, words: int) -> str:
    """The text of the answer to a request."""
    source = source_of(prompt)
    if wants_scene(prompt, schema):
        reply = scene(source, words, one_sentence_first=ONE_SENTENCE_FIRST in prompt)
        if schema is not None and "passages" not in schema.get("properties", {}):
            reply["narrative_text"] = " ".join(p["text"] for p in reply.pop("passages"))
        return json.dumps(reply, ensure_ascii=False)
    if schema is not None:
        return json.dumps(fill(schema, source, schema), ensure_ascii=False)
    return " ".join(source.sample(_SENTENCES, 2))


def spoil(text: str, kind: str) -> str:
    """The answer with a fault in its text (kinds of ``faults.IN_THE_TEXT``)."""
    if kind == "malformed_json":
        return text.replace('"', "'", 3) + "]"
    if kind == "truncated_json":
        return text[: max(1, len(text) * 3 // 5)]
    if kind == "fenced_json":
        return f"Here is the scene:\n```json\n{text}\n```\n"
    if kind == "prose":
        return " ".join(_SENTENCES[:3])
    try:
        value = json.loads(text)
    except ValueError:
        return text
    if not isinstance(value, dict):
        return text
    if kind == "extra_fields":
        value = {"thoughts": "none", **value, "rating": 11, "passages_count": {"n": [1, None]}}
    elif kind == "missing_fields":
        value = dict(list(value.items())[:1])
    return json.dumps(value, ensure_ascii=False)
