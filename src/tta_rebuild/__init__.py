"""TTA, Therapeutic Through Artistry: branching stories that stay true, safe and within budget."""

from tta_rebuild.core import (
    ExecutionError,
    Metaconcept,
    MetaconceptCategory,
    MetaconceptRegistry,
    TTAContext,
    TTAError,
    TTAPrimitive,
    TTAPrimitiveError,
    ValidationError,
)

__version__ = "0.1.0"

__all__ = [
    "ExecutionError",
    "Metaconcept",
    "MetaconceptCategory",
    "MetaconceptRegistry",
    "TTAContext",
    "TTAError",
    "TTAPrimitive",
    "TTAPrimitiveError",
    "ValidationError",
]
