"""The safety gate: holds back what the player has ruled out, warns of what is heavy but allowed.

Asked by ``engine`` for everything on its way to the player and for everything the player says.
Leans on ``safety.tokens`` (what does the text say?) and ``safety.categories`` (what is heavy?).
No model is asked: what it can find, it finds the same way every time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tta_rebuild.core.errors import ValidationError
from tta_rebuild.safety.categories import (
    EVERY,
    HIGH,
    NONE,
    THRESHOLDS,
    Category,
    categories_of,
    level_of,
    table,
)
from tta_rebuild.safety.context import is_name, is_negated
from tta_rebuild.safety.phrases import HARMLESS, BoundaryPhrase, PhraseIndex
from tta_rebuild.safety.tokens import TokenisedText, read

_LONGEST_PHRASE = 14
"""Words before a text that a phrase may begin in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundaryFinding:
    """Heavy matter in a text.

    Attributes:
        category: what kind.
        weight: 1 touches it, 2 shows it, 3 dwells on it.
        words: what was found, as it was understood.
        level: the player's boundary for the category, "" if none is set.
    """

    category: str
    weight: int
    words: str
    level: str

    @property
    def subject(self) -> str:
        """The category in plain words."""
        return self.category.replace("_", " ")

    @property
    def reason(self) -> str:
        """In plain words, for the log and for ``/why``."""
        return f"'{self.words}' touches {self.subject}, which the player keeps at '{self.level}'"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bound:
    category: Category
    threshold: int
    level: str

    @property
    def warned(self) -> range:
        """The weights of what the player allows and is warned of."""
        return range(2 if self.level else self.category.warn, self.threshold)


class SafetyGate:
    """The gate for one player's boundaries. Cheap to make: the word lists are read once.

    Args:
        boundaries: category → level (``none``, ``low``, ``medium``, ``high``, or another word for
            one of these; see ``level_of``). What several boundaries say of one category, the
            strictest decides.

    Raises:
        ValidationError: a level is none of these, or a category has no name.
    """

    def __init__(self, boundaries: Mapping[str, str]) -> None:
        self._bounds = {
            name: _Bound(category=category, threshold=THRESHOLDS[HIGH], level="")
            for name, category in table().categories.items()
        }
        self._own = PhraseIndex()
        for name, level in boundaries.items():
            for category, phrases in categories_of(_positive(str(name))):
                self._bind(category, _meant(str(name), level), str(level).strip())
                for phrase in phrases:
                    self._own.add(phrase)
        self._held = frozenset(n for n, b in self._bounds.items() if b.threshold < THRESHOLDS[HIGH])

    def _bind(self, category: Category, level: str, said: str) -> None:
        threshold = THRESHOLDS[level]
        known = self._bounds.get(category.name)
        if known is None or not known.level or threshold < known.threshold:
            self._bounds[category.name] = _Bound(
                category=category, threshold=threshold, level=said or level
            )

    def finding(self, text: str, before: str = "") -> BoundaryFinding | None:
        """What the boundaries keep out of the text: the heaviest, of these the first.

        Args:
            before: what was shown just before, so that a phrase cannot hide in the seam. What
                stands in it alone is not found again.
        """
        if not self._held:
            return None
        found = self._findings(text, before, self._held)
        kept_out = [f for f in found if f.weight >= self._bounds[f.category].threshold]
        return max(kept_out, key=lambda f: f.weight, default=None)

    def warnings(self, text: str, before: str = "") -> list[str]:
        """What to say before a text that holds heavy matter which no boundary keeps out.

        A player who set a boundary for a category is warned of what it lets pass from weight 2
        on; one who set none, from the weight that the category names.
        """
        subjects = {
            found.subject
            for found in self._findings(text, before, frozenset(self._bounds))
            if found.weight in self._bounds[found.category].warned
        }
        return [f"content warning: {subject}" for subject in sorted(subjects)]

    def refusal(self, text: str) -> str | None:
        """Why the player's own words are not played, kindly, or None if they may be."""
        finding = self.finding(text)
        if finding is None:
            return None
        return (
            f"You asked to keep {finding.subject} at '{finding.level}', so this is not played. "
            "Say it another way, or change the boundary for a new story."
        )

    def _findings(
        self, text: str, before: str, wanted: frozenset[str]
    ) -> Iterator[BoundaryFinding]:
        reading, new = read(text), 0
        if before:
            whole = read(f"{before} {text}")
            new = max(0, len(whole.words) - len(reading.words))
            reading = _mended(whole, new)
        start = max(0, new - _LONGEST_PHRASE)
        heavy: list[tuple[BoundaryPhrase, int, int]] = []
        harmless: list[tuple[BoundaryPhrase, int, int]] = []
        searched = wanted | {EVERY}
        for lexicon in (table().lexicon, self._own):
            for match in lexicon.matches(reading, searched, start):
                (harmless if match[0].weight == HARMLESS else heavy).append(match)
        for phrase, begin, end in heavy:
            if end <= new or _means_something_else(phrase, begin, end, harmless):
                continue
            category = self._bounds[phrase.category].category
            if end - begin == 1 and is_name(reading, begin, category.names):
                continue
            weight = phrase.weight
            if category.negatable and weight > 1 and is_negated(reading, begin):
                weight -= 1
            yield BoundaryFinding(
                category=category.name,
                weight=weight,
                words=reading.text(begin, end),
                level=self._bounds[category.name].level,
            )


def _means_something_else(
    phrase: BoundaryPhrase, begin: int, end: int, harmless: list[tuple[BoundaryPhrase, int, int]]
) -> bool:
    return any(
        other.category in (EVERY, phrase.category) and at < end and begin < to
        for other, at, to in harmless
    )


def _mended(whole: TokenisedText, new: int) -> TokenisedText:
    """The reading with the word that the seam may have cut in two, put together again."""
    if 0 < new < len(whole.words) and whole.sentence[new] == whole.sentence[new - 1]:
        joined = whole.words[new - 1][0] + whole.words[new][0]
        whole.words[new] = (*whole.words[new], joined)
    return whole


def _positive(name: str) -> str:
    """The name without a "no" before it."""
    key = name.strip().casefold()
    return key[3:] if key.startswith(("no_", "no-", "no ")) else name


def _meant(name: str, level: object) -> str:
    """The level that is meant; ``no_violence: yes`` means none of it."""
    meant = level_of(name, level)
    if _positive(name) == name:
        return meant
    if meant == HIGH:
        return NONE
    raise ValidationError(
        f"boundary {name}={level}: say it without the 'no', such as {_positive(name)}=none"
    )
