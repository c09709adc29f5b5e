"""A storyteller that contradicts itself: three sentences in ten contradict what it told before.

Each contradiction is planted with its facts declared, as a model in structured mode would declare them, and
over people, places and things that occur nowhere else, so that every one of them is known to be a
contradiction, and every other sentence is known to be none.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from typing import Any

from benchmarks.planted.plants import PLANTS, Fact, Plant
from benchmarks.planted.stories import Setting
from benchmarks.scripted import ScriptedTeller, filler_sentence, invented_name, scene_reply

SENTENCES = 9
CLASHING = 0.37
"""Of sentences for which something can be contradicted; over all it comes to three in ten."""

RULES = {name: text for plant in PLANTS for name, text in (plant.rules or {}).items()}
"""World rules that must be in force for some of the contradictions."""


def _own(plant: Plant) -> Plant:
    """The plant with a garment of its own, where all stories share one."""

    def worn(text: str) -> str:
        return text.replace("red cloak", "{C}")

    return replace(
        plant,
        setups=[
            (worn(text), [(who, relation, worn(value)) for who, relation, value in facts])
            for text, facts in plant.setups
        ],
        claims=[(who, relation, worn(value)) for who, relation, value in plant.claims],
        tuning=[worn(text) for text in plant.tuning],
        held=[worn(text) for text in plant.held],
    )


_PLANTS = [_own(plant) for plant in PLANTS]

_CLEAN = (
    ("{A} walked to the {P}.", ("{A}", "located_in", "{P}")),
    ("{A} went into the {P}.", ("{A}", "located_in", "{P}")),
    ("{A} picked up the {T}.", ("{A}", "holds", "{T}")),
    ("{B} gave {A} the {T}.", ("{A}", "holds", "{T}")),
    ("{A} opened the {D}.", ("{D}", "state", "open")),
    ("{A} smiled at {B}.", None),
    ("{A} asked {B} about the long winter.", None),
    ("{A} wondered what the letter meant.", None),
    ("If it rained, {A} would stay with {B}.", None),
    ("{A} and {B} argued for a while.", None),
)


@dataclass
class Drafts:
    """What was written so far.

    Attributes:
        planted: contradicting sentence → kind.
        clean: all other sentences.
        expected: planted sentences that came first in their draft: each must be withheld.
    """

    planted: dict[str, str] = field(default_factory=dict)
    clean: set[str] = field(default_factory=set)
    expected: list[str] = field(default_factory=list)
    sentences: int = 0
    contradicting: int = 0


class Contradictor:
    """Tells scenes; ``heard`` must be called with every passage that was released."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)
        self.drafts = Drafts()
        self.provider = ScriptedTeller(self._tell)
        self._told: list[Setting] = []
        self._waiting: dict[str, Setting] = {}

    def heard(self, text: str) -> None:
        """A passage was released: what it set up may be contradicted from now on."""
        for sentence in [s for s in self._waiting if s in text]:
            setting = self._waiting.pop(sentence)
            if not setting.plant.near:
                self._told.append(setting)

    def _tell(self, turn: int) -> str:
        chance = self._chance
        here: list[Setting] = []
        self._waiting.clear()
        sentences: list[tuple[str, list[Fact]]] = []
        contradicted = False
        for number in range(SENTENCES):
            told = here if not self._told or (here and chance.random() < 0.5) else self._told
            if number and told and chance.random() < CLASHING:
                setting = chance.choice(told)
                text = setting.fill(chance.choice(setting.plant.tuning + setting.plant.held))
                self.drafts.planted[text] = setting.plant.kind
                self.drafts.contradicting += 1
                if not contradicted:
                    self.drafts.expected.append(text)
                contradicted = True
                sentences.append((text, setting.claims(text)))
                continue
            if not number or chance.random() < 0.35:
                setting = self._setting(chance.choice(_PLANTS))
                here.append(setting)
                self._waiting[setting.sentence] = setting
                sentences.append((setting.sentence, setting.facts))
            else:
                sentences.append(self._clean())
            self.drafts.clean.add(sentences[-1][0])
        self.drafts.sentences += len(sentences)
        return scene_reply("", passages=self._passages(sentences))

    def _clean(self) -> tuple[str, list[Fact]]:
        if self._chance.random() < 0.4:
            return filler_sentence(self._chance), []
        text, fact = self._chance.choice(_CLEAN)
        bound = self._names()
        facts: list[Fact] = []
        if fact is not None:
            subject, relation, value = (part.format(**bound) for part in fact)
            facts.append((subject, relation, value))
        return text.format(**bound), facts

    def _setting(self, plant: Plant) -> Setting:
        bound = self._names()
        sentence, facts = self._chance.choice(plant.setups)
        filled: list[Fact] = []
        for fact in facts:
            subject, relation, value = (part.format(**bound) for part in fact)
            filled.append((subject, relation, value))
        return Setting(plant, bound, sentence.format(**bound), filled)

    def _names(self) -> dict[str, str]:
        chance = self._chance
        new = [f"{invented_name(chance)}{invented_name(chance)}".title() for _ in range(7)]
        return {
            "A": new[0],
            "B": new[1],
            "P": f"{new[2].lower()} mill",
            "Q": f"{new[3].lower()} chapel",
            "T": f"{new[4].lower()} lantern",
            "D": f"{new[5].lower()} barn",
            "C": f"{new[6].lower()} cloak",
        }

    def _passages(self, sentences: list[tuple[str, list[Fact]]]) -> list[dict[str, Any]]:
        """One to three sentences each, the facts tied to their sentence or not."""
        passages = []
        while sentences:
            size = self._chance.choice((1, 1, 2, 3))
            taken, sentences = sentences[:size], sentences[size:]
            tied = self._chance.random() < 0.6
            facts = [
                {
                    "subject": subject,
                    "relation": relation.removeprefix("-"),
                    "value": value,
                    "ends": relation.startswith("-"),
                    "sentence": text if tied else "",
                }
                for text, claims in taken
                for subject, relation, value in claims
            ]
            passages.append({"facts": facts, "text": " ".join(text for text, _ in taken)})
        return passages
