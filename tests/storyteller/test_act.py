"""What a player types becomes acts: the verb, whom and what it concerns, what is said."""

from __future__ import annotations

import random
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from time import process_time

import pytest

from tta_rebuild.storyteller.act import Act, clause_in_past
from tta_rebuild.storyteller.act_grammar import families, is_base
from tta_rebuild.storyteller.act_parser import LONGEST_READ, parse_act

LINES = Path(__file__).with_name("moves.txt").read_text("utf-8").splitlines()
MOVES = [tuple(line.split(" => ")) for line in LINES if not line.startswith("#")]
PARTS = ("object", "person", "instrument", "where", "manner", "result")
NAMED = """
go enter leave climb follow flee wait look search read listen touch smell take drop put
give show throw open close lock unlock turn_on turn_off break cut burn destroy repair make
use wear take_off hide eat drink sleep wake ask tell say shout whisper call write lie
promise confess refuse accept offer beg demand threaten apologise forgive thank greet
smile kiss embrace help heal attack kill catch capture free surrender steal buy pay pray
sing dance think remember count try push pull turn fall jump fly fold meet gather announce
warn lead practise magic cry laugh
""".split()


def chain(act: Act | None) -> Iterator[Act]:
    while act is not None:
        yield act
        act = act.then


def written(act: Act) -> str:
    words = [f"problem={act.problem}" if act.problem else f"{act.family} {act.verb}"]
    words += [f"{part}={getattr(act, part)}" for part in PARTS if getattr(act, part)]
    if act.said:
        words.append(f"{'quoted' if act.is_quoted else 'said'}={act.said}")
    return "; ".join(words)


@pytest.mark.parametrize(("words", "expected"), MOVES)
def test_a_move_is_understood(words: str, expected: str) -> None:
    assert " + ".join(written(act) for act in chain(parse_act(words))) == expected


@pytest.mark.parametrize(
    ("words", "clause", "past"),
    [
        ("give Mara the key", "you give Mara the key", "you gave Mara the key"),
        (
            "I break my staff and run",
            "you break your staff and run",
            "you broke your staff and ran",
        ),
        ("slowly open it", "you slowly open it", "you slowly opened it"),
        ("don't answer", "you do not answer", "you did not answer"),
        ("fly to the moon", "you fly to the moon", "you flew to the moon"),
        (
            "Hello, is anyone there?",
            "you ask: “Hello, is anyone there?”",
            "you asked: “Hello, is anyone there?”",
        ),
        (
            "tell him that I will sing",
            "you tell him that you will sing",
            "you told him that you would sing",
        ),
        (
            "whisper to the owl: are you old?",
            "you whisper to the owl: “Are you old?”",
            "you whispered to the owl: “Are you old?”",
        ),
    ],
)
def test_a_move_is_told_back(words: str, clause: str, past: str) -> None:
    act = parse_act(words)
    assert act.clause == clause
    assert clause_in_past(clause) == past


def test_speech_stays_as_it_is_in_the_past() -> None:
    assert clause_in_past("you say: “I go and sing”") == "you said: “I go and sing”"


def test_every_family_that_the_design_names_is_there_and_no_verb_stands_twice() -> None:
    text = (files("tta_rebuild.storyteller") / "data" / "verbs.txt").read_text("utf-8")
    listed = ",".join(block.partition("\n")[2] for block in text.split("\n\n")[1:])
    verbs = [" ".join(verb.split()) for verb in listed.split(",")]
    assert not set(NAMED) - set(families())
    assert len(verbs) == len(set(verbs)) > 300
    assert all(verb and is_base(verb.split()[0]) for verb in verbs)
    for verb in NAMED:
        assert parse_act(f"I {verb.replace('_', ' ')} it").family or verb == "turn_on"


def test_no_input_fails_or_takes_long() -> None:
    rng = random.Random(7)
    words = [word for move, _ in MOVES for word in move.split()] + list(
        ",.;:!?“”\"'()…—\n\x00é中🙂"
    )
    parse_act("wait")
    for _ in range(400):
        text = " ".join(rng.choice(words) for _ in range(rng.choice((1, 3, 9, 40))))
        for act in chain(parse_act(text)):
            assert len(act.clause) <= 2 * LONGEST_READ
            assert bool(act.problem) != bool(act.family)
    for piece in ("I ", "and ", "open it and ", "“", "a", ": ", "go to the ", "'a "):
        text = piece * 9000
        begin = process_time()
        parse_act(text)
        assert process_time() - begin < 1
