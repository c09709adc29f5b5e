"""Whether a line that a player typed is a cry for help: by plain phrases and their frame.

Called by ``engine.care`` and measured by ``lab.care``. No model is asked.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Literal, TypeAlias

from tta_rebuild.core.data_files import packaged_toml
from tta_rebuild.safety.help_lines import Need

Level: TypeAlias = Literal["none", "doubtful", "likely", "certain"]


@dataclass(frozen=True, slots=True)
class NeedFinding:
    """What a line may be: its ``need``, were it a cry, and how much speaks for one."""

    need: Need
    level: Level


def read_need(text: str, language: str = "en") -> NeedFinding:
    """Judge one line; in another language than English only the phrases tell, the rest is open."""
    low = plain(text)
    for need, pattern in _phrases():
        if pattern.search(low) and not _fiction().search(low):
            return NeedFinding(need, "certain")
    return NeedFinding("harm", "none" if language[:2] == "en" else "doubtful")


def plain(text: str) -> str:
    """The text in lower case with plain apostrophes."""
    return re.sub("[\u2019\u2018`\u00b4]", "'", text).lower()


@cache
def _phrases() -> list[tuple[Need, re.Pattern[str]]]:
    table = packaged_toml("tta_rebuild.safety", "care_phrases")
    return [(need, re.compile(rf"\b(?:{'|'.join(table[need])})\b")) for need in ("danger", "harm")]


@cache
def _fiction() -> re.Pattern[str]:
    return re.compile("|".join(packaged_toml("tta_rebuild.safety", "care_phrases")["fiction"]))
