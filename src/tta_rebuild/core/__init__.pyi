"""The names of the core, for type checkers and for ``lazy_names``."""

from .base_primitive import ParallelPrimitive as ParallelPrimitive
from .base_primitive import SequentialPrimitive as SequentialPrimitive
from .base_primitive import TTAContext as TTAContext
from .base_primitive import TTAPrimitive as TTAPrimitive
from .errors import ExecutionError as ExecutionError
from .errors import TTAError as TTAError
from .errors import TTAPrimitiveError as TTAPrimitiveError
from .errors import ValidationError as ValidationError
from .metaconcepts import Metaconcept as Metaconcept
from .metaconcepts import MetaconceptCategory as MetaconceptCategory
from .metaconcepts import MetaconceptRegistry as MetaconceptRegistry
from .resilient_primitive import Resilience as Resilience
from .resilient_primitive import ResilientPrimitive as ResilientPrimitive
