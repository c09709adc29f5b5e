"""Names that load their modules on first use, so that importing their package costs nothing.

Each stands once, in the package's stub (``__init__.pyi``): for type checkers, and for this.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any


def lazy(package: str, file: str) -> tuple[list[str], Callable[[str], Any]]:
    """``__all__`` and ``__getattr__`` of a package, by the stub beside its ``file``."""
    with open(f"{file}i", encoding="utf-8") as stub:
        imports = [line.split() for line in stub if line.startswith("from ")]
    homes = {name: home for _, home, _, name, *_ in imports}

    def get(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(homes[name], package), name)

    return sorted(homes), get
