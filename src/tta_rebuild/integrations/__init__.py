"""How models are reached: the provider seam, the adapters, the wrappers."""

from tta_rebuild.lazy_names import lazy

__all__, __getattr__ = lazy(__name__, __file__)
