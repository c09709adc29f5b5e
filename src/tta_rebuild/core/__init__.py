"""Names that every other room uses. Imports nothing of the project, and nothing heavy."""

from tta_rebuild.lazy_names import lazy

__all__, __getattr__ = lazy(__name__, __file__)
