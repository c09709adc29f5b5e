"""Clean stories of any length, told by a small simulation, so that nothing in them contradicts.

Every event is a sentence with the facts that it asserts. Set-ups are woven in at random places;
what is planted comes last.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from benchmarks.planted.plants import Fact, Plant

NAMES = [
    "Alda",
    "Berin",
    "Corvin",
    "Dessa",
    "Elric",
    "Fenna",
    "Garet",
    "Hilda",
    "Ivor",
    "Jorun",
    "Kestrel",
    "Lorcan",
    "Marit",
    "Nessa",
    "Osric",
    "Perrin",
    "Quilla",
    "Rowan",
    "Selby",
    "Tamsin",
    "Ulric",
    "Vesna",
    "Wystan",
    "Yara",
    "Zeno",
    "Aubrey",
    "Brannoc",
    "Cerys",
    "Dunstan",
    "Edda",
    "Faolan",
    "Gwen",
    "Hollis",
    "Idris",
    "Junia",
    "Kellan",
    "Linnea",
    "Magnus",
    "Nerys",
    "Orla",
    "Padraig",
    "Rhona",
    "Sorrel",
]
PLACES = [
    "harbour",
    "chapel",
    "mill",
    "market",
    "orchard",
    "library",
    "inn",
    "bakery",
    "stable",
    "courtyard",
    "greenhouse",
    "smithy",
    "granary",
    "bathhouse",
    "watchtower",
    "boathouse",
]
THINGS = [
    "lantern",
    "compass",
    "flute",
    "dagger",
    "ledger",
    "brooch",
    "spyglass",
    "hammer",
    "goblet",
    "amulet",
    "lute",
    "medallion",
]
BUILT = [
    "windmill",
    "barn",
    "pavilion",
    "footbridge",
    "lighthouse",
    "gatehouse",
    "theatre",
    "shed",
    "application",
    "pier",
]


@dataclass
class Event:
    """One event: what is told, and what it asserts; ``cut`` begins a new turn."""

    sentence: str
    facts: list[Fact] = field(default_factory=list)
    cut: bool = False


@dataclass
class Setting:
    """A plant with its variables bound."""

    plant: Plant
    bound: dict[str, str]
    sentence: str
    facts: list[Fact]

    def fill(self, text: str) -> str:
        """A wording with names in place."""
        return text.format(**self.bound)

    def claims(self, sentence: str) -> list[Fact]:
        """The plant's claims with names in place."""
        self.bound["S"] = sentence
        return [tuple(self.fill(part) for part in claim) for claim in self.plant.claims]  # type: ignore[misc]


class Teller:
    """Tells clean events: people move, take, give back, open, close, talk; turns pass."""

    def __init__(self, draw: random.Random, cast: int = 6) -> None:
        self._draw = draw
        names = draw.sample(NAMES, len(NAMES))
        self.cast, self.spare = names[:cast], names[cast:]
        self.places = draw.sample(PLACES, 8)
        self.things = draw.sample(THINGS, 5)
        self.spare_places = [p for p in PLACES if p not in self.places]
        self.spare_things = [t for t in THINGS if t not in self.things]
        self._at: dict[str, str] = {}
        self._has: dict[str, str] = {}
        self._since_cut = 0

    def next(self) -> Event:
        """The next event, true to all before it."""
        draw = self._draw
        self._since_cut += 1
        who = draw.choice(self.cast)
        dice = draw.random()
        if self._since_cut > 8 and dice < 0.3:
            self._since_cut = 0
            return Event("", cut=True)
        if dice < 0.30:
            place = draw.choice([p for p in self.places if p != self._at.get(who)])
            self._at[who] = place
            wording = draw.choice(
                [
                    "{w} walked to the {p}.",
                    "{w} went into the {p}.",
                    "{w} hurried across to the {p}.",
                    "{w} came to the {p} at last.",
                    "{w} rode to the {p} without looking back.",
                ]
            )
            return Event(wording.format(w=who, p=place), [(who, "located_in", place)])
        if dice < 0.45:
            thing = draw.choice(self.things)
            if thing not in self._has:
                self._has[thing] = who
                wording = draw.choice(
                    [
                        "{w} picked up the {t}.",
                        "{w} took the {t} from the shelf.",
                        "{w} found the {t}.",
                    ]
                )
                return Event(wording.format(w=who, t=thing), [(who, "holds", thing)])
            holder = self._has[thing]
            if holder == who:
                wording = draw.choice(
                    [
                        "{w} looked at the {t} again.",
                        "{w} turned the {t} over.",
                        "{w} showed the {t} to the others.",
                    ]
                )
                return Event(wording.format(w=who, t=thing))
            self._has[thing] = who
            wording = draw.choice(
                [
                    "{h} gave {w} the {t}.",
                    "{h} handed the {t} to {w}.",
                    "{w} took the {t} from {h}.",
                ]
            )
            return Event(wording.format(h=holder, w=who, t=thing), [(who, "holds", thing)])
        other = draw.choice([c for c in self.cast if c != who])
        if dice < 0.65:
            wording = draw.choice(
                [
                    "{w} smiled at {o}.",
                    "{w} told {o} about the long winter.",
                    "{w} and {o} argued for a while.",
                    '"Stay a little," {w} said, and {o} nodded.',
                    "{w} asked {o} for the salt.",
                    "{w} laughed until {o} laughed too.",
                    "{w} did not answer {o}.",
                    "If it rained, {w} would stay with {o}.",
                ]
            )
            return Event(wording.format(w=who, o=other))
        wording = draw.choice(
            ["{w} wondered what the letter meant.", "The bells rang.", "Somewhere a dog barked.",
             "{w} thought of home.", "{w} counted the steps.", "Nobody spoke for a long time.",
             "{w} wanted to sleep.", "A cart rattled by.", "{w} poured the tea.",
             "{w} hummed an old tune.", "The shutters creaked in the wind.",
             "{w} could have sworn that someone was there."]
        )  # fmt: skip
        return Event(wording.format(w=who))

    def setting(self, plant: Plant) -> Setting:
        """A plant with people, places and things of its own."""
        draw = self._draw
        one, other = draw.sample(self.spare, 2)
        place, second = draw.sample(self.spare_places, 2)
        bound = {
            "A": one,
            "B": other,
            "P": place,
            "Q": second,
            "T": draw.choice(self.spare_things),
            "D": draw.choice(BUILT),
        }
        sentence, facts = draw.choice(plant.setups)
        fill = lambda text: text.format(**bound)  # noqa: E731
        return Setting(plant, bound, fill(sentence), [tuple(map(fill, f)) for f in facts])  # type: ignore[misc]


def story(draw: random.Random, plant: Plant, length: int) -> tuple[list[Event], Setting]:
    """A clean story of ``length`` events with the plant's set-up in it, near the end if it must."""
    teller = Teller(draw)
    setting = teller.setting(plant)
    place = length - 2 if plant.near else draw.randrange(max(1, length - 1))
    events: list[Event] = []
    while len(events) < length:
        if len(events) == place:
            events.append(Event(setting.sentence, setting.facts))
            continue
        event = teller.next()
        if event.cut and plant.near and len(events) > place:
            continue
        events.append(event)
    return events, setting
