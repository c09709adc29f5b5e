"""The remote executor: Python in an E2B cloud sandbox, through the official SDK.

Each snippet has a sandbox of its own, which is killed at the end whatever happened. Trouble on the
way is never the snippet's fault: it becomes ``unverified``.
"""

from __future__ import annotations

import asyncio
import builtins
import math
import os
import re
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from importlib.metadata import version as package_version
from typing import TYPE_CHECKING, Any

from tta_rebuild.core.clock import Clock
from tta_rebuild.core.errors import KeyMissing, SdkMissing
from tta_rebuild.core.secret import Secret, reveal
from tta_rebuild.core.usage import Attempt, Ledger, Usage
from tta_rebuild.integrations.code_executor import CodeExecutor, CodeVerdict
from tta_rebuild.sandbox.snippet import Ending, Limits

if TYPE_CHECKING:
    from e2b_code_interpreter import AsyncSandbox
    from e2b_code_interpreter.models import Execution

KEY_VARIABLE = "E2B_API_KEY"

USD_PER_SECOND = 0.0000301
"""List price of the default sandbox (2 vCPU, 512 MiB), rounded up; E2B's page, November 2026."""

_BROKE_OFF = ("ContextRestarting", "WebSocketError", "UnexpectedEndOfExecution", "ExecutionAborted")
_ERRNO = re.compile(r"\[Errno (\d+)\]")
_MODULE = re.compile(r"No module named '([\w.]+)'")


@dataclass(frozen=True, slots=True, kw_only=True)
class E2BEndpoint:
    """Where the service is; passed to the SDK, so that no environment sends the key elsewhere."""

    api_url: str = "https://api.e2b.app"
    sandbox_url: str = "https://sandbox.e2b.app"
    domain: str = "e2b.app"


class _Trouble(Exception):
    """The service, or the way to it, failed."""


class E2BExecutor(CodeExecutor):
    """Runs Python in E2B sandboxes.

    Args:
        api_key: E2B's key, from ``E2B_API_KEY`` where None; it goes to ``endpoint`` alone.
        limits: ``wall_s`` and what is kept; memory and files are E2B's own matter.
        sandboxes: how many may run at once; each is booked in ``ledger`` as a task ``code``.

    Raises KeyMissing, SdkMissing.
    """

    def __init__(
        self,
        api_key: Secret | str | None = None,
        limits: Limits | None = None,
        *,
        endpoint: E2BEndpoint | None = None,
        sandboxes: int = 2,
        ledger: Ledger | None = None,
        clock: Clock | None = None,
    ) -> None:
        super().__init__(limits, clock=clock)
        key = reveal(api_key) or os.environ.get(KEY_VARIABLE, "").strip()
        if not key:
            otherwise = "run code here (--engine local)"
            raise KeyMissing(KEY_VARIABLE, provider="e2b", otherwise=otherwise)
        try:
            self.version = package_version("e2b-code-interpreter")
        except ImportError as error:
            said = "the E2B SDK is not installed: pip install 'tta-rebuild[e2b]'"
            raise SdkMissing(said, provider="e2b") from error
        self._api_key = Secret(key)
        self._endpoint = endpoint or E2BEndpoint()
        self._ledger = ledger
        self._room = asyncio.Semaphore(sandboxes)

    async def _run_python(self, code: str) -> CodeVerdict:
        refused = self._compiled(code)
        if refused is not None and refused.verdict == "invalid":
            return refused
        nonce, wall_s = secrets.token_hex(16), self.limits.wall_s
        try:
            async with self._room, self._sandbox() as sandbox:
                # The SDK's own limit fires at twice its value, so ours stands around it.
                marked = f"{code}\nprint({nonce!r})\n"
                async with _service(wall_s, late=f"no end within {wall_s:.0f} s"):
                    execution = await sandbox.run_code(marked, timeout=wall_s)
            ending = _ending(execution, nonce, self.limits.output_bytes)
        except _Trouble as trouble:
            return self._verdict("unverified", str(trouble), engine="e2b", version=self.version)
        return self._judged(ending, "e2b", self.version)

    @asynccontextmanager
    async def _sandbox(self) -> AsyncIterator[AsyncSandbox]:
        """A new one; killed and booked at the end, even while the caller is being cancelled."""
        from e2b_code_interpreter import AsyncSandbox

        async with _service(60.0, late="E2B gives no sandbox within 60 s"):
            sandbox = await AsyncSandbox.create(
                timeout=math.ceil(self.limits.wall_s) + 60,
                allow_internet_access=False,
                metadata={"made_by": "tta"},
                api_key=self._api_key.reveal(),
                **asdict(self._endpoint),
                debug=False,
                http_version="1.1",
            )
        began, at = self._clock.now(), self._clock.wall()
        try:
            yield sandbox
        finally:
            await asyncio.shield(self._end(sandbox, began, at))

    async def _end(self, sandbox: AsyncSandbox, began: float, at: datetime) -> None:
        booked: dict[str, Any] = {"provider": "e2b", "model": "sandbox", "task": "code"}
        booked |= {"at": at, "usage": Usage(), "outcome": "ok"}
        try:
            async with _service(20.0):
                await sandbox.kill()
        except _Trouble:
            booked["outcome"] = "error"  # E2B ends it by itself when its time is over
        lived_s = self._clock.now() - began
        if self._ledger is not None:
            cost_usd = lived_s * USD_PER_SECOND
            await self._ledger.book(Attempt(**booked, cost_usd=cost_usd, latency_s=lived_s))


def _ending(execution: Execution, nonce: str, output_bytes: int) -> Ending:
    """How the kernel says that it ended. Raises _Trouble where it was not the snippet that did."""
    output, error = "".join(execution.logs.stdout).rstrip("\n"), execution.error
    if error is None and not output.endswith(nonce):
        raise _Trouble("the answer was cut off")
    if error is not None and error.name in _BROKE_OFF:
        raise _Trouble(f"the sandbox failed ({error.name})")
    output = output.removesuffix(nonce) + "".join(execution.logs.stderr)
    kept = output.encode()[:output_bytes].decode("utf-8", "ignore")
    ending = Ending(end="finished", output=kept, truncated=len(kept) < len(output))
    if error is None:
        return ending
    errno, module = _ERRNO.match(error.value), _MODULE.search(error.value)
    return replace(
        ending,
        end="raised",
        type=error.name,
        message=error.value[:500],
        builtin=hasattr(builtins, error.name) or error.name.endswith("Error"),
        errno=int(errno[1]) if errno else None,
        module=module[1] if module else "",
    )


@asynccontextmanager
async def _service(within_s: float, *, late: str = "") -> AsyncIterator[None]:
    """What the SDK lets through, as ``_Trouble``, without its text, which may quote a request."""
    import httpx
    from e2b import exceptions as e2b

    gone = (e2b.SandboxException, e2b.ServiceBusyException, httpx.HTTPError, OSError, RuntimeError)
    try:
        async with asyncio.timeout(within_s):
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
        raise _Trouble(failed) from error
