"""The figures of ``tta eval quality`` as tables: on the screen, and as Markdown for the guide."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from tta_rebuild.cli.screen import Screen, one_line
from tta_rebuild.core.data_files import read_text
from tta_rebuild.core.errors import UnreadableFile
from tta_rebuild.lab.intervals import wilson
from tta_rebuild.lab.quality_counts import JudgeFigures, QualityCounts, RatedFigures
from tta_rebuild.lab.twins import DAMAGES

BEGIN, END = "<!-- eval quality: begin -->", "<!-- eval quality: end -->"
_BETWEEN = re.compile(f"(?<={BEGIN}\n).*?(?={END})", re.DOTALL)
MAX_BYTES = 2_000_000

Table = tuple[Sequence[str], list[Sequence[str]]]


def tables_of(counts: QualityCounts) -> list[Table]:
    """Heads and rows: twins, marked texts, the judge; what was not measured is left out."""
    found: list[Table] = []
    if counts.told:
        rows = [_twin_row(name, counts) for name in counts.damages]
        told = f"mean of {len(counts.told)} told scenes: {counts.mean_told:.3f}"
        found.append(((told, "told above", "", "95 %", "mean of twins"), rows))
    if counts.rated:
        rows = [_rated_row(name, figures) for name, figures in counts.rated.items()]
        heads = ("rank correlation with marks", "n", "score", "95 %", "length alone")
        found.append(((*heads, "better than length", "refitted: prompts", "systems"), rows))
        found.append((("other orders", "n", "right", ""), list(_other_rows(counts.rated))))
    if counts.judge:
        found.append((("the judge", ""), list(_judge_rows(counts.judge))))
    return found


def _twin_row(name: str, counts: QualityCounts) -> Sequence[str]:
    one = counts.damages[name]
    low, high = wilson(one.scenes * one.told_above / max(1, one.n), one.scenes)
    return (
        DAMAGES.get(name, name),
        f"{one.told_above} of {one.n}",
        f"{100 * one.told_above / max(1, one.n):.1f} %",
        f"{100 * low:.0f} to {100 * high:.0f} %",
        f"{one.mean_twin:.2f}",
    )


def _rated_row(name: str, one: RatedFigures) -> Sequence[str]:
    gain = f"{one.gain_low:+.2f} to {one.gain_high:+.2f}"
    systems = _figure(one.refit_systems)
    if one.length_systems is not None:
        systems += f" (length {one.length_systems:.2f})"
    return (
        name,
        str(one.n),
        f"{one.spearman:.2f}",
        f"{one.low:.2f} to {one.high:.2f}",
        f"{one.length_alone:.2f}",
        f"yes, {gain}" if one.beats_length else f"no, {gain}",
        _figure(one.refit_prompts),
        systems,
    )


def _other_rows(rated: dict[str, RatedFigures]) -> Iterable[Sequence[str]]:
    for name, one in rated.items():
        part = f"{100 * one.shuffled_below / max(1, one.shuffled):.1f} %"
        yield f"{name}: above its own shuffle", str(one.shuffled), str(one.shuffled_below), part
        if one.pairs:
            part = f"{100 * one.pairs_right / one.pairs:.1f} %"
            yield f"{name}: the better version", str(one.pairs), str(one.pairs_right), part


def _judge_rows(judge: JudgeFigures) -> Iterable[Sequence[str]]:
    yield "judged, failed", f"{judge.judged}, {judge.failed}"
    yield "agreement of two answers", _figure(judge.agreement)
    yield "rank correlation of first and second answers", _figure(judge.between_runs)
    yield "marked by hand", str(judge.marked)
    if judge.marks is not None and judge.marks_low is not None and judge.marks_high is not None:
        interval = f"{judge.marks_low:.2f} to {judge.marks_high:.2f}"
        yield "rank correlation with them: the judge", f"{judge.marks:.2f} ({interval})"
        yield "rank correlation with them: the whole score", _figure(judge.folded)
        yield "rank correlation with them: counted parts alone", _figure(judge.estimate)


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def show(screen: Screen, counts: QualityCounts, rows_shown: int) -> None:
    """The tables, then the twins that were not below their scene."""
    from rich.table import Table as Shown

    for heads, rows in tables_of(counts):
        table = Shown(*heads, box=None, pad_edge=False, header_style="bold")
        for cells in rows:
            table.add_row(*cells)
        screen.out.print(table)
        screen.say()
    for name, one in counts.rated.items():
        if not one.beats_length:
            screen.say(f"{name}: no better than the number of words alone.")
    if counts.calls:
        screen.say(f"{counts.calls} answers of the judge, ${counts.cost_usd:.4f}", "bold")
    for row in counts.rows[:rows_shown]:
        text = f"{one_line(row.text)} -- {one_line(row.reason)}"
        screen.entry(f"{row.kind} {row.story} turn {row.turn}", text)
    if rows_shown < len(counts.rows):
        screen.say(f"and {len(counts.rows) - rows_shown} more: --all shows them", indent=2)


def said_of_unmatched(ids: Sequence[str], most: int) -> str:
    """Which marks by hand belong to nothing, at most so many by name."""
    more = f" and {len(ids) - most} more (--all names them)" if len(ids) > most else ""
    names = ", ".join(one_line(name) or "''" for name in ids[:most])
    return f"no scene and no text has the id of these marks: {names}{more}"


def put_into(page: Path, counts: QualityCounts) -> None:
    """Put the tables between the two marks of a page. Raises UnreadableFile: it has none."""
    text = read_text(page, max_bytes=MAX_BYTES)
    if not _BETWEEN.search(text):
        raise UnreadableFile(f"{page} has no place for figures: write {BEGIN} and {END} into it")
    told = "\n".join(_markdown(table) for table in tables_of(counts))
    page.write_text(_BETWEEN.sub(lambda _: told, text), encoding="utf-8")


def _markdown(table: Table) -> str:
    heads, rows = table
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
