"""Lasting lines: short plain sentences of what is now true and will matter, in any language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tta_rebuild.canon.recall import within_budget, words_in
from tta_rebuild.canon.view import Fact
from tta_rebuild.core.story import LINE_CHARS, LastingLine

MOST_IN_FORCE = 400
"""Lines kept at hand; beyond it the lightest, oldest ones stay in the log alone."""


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
