"""Phrases over words, found in one pass: how the word lists are written and how they match.

The head of ``data/idioms.toml`` says how. A phrase is found by its rarest step: a text costs the
same however long the lists are.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Container, Iterator, Sequence
from functools import cache
from math import inf
from typing import NamedTuple

from tta_rebuild.core.data_files import packaged_toml
from tta_rebuild.core.english import plural, singular, verb_forms
from tta_rebuild.core.errors import ValidationError
from tta_rebuild.safety.tokens import Word

HARMLESS, _FAR = 0, 4
"""The weight of phrases that mean something else; a gap that may reach across a comma."""

_SHORTEST_PREFIX, _LONGEST_PREFIX = 3, 20
_MASK = re.compile(r"[*#%]")
_MOST_FORMS = 16_384
"""Forms of words whose phrases are remembered."""


@cache
def word_list(name: str) -> frozenset[str]:
    """One list of ``data/words.toml``."""
    return frozenset(packaged_toml("tta_rebuild.safety", "words")[name].split())


def _forms_of(word: str) -> set[str]:
    """The word with its endings (-s, -ed, -ing) and its irregular forms."""
    irregular = packaged_toml("tta_rebuild.safety", "classes")["irregular"]
    return {*verb_forms(word), *irregular.get(word, "").split(), plural(word)}


class Step(NamedTuple):
    """What one word may be; ``commonness``, roughly, is infinite if it cannot be looked up."""

    words: frozenset[str] = frozenset()
    prefixes: tuple[str, ...] = ()
    name: bool = False
    commonness: float = 0.0

    def fits(self, word: Word) -> bool:
        """True if the word is one of these."""
        is_one = (self.name and word.capital) or not self.words.isdisjoint(word.forms)
        return is_one or any(f.startswith(self.prefixes) for f in word.forms if self.prefixes)


class BoundaryPhrase(NamedTuple):
    """A phrase of a category; weight ``HARMLESS`` cancels what it overlaps.

    ``gaps`` says for each step how many words may stand before it; ``anchor`` is the rarest step.
    """

    category: str
    weight: int
    steps: tuple[Step, ...]
    gaps: tuple[int, ...]
    anchor: int = 0

    def span(self, reading: Sequence[Word], at: int) -> tuple[int, int] | None:
        """Where a match whose anchor stands at ``at`` begins and ends (exclusive)."""
        begin = self._outermost(reading, at, self.anchor, -1)
        end = self._outermost(reading, at, self.anchor, 1) if begin >= 0 else -1
        return (begin, end + 1) if end >= 0 else None

    def _outermost(self, reading: Sequence[Word], at: int, step: int, way: int) -> int:
        """Where the first (``way`` -1) or last (1) step stands if this one is at ``at``, or -1."""
        further = step + way
        if not 0 <= further < len(self.steps):
            return at
        gap, here = self.gaps[max(step, further)], reading[at]
        for place in range(at + way, at + way * (gap + 2), way):
            if not 0 <= place < len(reading) or here.sentence != reading[place].sentence:
                return -1
            if gap < _FAR and here.clause != reading[place].clause:
                return -1
            if self.steps[further].fits(reading[place]):
                found = self._outermost(reading, place, further, way)
                if found >= 0:
                    return found
        return -1


@cache
def _step(text: str) -> Step:
    words, prefixes, name = set[str](), list[str](), False
    classes = packaged_toml("tta_rebuild.safety", "classes")["classes"]
    for part in text.split("|"):
        if part == "<Name>":
            name = True
        elif part.startswith("<"):
            known = _step("|".join(classes[part[1:-1]].split()))
            words |= known.words
            prefixes += known.prefixes
            name = name or known.name
        elif part.endswith("*"):
            prefixes.append(part[:-1])
        elif part.endswith("~"):
            words |= _forms_of(part[:-1])
        else:
            words.add(part)
    frequent = len(word_list("frequent").intersection(words))
    commonness: float = 10_000 * frequent + len(words) + len(prefixes)
    if name or any(len(prefix) < _SHORTEST_PREFIX for prefix in prefixes):
        commonness = inf
    return Step(frozenset(words), tuple(prefixes), name, commonness)


def phrases_of(category: str, weight: int, text: str) -> Iterator[BoundaryPhrase]:
    """Read a phrase: one, and one more for each alternative of several words.

    Raises ValidationError: none of its words can be looked up, or it begins or ends with a gap.
    """
    parts = text.replace("-", " ").split()
    if "+" in text:
        wide = next(i for i, part in enumerate(parts) if "+" in part)
        ways = parts[wide].split("|")
        narrow = "|".join(way for way in ways if "+" not in way)
        for way in filter(None, [narrow, *(w.replace("+", " ") for w in ways if "+" in w)]):
            whole = " ".join([*parts[:wide], way, *parts[wide + 1 :]])
            yield from phrases_of(category, weight, whole)
        return
    steps, gaps, gap = list[Step](), list[int](), 0
    for part in parts:
        if part[0] == "_":
            gap += int(part[1:] or 1)
        else:
            steps.append(_step(part))
            gaps.append(gap)
            gap = 0
    commonness = [step.commonness for step in steps]
    rarest = min(commonness, default=inf)
    if gap or rarest == inf or gaps[0]:
        raise ValidationError(f"the word lists hold a phrase that cannot be looked up: '{text}'")
    anchor = commonness.index(rarest)
    yield BoundaryPhrase(category, weight, tuple(steps), tuple(gaps), anchor)


def own_phrase(name: str) -> BoundaryPhrase:
    """A category that no list knows as a phrase of weight 1: its words, the last with its family.

    Of the family are its endings, the one who does it, what is like it, and the fear of it.
    """
    *words, last = re.findall(r"[^\W_]+", name)
    stem = singular(last)
    family = _forms_of(stem) | {last, stem}
    family |= {stem.removesuffix("e") + end for end in ("er", "ers", "ish", "y")}
    family |= {stem + end for end in ("like", "ly", "ness", "phobia", "phobic")}
    if stem.endswith("y"):
        family |= {stem[:-1] + "ier", stem[:-1] + "ily"}
    steps = [*(Step(frozenset({word, singular(word)})) for word in words), Step(frozenset(family))]
    return BoundaryPhrase(name, 1, tuple(steps), (0,) * len(steps))


class PhraseIndex:
    """Phrases by their rarest word; ``masked`` are words that are often written with stars."""

    def __init__(self) -> None:
        self.masked = set[str]()
        self._by_word = defaultdict[str, list[BoundaryPhrase]](list)
        self._by_prefix = defaultdict[str, list[BoundaryPhrase]](list)
        self._found = dict[str, list[BoundaryPhrase]]()

    def add(self, phrase: BoundaryPhrase) -> None:
        """Take a phrase in; only while the lists are being loaded."""
        anchor = phrase.steps[phrase.anchor]
        for word in anchor.words:
            self._by_word[word].append(phrase)
        for prefix in anchor.prefixes:
            self._by_prefix[prefix].append(phrase)

    def _found_by(self, form: str) -> list[BoundaryPhrase]:
        # not by ``lru_cache``: it would hold this and be held by it, and every turn has a gate
        if (found := self._found.get(form)) is None:
            if len(self._found) >= _MOST_FORMS:
                self._found.clear()
            found = self._found[form] = self._look_up(form)
        return found

    def _look_up(self, form: str) -> list[BoundaryPhrase]:
        """The phrases whose rarest word may be this one."""
        if form[0] == "\x02":  # a letter was taken out: only whole words count
            return self._by_word.get(form[1:], [])
        found = list(self._by_word.get(form, ()))
        for length in range(_SHORTEST_PREFIX, min(len(form), _LONGEST_PREFIX) + 1):
            found += self._by_prefix.get(form[:length], ())
        if _MASK.search(form):
            hidden = re.compile(_MASK.sub(".", re.sub(r"[^\w*#%]", "", form)))
            for word in filter(hidden.fullmatch, self.masked):
                found += self._look_up(word)
        return found

    def matches(
        self, reading: Sequence[Word], wanted: Container[str], start: int = 0
    ) -> Iterator[tuple[BoundaryPhrase, int, int]]:
        """Every match of a wanted category: the phrase, where it begins, where it ends (exclusive).

        Phrases are looked up from the word at ``start`` on.
        """
        for at in range(start, len(reading)):
            for form in reading[at].forms:
                for phrase in self._found_by(form):
                    if phrase.category in wanted and (span := phrase.span(reading, at)):
                        yield phrase, *span
