"""No function hides a second one, and none asks for more than can be told apart."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import tta_rebuild

LONGEST, MOST_POSITIONAL = 60, 7
ROOT = Path(tta_rebuild.__file__).parent


def functions() -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for path in sorted(ROOT.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{path.relative_to(ROOT)}: {node.name}", node


def test_no_function_is_longer_than_sixty_lines() -> None:
    """Docstrings aside; the options of a command count as what they are: its interface."""
    long = []
    for name, node in functions():
        first = node.body[0]
        has_words = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
        begins = node.body[1].lineno if has_words and len(node.body) > 1 else first.lineno
        lines = (node.end_lineno or begins) - begins + 1
        if lines > LONGEST:
            long.append(f"{name} has {lines}")
    assert not long


def test_no_function_takes_more_than_seven_positional_parameters() -> None:
    many = [
        name
        for name, node in functions()
        if len([*node.args.posonlyargs, *node.args.args]) > MOST_POSITIONAL
        and not name.startswith("cli/")
    ]
    assert not many
