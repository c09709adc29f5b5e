"""``python -m benchmarks [SET ...]``: measure, print the table; 1 if a bound is exceeded."""

from __future__ import annotations

import argparse
import asyncio
import inspect
import logging
import pkgutil
import platform
import sys
import time
import traceback
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import benchmarks
from benchmarks import Row

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
LINE = "{:<64} {:>28}  {:<22} {:<5} {}"
VERDICTS = {True: "ok", False: "SHORT", None: ""}


def modules(sets: Iterable[str]) -> list[str]:
    """Names of the benchmarks of these sets (all of them if none is named), in order."""
    found = (m.name for m in pkgutil.iter_modules(benchmarks.__path__))
    names = sorted(name for name in found if "_" in name.strip("_"))
    known = {name.partition("_")[0] for name in names} | {"all"}
    if unknown := set(sets) - known:
        raise SystemExit(f"no set {sorted(unknown)}; there are {sorted(known)}")
    if not sets or "all" in sets:
        return names
    return [name for name in names if name.partition("_")[0] in sets]


async def _each(rows: Any, show: Callable[[Row], None]) -> None:
    async for row in rows:
        show(row)


def run(name: str, quick: bool, show: Callable[[Row], None]) -> None:
    """Show each row as soon as it is measured; a benchmark that fails is a row that is short."""
    try:
        rows = import_module(f"benchmarks.{name}").measure(quick)
        if inspect.isasyncgen(rows):
            asyncio.run(_each(rows, show))
        else:
            for row in rows:
                show(row)
    except Exception as error:  # noqa: BLE001 - the others are still to be measured
        traceback.print_exc()
        show(Row(what=name, measured=f"failed: {error!r}"[:60], bound="runs", ok=False))


def write_into(page: Path, tables: dict[str, list[Row]], scale: str) -> None:
    """Put the tables between the two marks of a Markdown page, with date and machine."""
    before, _, rest = page.read_text("utf-8").partition(BEGIN)
    _, mark, after = rest.partition(END)
    if not mark:
        raise SystemExit(f"{page} has no lines '{BEGIN}' and '{END}'")
    machine = f"Python {platform.python_version()}, {platform.system()} on {platform.machine()}"
    lines = [BEGIN, f"Measured {datetime.now(UTC):%d %B %Y}, {scale} sizes, {machine}."]
    for name, rows in tables.items():
        lines += ["", f"### `{name}`", ""]
        lines += ["| What | Measured | Bound | | Peer |", "|---|---|---|---|---|"]
        for row in rows:
            cells = (row.what, row.measured, row.bound, VERDICTS[row.ok], row.peer)
            lines.append(f"| {' | '.join(cells)} |")
    page.write_text(before + "\n".join([*lines, END]) + after, "utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument(
        "sets",
        nargs="*",
        help="storage, story, canon, models, code, server, cluster; all by default",
    )
    parser.add_argument("--full", action="store_true", help="promised sizes instead of small ones")
    parser.add_argument("--only", default="", help="only benchmarks whose name contains this")
    parser.add_argument("--into", type=Path, help="write the table into this Markdown page too")
    options = parser.parse_args()
    logging.getLogger().addHandler(logging.NullHandler())  # what goes wrong here is wanted
    names = [name for name in modules(options.sets) if options.only in name]
    tables: dict[str, list[Row]] = {name: [] for name in names}
    began = time.monotonic()
    print(LINE.format("what", "measured", "bound", "", "peer"))
    for name in names:
        print(f"-- {name}")

        def show(row: Row, rows: list[Row] = tables[name]) -> None:
            rows.append(row)
            print(
                LINE.format(row.what, row.measured, row.bound, VERDICTS[row.ok], row.peer),
                flush=True,
            )

        run(name, not options.full, show)
    judged = [row.ok for rows in tables.values() for row in rows if row.ok is not None]
    scale = "full" if options.full else "quick"
    print(f"{sum(judged)} of {len(judged)} hold ({scale}, {time.monotonic() - began:.0f} s)")
    if options.into:
        write_into(options.into, tables, scale)
    return 0 if all(judged) else 1


if __name__ == "__main__":
    sys.exit(main())
