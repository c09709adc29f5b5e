"""Running code found in a story: the interface, its verdicts, and what an ending means anywhere."""

from __future__ import annotations

import ast
import asyncio
import errno
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import version as package_version
from platform import python_version
from typing import Any, Literal, Self

from tta_rebuild.core.clock import Clock
from tta_rebuild.core.data_files import check_yaml, packaged_toml, parse_json, parse_toml
from tta_rebuild.core.errors import UnreadableFile
from tta_rebuild.sandbox.snippet import Ending, Limits

Verdict = Literal["valid", "invalid", "blocked", "unverified"]
"""valid: ran to its end, or parsed. invalid: it is wrong, and would be wrong anywhere. blocked: it
wanted more than it may have. unverified: nobody could tell; says nothing about the code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeVerdict:
    """What is known about a snippet after one attempt to run or parse it.

    Attributes:
        engine: who found out: ``compile``, ``monty``, ``jail``, ``e2b``, ``json`` …; "" if nobody.
        output: standard output and error, capped; ``truncated`` if there was more.
        line: the snippet's line that the reason is about, from 1, where known.
        error: the exception's type, "" if there was none.
    """

    verdict: Verdict
    reason: str
    limits: Limits
    engine: str = ""
    version: str = ""
    output: str = ""
    truncated: bool = False
    duration_s: float = 0.0
    line: int | None = None
    error: str = ""

    @property
    def success(self) -> bool | None:
        """True for valid, False for invalid or blocked, None where nobody could tell."""
        return None if self.verdict == "unverified" else self.verdict == "valid"


_PARSERS: dict[str, Callable[[str, str], object]] = {
    "json": partial(parse_json, parse_int=str),  # the size of a number is not the question
    "toml": parse_toml,
    "yaml": check_yaml,
}


def language_of(tag: str) -> str:
    """The language that a word after a fence means, "" if it is none known here."""
    named = _words()["languages"].items()
    return next((name for name, tags in named if tag.strip().lower() in tags.split()), "")


class CodeExecutor(ABC):
    """Says what comes of a snippet under ``limits``. Close it when done; ``async with`` does."""

    def __init__(self, limits: Limits | None = None, *, clock: Clock | None = None) -> None:
        self.limits = limits or Limits()
        self._clock = clock or Clock()
        self._users = 0

    @abstractmethod
    async def _run_python(self, code: str) -> CodeVerdict:
        """The verdict on Python code that is not too long."""

    async def aclose(self) -> None:
        """Release processes, sandboxes and connections; safe to call twice."""

    async def run(self, code: str, language: str = "python") -> CodeVerdict:
        """The verdict on a snippet; never raises for what the snippet or an engine does."""
        began, most = self._clock.now(), self.limits.source_chars
        known = language_of(language)
        if len(code) > most:
            verdict = self._verdict("unverified", f"longer than {most} characters")
        elif known == "python":
            verdict = await self._run_python(code)
        elif known in _PARSERS:
            verdict = await asyncio.to_thread(self._parsed, known, code)
        else:
            what = known or language.strip() or "an unnamed language"
            verdict = self._verdict("unverified", f"no engine here runs {what[:40]}")
        return replace(verdict, duration_s=self._clock.now() - began)

    async def execute(self, code: str, language: str = "python") -> CodeVerdict:
        """``run`` that closes what it opened, unless inside ``async with``."""
        async with self:
            return await self.run(code, language)

    def _verdict(self, verdict: Verdict, reason: str, **facts: Any) -> CodeVerdict:
        """A verdict under these limits; ``facts`` are further fields of it."""
        return CodeVerdict(verdict=verdict, reason=reason, limits=self.limits, **facts)

    def _judged(self, ending: Ending, engine: str, version: str) -> CodeVerdict:
        """What an ending says about the code, as a verdict."""
        verdict, reason = judge(ending)
        facts = {"output": ending.output, "truncated": ending.truncated, "line": ending.line}
        facts |= {"engine": engine, "version": version, "error": ending.type}
        return self._verdict(verdict, reason, **facts)

    def _compiled(self, code: str) -> CodeVerdict | None:
        """What keeps the code from compiling, or None; ``unverified`` if only this grammar does."""
        version = python_version()
        verdict: Verdict = "invalid"
        line, is_parsed = None, False
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                tree = ast.parse(code)
                is_parsed = True
                compile(tree, "<story>", "exec", dont_inherit=True)
            return None
        except SyntaxError as error:
            line, said = error.lineno, error.msg or "does not parse"
            if not is_parsed:
                verdict, said = "unverified", f"not in the grammar of Python {version}: {said}"
        except UnicodeEncodeError:
            said = "source code holds half a character"
        except (ValueError, MemoryError, RecursionError) as error:
            said = "source code holds a null byte"
            if "null byte" not in str(error):
                verdict, said = "blocked", "nested too deeply to be compiled"
        reason = f"SyntaxError: {said}" if verdict == "invalid" else said
        kind = "" if verdict == "blocked" else "SyntaxError"
        facts = {"engine": "compile", "version": version, "line": line, "error": kind}
        return self._verdict(verdict, reason, **facts)

    def _parsed(self, language: str, text: str) -> CodeVerdict:
        name = language.upper()
        version = package_version("PyYAML") if language == "yaml" else python_version()
        facts: dict[str, Any] = {"engine": language, "version": version}
        try:
            _PARSERS[language](text, "it")
        except UnreadableFile as error:
            cause = error.__cause__
            if cause is None:  # too much of it to be read
                return self._verdict("unverified", str(error), **facts)
            mark = getattr(cause, "problem_mark", None)
            line = mark.line + 1 if mark else getattr(cause, "lineno", None)
            problem = getattr(cause, "msg", None) or getattr(cause, "problem", None) or cause
            said = f"not {name}: {problem}"
            return self._verdict("invalid", said, error="SyntaxError", line=line, **facts)
        return self._verdict("valid", f"parses as {name}", **facts)

    async def __aenter__(self) -> Self:
        self._users += 1
        return self

    async def __aexit__(self, *_: object) -> None:
        self._users -= 1
        if not self._users:
            await self.aclose()


_OUT_OF_BOUNDS = ("ctypes", "_ctypes")
_MISSING_LIBRARY = ("cannot open shared object", "failed to map", "Permission denied")
_TOO_MUCH = frozenset({errno.EMFILE, errno.EFBIG, errno.ENOSPC, errno.EDQUOT})


def judge(ending: Ending) -> tuple[Verdict, str]:
    """What an ending says about the code, and why.

    Most exceptions say that it is wrong; some that this place lacks what it wants (``unverified``:
    a file, a package, somebody at the keyboard), some that the place refused (``blocked``).
    """
    if ending.end == "finished":
        return "valid", "ran to its end"
    if ending.end == "limit":
        return "blocked", _words()["limits"][ending.limit]
    if ending.end == "died":
        return "blocked", "it broke off its own process"
    kind, said, module = ending.type, ending.message, ending.module
    if ending.builtin:
        if ending.wants:
            return "unverified", f"it needs {ending.wants}, which is not here"
        for known in _words()["exception"]:
            if kind == known["type"] and known.get("sign", "") in said:
                return known["verdict"], known["reason"]
        if kind in ("ModuleNotFoundError", "ImportError"):
            if module in _OUT_OF_BOUNDS:
                return "blocked", f"it may not use {module}"
            if kind == "ModuleNotFoundError":
                return "unverified", f"it needs {module or 'a package'}, which is not here"
            if any(sign in said for sign in _MISSING_LIBRARY):
                return "unverified", f"it needs {module or 'a library'}, which cannot load here"
        if ending.errno is not None:
            if kind == "PermissionError" or ending.errno in _TOO_MUCH:
                return "blocked", f"it was refused: {said}"
            return "unverified", f"it needs what is not here: {said}"
    return "invalid", f"{kind}: {said}" if said else kind


def _words() -> dict[str, Any]:
    return packaged_toml("tta_rebuild.integrations", "code_words")
