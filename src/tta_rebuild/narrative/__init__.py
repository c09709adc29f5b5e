"""How a story is told: the four primitives."""

from tta_rebuild.lazy_names import lazy

__all__, __getattr__ = lazy(__name__, __file__)
