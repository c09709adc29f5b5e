"""Tables of figures on the screen, and a bar of progress beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

from tta_rebuild.cli.screen import Screen, one_line


def show_table(screen: Screen, heads: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Columns under their heads; the first is text, the others stand to the right."""
    from rich.table import Column, Table
    from rich.text import Text

    first, *others = heads
    columns = [Column(first, overflow="fold"), *(Column(h, justify="right") for h in others)]
    table = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*(Text(one_line(_shown(cell))) for cell in row))
    screen.out.print(table)


def _shown(cell: object) -> str:
    if cell is None:
        return "-"
    return f"{cell:.4g}" if isinstance(cell, float) else str(cell)


@contextmanager
def progress_of(screen: Screen, what: str) -> Iterator[Callable[[int, int], None]]:
    """Takes (done, planned): a bar on a terminal, elsewhere a line for each tenth."""
    if not screen.err.is_terminal:
        told = -1

        def note(done: int, planned: int) -> None:
            nonlocal told
            tenth = 10 * done // max(planned, 1)
            if tenth > told:
                told = tenth
                screen.note(f"{done} of {planned} {what}")

        yield note
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    columns = (BarColumn(bar_width=None), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=screen.err, transient=True, redirect_stdout=False) as progress:
        task = progress.add_task(what, total=None)
        yield lambda done, planned: progress.update(task, completed=done, total=planned)
