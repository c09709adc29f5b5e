"""The remote executor: Python in an E2B cloud sandbox, through the official SDK.

A sandbox serves many snippets, each in a
context of its own, and is killed at the end whatever happened. Trouble on the way is never the
snippet's fault: it becomes ``unverified``.
"""

from __future__ import annotations

import asyncio
import builtins
import os
import re
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version as package_version
from typing import TYPE_CHECKING, Any

from tta_rebuild.core.errors import KeyMissing, SdkMissing
from tta_rebuild.core.secret import Secret, reveal
from tta_rebuild.core.usage import Attempt, Ledger, Usage
from tta_rebuild.integrations.code_executor import CodeExecutor, CodeVerdict, Verdict, judge
from tta_rebuild.sandbox.snippet import Ending, Limits

if TYPE_CHECKING:
    from e2b_code_interpreter import AsyncSandbox
    from e2b_code_interpreter.models import Execution

KEY_VARIABLE = "E2B_API_KEY"

USD_PER_SECOND = 0.0000301
"""List price of the default sandbox (2 vCPU, 512 MiB): 2 × $0.000014 + 0.5 GiB × $0.0000045 a
second, rounded up; E2B's price page, November 2026."""

_GRACE_S = 5.0
"""Seconds for what stands around an execution: making and removing its context."""

_INFRASTRUCTURE = frozenset(
    {"ContextRestarting", "WebSocketError", "UnexpectedEndOfExecution", "ExecutionAborted"}
)
_ERRNO = re.compile(r"\[Errno (\d+)\]")
_MODULE = re.compile(r"No module named '([\w.]+)'")


@dataclass(frozen=True, slots=True, kw_only=True)
class E2BEndpoint:
    """Where the service is; passed to the SDK, so that no environment sends the key elsewhere."""

    api_url: str = "https://api.e2b.app"
    sandbox_url: str = "https://sandbox.e2b.app"
    domain: str = "e2b.app"


@dataclass(slots=True)
class _Rented:
    """A running sandbox and since when it is paid for."""

    sandbox: AsyncSandbox
    since: float
    at: datetime
    snippets: int = 0


class _Trouble(Exception):
    """The service failed."""


class _Worn(_Trouble):
    """The sandbox may have died of age: a new one may do."""


class E2BExecutor(CodeExecutor):
    """Runs Python in E2B sandboxes.

    Args:
        api_key: E2B's key, from ``E2B_API_KEY`` where None; it goes to ``endpoint`` alone.
        limits: ``wall_s`` is what a snippet gets; memory and files are E2B's own matter.
        sandboxes: how many may run at once.
        lifetime_s: whole seconds after which a sandbox is replaced; E2B kills it soon after.
        ledger: where each sandbox is booked when it ends, as one attempt of task ``code``.

    Raises KeyMissing without a key, SdkMissing where the SDK is not installed.
    """

    name = "e2b"

    def __init__(
        self,
        api_key: Secret | str | None = None,
        limits: Limits | None = None,
        *,
        endpoint: E2BEndpoint | None = None,
        sandboxes: int = 2,
        lifetime_s: int = 300,
        ledger: Ledger | None = None,
        usd_per_second: float = USD_PER_SECOND,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        super().__init__(limits, clock=clock)
        key = reveal(api_key) or os.environ.get(KEY_VARIABLE, "").strip()
        if not key:
            raise KeyMissing(
                KEY_VARIABLE, provider="e2b", otherwise="run code here (--engine local)"
            )
        try:
            self.version = package_version("e2b-code-interpreter")
        except ImportError as error:
            raise SdkMissing(
                "the E2B SDK is not installed: pip install 'tta-rebuild[e2b]'", provider="e2b"
            ) from error
        self._api_key = Secret(key)
        self._endpoint = endpoint or E2BEndpoint()
        self._lifetime_s = lifetime_s
        self._ledger = ledger
        self._usd_per_second = usd_per_second
        self._now = now
        self._room = asyncio.Semaphore(sandboxes)
        self._idle: list[_Rented] = []
        self._closed = False

    async def aclose(self) -> None:
        """Kill every sandbox and book it."""
        self._closed = True
        while self._idle:
            await self._end(self._idle.pop())

    async def _run_python(self, code: str) -> CodeVerdict:
        refused = self._compiled(code)
        if refused is not None and refused.verdict == "invalid":
            return refused
        try:
            async with self._room:
                rented = await self._rent()
                try:
                    return await self._run_in(rented, code)
                except _Worn:
                    if rented.snippets == 0:
                        raise
                # It had served before: it may just have expired.
                return await self._run_in(await self._rent(fresh=True), code)
        except _Trouble as trouble:
            return self._verdict("unverified", str(trouble), engine="e2b", version=self.version)

    async def _run_in(self, rented: _Rented, code: str) -> CodeVerdict:
        """Run it; a sandbox that did not come through whole is killed, not kept."""
        keep = False
        try:
            verdict, is_clean = await self._execute(rented.sandbox, code)
            keep = is_clean and verdict.verdict in {"valid", "invalid"}
            return verdict
        finally:
            rented.snippets += 1 if keep else 0
            if keep and not self._closed:
                self._idle.append(rented)
            else:
                await self._end(rented)

    async def _execute(self, sandbox: AsyncSandbox, code: str) -> tuple[CodeVerdict, bool]:
        """The verdict, and whether the snippet's context is gone from the sandbox again."""
        nonce = secrets.token_hex(16)
        wall_s = self.limits.wall_s
        with _service(late=f"no end within {wall_s:.0f} s"):
            async with asyncio.timeout(wall_s + _GRACE_S):
                context = await sandbox.create_code_context(request_timeout=wall_s)
            # the SDK's own limit fires at twice its value, so ours stands around it
            async with asyncio.timeout(wall_s):
                execution = await sandbox.run_code(
                    f"{code}\nprint({nonce!r})\n", context=context, timeout=wall_s
                )
        is_clean = True
        try:
            with _service():
                async with asyncio.timeout(_GRACE_S):
                    await sandbox.remove_code_context(context)
        except _Trouble:
            is_clean = False
        return self._verdict_on(execution, nonce), is_clean

    def _verdict_on(self, execution: Execution, nonce: str) -> CodeVerdict:
        output = "".join(execution.logs.stdout)
        reached_its_end = output.rstrip("\n").endswith(nonce)
        if reached_its_end:
            output = output.rstrip("\n")[: -len(nonce)]
        output += "".join(execution.logs.stderr)
        error = execution.error
        name = error.name if error is not None else ""
        verdict: Verdict = "unverified"
        if error is None:
            reason = "the answer was cut off"
            if reached_its_end:
                verdict, reason = "valid", "ran to its end"
        elif name in _INFRASTRUCTURE:
            reason = f"the sandbox failed ({name})"
        elif name == "StdinNotImplementedError":
            reason = "it asks somebody at the keyboard"
        else:
            verdict, reason = judge(_ending(name, error.value))
        kept = output.encode()[: self.limits.output_bytes].decode("utf-8", "ignore")
        facts = {"output": kept, "truncated": len(kept) < len(output), "error": name}
        return self._verdict(verdict, reason, engine="e2b", version=self.version, **facts)

    async def _rent(self, *, fresh: bool = False) -> _Rented:
        while self._idle and not fresh:
            rented = self._idle.pop()
            if self._clock() - rented.since < self._lifetime_s:
                return rented
            await self._end(rented)
        from e2b_code_interpreter import AsyncSandbox

        with _service(late="E2B gives no sandbox within 60 s"):
            async with asyncio.timeout(60.0):
                sandbox = await AsyncSandbox.create(
                    timeout=self._lifetime_s + 60,
                    allow_internet_access=False,
                    metadata={"made_by": "tta"},
                    api_key=self._api_key.reveal(),
                    **asdict(self._endpoint),
                    debug=False,
                    http_version="1.1",
                )
        return _Rented(sandbox=sandbox, since=self._clock(), at=self._now())

    async def _end(self, rented: _Rented) -> None:
        """Kill and book it, even while the caller is being cancelled."""
        await asyncio.shield(self._kill_and_book(rented))

    async def _kill_and_book(self, rented: _Rented) -> None:
        booked: dict[str, Any] = {"provider": "e2b", "model": "sandbox", "task": "code"}
        booked |= {"at": rented.at, "usage": Usage(), "outcome": "ok"}
        try:
            with _service():
                async with asyncio.timeout(20.0):
                    await rented.sandbox.kill()
        except _Trouble:
            booked["outcome"] = "error"  # E2B ends it by itself when its time is over
        lived_s = self._clock() - rented.since
        if self._ledger is not None:
            cost_usd = lived_s * self._usd_per_second
            await self._ledger.book(Attempt(**booked, cost_usd=cost_usd, latency_s=lived_s))


def _ending(name: str, message: str) -> Ending:
    """The exception as the kernel names it; whether the system raised it shows in its text."""
    errno, module = _ERRNO.match(message), _MODULE.search(message)
    return Ending(
        type=name,
        message=message[:500],
        builtin=hasattr(builtins, name) or name.endswith("Error"),
        errno=int(errno[1]) if errno else None,
        module=module[1] if module else "",
    )


@contextmanager
def _service(late: str = "") -> Iterator[None]:
    """Whatever the SDK lets through when the service or the way to it fails, as ``_Trouble``.

    In plain words, without the exception's own text, which may quote a request.
    """
    import httpx
    from e2b import exceptions as e2b

    gone = (e2b.SandboxException, e2b.ServiceBusyException, httpx.HTTPError, OSError, RuntimeError)
    try:
        yield
    except TimeoutError as error:
        raise _Trouble(late) from error
    except e2b.AuthenticationException as error:
        raise _Trouble(f"E2B refuses the key: check {KEY_VARIABLE}") from error
    except e2b.RateLimitException as error:
        raise _Trouble("E2B's rate limit is reached: try again later") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:  # of a line that is no event
        raise _Trouble("E2B's answer cannot be read") from error
    except gone as error:
        failed = f"the sandbox, or the way to it, failed ({type(error).__name__})"
        raise _Worn(failed) from error
