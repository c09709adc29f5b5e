"""What is planted: per subtype a set-up that makes something so, and sentences that contradict it.

``tuning`` wordings may be looked at while the reader is worked on; ``held`` wordings are only ever
counted, and the figures report those. They were written before the reader was tuned; while it was,
the counts per subtype were known, the sentences that escaped were not looked at. Variables: A, B
people; P, Q places; T, D things; S the planted sentence itself (what somebody does, in words).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Fact = tuple[str, str, str]
Area = Literal["timeline", "character", "world", "fact", "narrative_logic"]


@dataclass(frozen=True, kw_only=True)
class Plant:
    """One subtype.

    Attributes:
        near: True if both must lie in one turn (what changes freely between turns).
        setups: (sentence, facts) in alternative wordings.
        claims: what the contradicting sentence asserts, as a model would declare it.
        rules: world rules that must be in force.
    """

    kind: str
    area: Area
    setups: list[tuple[str, list[Fact]]]
    claims: list[Fact]
    tuning: list[str]
    held: list[str]
    near: bool = False
    rules: dict[str, str] | None = None


PLANTS = [
    Plant(
        kind="dead_acts", area="timeline",
        setups=[
            ("{A} died in the fire at the {P}.", [("{A}", "alive", "false")]),
            ("A falling beam killed {A}.", [("{A}", "alive", "false")]),
            ("{A} drowned in the river that spring.", [("{A}", "alive", "false")]),
        ],
        claims=[("{A}", "does", "{S}")],
        tuning=["{A} opened the window and shouted.", "{A} walked to the {Q}."],
        held=[
            "{A} pushed the shutters open and called down to the street.",
            "Over supper {A} told them about the old days.",
            "{A} was waiting by the gate, stamping snow from both boots.",
        ],
    ),
    Plant(
        kind="dead_returns", area="timeline",
        setups=[
            ("{A} was killed at the {P}.", [("{A}", "alive", "false")]),
            ("{A} died of a fever.", [("{A}", "alive", "false")]),
        ],
        claims=[("{A}", "alive", "true")],
        tuning=["{A} is alive."],
        held=[
            "{A} was alive and well.",
            "{A} was still very much alive, whatever people said.",
            "As it happened, {A} was alive.",
        ],
    ),
    Plant(
        kind="dies_twice", area="timeline",
        setups=[
            ("{A} perished in the snow.", [("{A}", "alive", "false")]),
            ("{B} killed {A} with one blow.", [("{A}", "alive", "false")]),
        ],
        claims=[("{A}", "alive", "false")],
        tuning=["{A} died that night."],
        held=[
            "{A} died in {B}'s arms.",
            "With a single stroke {B} slew {A}.",
            "A stray arrow killed {A} before the hour was out.",
        ],
    ),
    Plant(
        kind="two_places", area="timeline", near=True,
        setups=[
            ("{A} sat in the {P}.", [("{A}", "located_in", "{P}")]),
            ("{A} waited at the {P}.", [("{A}", "located_in", "{P}")]),
        ],
        claims=[("{A}", "located_in", "{Q}")],
        tuning=["{A} was in the {Q}."],
        held=[
            "{A} was asleep in the {Q}.",
            "At that same moment {A} stood in the {Q}, counting sacks.",
            "{A} was inside the {Q}, talking to {B}.",
        ],
    ),
    Plant(
        kind="impossible_travel", area="timeline", near=True,
        setups=[
            ("The {P} lies ten days from the {Q}, and {A} was at the {P}.",
             [("{P}", "far_from", "{Q}"), ("{A}", "located_in", "{P}")]),
            ("It is a two-week journey from the {P} to the {Q}. {A} waited at the {P}.",
             [("{P}", "far_from", "{Q}"), ("{A}", "located_in", "{P}")]),
        ],
        claims=[("{A}", "located_in", "{Q}")],
        tuning=["{A} walked to the {Q}."],
        held=[
            "{A} strolled over to the {Q}.",
            "{A} stepped into the {Q} and took off a wet coat.",
            "{A} ran to the {Q} and was back before the kettle boiled.",
        ],
    ),
    Plant(
        kind="first_meeting_again", area="timeline",
        setups=[
            ("{A} met {B} at the {P}.", [("{A}", "met", "{B}")]),
            ("{A} had known {B} for years.", [("{A}", "met", "{B}")]),
        ],
        claims=[("{A}", "first_meeting", "{B}")],
        tuning=["{A} met {B} for the first time."],
        held=[
            "{A} had never met {B} before.",
            "It was the first time {A} had met {B}.",
            "{A} introduced herself to {B}, for they were strangers.",
        ],
    ),
    Plant(
        kind="time_backwards", area="timeline", near=True,
        setups=[
            ("It was night.", [("story", "time_of_day", "night")]),
            ("Night had fallen over the {P}.", [("story", "time_of_day", "night")]),
        ],
        claims=[("story", "time_of_day", "morning")],
        tuning=["It was morning."],
        held=[
            "It was still early morning.",
            "It was morning, and the market had just begun.",
            "The morning sun stood low over the {P}.",
        ],
    ),
    Plant(
        kind="day_backwards", area="timeline",
        setups=[
            ("It was the ninth day of the siege.", [("story", "day", "9")]),
            ("The ninth day began with rain.", [("story", "day", "9")]),
        ],
        claims=[("story", "day", "4")],
        tuning=["It was the fourth day of the siege."],
        held=[
            "It was only the fourth day.",
            "This was the fourth day of the siege.",
            "The fourth day began with rain.",
        ],
    ),
    Plant(
        kind="trait_changed", area="character",
        setups=[
            ("{A}'s eyes were green.", [("{A}", "trait", "green eyes")]),
            ("{A} had green eyes.", [("{A}", "trait", "green eyes")]),
        ],
        claims=[("{A}", "trait", "brown eyes")],
        tuning=["{A}'s eyes were brown."],
        held=[
            "{A} had brown eyes.",
            "{A} looked up with brown eyes.",
            "{A}'s brown eyes narrowed.",
        ],
    ),
    Plant(
        kind="kin_changed", area="character",
        setups=[
            ("{A} was the sister of {B}.", [("{A}", "kin", "sister of {B}")]),
            ("{A} was {B}'s sister.", [("{A}", "kin", "sister of {B}")]),
        ],
        claims=[("{A}", "kin", "mother of {B}")],
        tuning=["{A} was the mother of {B}."],
        held=[
            "{A} was {B}'s mother.",
            "{A}, the mother of {B}, said nothing.",
            "{B}'s mother, {A}, put the bread on the table.",
        ],
    ),
    Plant(
        kind="role_changed", area="character",
        setups=[
            ("{A} was the baker of the town.", [("{A}", "role", "baker")]),
            ("{A} was the baker.", [("{A}", "role", "baker")]),
        ],
        claims=[("{A}", "role", "captain")],
        tuning=["{A} was the captain of the guard."],
        held=[
            "{A} was the captain.",
            "{A}, the captain, gave the order.",
            "{A} was the captain of a merchant ship.",
        ],
    ),
    Plant(
        kind="ability_denied", area="character",
        setups=[
            ("{A} could not swim.", [("{A}", "ability", "not swim")]),
            ("{A} was unable to swim.", [("{A}", "ability", "not swim")]),
        ],
        claims=[("{A}", "ability", "swim")],
        tuning=["{A} swam to the boat."],
        held=[
            "{A} swam across the bay.",
            "{A} dived in and swam to the far bank.",
            "Without a second thought {A} swam out to the wreck.",
        ],
    ),
    Plant(
        kind="knowledge_nobody_gave", area="character",
        setups=[
            ("{A} did not know about the hidden door.", [("{A}", "unaware_of", "hidden door")]),
            ("{A} knew nothing about the hidden door.", [("{A}", "unaware_of", "hidden door")]),
        ],
        claims=[("{A}", "knows", "hidden door")],
        tuning=["{A} knew about the hidden door."],
        held=[
            "{A} knew of the hidden door.",
            "{A} knew all about the hidden door.",
            "Of course {A} knew about the hidden door.",
        ],
    ),
    Plant(
        kind="age_changed", area="character",
        setups=[
            ("{A} was forty years old.", [("{A}", "age", "40")]),
            ("At forty, {A} was forty years old and tired.", [("{A}", "age", "40")]),
        ],
        claims=[("{A}", "age", "19")],
        tuning=["{A} was nineteen years old."],
        held=[
            "{A} was only nineteen years old.",
            "{A} was nineteen.",
            "{A}, nineteen years old, had never left the {P}.",
        ],
    ),
    Plant(
        kind="name_changed", area="character",
        setups=[
            ("The ferryman's name was Dorn.", [("ferryman", "name", "Dorn")]),
            ("The ferryman was called Dorn.", [("ferryman", "name", "Dorn")]),
        ],
        claims=[("ferryman", "name", "Hask")],
        tuning=["The ferryman's name was Hask."],
        held=[
            "The ferryman was called Hask.",
            "The ferryman was named Hask.",
            "The name of the ferryman was Hask.",
        ],
    ),
    Plant(
        kind="nature_changed", area="character",
        setups=[
            ("{A} was blind.", [("{A}", "trait", "blind")]),
            ("{A} had been blind from birth.", [("{A}", "trait", "blind")]),
        ],
        claims=[("{A}", "does", "{S}")],
        tuning=["{A} watched the ships."],
        held=[
            "{A} read the letter by the window.",
            "{A} saw the lights of the {P}.",
            "{A} looked at the painting for a long while.",
        ],
    ),
    Plant(
        kind="destroyed_used", area="world",
        setups=[
            ("The {D} was destroyed in the storm.", [("{D}", "state", "destroyed")]),
            ("The {D} burned down.", [("{D}", "state", "destroyed")]),
            ("A great wave demolished the {D}.", [("{D}", "state", "destroyed")]),
        ],
        claims=[("{A}", "uses", "{D}")],
        tuning=["{A} entered the {D}."],
        held=[
            "{A} stepped into the {D} and looked around.",
            "{A} climbed up to the {D}.",
            "{A} sat in the {D} until noon.",
        ],
    ),
    Plant(
        kind="state_opposite", area="world", near=True,
        setups=[
            ("The {D} was open.", [("{D}", "state", "open")]),
            ("{A} opened the {D}.", [("{D}", "state", "open")]),
        ],
        claims=[("{D}", "state", "closed")],
        tuning=["The {D} was closed."],
        held=[
            "The {D} was shut.",
            "The {D} was closed, as always.",
            "The {D} was firmly closed.",
        ],
    ),
    Plant(
        kind="weather_jump", area="world", near=True,
        setups=[
            ("It was raining.", [("story", "weather", "rain")]),
            ("Rain fell on the roofs.", [("story", "weather", "rain")]),
        ],
        claims=[("story", "weather", "clear")],
        tuning=["The sun shone."],
        held=[
            "The sun blazed over the {P}.",
            "The sky was cloudless.",
            "{A} squinted, for the sun shone straight into the room.",
        ],
    ),
    Plant(
        kind="part_changed", area="world",
        setups=[
            ("The {D} was part of the castle.", [("{D}", "part_of", "castle")]),
            ("The {D} is a part of the castle.", [("{D}", "part_of", "castle")]),
        ],
        claims=[("{D}", "part_of", "monastery")],
        tuning=["The {D} was part of the monastery."],
        held=[
            "The {D} was a part of the monastery.",
            "The {D} is part of the monastery.",
            "The {D} belonged to the monastery and was part of the monastery.",
        ],
    ),
    Plant(
        kind="rule_forbidden", area="world", rules={"no_magic": "no magic allowed"},
        setups=[("The town was quiet.", [])],
        claims=[],
        tuning=["{A} cast a spell."],
        held=[
            "{A} whispered an incantation and the candles went out.",
            "With a wave of a wand {A} turned the stone to bread.",
            "An enchanted sword hung over the hearth.",
        ],
    ),
    Plant(
        kind="rule_price", area="world", rules={"price": "magic costs blood"},
        setups=[("The town was quiet.", [])],
        claims=[],
        tuning=["{A} cast a spell."],
        held=[
            "{A} worked the spell in a heartbeat and walked on, whistling.",
            "Magic lifted the gate.",
            "The sorceress enchanted the lock, and it sprang open.",
        ],
    ),
    Plant(
        kind="rule_act", area="world", rules={"vault": "nobody may enter the vault"},
        setups=[("The town was quiet.", [])],
        claims=[],
        tuning=["{A} entered the vault."],
        held=[
            "{A} stepped into the vault.",
            "{A} walked into the vault and counted the bars.",
            "{A} slipped into the vault behind {B}.",
        ],
    ),
    Plant(
        kind="given_away", area="fact",
        setups=[
            ("{A} gave the {T} to {B}.", [("{B}", "holds", "{T}")]),
            ("{A} handed {B} the {T}.", [("{B}", "holds", "{T}")]),
            ("{B} bought the {T} from {A}.", [("{B}", "holds", "{T}")]),
        ],
        claims=[("{A}", "uses", "{T}")],
        tuning=["{A} used the {T}."],
        held=[
            "{A} studied the {T} by candlelight.",
            "{A} held the {T} tightly.",
            "{A} polished the {T} with a sleeve.",
        ],
    ),
    Plant(
        kind="lost_used", area="fact",
        setups=[
            ((
"{A} dropped the {T} into the river."
), [("{A}", "holds", "{T}"), ("{A}", "-holds", "{T}")]),
            ("{A} lost the {T}.", [("{A}", "holds", "{T}"), ("{A}", "-holds", "{T}")]),
        ],
        claims=[("{A}", "uses", "{T}")],
        tuning=["{A} raised the {T}."],
        held=[
            "{A} gripped the {T}.",
            "{A} turned the {T} over in the light and waved the {T} about.",
            "{A} brandished the {T} and shouted.",
        ],
    ),
    Plant(
        kind="count_changed", area="fact",
        setups=[
            ("{A} had three horses.", [("{A}", "count", "3 horses")]),
            ("{A} owned three horses.", [("{A}", "count", "3 horses")]),
        ],
        claims=[("{A}", "count", "7 horses")],
        tuning=["{A} had seven horses."],
        held=[
            "{A} owned seven horses.",
            "{A} had seven horses in the stable.",
            "All seven of {A}'s horses were restless.",
        ],
    ),
    Plant(
        kind="owner_changed", area="fact",
        setups=[
            ("The {D} belonged to {A}.", [("{A}", "owns", "{D}")]),
            ("{A} owned the {D}.", [("{A}", "owns", "{D}")]),
        ],
        claims=[("{B}", "owns", "{D}")],
        tuning=["{B} owned the {D}."],
        held=[
            "The {D} belonged to {B}.",
            "{B} owned the {D}, and everybody knew it.",
            "{B} possessed the {D}.",
        ],
    ),
    Plant(
        kind="worn_by_other", area="fact", near=True,
        setups=[
            ("{A} wore the red cloak.", [("{A}", "wears", "red cloak")]),
            ("{A} put on the red cloak.", [("{A}", "wears", "red cloak")]),
        ],
        claims=[("{B}", "wears", "red cloak")],
        tuning=["{B} was wearing the red cloak."],
        held=[
            "{B} wore the red cloak.",
            "{B} stood by the wall, wearing the red cloak.",
            "The red cloak was worn by {B}.",
        ],
    ),
    Plant(
        kind="denied_fact", area="fact",
        setups=[
            ("{A} had the {T}.", [("{A}", "holds", "{T}")]),
            ("{A} picked up the {T}.", [("{A}", "holds", "{T}")]),
        ],
        claims=[("{A}", "-holds", "{T}")],
        tuning=["{A} did not have the {T}."],
        held=[
            "{A} didn't have the {T}.",
            "{A} never had the {T}.",
            "{A} had no {T}.",
        ],
    ),
    Plant(
        kind="origin_changed", area="fact",
        setups=[
            ("{A} was born in Varn.", [("{A}", "born_in", "Varn")]),
            ("{A} had been born in Varn.", [("{A}", "born_in", "Varn")]),
        ],
        claims=[("{A}", "born_in", "Oster")],
        tuning=["{A} was born in Oster."],
        held=[
            "{A} had been born in Oster.",
            "{A}, who was born in Oster, knew the songs.",
            "{A} was born in Oster, a long way off.",
        ],
    ),
    Plant(
        kind="matter_changed", area="fact",
        setups=[
            ("The {T} was made of silver.", [("{T}", "made_of", "silver")]),
            ("The {T} is made of silver.", [("{T}", "made_of", "silver")]),
        ],
        claims=[("{T}", "made_of", "wood")],
        tuning=["The {T} was made of wood."],
        held=[
            "The {T} is made of wood.",
            "The {T} had been made of wood.",
            "The {T} was made of wood, like all the others.",
        ],
    ),
    Plant(
        kind="broken_promise", area="narrative_logic",
        setups=[
            ("{A} swore never to enter the {P}.", [("{A}", "promise", "never enter the {P}")]),
            ("{A} promised never to enter the {P}.", [("{A}", "promise", "never enter the {P}")]),
            ((
"{A} vowed never to enter the {P} again."
), [("{A}", "promise", "never enter the {P}")]),
        ],
        claims=[("{A}", "does", "{S}")],
        tuning=["{A} entered the {P}."],
        held=[
            "{A} walked into the {P}.",
            "{A} slipped inside the {P}.",
            "{A} crossed the yard and went into the {P}.",
        ],
    ),
]  # fmt: skip
