"""Care for the player: what is shown where their own words may be a cry for help.

``engine.care`` asks it before a turn; ``safety.needs`` judges the words, ``safety.help_lines`` has
whom one can reach. It diagnoses nobody, refuses nothing, and cannot be switched off.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from tta_rebuild.core.data_files import packaged_toml
from tta_rebuild.safety.categories import THRESHOLDS, level_of
from tta_rebuild.safety.help_lines import HelpLine, HelpLines, Need, help_lines


@dataclass(frozen=True, slots=True, kw_only=True)
class CareNote:
    """What is shown: plain words, whom one can reach, and the emergency number."""

    need: Need
    text: str
    lines: tuple[HelpLine, ...]
    emergency: str


@dataclass(frozen=True, kw_only=True)
class CarePolicy:
    """How an operator wants it: ``is_strict`` pauses at less, and every time.

    ``given`` are the help lines of the operator's country and file; None is the directory.
    """

    is_strict: bool = False
    given: HelpLines | None = None

    @cached_property
    def help_lines(self) -> HelpLines:
        """The lines that are shown."""
        return self.given or help_lines()

    def note(self, need: Need) -> CareNote:
        """What a player is shown for a need."""
        texts, lines = packaged_toml("tta_rebuild.safety", "care")["note"], self.help_lines
        text = f"{texts[need].strip()} {texts['emergency'].format(emergency=lines.emergency)}"
        return CareNote(need=need, text=text, lines=lines.for_need(need), emergency=lines.emergency)

    def reminder(self, need: Need) -> str:
        """A line in place of the note, where that was shown a little while ago."""
        text: str = packaged_toml("tta_rebuild.safety", "care")["note"]["reminder"]
        line = self.help_lines.for_need(need)[0]
        said = f"{line.name} ({line.contact})"
        return text.format(line=said, emergency=self.help_lines.emergency)


def gentler(boundaries: Mapping[str, str]) -> dict[str, str]:
    """The boundaries of a gentler story that these do not keep already: category → level."""
    levels: Mapping[str, str] = packaged_toml("tta_rebuild.safety", "care")["gentler"]
    return stricter(boundaries, levels)


def stricter(boundaries: Mapping[str, str], levels: Mapping[str, str]) -> dict[str, str]:
    """Those of some levels that are stricter than the boundaries are: category → level."""
    kept = {name: THRESHOLDS[level_of(name, level)] for name, level in boundaries.items()}
    highest = max(THRESHOLDS.values())
    return {
        name: level
        for name, level in levels.items()
        if THRESHOLDS[level_of(name, level)] < kept.get(name, highest)
    }
