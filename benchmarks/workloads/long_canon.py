"""A canon of any length: ten people who move, take and lose things, and ever more guests."""

from __future__ import annotations

import random

from tta_rebuild.canon import Canon
from tta_rebuild.core.events import FactAsserted, PlayerActed
from tta_rebuild.core.story import Claim

PEOPLE = ["Mara", "Bram", "Iva", "Oren", "Tessa", "Joss", "Wren", "Piet", "Lune", "Sable"]
PLACES = ["harbour", "tower", "mill", "chapel", "market", "cellar", "orchard", "bridge"]
THINGS = ["lamp", "rope", "silver key", "map", "knife", "letter", "bell", "coin"]
SENTENCES = [
    "Mara walked to the harbour and gave Bram the silver key.",
    "Bram lit the lamp, and its light fell across the cellar floor.",
    "Iva had never trusted the old bridge, but she crossed it that night without a word.",
    "The door of the mill was locked, and nobody answered when Oren knocked.",
    "Tessa picked up the letter, read it twice and put it back on the table.",
    '"You cannot stay here," Wren said, and Piet laughed.',
    "It was raining when they reached the chapel.",
    "Joss unfolded the map; the road to the orchard was marked in red ink.",
]


def story_of(events: int, seed: int = 3) -> Canon:
    """A canon of that many events: ten people who move, take and lose things, in turns; and an
    ever longer row of people met once, so that the number of subjects grows too."""
    draw = random.Random(seed)
    canon = Canon()
    position = 0

    def tell(subject: str, relation: str, value: str, ends: bool = False) -> None:
        nonlocal position
        position += 1
        told = f"{subject} {value}."
        claim = Claim(subject=subject, relation=relation, value=value, ends=ends, sentence=told)
        canon.apply(position, FactAsserted(claim=claim))

    for person in PEOPLE:
        tell(person, "name", person)
        tell(person, "alive", "true")
        tell(person, "located_in", draw.choice(PLACES))
        tell(person, "feeling", "calm")
        tell(person, "role", "sailor")
        for thing in THINGS[:3]:
            tell(person, "holds", f"{person}'s {thing}")
    while position < events:
        if position % 20 == 0:
            position += 1
            canon.apply(position, PlayerActed(text="go on"))
            continue
        person, dice = draw.choice(PEOPLE), draw.random()
        if dice < 0.3:
            tell(person, "located_in", draw.choice(PLACES))
        elif dice < 0.5:
            tell(person, "holds", f"{person}'s {draw.choice(THINGS[:3])}", draw.random() < 0.5)
        elif dice < 0.65:
            tell(person, "feeling", draw.choice(["calm", "angry", "happy"]))
        elif dice < 0.8:
            tell(draw.choice(THINGS), "state", draw.choice(["lit", "unlit", "open", "closed"]))
        else:
            tell(f"guest {position}", "located_in", draw.choice(PLACES))
    return canon
