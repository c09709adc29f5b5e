"""Lasting lines: short plain sentences of what is now true and will matter, in any language.

And the story so far in a few, whatever its length: the older, the more turns to a line. That is a
reminder, never a source of truth: each says which turns it stands for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tta_rebuild.canon.recall import within_budget, words_in
from tta_rebuild.canon.view import Fact
from tta_rebuild.core.story import LINE_CHARS, LastingLine

MOST_IN_FORCE = 400
"""Lines kept at hand; beyond it the lightest, oldest ones stay in the log alone."""

MOST_LINES, NEWEST, TURN_CHARS = 14, 7, 140
"""Of a summary: lines in all; at the end, that stand for one turn each; characters of one."""


def with_line(
    lines: Mapping[int, LastingLine], number: int, line: LastingLine
) -> dict[int, LastingLine]:
    """The lines in force once one more is kept; a line said again takes the new number."""
    kept = {n: old for n, old in lines.items() if old.text != line.text}
    kept[number] = line
    if len(kept) > MOST_IN_FORCE:
        del kept[min(kept, key=lambda n: (kept[n].weight, n))]
    return kept


def lines_for(
    lines: Mapping[int, LastingLine], concerned: Iterable[str], text: str, budget_tokens: int
) -> dict[int, LastingLine]:
    """The lines that matter now, by number, within a budget: those about who and what is
    ``concerned`` (ids), of weight, sharing words with ``text``, and of late go before others.
    """
    near, wanted = set(concerned), words_in(text)

    def rank(number: int) -> tuple[float, int]:
        line = lines[number]
        shared = len(wanted & words_in(line.text))
        return 2.0 * len(near.intersection(line.about)) + line.weight + shared, number

    by_rank = sorted(lines, key=rank, reverse=True)
    chosen = within_budget(by_rank, budget_tokens, lambda number: len(lines[number].text) + 24)
    return {number: lines[number] for number in sorted(chosen)}


def lines_saying(lines: Mapping[int, LastingLine], fact: Fact) -> list[int]:
    """The numbers of the lines that say a fact: about its subject, with every word of its value."""
    wanted = words_in(fact.value.replace("_", " "))
    near = {n: one for n, one in lines.items() if fact.subject in (*one.about, *one.known_by)}
    return [n for n, one in near.items() if wanted and wanted <= words_in(one.text)]


def numbered(number: int, line: LastingLine) -> str:
    """A lasting line as prompts show it: number, words, and who knows it if not everybody."""
    known = f" [known to: {', '.join(line.known_by)}]" if line.known_by else ""
    return f"{number}. {line.text}{known}"


def cut_line(text: str, most: int = LINE_CHARS, ending: str = " ,.;:") -> str:
    """A text as one line, cut between words where it is longer than ``most`` characters."""
    flat = " ".join(text.split())
    return flat if len(flat) <= most else flat[: most - 1].rsplit(" ", 1)[0].rstrip(ending) + "…"


@dataclass(frozen=True, slots=True)
class SummaryLine:
    """What happened in turns ``first`` to ``last``: the one or two in which most did, each with how
    much that was.
    """

    first: int
    last: int
    told: tuple[tuple[int, str], ...]

    def __str__(self) -> str:
        is_one = self.first == self.last
        turns = f"turn {self.first}" if is_one else f"turns {self.first}-{self.last}"
        room = TURN_CHARS // len(self.told)
        return f"{turns}: {'; '.join(cut_line(text, room, ending='') for _, text in self.told)}"


def with_turn(
    lines: Sequence[SummaryLine], turn: int, text: str, weight: int
) -> tuple[SummaryLine, ...]:
    """The summary with one more turn; ``weight`` counts what it changed.

    Of more than ``MOST_LINES`` the two older neighbours that stand for fewest turns become one.
    """
    new = SummaryLine(turn, turn, ((max(1, weight), cut_line(text, TURN_CHARS)),))
    lines = (*lines, new)
    if len(lines) <= MOST_LINES:
        return lines
    older = range(len(lines) - NEWEST - 1)
    at = min(older, key=lambda number: lines[number + 1].last - lines[number].first)
    return (*lines[:at], _drawn_together(lines[at], lines[at + 1]), *lines[at + 2 :])


def _drawn_together(one: SummaryLine, other: SummaryLine) -> SummaryLine:
    told = (*one.told, *other.told)
    by_weight = sorted(range(len(told)), key=lambda number: (-told[number][0], number))
    return SummaryLine(one.first, other.last, tuple(told[n] for n in sorted(by_weight[:2])))
