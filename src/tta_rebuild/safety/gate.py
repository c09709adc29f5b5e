"""The safety gate: holds back what the player has ruled out, warns of what is heavy but allowed.

Asked for everything on its way to the player and for everything the player says. No model is asked:
what it can find, it finds the same way every time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

from tta_rebuild.core.boundaries import boundary_refusal
from tta_rebuild.safety.categories import EVERY, HIGH, THRESHOLDS, categories_of, level_of, table
from tta_rebuild.safety.phrases import HARMLESS, PhraseIndex, word_list
from tta_rebuild.safety.tokens import Word, read

_LONGEST_PHRASE, _REACH = 14, 6
"""Words before a text that a phrase may begin in; before a match, in which a negation counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundaryFinding:
    """Heavy matter in a text: ``weight`` 1 touches it, 2 shows it, 3 dwells on it.

    ``words`` were found, as understood; ``level`` is the player's boundary, "" if none is set.
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


class SafetyGate:
    """The gate for one player's boundaries: category → level (see ``level_of``).

    What several boundaries say of one category, the strictest decides. Cheap to make: the word
    lists are read once. Raises ValidationError: no such level, or a category without a name.
    """

    def __init__(self, boundaries: Mapping[str, str]) -> None:
        self._bounds = {category.name: category for category in table()[0].values()}
        self._own = PhraseIndex()
        for name, level in boundaries.items():
            threshold = THRESHOLDS[level_of(str(name), level)]
            for category, phrases in categories_of(str(name)):
                bound = self._bounds.get(category.name)
                if bound is None or not bound.level or threshold < bound.threshold:
                    said = str(level).strip()
                    self._bounds[category.name] = replace(category, threshold=threshold, level=said)
                for phrase in phrases:
                    self._own.add(phrase)
        self._held = frozenset(n for n, b in self._bounds.items() if b.threshold < THRESHOLDS[HIGH])

    def finding(self, text: str, before: str = "") -> BoundaryFinding | None:
        """What the boundaries keep out of the text: the heaviest, of these the first.

        ``before`` was shown just before, so that a phrase cannot hide in the seam; what stands in
        it alone is not found again.
        """
        if not self._held:
            return None
        found = self._findings(text, before, self._held)
        kept_out = [f for f in found if f.weight >= self._bounds[f.category].threshold]
        return max(kept_out, key=lambda f: f.weight, default=None)

    def warnings(self, text: str) -> list[str]:
        """What to say before a text that holds heavy matter which no boundary keeps out.

        A player who set a boundary for a category is warned of what it lets pass from weight 2
        on; one who set none, from the weight that the category names.
        """
        subjects = set[str]()
        for found in self._findings(text, "", frozenset(self._bounds)):
            bound = self._bounds[found.category]
            if (2 if bound.level else bound.warn) <= found.weight < bound.threshold:
                subjects.add(found.subject)
        return [f"content warning: {subject}" for subject in sorted(subjects)]

    def refusal(self, text: str) -> str | None:
        """Why the player's own words are not played, kindly, or None if they may be."""
        finding = self.finding(text)
        return boundary_refusal(finding.category, finding.level) if finding else None

    def _findings(
        self, text: str, before: str, wanted: frozenset[str]
    ) -> Iterator[BoundaryFinding]:
        reading, new = read(text), 0
        if before:
            whole = read(f"{before} {text}")
            new = max(0, len(whole) - len(reading))
            reading = whole
            if 0 < new < len(whole) and whole[new].sentence == whole[new - 1].sentence:
                # the seam may have cut a word in two
                whole[new].forms += (whole[new - 1].forms[0] + whole[new].forms[0],)
        matches = [
            match
            for lexicon in (table()[1], self._own)
            for match in lexicon.matches(reading, wanted | {EVERY}, max(0, new - _LONGEST_PHRASE))
        ]
        harmless = [match for match in matches if match[0].weight == HARMLESS]
        for phrase, begin, end in matches:
            is_excused = any(
                other.category in (EVERY, phrase.category) and at < end and begin < to
                for other, at, to in harmless
            )
            if phrase.weight == HARMLESS or end <= new or is_excused:
                continue
            bound = self._bounds[phrase.category]
            if end - begin == 1 and _is_name(reading, begin, bound.names):
                continue
            lighter = bound.negatable and phrase.weight > 1 and _is_negated(reading, begin)
            yield BoundaryFinding(
                category=bound.name,
                weight=phrase.weight - lighter,
                words=" ".join(w.forms[0] for w in reading[begin:end]),
                level=bound.level,
            )


def _is_name(reading: Sequence[Word], at: int, names: frozenset[str]) -> bool:
    """True if the word at ``at`` is a name; one not common as such needs a title or a place."""
    word = reading[at].forms[0]
    if not reading[at].capital:
        return False
    if at and reading[at - 1].forms[0] in word_list("titles"):
        return True
    after = list(takewhile(lambda word: word.capital, reading[at + 1 :]))
    if any(one.forms[0] in word_list("places") for one in after):
        return True
    if word not in names and word.removesuffix("s") not in names:
        return False
    following = reading[at + 1].forms[0] if at + 1 < len(reading) else ""
    is_told_of = following in word_list("of_one") or following.endswith("ed")
    return not reading[at].opens or bool(after) or is_told_of


def _is_negated(reading: Sequence[Word], at: int) -> bool:
    """True if a negation governs the word at ``at``: what nobody does is one step lighter."""
    for word in reversed(reading[max(0, at - _REACH) : at]):
        first, last = word.forms[0], word.forms[-1]
        if word.clause != reading[at].clause or first in word_list("ends_negation"):
            return False
        contracted = first.endswith("n't") or ("'" in first and last.endswith("n't"))
        if contracted or first in word_list("negators"):
            return True
    return False
