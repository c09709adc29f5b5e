"""TTA, Therapeutic Through Artistry: branching stories that stay true, safe and within budget.

The public face: ``import tta_rebuild as tta`` gives what a program needs.
"""

from tta_rebuild.lazy_names import lazy

__version__ = "0.1.0"

__all__, __getattr__ = lazy(__name__, __file__)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
