"""Files from a user, read so that none of them can harm the program."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tta_rebuild.core.errors import UnreadableFile

if TYPE_CHECKING:
    from pydantic import ValidationError

MAX_CONFIG_BYTES = 1_000_000
"""Largest YAML or TOML file."""
MAX_DEPTH, _MAX_YAML_NODES = 100, 200_000
"""Of YAML: values inside each other; values, those of an alias (``*name``) counted each time."""
MAX_DOTS = 100
"""In a line of TOML: its parser takes quadratic time over ``a.a.a.…``."""


def read_text(path: Path, *, max_bytes: int) -> str:
    """The file's text; ``-`` is standard input. Raises UnreadableFile."""
    try:
        if str(path) == "-":
            raw = sys.stdin.read(max_bytes + 1).encode("utf-8", "replace")
        else:
            with path.open("rb") as file:
                raw = file.read(max_bytes + 1)
        if len(raw) > max_bytes:
            raise UnreadableFile(f"{path} is larger than {max_bytes / 1e6:g} MB: give it in parts")
        return raw.decode("utf-8-sig").replace("\r\n", "\n")
    except OSError as error:
        raise UnreadableFile(f"{path} cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        said = f"{path} is not UTF-8 text (byte {error.start:,}): save it as UTF-8"
        raise UnreadableFile(said) from error


def parse_json(text: str, name: str, **options: Any) -> Any:
    """The value of a JSON text; options as of ``json.loads``. Raises UnreadableFile."""
    import json

    with _parsing("JSON", name):
        return json.loads(text, **options)


def parse_toml(text: str, name: str) -> dict[str, Any]:
    """The tables of a TOML text. Raises UnreadableFile that names the file."""
    import tomllib

    for number, line in enumerate(text.splitlines(), start=1):
        if line.count(".") > MAX_DOTS:
            raise UnreadableFile(f"{name}: line {number} holds more than {MAX_DOTS} dots")
    with _parsing("TOML", name):
        return tomllib.loads(text)


def parse_yaml(text: str, name: str, *, is_ours: bool = False) -> Any:
    """The value of a YAML text; one that ``is_ours`` cannot be a trap. Raises UnreadableFile."""
    import yaml

    if not is_ours:
        check_yaml(text, name)
    with _parsing("YAML", name, yaml.YAMLError):
        return yaml.load(text, Loader=_yaml_loader())


def check_yaml(text: str, name: str) -> None:
    """Refuse YAML that the parser in C dies of (depth), or that grows without bound (aliases).

    Values are not made, so that tags may be the author's own. Raises UnreadableFile.
    """
    import yaml

    sizes: dict[str, int] = {}
    anchors: list[str | None] = []
    counts = [0]
    with _parsing("YAML", name, yaml.YAMLError):
        for event in yaml.parse(text, Loader=_yaml_loader()):
            if isinstance(event, yaml.CollectionStartEvent):
                anchors.append(event.anchor)
                counts.append(1)
                if len(anchors) > MAX_DEPTH:
                    raise UnreadableFile(f"{name} is nested too deeply")
                continue
            size, anchor = 1, getattr(event, "anchor", None)
            if isinstance(event, yaml.AliasEvent):
                if event.anchor not in sizes:
                    said = f"'*{event.anchor}' stands inside, or before, what it repeats"
                    raise UnreadableFile(f"{name}: {said}")
                size, anchor = sizes[event.anchor], None
            elif isinstance(event, yaml.CollectionEndEvent):
                size, anchor = counts.pop(), anchors.pop()
            counts[-1] += size
            if anchor:
                sizes[anchor] = size
            if counts[-1] > _MAX_YAML_NODES:
                said = f"holds more than {_MAX_YAML_NODES:,} values, its aliases written out"
                raise UnreadableFile(f"{name} {said}")


def first_problem(error: ValidationError) -> str:
    """The first thing that a schema says is wrong, with its place, in words for the user."""
    first = error.errors(include_input=False, include_url=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    problem = first["msg"].removeprefix("Value error, ")
    if first["type"] == "missing":
        return f"{place} is missing"
    return f"{place}: {problem[:1].lower()}{problem[1:]}"


@cache
def packaged_toml(package: str, name: str) -> dict[str, Any]:
    """The tables of ``data/<name>.toml`` of one of our packages, read once."""
    import tomllib
    from importlib.resources import files

    return tomllib.loads((files(package) / "data" / f"{name}.toml").read_text("utf-8"))


@contextmanager
def _parsing(language: str, name: str, failure: type[Exception] = ValueError) -> Iterator[None]:
    try:
        yield
    except RecursionError:
        raise UnreadableFile(f"{name} is nested too deeply") from None
    except (ValueError, failure) as error:
        raise UnreadableFile(f"{name} is not valid {language}: {error}") from error


def _yaml_loader() -> Any:
    import yaml

    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)
