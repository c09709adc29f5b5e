"""The rules of acts as data: a file of ``data/acts`` for each family, one for what they share."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

from tta_rebuild.core.data_files import parse_yaml


@cache
def rules_of(family: str) -> dict[str, Any]:
    """The rules of one family of acts; those of "do" for a family without a file."""
    file = files("tta_rebuild.storyteller") / "data" / "acts" / f"{family}.yaml"
    if not file.is_file():
        return rules_of("do")
    rules: dict[str, Any] = parse_yaml(file.read_text("utf-8"), file.name, is_ours=True)
    return rules


def common(name: str) -> Any:
    """One of the lists that all acts share."""
    return rules_of("_common")[name]
