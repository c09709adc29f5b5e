"""Puts single faults into a room's code and lists those that no test notices.

``python tools/mutants.py ROOM [ROOM ...] [--tests PATH ...] [--sample 50] [--seed 1]``: a room is a
folder or file under ``src/tta_rebuild``; its tests are ``tests/<folder>`` unless named. In a copy,
one run of these tests learns which test reaches which line; each mutant then meets only the tests
that reach it, quickest first, until one fails. A survivor wants a test, or its code can go, or it
changes nothing: that is for the reader to judge.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import os
import random
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path

import coverage
import pytest

PACKAGE = Path("src/tta_rebuild")
NOT_COPIED = (".venv", ".git", ".env", "__pycache__", ".*_cache", "site")
FLIPPED: dict[type, str] = {
    **{ast.Lt: "<=", ast.LtE: "<", ast.Gt: ">=", ast.GtE: ">", ast.Eq: "!=", ast.NotEq: "=="},
    **{ast.In: "not in", ast.NotIn: "in", ast.Is: "is not", ast.IsNot: "is"},
    **{ast.And: "or", ast.Or: "and", ast.Add: "-", ast.Sub: "+", ast.Mult: "/", ast.Div: "*"},
}


def faults(node: ast.AST) -> Iterator[str]:
    """What may stand in the place of this piece of code."""
    text = ast.unparse
    match node:
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in FLIPPED:
            yield f"({text(left)} {FLIPPED[type(op)]} {text(right)})"
        case ast.BoolOp(op=op, values=values):
            yield "(" + f" {FLIPPED[type(op)]} ".join(f"({text(x)})" for x in values) + ")"
        case ast.BinOp(left=left, op=op, right=right) if type(op) in FLIPPED:
            yield f"(({text(left)}) {FLIPPED[type(op)]} ({text(right)}))"
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield f"({text(operand)})"
        case ast.Constant(value=bool(value)):
            yield str(not value)
        case ast.Constant(value=int(value) | float(value)):
            yield str(value + 1)
        case ast.IfExp(test=test, body=body, orelse=orelse):
            yield f"({text(orelse)} if {text(test)} else {text(body)})"
        case ast.Call(func=ast.Name(id="min" | "max" as name), args=[_, _, *_]):
            yield ("max" if name == "min" else "min") + text(node)[3:]
        case ast.AugAssign(target=target, op=op, value=value) if type(op) in FLIPPED:
            yield f"{text(target)} {FLIPPED[type(op)]}= {text(value)}"
        case ast.Return(value=ast.expr()) if text(node) != "return None":
            yield "return None"
        case ast.Expr(value=ast.Call() | ast.Await()) | ast.Raise() | ast.Delete():
            yield "pass"
        case ast.Assign(targets=[ast.Attribute() | ast.Subscript()]) | ast.Break() | ast.Continue():
            yield "pass"


def mutants(source: str) -> Iterator[tuple[int, int, str]]:
    """Each fault alone: the first and last line of its statement so far, and the whole text."""
    code = source.encode()
    lines = code.splitlines(keepends=True)
    starts = [sum(map(len, lines[:n])) for n in range(len(lines) + 1)]
    waiting: list[tuple[ast.AST, int]] = [(ast.parse(source), 1)]
    while waiting:
        node, line = waiting.pop()
        line = node.lineno if isinstance(node, ast.stmt) else line
        for fault in faults(node):
            begin = starts[node.lineno - 1] + node.col_offset
            end = starts[node.end_lineno - 1] + node.end_col_offset
            yield line, node.end_lineno, (code[:begin] + fault.encode() + code[end:]).decode()
        for name, value in ast.iter_fields(node):
            if name not in {"annotation", "returns", "decorator_list"}:
                parts = value if isinstance(value, list) else [value]
                nodes = [part for part in parts if isinstance(part, ast.AST)]
                # before Python 3.12 what stands in an f-string has no place of its own
                waiting += [(part, line) for part in nodes if not isinstance(part, ast.JoinedStr)]


class Learning:
    """A plugin that writes down each test's time and tells the coverage which test runs."""

    def __init__(self) -> None:
        self.reach = coverage.Coverage(data_file="reach", source=[str(PACKAGE)])
        self.times: list[str] = []

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self.reach.switch_context(nodeid)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call":
            self.times.append(f"{report.duration} {report.nodeid!r}\n")

    def save(self) -> None:
        self.reach.stop()
        self.reach.save()
        files = {name: str(getattr(x, "__file__", "")) for name, x in sys.modules.items()}
        installed = [name for name, file in files.items() if "site-packages" in file]
        Path("installed").write_text("\n".join(installed))
        Path("times").write_text("".join(self.times))


class Chosen:
    """A plugin that runs these tests alone, in this order."""

    def __init__(self, nodeids: Iterable[str]) -> None:
        self.order = {nodeid: place for place, nodeid in enumerate(nodeids)}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = [item for item in items if item.nodeid in self.order]
        items.sort(key=lambda item: self.order[item.nodeid])


def run(place: Path, tests: list[str], plugin: Learning | Chosen, seconds: float = 3600) -> int:
    """Pytest's exit status in a child; 1 for what does not end in time, with all it started."""
    child = get_context("fork").Process(target=_tested, args=(place, tests, plugin))
    child.start()
    child.join(seconds)
    with suppress(ProcessLookupError):
        os.killpg(child.pid or 0, 9)
    child.join()
    return 1 if (child.exitcode or 0) < 0 else child.exitcode or 0


def _tested(place: Path, tests: list[str], plugin: Learning | Chosen) -> None:
    os.setsid()
    os.chdir(place)
    sys.path[:0] = [str(place / "src"), str(place)]
    os.environ["PYTHONPATH"] = os.pathsep.join(sys.path[:2])
    os.dup2(os.open("output", os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 1)
    os.dup2(1, 2)
    quiet = ["-x", "-p", "no:cacheprovider", "-W", "ignore::pytest.PytestAssertRewriteWarning"]
    if isinstance(plugin, Learning):
        plugin.reach.start()
    status = pytest.main([*tests, *quiet], plugins=[plugin])
    if isinstance(plugin, Learning):
        plugin.save()
    os._exit(status)


class Hunt:
    """The copy of the tree, with what a first run of the tests has told."""

    def __init__(self, place: Path, tests: list[str]) -> None:
        self.place = place
        shutil.copytree(Path.cwd(), place, ignore=shutil.ignore_patterns(*NOT_COPIED))
        if run(place, tests, Learning()):
            raise SystemExit((place / "output").read_text())
        for name in (place / "installed").read_text().split():
            with suppress(Exception):
                import_module(name)  # once here instead of in every child
        lines = (place / "times").read_text().splitlines()
        pairs = [line.split(" ", 1) for line in lines]
        self.times = {ast.literal_eval(nodeid): float(seconds) for seconds, nodeid in pairs}
        self.reach = coverage.CoverageData(str(place / "reach"))
        self.reach.read()
        quickest = {
            test.split("::")[0]: test
            for test in sorted(self.times, key=self.times.get, reverse=True)
        }
        if run(place, sorted(quickest), Chosen(quickest.values())):  # without a fault, all pass
            raise SystemExit((place / "output").read_text())

    def tests_of(self, path: Path, first: int, last: int) -> list[str]:
        """The tests that reach these lines, the quickest first."""
        reached = self.reach.contexts_by_lineno(str(path))
        found = {test for line in range(first, last + 1) for test in reached.get(line, [])}
        if "" in found:  # while modules are imported: whatever touches the module concerns it
            found = {test for tests in reached.values() for test in tests}
        return sorted(found & self.times.keys(), key=self.times.__getitem__)

    def survives(self, path: Path, mutant: str, number: int, tests: list[str]) -> bool:
        if not tests:
            return True
        original = path.read_text("utf-8")
        path.write_text(mutant, "utf-8")
        os.utime(path, (number, number))  # one of its own, or Python takes another's bytecode
        files = sorted({test.split("::")[0] for test in tests})
        limit = 60 + 5 * sum(map(self.times.__getitem__, tests))
        status = run(self.place, files, Chosen(tests), limit)
        path.write_text(original, "utf-8")
        if status > 2:  # neither passed nor failed
            raise SystemExit((self.place / "output").read_text())
        return not status


def main() -> None:
    """Lists the survivors; the last lines count made, killed and survived for each module."""
    asked = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    asked.add_argument("rooms", nargs="+")
    asked.add_argument("--tests", nargs="+")
    asked.add_argument("--sample", type=int, default=50)
    asked.add_argument("--seed", type=int, default=1)
    options = asked.parse_args()
    made = [
        (path, *mutant)
        for path in sorted(PACKAGE.rglob("*.py"))
        if any(path.is_relative_to(PACKAGE / room) for room in options.rooms)
        for mutant in mutants(path.read_text("utf-8"))
    ]
    chosen = random.Random(options.seed).sample(made, min(options.sample, len(made)))
    counts: dict[Path, Counter[bool]] = {}
    with tempfile.TemporaryDirectory() as scratch:
        Path(scratch).chmod(0o755)  # some tests read the copy as another user
        rooms = sorted({f"tests/{room.split('/')[0]}" for room in options.rooms})
        hunt = Hunt(Path(scratch).resolve() / "copy", options.tests or rooms)
        for number, (path, first, last, text) in enumerate(sorted(chosen)):
            tests = hunt.tests_of(hunt.place / path, first, last)
            survived = hunt.survives(hunt.place / path, text, number, tests)
            counts.setdefault(path, Counter())[survived] += 1
            if survived:
                old = (hunt.place / path).read_text("utf-8").splitlines()
                changed = list(difflib.unified_diff(old, text.splitlines(), n=0, lineterm=""))[3:]
                print(f"{path}:{first} ({len(tests)} tests)", *changed, sep="\n  ", flush=True)
    for path, fates in counts.items():
        print(f"{path}: made {fates.total()}, killed {fates[False]}, survived {fates[True]}")


if __name__ == "__main__":
    main()
