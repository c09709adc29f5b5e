"""Reading a streamed scene reply: cost per piece, against parsing the whole text each time."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic_core import from_json

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
    assert reader.finish().told


def parse_whole_each_time() -> None:
    text = ""
    for piece in PIECES:
        text += piece
        from_json(text, allow_partial="trailing-strings")


@pytest.mark.parametrize("how", [read, parse_whole_each_time])
def test_a_reply_of_8_kb_in_pieces_of_12(benchmark: Any, how: Any) -> None:
    benchmark(how)


@pytest.mark.parametrize("length", [12_000, 120_000])
def test_a_string_without_end(benchmark: Any, length: int) -> None:
    """Ten times the length must cost about ten times, not a hundred times."""

    def endless() -> None:
        reader = SceneReader()
        list(reader.feed('{"passages": [{"text": "'))
        for _ in range(length // 10):
            list(reader.feed("aaaa aaaa "))
        reader.finish()

    benchmark.pedantic(endless, rounds=3)
