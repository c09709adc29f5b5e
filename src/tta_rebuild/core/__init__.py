"""Names that every other room uses. Imports nothing of the project, and nothing heavy."""

from tta_rebuild.core.base_primitive import ParallelPrimitive as ParallelPrimitive
from tta_rebuild.core.base_primitive import SequentialPrimitive as SequentialPrimitive
from tta_rebuild.core.base_primitive import TTAContext as TTAContext
from tta_rebuild.core.base_primitive import TTAPrimitive as TTAPrimitive
from tta_rebuild.core.errors import ExecutionError as ExecutionError
from tta_rebuild.core.errors import TTAError as TTAError
from tta_rebuild.core.errors import TTAPrimitiveError as TTAPrimitiveError
from tta_rebuild.core.errors import ValidationError as ValidationError
from tta_rebuild.core.metaconcepts import Metaconcept as Metaconcept
from tta_rebuild.core.metaconcepts import MetaconceptCategory as MetaconceptCategory
from tta_rebuild.core.metaconcepts import MetaconceptRegistry as MetaconceptRegistry
from tta_rebuild.core.resilient_primitive import Resilience as Resilience
from tta_rebuild.core.resilient_primitive import ResilientPrimitive as ResilientPrimitive

__all__ = sorted(name for name in globals() if name[0].isupper())
