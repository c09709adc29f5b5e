"""Data in a story is parsed without holding up the program, however it was made."""

from __future__ import annotations

import asyncio
import time

import pytest

from tta_rebuild.integrations.local_executor import LocalExecutor
from tta_rebuild.sandbox.snippet import Limits

HOSTILE_KEY = "a." * 31_000 + "a = 1"
"""Keeps ``tomllib`` busy for most of a minute."""


async def test_a_hostile_key_is_not_read_while_the_program_goes_on() -> None:
    beats = 0

    async def beat() -> None:
        nonlocal beats
        while True:
            beats += 1
            await asyncio.sleep(0)

    heart = asyncio.create_task(beat())
    began = time.monotonic()
    async with LocalExecutor(Limits(wall_s=0.5), use_jail=False) as executor:
        verdict = await executor.run(HOSTILE_KEY, "toml")
    heart.cancel()
    assert verdict.verdict == "unverified"
    assert time.monotonic() - began < 5
    assert beats > 0


@pytest.mark.parametrize(
    ("language", "text", "is_right"),
    [
        ("yaml", "- a b c\n" * 1000, True),
        ("yaml", "a: [\n" + " " * 5000, False),
        ("toml", "a = 1\n" + "#\n" * 3000, True),
        ("toml", "a = \n" + "#\n" * 3000, False),
        ("json", "[" + "1," * 5000 + "1]", True),
        ("json", "[" + "1," * 5000 + "]", False),
    ],
)
async def test_a_long_text_gets_the_same_answer_as_a_short_one(
    language: str, text: str, is_right: bool
) -> None:
    verdict = await LocalExecutor(use_jail=False).run(text, language)
    assert verdict.version
    assert verdict.success is is_right


@pytest.mark.parametrize(
    ("language", "text"), [("toml", "a=" + "[" * 20_000), ("yaml", "[" * 50_000)]
)
async def test_a_long_text_nested_too_deeply_is_told_apart(language: str, text: str) -> None:
    assert (await LocalExecutor(use_jail=False).run(text, language)).verdict == "unverified"
