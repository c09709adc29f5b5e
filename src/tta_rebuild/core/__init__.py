"""Names that every other room uses. Imports nothing of the project, and nothing heavy."""

from tta_rebuild.core.base_primitive import (
    ParallelPrimitive,
    SequentialPrimitive,
    TTAContext,
    TTAPrimitive,
)
from tta_rebuild.core.errors import ExecutionError, TTAError, TTAPrimitiveError, ValidationError
from tta_rebuild.core.metaconcepts import Metaconcept, MetaconceptCategory, MetaconceptRegistry
from tta_rebuild.core.resilient_primitive import Resilience, ResilientPrimitive

__all__ = [
    "ExecutionError",
    "Metaconcept",
    "MetaconceptCategory",
    "MetaconceptRegistry",
    "ParallelPrimitive",
    "Resilience",
    "ResilientPrimitive",
    "SequentialPrimitive",
    "TTAContext",
    "TTAError",
    "TTAPrimitive",
    "TTAPrimitiveError",
    "ValidationError",
]
