"""Phrases over words, found in one pass: how the word lists are written and how they match.

``safety.categories`` writes the lists' phrases into a ``PhraseIndex``; ``safety.gate`` matches. A
phrase is steps with spaces between them:

    stab~           the word with its endings
    massacr*        any word that begins so
    gun|rifle~      one or the other
    dead|no+more    the same, where one is several words
    <person>        a word of that class of ``data/classes.toml``
    <Name>          a word written like a name
    _3              up to three words of any kind, within the clause (from _4 on: the sentence)

A phrase is found through its rarest step, by looking the word up, so that a text costs the same
however long the lists are.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import inf

from tta_rebuild.core.english import plural, singular, verb_forms
from tta_rebuild.core.errors import ValidationError
from tta_rebuild.safety.context import word_list
from tta_rebuild.safety.tokens import TokenisedText

_FAR = 4
"""A gap from which on a phrase may reach across a comma."""

HARMLESS = 0
"""The weight of phrases in which the words mean something else."""

_SHORTEST_PREFIX, _LONGEST_PREFIX = 3, 20
_LONGEST_REMEMBERED = 40
_MASK = re.compile(r"[*#%]")


def forms_of(word: str, irregular: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """The word with its endings (-s, -ed, -ing) and its irregular forms."""
    return verb_forms(word) | irregular.get(word, frozenset()) | {plural(word)}


def family_of(word: str, irregular: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """The word and its family: endings, the one who does it, what is like it, the fear of it."""
    stem = singular(word)
    found = set(forms_of(stem, irregular)) | {word}
    base = stem[:-1] if stem.endswith("e") else stem
    for ending in ("er", "ers", "ish", "y"):
        found.add(base + ending)
    for ending in ("like", "ly", "ness", "phobia", "phobic"):
        found.add(stem + ending)
    if stem.endswith("y"):
        found |= {stem[:-1] + "ier", stem[:-1] + "ily"}
    return frozenset(found)


@dataclass(frozen=True, slots=True)
class Step:
    """One word of a phrase: what it may be, and how many others may stand before it."""

    words: frozenset[str] = frozenset()
    prefixes: tuple[str, ...] = ()
    name: bool = False
    gap: int = 0

    def fits(self, reading: TokenisedText, at: int) -> bool:
        """True if the word at that place is one of these."""
        if self.name and reading.capital[at]:
            return True
        for form in reading.words[at]:
            if form in self.words or (self.prefixes and form.startswith(self.prefixes)):
                return True
        return False


@dataclass(frozen=True, slots=True)
class BoundaryPhrase:
    """A phrase of a category; weight ``HARMLESS`` cancels what it overlaps.

    Attributes:
        anchor: the step by which the phrase is found: its rarest.
    """

    category: str
    weight: int
    steps: tuple[Step, ...]
    anchor: int = 0

    def span(self, reading: TokenisedText, at: int) -> tuple[int, int] | None:
        """Where a match whose anchor stands at ``at`` begins and ends (exclusive)."""
        begin = _outermost(self.steps, reading, at, self.anchor, -1)
        end = _outermost(self.steps, reading, at, self.anchor, 1) if begin >= 0 else -1
        return (begin, end + 1) if end >= 0 else None


def _outermost(
    steps: tuple[Step, ...], reading: TokenisedText, at: int, step: int, way: int
) -> int:
    """Where the first (``way`` -1) or last (1) step stands if this one does at ``at``; else -1."""
    further = step + way
    if not 0 <= further < len(steps):
        return at
    gap = steps[max(step, further)].gap
    part = reading.clause if gap < _FAR else reading.sentence
    for place in range(at + way, at + way * (gap + 2), way):
        if not 0 <= place < len(part) or part[place] != part[at]:
            return -1
        if steps[further].fits(reading, place):
            found = _outermost(steps, reading, place, further, way)
            if found >= 0:
                return found
    return -1


@dataclass(frozen=True, slots=True, kw_only=True)
class PhraseParser:
    """What the phrases may refer to: irregular forms and classes of words."""

    irregular: Mapping[str, frozenset[str]] = field(default_factory=dict)
    classes: Mapping[str, Step] = field(default_factory=dict)
    _read: dict[str, tuple[Step, float]] = field(default_factory=dict)

    def step(self, text: str, gap: int = 0) -> tuple[Step, float]:
        """Read one step; gives how often it is met, too. Raises ValidationError: no such class."""
        if text not in self._read:  # the lists have each step four times over
            step = self._step(text)
            self._read[text] = step, _commonness(step)
        step, commonness = self._read[text]
        return (replace(step, gap=gap) if gap else step), commonness

    def _step(self, text: str) -> Step:
        words: set[str] = set()
        prefixes: list[str] = []
        name = False
        for part in text.split("|"):
            if part == "<Name>":
                name = True
            elif part.startswith("<"):
                known = self.classes.get(part[1:-1])
                if known is None:
                    raise ValidationError(f"the word lists know no class '{part}'")
                words |= known.words
                prefixes += known.prefixes
                name = name or known.name
            elif part.endswith("*"):
                prefixes.append(part[:-1])
            elif part.endswith("~"):
                words |= forms_of(part[:-1], self.irregular)
            else:
                words.add(part)
        return Step(frozenset(words), tuple(prefixes), name)

    def phrases(self, category: str, weight: int, text: str) -> Iterator[BoundaryPhrase]:
        """Read a phrase: one, and one more for each alternative of several words.

        Raises:
            ValidationError: it cannot be found by any of its words.
        """
        parts = text.replace("-", " ").split()
        if "+" not in text:
            yield self._phrase(category, weight, text, parts)
            return
        wide = next(i for i, part in enumerate(parts) if "+" in part)
        ways = parts[wide].split("|")
        narrow = "|".join(way for way in ways if "+" not in way)
        for way in [narrow, *(way.replace("+", " ") for way in ways if "+" in way)]:
            if way:
                yield from self.phrases(
                    category, weight, " ".join([*parts[:wide], way, *parts[wide + 1 :]])
                )

    def _phrase(
        self, category: str, weight: int, text: str, parts: Sequence[str]
    ) -> BoundaryPhrase:
        steps: list[Step] = []
        rarest, anchor, gap = inf, 0, 0
        for part in parts:
            if part[0] == "_":
                gap += int(part[1:] or 1)
                continue
            step, commonness = self.step(part, gap)
            if commonness < rarest:
                rarest, anchor = commonness, len(steps)
            steps.append(step)
            gap = 0
        if not steps or steps[0].gap or gap:
            raise ValidationError(f"the word lists hold a phrase with a loose end: '{text}'")
        if rarest == inf:
            raise ValidationError(f"the word lists hold a phrase without a word: '{text}'")
        return BoundaryPhrase(category, weight, tuple(steps), anchor)


def _commonness(step: Step) -> float:
    """How often a step is met, roughly; infinite if it cannot be looked up."""
    if step.name or any(len(prefix) < _SHORTEST_PREFIX for prefix in step.prefixes):
        return inf
    frequent = len(step.words & word_list("frequent"))
    return 10_000 * frequent + len(step.words) + len(step.prefixes)


@dataclass(frozen=True, slots=True)
class PhraseIndex:
    """Phrases by their rarest word.

    Attributes:
        masked: words that are often written with stars in them.
    """

    by_word: dict[str, list[BoundaryPhrase]] = field(default_factory=dict)
    by_prefix: dict[str, list[BoundaryPhrase]] = field(default_factory=dict)
    masked: set[str] = field(default_factory=set)
    _known: dict[str, tuple[BoundaryPhrase, ...]] = field(default_factory=dict)

    def add(self, phrase: BoundaryPhrase) -> None:
        """Take a phrase in; only while the lists are being loaded."""
        anchor = phrase.steps[phrase.anchor]
        for word in anchor.words:
            self.by_word.setdefault(word, []).append(phrase)
        for prefix in anchor.prefixes:
            self.by_prefix.setdefault(prefix, []).append(phrase)

    def found_by(self, form: str) -> tuple[BoundaryPhrase, ...]:
        """The phrases whose rarest word may be this one."""
        known = self._known.get(form)
        if known is None:
            known = self._look_up(form)
            if len(self._known) < 50_000 and len(form) < _LONGEST_REMEMBERED:
                self._known[form] = known
        return known

    def _look_up(self, form: str) -> tuple[BoundaryPhrase, ...]:
        if form[0] == "\x02":  # a letter was taken out: only whole words count
            return tuple(self.by_word.get(form[1:], ()))
        found = list(self.by_word.get(form, ()))
        for length in range(_SHORTEST_PREFIX, min(len(form), _LONGEST_PREFIX) + 1):
            found += self.by_prefix.get(form[:length], ())
        if _MASK.search(form):
            hidden = re.compile(_MASK.sub(".", re.sub(r"[^\w*#%]", "", form)))
            for word in self.masked:
                if hidden.fullmatch(word):
                    found += self._look_up(word)
        return tuple(found)

    def matches(
        self, reading: TokenisedText, wanted: Container[str], start: int = 0
    ) -> Iterator[tuple[BoundaryPhrase, int, int]]:
        """Every match: the phrase, where it begins and where it ends (exclusive).

        Args:
            wanted: the categories looked for.
            start: the first word at which a phrase is looked up.
        """
        if not (self.by_word or self.by_prefix):
            return
        for at in range(start, len(reading.words)):
            for form in reading.words[at]:
                for phrase in self.found_by(form):
                    if phrase.category in wanted:
                        span = phrase.span(reading, at)
                        if span:
                            yield phrase, *span
