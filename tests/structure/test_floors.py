"""The house keeps its shape: who may import whom, and what no committed file contains."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "tta_rebuild"

FLOORS = (
    ("lazy_names",),
    ("core",),
    ("settings",),
    ("sandbox", "prompts", "storage"),
    ("integrations",),
    ("storyteller",),
    ("canon", "safety"),
    ("reading", "quality"),
    ("narrative",),
    ("engine",),
    ("bootstrap",),
    ("lab",),
    ("server", "worker"),
    ("cli",),  # which begins them
)
FLOOR_OF = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}

# Above the second floor, adapters are known to bootstrap alone; the others know the interface.
INTERFACES = {
    "integrations": {
        "tta_rebuild.integrations.llm_provider",
        "tta_rebuild.integrations.code_executor",
    },
    "storage": {"tta_rebuild.storage.story_store"},
}


def modules() -> dict[str, Path]:
    """Module name → file, of the whole package."""
    found = {}
    for path in sorted(SOURCE.rglob("*.py")):
        parts = path.relative_to(SOURCE.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(name: str, path: Path, *, at_load_only: bool) -> Iterator[str]:
    """The modules of the package that a module imports; those inside functions too, if asked."""
    known = modules()
    for node in _statements(ast.parse(path.read_text()), at_load_only):
        targets: list[str] = []
        if isinstance(node, ast.Import):
            targets = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{name} imports relatively; write the whole name"
            base = node.module or ""
            targets = [
                f"{base}.{alias.name}" if f"{base}.{alias.name}" in known else base
                for alias in node.names
            ]
        for target in targets:
            if target.split(".")[0] == "tta_rebuild" and target != name:
                yield target


def _statements(tree: ast.AST, at_load_only: bool) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(tree):
        if at_load_only and isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        if at_load_only and isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test):
            continue
        yield child
        yield from _statements(child, at_load_only)


def room(module: str) -> str:
    """``tta_rebuild.engine.turn`` → ``engine``; the package itself and ``__main__`` → ""."""
    parts = re.sub(r"\.settings_\w+", ".settings", module).split(".")
    return parts[1] if len(parts) > 1 and not parts[1].startswith("__") else ""


def test_every_room_has_a_floor() -> None:
    unknown = {room(name) for name in modules()} - set(FLOOR_OF) - {""}

    assert not unknown, f"these rooms stand on no floor of the architecture: {unknown}"


@pytest.mark.parametrize("name", sorted(modules()))
def test_imports_go_down_only_and_never_across_a_floor(name: str) -> None:
    here = room(name)
    if not here:
        return
    wrong = [
        target
        for target in imports(name, modules()[name], at_load_only=False)
        if room(target) != here and not _may(here, target)
    ]

    assert not wrong, f"{name} ({here}) must not import {wrong}"


def _may(here: str, target: str) -> bool:
    there = room(target)
    if not there:
        return target == "tta_rebuild" and here in (*FLOORS[-2], *FLOORS[-1])
    if there in INTERFACES and here != "bootstrap":
        return FLOOR_OF[there] < FLOOR_OF[here] and target in INTERFACES[there]
    return FLOOR_OF[there] < FLOOR_OF[here]


def test_there_is_no_circle_of_imports() -> None:
    graph = {
        name: sorted(set(imports(name, path, at_load_only=True)) & set(modules()))
        for name, path in modules().items()
    }
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, " -> ".join((*trail[trail.index(name) :], name))
        if name not in done:
            for target in graph[name]:
                # A package hands on names of its own modules: that is no circle.
                if not name.startswith(f"{target}."):
                    visit(target, (*trail, name))
            done.add(name)

    for name in graph:
        visit(name, ())


@pytest.mark.parametrize("name", sorted(modules()))
def test_every_module_says_what_it_is_for(name: str) -> None:
    said = ast.get_docstring(ast.parse(modules()[name].read_text()))

    assert said, f"{name} has no docstring"


def test_no_room_is_a_drawer_for_odds_and_ends() -> None:
    drawers = [n for n in modules() if n.split(".")[-1] in ("utils", "helpers", "common", "misc")]

    assert not drawers


# ----------------------------------------------------------------- what is in committed files


def committed() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listed.returncode:
        pytest.skip("not a git checkout: there are no committed files to look at")
    return [p for n in listed.stdout.decode().split("\0") if n and (p := ROOT / n).is_file()]


# Written in pieces, so that this file does not contain what it looks for.
FORBIDDEN = {
    "a package registry": r"pypi\.(?:org|py)|python" + r"hosted|registry\.npm|proxy\.golang",
    "a path of one machine": "/wo"
    + r"rk/(?:main|shared)|/tm"
    + r"p/wt|(?<![\w.])/(?:ro"
    + r"ot|Us"
    + r"ers)/\w",
    "a Google key": r"AI" + r"za[\w-]{20,}",
    "an OpenAI or Anthropic key": r"\bsk-[\w-]{16,}",
    "an E2B key": r"\be2b_[0-9a-f]{16,}",
    "a private key": r"-----BEGIN [A-Z ]*PRIV" + "ATE KEY",
}


@pytest.mark.parametrize("what", sorted(FORBIDDEN))
def test_no_committed_file_contains(what: str) -> None:
    pattern = re.compile(FORBIDDEN[what])
    found = []
    for path in committed():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [
            f"{path.relative_to(ROOT)}: {match.group()[:6]}…" for match in pattern.finditer(text)
        ]

    assert not found


def test_no_data_from_outside_was_copied_in() -> None:
    names = {"premises.jsonl", "hanna.jsonl", "lamp.jsonl", "trip.jsonl", "pasta.jsonl"}

    assert not [p for p in committed() if p.name in names]


def test_the_walk_over_imports_sees_a_circle_when_there_is_one() -> None:
    tree = ast.parse("import a\ndef f():\n    import b\nif TYPE_CHECKING:\n    import c\n")

    loaded = [n.names[0].name for n in _statements(tree, True) if isinstance(n, ast.Import)]
    all_of_them = [n.names[0].name for n in _statements(tree, False) if isinstance(n, ast.Import)]

    assert (loaded, sorted(all_of_them)) == (["a"], ["a", "b", "c"])
