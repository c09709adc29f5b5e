"""The player's first person is told back as "you"; what was spoken stays as it was."""

from __future__ import annotations

import pytest

from tta_rebuild.storyteller.second_person import to_second_person


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("My cat knew I was alone.", "Your cat knew you were alone."),
        ("I'm not sure. I wasn't there.", "You are not sure. You weren't there."),
        ("My wife and I are lost.", "You and your wife are lost."),
        ("He left because I'd lied; what am I?", "He left because you'd lied; what are you?"),
        ("I went home and was tired", "You went home and were tired"),
        ("why i was late", "why you were late"),
        ("The gold mine is mine.", "The gold mine is yours."),
        ("I have to mine the bridge.", "You have to mine the bridge."),
        ("mine captain", "mine captain"), ("mine is lost", "yours is lost"),
        ("World War I began at 3 am.", "World War I began at 3 am."),
        ("“I am fine,” I said. “Go.” I left.", "“I am fine,” you said. “Go.” You left."),
        ("what we are accused of", "what you are accused of"),
        ("The US made us go.", "The US made you go."),
        ("", ""),
    ],
)  # fmt: skip
def test_the_first_person_becomes_the_second(told: str, expected: str) -> None:
    assert to_second_person(told) == expected
