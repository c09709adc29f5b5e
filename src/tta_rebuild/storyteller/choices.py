"""The choices at the end of a scene: three of different kinds, with a person and a consequence.

Called by ``teller``. A choice is one line of a kit, ``text => consequence``, so the two always fit;
what it would make true is said as effects, which the next scene makes true if it is taken.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from tta_rebuild.storyteller.kit import Person
from tta_rebuild.storyteller.line_template import LineTemplate, tidy
from tta_rebuild.storyteller.line_writer import LineWriter
from tta_rebuild.storyteller.memory import Memory, StoredChoice
from tta_rebuild.storyteller.world import World

LEAST, MOST = 10, 200
OFFERED = 3

_UNWELCOME = re.compile(
    r"\b(?:hid\w*|conceal\w*|give away|doubt\w*|distrust\w*|ha[sv]e? to|must|lie[sd]?|ignor\w*|"
    r"avoid\w*|abandon\w*|destroy\w*|never|only|final\w*|forever|maybe|perhaps|some(?:thing|how))\b",
    re.I,
)
"""Words that limit, blur, or turn a choice against the one before it."""

_ORDER = (
    "ask",
    "go",
    "search",
    "tell",
    "help",
    "show",
    "take",
    "wait",
    "promise",
    "give",
    "care",
    "follow",
    "gather",
)


class Chooser:
    """Offers choices from what is at hand."""

    def __init__(self, world: World, memory: Memory, writer: LineWriter, partner: Person) -> None:
        self.world = world
        self.memory = memory
        self.writer = writer
        self.partner = partner
        self.slots = writer.slots

    def offers(self, tries: Sequence[LineTemplate], want: str) -> list[dict[str, Any]]:
        """Three choices (fewer only if boundaries leave no more), as a scene reply has them."""
        self.memory.offers = []
        made: list[dict[str, Any]] = []
        for kind in self._kinds(bool(tries)):
            found = self._offer(kind, tries, want)
            if found is None:
                continue
            offer, branch = found
            if all(_differ(branch, other) for other in made):
                self.memory.offers.append(offer)
                made.append(branch)
            if len(made) == OFFERED:
                break
        return made

    def _kinds(self, has_tries: bool) -> list[str]:
        lately = self.memory.kinds
        rng = self.writer.rng
        open_kinds = [kind for kind in _ORDER if self._possible(kind)]
        weights = {k: rng.random() + 0.45 * lately[-8:].count(k) for k in open_kinds}
        ranked = sorted(open_kinds, key=lambda k: (weights[k], k))
        if has_tries:
            ranked.insert(0, "try")
        if "go" in ranked[3:] and len(self.memory.visited) % 3 == 1:
            ranked.remove("go")
            ranked.insert(2, "go")
        return ranked

    def _possible(self, kind: str) -> bool:
        needs = {
            "give": "held",
            "show": "held",
            "take": "thing_free",
            "follow": "other",
            "gather": "other",
        }
        need = needs.get(kind)
        return need is None or need in self.slots

    def _offer(
        self, kind: str, tries: Sequence[LineTemplate], want: str
    ) -> tuple[StoredChoice, dict[str, Any]] | None:
        lines = tries if kind == "try" else self.world.kit.pools.get(f"choice_{kind}", ())
        more = {"thing": self.slots["thing_free"]} if kind == "take" else {}
        for _ in range(4):
            line = self._line(lines, more)
            text, _, consequence = line.partition(" => ")
            text, consequence = tidy(text).rstrip("."), tidy(consequence).rstrip(".") + "."
            fits = LEAST <= len(text) <= MOST and self.partner.name in text
            if fits and not _UNWELCOME.search(line):
                break
        else:
            return None
        offer = StoredChoice(text, kind, npc=self.partner.character_id)
        me, they = self.world.player_id, self.partner.character_id
        affects = [they]
        if kind == "go":
            offer.dest = self.slots["dest"]
            effects = [_claim(me, "located_in", offer.dest), _claim(they, "located_in", offer.dest)]
        elif kind == "take":
            offer.thing = more["thing"]
            effects = [_claim(me, "holds", offer.thing)]
        elif kind == "give":
            offer.thing = self.slots["held"]
            effects = [_claim(they, "holds", offer.thing)]
        elif kind == "show":
            offer.thing = self.slots["held"]
            effects = [_claim(they, "knows", f"what you carry: {offer.thing}")]
        elif kind == "promise":
            effects = [_claim(me, "promise", f"to stand by {self.partner.name} over {want}")]
        elif kind == "tell":
            offer.detail = self.slots["focus"]
            effects = [_claim(they, "knows", f"what you know of {offer.detail}")]
        elif kind in ("help", "care"):
            offer.detail = self.slots["chore"]
            effects = [_claim(they, "feeling", "grateful" if kind == "help" else "calm")]
        elif kind in ("follow", "gather"):
            offer.detail = self.slots["other_id"]
            affects.append(self.slots["other_id"])
            effects = [_claim(me, "knows", f"more of {self.slots['other']}'s part in this")]
        else:
            part = {
                "ask": "what NPC knows of",
                "search": "where to look for",
                "wait": "who comes for",
            }
            about = part.get(kind, "one more thing about").replace("NPC", self.partner.name)
            effects = [_claim(me, "knows", f"{about} {want}")]
        return offer, {
            "choice": text,
            "consequence": consequence,
            "effects": effects,
            "affects": affects,
        }

    def _line(self, lines: Sequence[LineTemplate], more: dict[str, str]) -> str:
        return self.writer.line(lines, **more)


def _differ(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return bool(one["choice"] != other["choice"] and one["effects"] != other["effects"])


def _claim(subject: str, relation: str, value: str) -> dict[str, Any]:
    return {"subject": subject, "relation": relation, "value": re.sub(r"\s+", " ", value)}
