"""Reading a streamed scene reply piece by piece, beside parsing the whole text each time."""

from __future__ import annotations

import json
from collections.abc import Iterator

from pydantic_core import from_json

from benchmarks import Row
from benchmarks.timing import at_most, least_cpu_ms
from tta_rebuild.narrative.scene_parser import SceneReader

REPLY = json.dumps(
    {
        "passages": [
            {"facts": [], "speaker": "", "emotion": "", "text": f"Sentence {n} of a scene. " * 12}
            for n in range(24)
        ]
    }
)
PIECES = [REPLY[i : i + 12] for i in range(0, len(REPLY), 12)]


def read() -> None:
    reader = SceneReader()
    for piece in PIECES:
        for _ in reader.feed(piece):
            pass
    assert reader.finish().passages


def parse_whole_each_time() -> None:
    text = ""
    for piece in PIECES:
        text += piece
        from_json(text, allow_partial="trailing-strings")


def endless(length: int) -> None:
    reader = SceneReader()
    list(reader.feed('{"passages": [{"text": "'))
    for _ in range(length // 10):
        list(reader.feed("aaaa aaaa "))
    reader.finish()


def measure(quick: bool) -> Iterator[Row]:
    taken = least_cpu_ms(
        {
            "read": read,
            "whole": parse_whole_each_time,
            "short": lambda: endless(12_000),
            "long": lambda: endless(120_000),
        },
        rounds=3 if quick else 10,
    )
    yield Row(
        what=f"reading a reply of {len(REPLY) // 1000} KB in pieces of 12 characters",
        measured=f"{taken['read']:.1f} ms CPU",
        peer=f"pydantic_core, all of it each time {taken['whole']:.1f} ms",
    )
    ratio = taken["long"] / taken["short"]
    yield at_most("a string without end, 120,000 over 12,000 characters", ratio, 15, "x")
