"""Does a piece of JSON, TOML or YAML parse? Asked by ``code_executor`` about data in stories."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Mapping
from platform import python_version
from typing import Any

from tta_rebuild.core.data_files import MAX_DEPTH, MAX_DOTS

Problem = tuple[str, str, int | None]
"""A parser's version, what is wrong ("" if nothing), and in which line."""


def _loaded(loads: Callable[..., object], text: str, **options: Any) -> Problem:
    try:
        loads(text, **options)
    except ValueError as error:
        said = getattr(error, "msg", str(error))
        return python_version(), said, getattr(error, "lineno", None)
    return python_version(), "", None


def _toml(text: str) -> Problem:
    if any(line.count(".") > MAX_DOTS for line in text.splitlines()):
        raise RecursionError
    return _loaded(tomllib.loads, text, parse_float=str)


def _yaml(text: str) -> Problem:
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    depth = 0
    try:
        for event in yaml.parse(
            text, Loader=loader
        ):  # the parser in C dies of depth, this does not
            depth += isinstance(event, yaml.CollectionStartEvent)
            depth -= isinstance(event, yaml.CollectionEndEvent)
            if depth > MAX_DEPTH:
                raise RecursionError
        for _ in yaml.compose_all(
            text, Loader=loader
        ):  # not constructed: a story's own tags are fine
            continue
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or str(error)
        return yaml.__version__, problem, mark.line + 1 if mark else None
    return yaml.__version__, "", None


PARSERS: Mapping[str, Callable[[str], Problem]] = {
    # Numbers as text: their size is not the question.
    "json": lambda text: _loaded(json.loads, text, parse_int=str, parse_float=str),
    "toml": _toml,
    "yaml": _yaml,
}
"""By language; each raises RecursionError for what is nested too deeply to be read."""
