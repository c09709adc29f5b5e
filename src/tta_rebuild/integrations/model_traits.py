"""What a model takes: a small table (``model_traits.toml``), read by the adapters.

Parameters drift by model: some refuse a temperature, some a thinking budget, some a JSON schema.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

Structured = Literal["schema", "tool", "object", "words"]
"""How JSON is asked for: by schema, as a tool's input, as any JSON object, or only in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelTraits:
    """What one model takes.

    Attributes:
        temperature: False where the model refuses sampling parameters.
        max_output: greatest number of output tokens, thinking included.
        thinking: what keeps thinking short, in the vendor's own words.
    """

    structured: Structured
    temperature: bool
    max_output: int
    thinking: Mapping[str, Any]


@cache
def _table() -> list[dict[str, Any]]:
    text = (files(__package__) / "model_traits.toml").read_text(encoding="utf-8")
    rows: list[dict[str, Any]] = tomllib.loads(text)["model"]
    return sorted(rows, key=lambda row: len(row["match"]))


@cache
def traits_of(provider: str, model: str) -> ModelTraits:
    """The traits of ``provider:model``; a model that is not in the table gets the provider's."""
    name = f"{provider}:{model.removeprefix('models/')}"
    found: dict[str, Any] = {}
    for row in _table():
        if name.startswith(row["match"]):
            found |= row
    if not found:
        raise KeyError(f"no traits for provider {provider!r}")
    del found["match"]
    return ModelTraits(**found)
