"""Does a piece of JSON, TOML or YAML parse? Asked by ``code_executor`` about data found in stories.

JSON and short texts are parsed where they are. Longer ones get a process of their own with a time
limit: a hostile TOML key of 64,000 characters keeps ``tomllib`` busy for most of a minute. That
process runs this file as a script, so it imports nothing of TTA.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tomllib
from collections.abc import Callable, Mapping
from platform import python_version
from typing import Any

_APART_FROM_CHARS = 4096
"""The worst text of this length takes some hundredths of a second."""

Problem = tuple[str, str, int | None]
"""A parser's version, what is wrong ("" if nothing), and in which line."""


async def parsed(language: str, text: str, *, within_s: float) -> Problem:
    """What is wrong with a text in one of ``PARSERS``' languages, if anything.

    Raises RecursionError where it is nested too deeply, TimeoutError where a long text takes more
    than ``within_s`` seconds, OSError where no process can be had for it or that process failed.
    """
    if language == "json" or len(text) < _APART_FROM_CHARS:
        return PARSERS[language](text)
    command = (sys.executable, "-I", "-X", "utf8", __file__, language)
    given = text.encode("utf-8", "surrogatepass")
    try:
        done = await asyncio.to_thread(
            subprocess.run, command, input=given, capture_output=True, env={}, timeout=within_s
        )
    except subprocess.TimeoutExpired as error:
        raise TimeoutError from error
    if not done.stdout:
        raise OSError("the parser broke off")
    found = json.loads(done.stdout)
    if found is None:
        raise RecursionError
    version, problem, line = found
    return version, problem, line


def _loaded(loads: Callable[..., object], text: str, **options: Any) -> Problem:
    try:
        loads(text, **options)
    except ValueError as error:
        said = getattr(error, "msg", str(error))
        return python_version(), said, getattr(error, "lineno", None)
    return python_version(), "", None


def _yaml(text: str) -> Problem:
    import yaml

    try:  # composed, not constructed: a story's own tags are fine
        for _ in yaml.compose_all(text, Loader=yaml.SafeLoader):
            continue
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or str(error)
        return yaml.__version__, problem, mark.line + 1 if mark else None
    return yaml.__version__, "", None


PARSERS: Mapping[str, Callable[[str], Problem]] = {
    # Numbers as text: their size is not the question.
    "json": lambda text: _loaded(json.loads, text, parse_int=str, parse_float=str),
    "toml": lambda text: _loaded(tomllib.loads, text, parse_float=str),
    "yaml": _yaml,
}

if __name__ == "__main__":  # null where the text is nested too deeply
    try:
        answer: Problem | None = PARSERS[sys.argv[1]](
            sys.stdin.buffer.read().decode("utf-8", "surrogatepass")
        )
    except RecursionError:
        answer = None
    sys.stdout.write(json.dumps(answer))
