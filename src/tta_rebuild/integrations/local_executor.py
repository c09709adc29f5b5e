"""The embedded executor: ``compile``, then pydantic-monty, then CPython in the jail.

What monty cannot run goes to the jail; without one, monty is believed only about errors that it
cannot get wrong.
"""

from __future__ import annotations

import ast
import asyncio
import builtins
import re
from contextlib import AsyncExitStack
from dataclasses import replace
from platform import python_version
from typing import TYPE_CHECKING, Any

from tta_rebuild.core.errors import ExecutorUnavailable
from tta_rebuild.integrations.code_executor import CodeExecutor, CodeVerdict, Verdict, judge
from tta_rebuild.sandbox.snippet import Ending, Limits

if TYPE_CHECKING:
    from tta_rebuild.sandbox.jail import Jail

_TICKS_S = 0.03
"""By how much the time that ended a process and the one it is said to have used may differ."""
_MONTY_FEED_S = 0.25
"""Seconds for monty; what takes longer goes to the jail, or stays undecided."""

_MONTY_MEMORY_BYTES = 64 << 20
_SURE = ("ZeroDivisionError", "IndexError", "KeyError", "AssertionError", "UnboundLocalError",
         "RecursionError")  # fmt: skip
"""Errors that monty raises only where CPython does; others may be a gap of monty's."""

_MONTY_IGNORES = ("__slots__",)
"""What monty takes but does not enforce: that it ran to its end there proves too little."""

_CLOCK = re.compile(
    r"\.(time|now|today|ctime|strftime)\b|\bfrom\s+time\s+import\b.*\btime\b|\btimeit\b"
    r"|\b(monotonic|perf_counter|process_time|thread_time|time|clock_gettime)_ns\b"
    r"|\b(monotonic|perf_counter|process_time|thread_time|utcnow|gmtime|localtime|clock_gettime)\b"
)
"""What reads a clock: monty's does not move on by what was slept, so it would be wrong about it."""


class LocalExecutor(CodeExecutor):
    """Runs Python where it can do no harm; ``jail_problem`` says why there is no jail."""

    def __init__(self, limits: Limits | None = None, *, use_jail: bool = True) -> None:
        super().__init__(limits)
        self.use_jail = use_jail
        self.jail_problem = "" if use_jail else "the jail is switched off"
        self._jail: Jail | None = None
        self._monty: Any = None
        self._open = AsyncExitStack()
        self._opening = asyncio.Lock()

    async def engines(self) -> dict[str, str]:
        """Engines at hand with their versions; opens them, and so puts the jail to its test."""
        from pydantic_monty import __version__

        found = {"compile": python_version(), "monty": __version__}
        jail = await self._jailed()
        if jail is not None:
            found["jail"] = jail.version
        return found

    @property
    def hides_files(self) -> bool:
        """Whether a jail is open in which the host's files cannot even be seen."""
        return self._jail is not None and self._jail.hides_files

    async def aclose(self) -> None:
        """End monty's workers and the jail."""
        async with self._opening:
            self._monty = self._jail = None
            await self._open.aclose()

    async def _run_python(self, code: str) -> CodeVerdict:
        refused = self._compiled(code)
        if refused is not None and refused.verdict != "unverified":
            return refused
        why = "it reads a clock, which monty cannot judge"
        by_monty = self._verdict("unverified", why, engine="monty")
        if not _CLOCK.search(code):
            try:
                by_monty = await asyncio.to_thread(self._fed_to_monty, await self._pool(), code)
            except (OSError, RuntimeError, TimeoutError) as error:
                by_monty = replace(by_monty, reason=f"monty cannot run here: {error}")
        if by_monty.verdict == "valid" and not any(word in code for word in _MONTY_IGNORES):
            return by_monty
        if refused is not None:  # does not parse here: perhaps only too new for this Python
            return by_monty if by_monty.error == "SyntaxError" else refused
        jail = await self._jailed()
        return by_monty if jail is None else await self._run_in_jail(jail, code)

    def _fed_to_monty(self, pool: Any, code: str) -> CodeVerdict:
        """Runs in a thread: monty's own async front can bring the interpreter down at its exit."""
        import pydantic_monty as monty

        output = monty.CollectString(max_bytes=self.limits.output_bytes)
        limits = {
            "max_feed_duration_secs": min(_MONTY_FEED_S, self.limits.wall_s),
            "max_memory": min(_MONTY_MEMORY_BYTES, self.limits.memory_bytes),
        }
        opened = {"script_name": "story.py", "limits": limits, "os_policy": {"sleep": "zero"}}
        verdict: Verdict
        line, error = None, ""
        try:
            with pool.checkout(**opened) as session:
                session.feed_run(code, print_callback=output)
            verdict, reason = "valid", "ran to its end"
        except monty.MontySyntaxError as raised:
            line, error = _last_line(raised), "SyntaxError"
            verdict, reason = "invalid", f"SyntaxError: {raised.display('msg')}"
        except monty.MontyCrashedError:
            verdict, reason = "unverified", "monty gave up on it"
        except monty.MontyError as raised:
            exception = raised.exception()
            line, error = _last_line(raised), type(exception).__name__
            verdict, reason = _judged_of_monty(exception, line, code)
        facts = {"output": output.output, "line": line, "error": error}
        return self._verdict(verdict, reason, engine="monty", version=monty.__version__, **facts)

    async def _pool(self) -> Any:
        async with self._opening:
            if self._monty is None:
                from pydantic_monty import Monty

                options: Any = {"max_processes": 2, "max_checkouts_per_worker": 500}
                pool = Monty(request_timeout=self.limits.wall_s, **options)
                self._monty = await asyncio.to_thread(pool.__enter__)
                self._open.push_async_callback(asyncio.to_thread, pool.__exit__, None, None, None)
            return self._monty

    async def _jailed(self) -> Jail | None:
        """The jail, proven; None where it cannot be had."""
        async with self._opening:
            if self._jail is None and not self.jail_problem:
                from tta_rebuild.sandbox.jail import Jail

                jail = Jail()
                try:
                    await jail.open(self.limits)
                except (ExecutorUnavailable, OSError) as error:
                    self.jail_problem = str(error)
                    return None
                self._open.push_async_callback(jail.close)
                self._jail = jail
            return self._jail

    async def _run_in_jail(self, jail: Jail, code: str) -> CodeVerdict:
        try:
            ending = await jail.run(code, self.limits)
        except (ExecutorUnavailable, OSError) as error:
            return self._verdict("unverified", str(error), engine="jail", version=jail.version)
        if ending.end != "limit" and ending.cpu_s > self.limits.cpu_s - _TICKS_S:  # claims or not
            ending = replace(ending, end="limit", limit="cpu")
        return self._judged(ending, "jail", jail.version)


def _judged_of_monty(exception: BaseException, line: int | None, code: str) -> tuple[Verdict, str]:
    kind, said = type(exception).__name__, str(exception)
    if kind == "TimeoutError" and "limit exceeded" in said:
        return judge(Ending(end="limit", limit="cpu"))
    if kind == "MemoryError":
        return "blocked", "it wants more than it may have"
    if kind == "NameError":
        name = said.partition("'")[2].partition("'")[0]
        is_sure = bool(name) and not hasattr(builtins, name)
    else:
        is_sure = kind in _SURE or line in _raising_lines(code)
    if is_sure:
        return "invalid", f"{kind}: {said}".rstrip(": ")
    return "unverified", f"monty does not run it ({kind}: {said})"


def _raising_lines(code: str) -> set[int]:
    """The lines on which the snippet itself raises."""
    try:
        tree = ast.parse(code)
    except SyntaxError:
        return set()
    return {node.lineno for node in ast.walk(tree) if isinstance(node, ast.Raise)}


def _last_line(error: Any) -> int | None:
    frames = error.traceback() if hasattr(error, "traceback") else ()
    return int(frames[-1].line) if frames else None
