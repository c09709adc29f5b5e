"""What a scene is put together from: passages in the making, claims, the slots of a person.

Called by ``teller``, ``scene``, ``plot`` and ``answer``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tta_rebuild.storyteller.kit import Person


@dataclass(slots=True)
class DraftedPassage:
    """A passage in the making; ``optional`` ones may be left out of a long scene."""

    text: str
    facts: list[dict[str, Any]] = field(default_factory=list)
    speaker: str = ""
    emotion: str = ""
    optional: bool = False


def claim(subject: str, relation: str, value: str, *, ends: bool = False) -> dict[str, Any]:
    """A CLAIM as a scene reply has it."""
    made: dict[str, Any] = {"subject": subject, "relation": relation, "value": value}
    if ends:
        made["ends"] = True
    return made


def person_slots(person: Person, name: str) -> dict[str, str]:
    """A person as slots: ``npc`` with ``they`` …, or ``other`` with ``they2`` …."""
    they = person.they or person.name
    their = {"she": "her", "he": "his"}.get(person.they, f"{person.name}'s")
    them = {"she": "her", "he": "him"}.get(person.they, person.name)
    if name == "other":
        return {
            "other": person.name,
            "they2": they,
            "their2": their,
            "other_id": person.character_id,
        }
    oneself = {"she": "herself", "he": "himself"}.get(person.they, "themself")
    look = f", {_looking(person.look)}" if person.look else ""
    return {
        "npc": person.name,
        "they": they,
        "them": them,
        "their": their,
        "them_self": oneself,
        "role": person.role or "a name you have long known",
        "look": look,
    }


def _looking(look: str) -> str:
    """What somebody looks like, so that it can follow their role: "with a hat", "still dressed"."""
    first = look.split()[0]
    stands = first in ("with", "in", "still", "always", "broad", "slow") or first.endswith("ing")
    return look if stands else f"with {look}"


def cap(phrase: str) -> str:
    """A phrase with a capital, for the start of a sentence."""
    return phrase[:1].upper() + phrase[1:]


def quoted(spoken: str) -> str:
    """A spoken line in quotation marks."""
    return spoken if spoken.startswith("“") else f"“{spoken}”"


def count_words(parts: Sequence[DraftedPassage]) -> int:
    """Words of all passages."""
    return sum(len(part.text.split()) for part in parts)
