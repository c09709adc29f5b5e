"""Prompt templates as data, with names and versions. Names load on first use."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tta_rebuild.prompts.catalog import PromptCatalog, RenderedPrompt, Template

_HOMES = {"PromptCatalog": "catalog", "RenderedPrompt": "catalog", "Template": "catalog"}

__all__ = ["PromptCatalog", "RenderedPrompt", "Template"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
