"""Settings become objects here, and nowhere else. Names load on first use."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tta_rebuild.bootstrap.application import Application, check_writable, open_application
    from tta_rebuild.bootstrap.guards import CodeEngines, code_engines, executor_for, redactor_for
    from tta_rebuild.bootstrap.kits import check_kit, kit_names
    from tta_rebuild.bootstrap.model_names import OFFLINE, PROVIDERS, chosen_model
    from tta_rebuild.bootstrap.overview import (
        ModelOverview,
        configured_servers,
        local_servers,
        models_overview,
    )
    from tta_rebuild.bootstrap.story_list import listed_stories

_HOMES = {
    "ModelOverview": "overview",
    "OFFLINE": "model_names",
    "PROVIDERS": "model_names",
    "Application": "application",
    "check_kit": "kits",
    "chosen_model": "model_names",
    "CodeEngines": "guards",
    "code_engines": "guards",
    "configured_servers": "overview",
    "executor_for": "guards",
    "check_writable": "application",
    "kit_names": "kits",
    "listed_stories": "story_list",
    "local_servers": "overview",
    "models_overview": "overview",
    "open_application": "application",
    "redactor_for": "guards",
}

__all__ = [
    "OFFLINE",
    "PROVIDERS",
    "Application",
    "CodeEngines",
    "ModelOverview",
    "check_kit",
    "check_writable",
    "chosen_model",
    "code_engines",
    "configured_servers",
    "executor_for",
    "kit_names",
    "listed_stories",
    "local_servers",
    "models_overview",
    "open_application",
    "redactor_for",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
