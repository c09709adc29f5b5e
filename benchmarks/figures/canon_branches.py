"""Branch exactness (number 5): random operations on branches against replays of their paths."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field

from benchmarks.figures import Row
from tta_rebuild.canon import Canon
from tta_rebuild.core.events import Event, FactAsserted, FactRetconned, FactRetracted, PlayerActed
from tta_rebuild.core.story import Claim

SUBJECTS = ["mara", "bram", "iva", "door", "lamp", "boat"]
VALUES = {
    "located_in": ["tower", "harbour", "mill"],
    "holds": ["lamp", "rope", "key"],
    "state": ["open", "closed", "locked", "lit", "unlit", "destroyed"],
    "met": ["mara", "bram", "iva"],
    "stranger_to": ["mara", "bram", "iva"],
    "alive": ["true", "false"],
    "role": ["smith", "captain"],
    "kin": ["sister of bram", "mother of bram", "aunt of mara"],
    "knows": ["the hidden door", "the price"],
    "unaware_of": ["the hidden door", "the price"],
    "count": ["3 coins", "4 coins", "2 boats"],
}


@dataclass
class Told:
    """A branch: the live canon, and its path for the replay."""

    canon: Canon
    path: list[Event] = field(default_factory=list)
    marks: set[str] = field(default_factory=set)


def operations(draw: random.Random, count: int) -> list[Told]:
    """Turns, retractions, retcons, forks and rewinds, at random over all branches so far."""
    told = [Told(Canon())]
    for number in range(count):
        branch = draw.choice(told[-12:])
        dice = draw.random()
        if dice < 0.10:  # a fork where the branch stands, or a rewind to an earlier event
            at = len(branch.path) if dice < 0.04 else draw.randint(0, len(branch.path))
            path = branch.path[:at]
            told.append(Told(branch.canon.fork(at), path, _marks(path)))
            continue
        event = _event(draw, dice, number)
        branch.path.append(event)
        branch.marks |= _marks([event])
        branch.canon.apply(len(branch.path), event)
        if dice > 0.97:
            branch.canon.facts_about(draw.choice(SUBJECTS))
    return told


def _event(draw: random.Random, dice: float, number: int) -> Event:
    if dice > 0.93:  # a mark that belongs to this branch alone
        return FactAsserted(claim=Claim(subject="mark", relation="seen", value=f"m{number}"))
    relation = draw.choice(list(VALUES))
    claim = Claim(
        subject=draw.choice(SUBJECTS), relation=relation, value=draw.choice(VALUES[relation])
    )
    if dice < 0.60:
        return FactAsserted(claim=claim)
    if dice < 0.70:
        return FactRetracted(claim=claim)
    if dice < 0.80:
        other = Claim(subject=claim.subject, relation=relation, value=draw.choice(VALUES[relation]))
        return FactRetconned(claim=claim, becomes=other if dice < 0.75 else None)
    if dice < 0.85:
        return FactAsserted(
            claim=Claim(subject=claim.subject, relation=relation, value=claim.value, speaker="bram")
        )
    return PlayerActed(text="go on")


def _marks(path: list[Event]) -> set[str]:
    return {
        e.claim.value for e in path if isinstance(e, FactAsserted) and e.claim.subject == "mark"
    }


def differences(told: list[Told], draw: random.Random) -> tuple[int, int]:
    """Views that differ from a replay, and marks of other branches that show."""
    wrong = leaks = 0
    for branch in told:
        fresh = Canon()
        for position, event in enumerate(branch.path, 1):
            fresh.apply(position, event)
        wrong += branch.canon.all_now() != fresh.all_now()
        wrong += branch.canon.beliefs_of("bram") != fresh.beliefs_of("bram")
        at = draw.randint(0, len(branch.path))
        for subject in SUBJECTS:
            wrong += branch.canon.facts_about(subject, at) != fresh.facts_about(subject, at)
        leaks += len(set(branch.canon.values("mark", "seen")) - branch.marks)
    return wrong, leaks


def measure(quick: bool) -> Iterator[Row]:
    """100,000 operations in stories of 500 (quick: 5,000)."""
    draw = random.Random(5)
    total, size = (5_000, 250) if quick else (100_000, 500)
    wrong = leaks = branches = 0
    for _ in range(total // size):
        told = operations(draw, size)
        branches += len(told)
        found = differences(told, draw)
        wrong += found[0]
        leaks += found[1]
    yield Row(
        number="5",
        what=f"branch views that differ from a replay ({total:,} operations)",
        measured=f"{wrong} of {branches:,} branches",
        bound="0",
        ok=wrong == 0,
    )
    yield Row(
        number="5",
        what="facts of a sibling that show",
        measured=str(leaks),
        bound="0",
        ok=leaks == 0,
    )
