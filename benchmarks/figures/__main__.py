"""``python -m benchmarks.figures SET [--quick]``: measure a set of promises and print the table."""

from __future__ import annotations

import argparse
import asyncio
import inspect
import pkgutil
import sys
import time
from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import Any

import benchmarks.figures as home
from benchmarks.figures import Row


async def _awaited(result: Any, show: Callable[[Row], None]) -> None:
    if inspect.isasyncgen(result):
        async for row in result:
            show(row)
    else:
        for row in await result:
            show(row)


def _measure(module: ModuleType, quick: bool, show: Callable[[Row], None]) -> None:
    """Each row is shown as soon as it is measured."""
    result = module.measure(quick)
    if inspect.isasyncgen(result) or inspect.iscoroutine(result):
        asyncio.run(_awaited(result, show))
    else:
        for row in result:
            show(row)


def main() -> int:
    parser = argparse.ArgumentParser(prog="make figures", description=__doc__)
    parser.add_argument("set", help="story, models, canon or code")
    parser.add_argument("--quick", action="store_true", help="smaller sizes, under a minute")
    parser.add_argument("--only", default="", help="only modules whose topic contains this")
    options = parser.parse_args()
    names = sorted(
        m.name
        for m in pkgutil.iter_modules(home.__path__)
        if m.name.startswith(f"{options.set}_") and options.only in m.name
    )
    if not names:
        print(f"no figures for the set '{options.set}'", file=sys.stderr)
        return 2
    short = total = 0
    began = time.monotonic()

    def show(row: Row) -> None:
        nonlocal short, total
        total += 1
        short += not row.ok
        verdict = "ok" if row.ok else "SHORT"
        print(f"{row.number:<4} {row.what:<62} {row.measured:>24}  {row.bound:<26} {verdict}")
        sys.stdout.flush()

    for name in names:
        _measure(import_module(f"benchmarks.figures.{name}"), options.quick, show)
    scale = "quick" if options.quick else "full"
    print(f"{total - short} of {total} hold ({scale}, {time.monotonic() - began:.0f} s)")
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main())
