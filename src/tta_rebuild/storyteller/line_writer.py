"""The writer: writes one sentence at a time and remembers what it has written.

Called by ``teller`` and ``choices``. Of several lines that fit and several wordings of each, it
takes the one that shares the fewest runs of four words with what the player has read lately, and
never a sentence that was told within the last turns.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from random import Random

from tta_rebuild.core.english import sentences_of
from tta_rebuild.storyteller.line_template import (
    MARK_LENGTH,
    LineTemplate,
    fingerprint,
    four_grams,
    tidy,
)
from tta_rebuild.storyteller.word_filter import WordFilter

PRINT_LENGTH = 4
MARKS_REMEMBERED = 900

LEAST_WORDS = 4
"""Words of a sentence that is not to be told twice."""
_LINES_TRIED = 6
_WORDINGS_TRIED = 2


class LineWriter:
    """One scene's writing.

    Attributes:
        own: the player's words for what they do, told back whatever words they hold.
        recent: the last scenes.

    Args:
        bounds: what must not be said.
        told: fingerprints of the sentences of the last turns, one string per turn.
        marks: the lines used lately, oldest first, three characters each.
        recent: the last scenes, whose runs of words are avoided.
    """

    def __init__(
        self,
        rng: Random,
        bounds: WordFilter,
        *,
        told: Sequence[str] = (),
        marks: str = "",
        recent: Sequence[str] = (),
    ) -> None:
        self.rng = rng
        self.slots: dict[str, str] = {}
        self.bounds = bounds
        self.own: frozenset[str] = frozenset()
        self._known = {mark for turn in told for mark in _parted(turn, PRINT_LENGTH)}
        self._uses = Counter(_parted(marks, MARK_LENGTH))
        self.recent = recent
        self._grams = set[tuple[str, ...]]().union(*map(_runs, recent))
        self.marks: list[str] = []
        self.prints: list[str] = []
        self.left_out = 0  # lines that had no wording which boundaries and rules allow

    def allows(self, text: str) -> bool:
        """True if nothing in the text is kept out by boundaries or rules."""
        return self.bounds.allows(text, self.own)

    def line(self, lines: Sequence[LineTemplate], **more: str) -> str:
        """The best wording of one of the lines, "" if none can be used.

        Lines used least come first; ``more`` fills slots for this line only.
        """
        slots = {**self.slots, **more} if more else self.slots
        ready = [
            (self._uses[line.mark], self.rng.random(), line)
            for line in lines
            if line.needs <= slots.keys()
        ]
        ready.sort(key=lambda entry: entry[:2])
        is_kept_out = False
        for start in range(0, len(ready), _LINES_TRIED):
            drafts = [
                (self._sameness(text) + 0.2 * uses, number, text, line)
                for number, (uses, _, line) in enumerate(ready[start : start + _LINES_TRIED])
                for text in [line.draft(self.rng, slots) for _ in range(_WORDINGS_TRIED)]
            ]
            for _, _, text, line in sorted(drafts, key=lambda draft: draft[:2]):
                told = tidy(text)
                if not told or not self.is_new(told):
                    continue
                is_kept_out = is_kept_out or not self.allows(told)
                if self.allows(told):
                    self.keep(told)
                    self.marks.append(line.mark)
                    self._uses[line.mark] += 1
                    return told
        self.left_out += is_kept_out
        return ""

    def uses(self, line: LineTemplate) -> int:
        """How often a line was told lately."""
        return self._uses[line.mark]

    def filled(self, line: LineTemplate, **slots: str) -> str:
        """One line with its slots filled, not weighed and not remembered; "" if one is empty."""
        known = {**self.slots, **slots}
        return tidy(line.draft(self.rng, known)) if line.needs <= known.keys() else ""

    def whole(self, line: LineTemplate) -> str:
        """A line as its author wrote it, however often told; the engine holds the boundaries."""
        is_ready = line.needs <= self.slots.keys()
        return " ".join(line.draft(self.rng, self.slots).split()) if is_ready else ""

    def keep(self, text: str) -> None:
        """Remember a text as told."""
        self._grams.update(four_grams(text))
        marks = _prints(text)
        self._known.update(marks)
        self.prints += marks

    def is_new(self, text: str) -> bool:
        """True if no sentence of it was told within the turns remembered."""
        marks = _prints(text)
        return len(set(marks)) == len(marks) and not self._known.intersection(marks)

    def _sameness(self, text: str) -> float:
        grams = four_grams(text)
        return sum(gram in self._grams for gram in grams) / len(grams) if grams else 0.3


@lru_cache(maxsize=256)
def _runs(text: str) -> frozenset[tuple[str, ...]]:
    """The runs of a told scene, counted once however often the scene comes back as recent."""
    return frozenset(four_grams(text))


def _prints(text: str) -> list[str]:
    """The fingerprint of each sentence that is more than a word or two: “No,” says Tom."""
    plain = (sentence.strip(' “”"‘’').lower() for sentence in sentences_of(text))
    return [fingerprint(s, PRINT_LENGTH) for s in plain if len(s.split()) >= LEAST_WORDS]


def _parted(text: str, size: int) -> list[str]:
    return [text[i : i + size] for i in range(0, len(text), size)]
