"""The safety gate: holds back what the player has ruled out, warns of what is heavy but allowed.

Asked by ``engine.gate`` for every passage, choice and input on its way to the player. Leans on
``safety.categories``. No model is asked: what it can find, it finds the same way every time.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from tta_rebuild.core.errors import ValidationError
from tta_rebuild.safety.categories import LEVELS, Category, category

_INVISIBLE = re.compile(r"[\u00ad\u200b-\u200f\u2060\ufeff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Heavy matter in a text.

    Attributes:
        category: what kind.
        weight: 1 touches it, 2 shows it, 3 dwells on it.
        words: what was found.
        level: the player's boundary for the category, "" if none is set.
    """

    category: str
    weight: int
    words: str
    level: str

    @property
    def reason(self) -> str:
        """In plain words, for the log and for ``/why``."""
        return f"'{self.words}' touches {self.category}, which the player keeps at '{self.level}'"


def plain(text: str) -> str:
    """The text as it is read: lower case, no invisible characters, compatibility forms unfolded."""
    unfolded = unicodedata.normalize("NFKC", text)
    return _INVISIBLE.sub("", unfolded).casefold().replace("\u2019", "'")


class SafetyGate:
    """The gate for one player's boundaries.

    Args:
        boundaries: category → level (``none``, ``low``, ``medium``, ``high``).

    Raises:
        ValidationError: a level is none of these.
    """

    def __init__(self, boundaries: Mapping[str, str]) -> None:
        self._bounded: list[tuple[Category, int, str]] = []
        for name, level in boundaries.items():
            threshold = LEVELS.get(str(level).strip().casefold())
            if threshold is None:
                raise ValidationError(
                    f"boundary {name}={level}: the level must be none, low, medium or high"
                )
            self._bounded.append((category(name), threshold, str(level)))

    def finding(self, text: str) -> Finding | None:
        """The first thing in the text that the boundaries keep out."""
        read = plain(text)
        for kind, threshold, level in self._bounded:
            searched = kind.harmless.sub(" ", read) if kind.harmless else read
            for weight in sorted(kind.by_weight, reverse=True):
                if weight < threshold:
                    break
                match = kind.by_weight[weight].search(searched)
                if match:
                    return Finding(
                        category=kind.name, weight=weight, words=match.group(), level=level
                    )
        return None

    def warnings(self, text: str) -> list[str]:
        """What the text holds that is heavy (weight 2 or more) though a set boundary allows it."""
        read = plain(text)
        found = []
        for kind, threshold, _ in self._bounded:
            searched = kind.harmless.sub(" ", read) if kind.harmless else read
            if any(
                kind.by_weight[weight].search(searched)
                for weight in kind.by_weight
                if 2 <= weight < threshold
            ):
                found.append(f"content warning: {kind.name.replace('_', ' ')}")
        return found

    def refusal(self, text: str) -> str | None:
        """Why the player's own words are not played, kindly, or None if they may be."""
        finding = self.finding(text)
        if finding is None:
            return None
        return (
            f"You asked to keep {finding.category.replace('_', ' ')} at '{finding.level}', so this "
            "is not played. Say it another way, or change the boundary for a new story."
        )
