"""``python -m benchmarks.figures SET [--quick]``: measure a set of promises and print the table."""

from __future__ import annotations

import argparse
import asyncio
import inspect
import pkgutil
import sys
import time
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType
from typing import Any

import benchmarks.figures as home
from benchmarks.figures import Row


async def _collect(result: Any) -> list[Row]:
    if inspect.isasyncgen(result):
        return [row async for row in result]
    return list(await result)


def _rows(module: ModuleType, quick: bool) -> Iterator[Row]:
    result = module.measure(quick)
    if inspect.isasyncgen(result) or inspect.iscoroutine(result):
        yield from asyncio.run(_collect(result))
    else:
        yield from result


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
    for name in names:
        for row in _rows(import_module(f"benchmarks.figures.{name}"), options.quick):
            total += 1
            short += not row.ok
            verdict = "ok" if row.ok else "SHORT"
            print(f"{row.number:<4} {row.what:<62} {row.measured:>24}  {row.bound:<26} {verdict}")
            sys.stdout.flush()
    scale = "quick" if options.quick else "full"
    print(f"{total - short} of {total} hold ({scale}, {time.monotonic() - began:.0f} s)")
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main())
