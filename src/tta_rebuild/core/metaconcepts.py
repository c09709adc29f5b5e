"""Guidance principles that shape prompts without prescribing what happens."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
from functools import cache

from tta_rebuild.core.data_files import packaged_toml


class MetaconceptCategory(Enum):
    """What a principle cares for."""

    THERAPEUTIC = "therapeutic"
    NARRATIVE = "narrative"
    SAFETY = "safety"
    GAME = "game"


@dataclass(frozen=True)
class Metaconcept:
    """One principle, in a sentence or two that a model can act on."""

    name: str
    category: MetaconceptCategory
    description: str
    scope: list[str] = field(hash=False)

    def applies_to(self, primitive_type: str) -> bool:
        """True where the scope holds ``"all"`` or that type."""
        return "all" in self.scope or primitive_type in self.scope


@cache
def _all() -> tuple[Metaconcept, ...]:
    return tuple(
        Metaconcept(one["name"], category, one["description"], one["scope"].split())
        for category in MetaconceptCategory
        for one in packaged_toml("tta_rebuild.core", "metaconcepts")[category.value]
    )


class MetaconceptRegistry:
    """The 18 principles, always in the same order."""

    @classmethod
    def get_all(cls) -> list[Metaconcept]:
        """All of them."""
        return list(_all())

    @classmethod
    def get_by_category(cls, category: MetaconceptCategory) -> list[Metaconcept]:
        """Those that care for one thing."""
        return [m for m in _all() if m.category is category]

    @classmethod
    def get_for_primitive(cls, primitive_type: str) -> list[Metaconcept]:
        """Those whose scope reaches that primitive type."""
        return [m for m in _all() if m.applies_to(primitive_type)]

    @classmethod
    def get_by_names(cls, names: Iterable[str]) -> list[Metaconcept]:
        """Those named; unknown names are skipped, the registry's order is kept."""
        wanted = set(names)
        return [m for m in _all() if m.name in wanted]
