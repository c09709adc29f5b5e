"""The host's side of the jail: starts the warden, hands it snippets, tells how they ended.

``local_executor`` owns one. Nothing in here runs a snippet; what comes back from the warden is
read as data. A warden that stops answering is killed, with its child, and started anew on the next
call.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import platform
import secrets
import shutil
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tta_rebuild.core.errors import ExecutorUnavailable
from tta_rebuild.sandbox import escapes
from tta_rebuild.sandbox.confine import ResourceLimits

_GRACE_S = 5.0
_START_S = 20.0
_LINE_BYTES = 1 << 22
_ROOT = str(Path(__file__).resolve().parents[2])

_BOOT = """
import sys, types
rooms = {{"tta_rebuild": {root!r}, "tta_rebuild.integrations": {root!r} + "/integrations"}}
for name, path in rooms.items():
    module = types.ModuleType(name)
    module.__path__ = [path]
    sys.modules[name] = module
from tta_rebuild.sandbox.warden import main
sys.exit(main({base!r}, {host}))
"""
"""Loads the warden alone: the package's own ``__init__`` may want what ``-S`` leaves out."""


class JailUnavailable(ExecutorUnavailable):
    """The jail cannot be had here, or broke down; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JailReport:
    """How a snippet ended.

    Attributes:
        end: ``finished`` (its last statement ran), ``raised``, ``left`` (``sys.exit``), ``limit``
            (a bound was passed) or ``died`` (the process ended without a report).
        limit: ``time``, ``cpu``, ``output`` or ``files``.
        type, message, line: of the exception; ``builtin`` if the type is Python's own.
        errno: of an OSError that the system raised; module: of an ImportError.
        wants: what is missing here rather than wrong in the code, such as ``an argument``.
        signal: what killed it, 0 if the warden did.
        output: standard output and error, at most the bound; ``truncated`` if there was more.
    """

    end: str
    limit: str = ""
    type: str = ""
    message: str = ""
    line: int | None = None
    builtin: bool = True
    errno: int | None = None
    module: str = ""
    wants: str = ""
    signal: int = 0
    output: str = ""
    truncated: bool = False
    cpu_s: float = 0.0
    duration_s: float = 0.0


class Jail:
    """One warden and what it needs; open it once and use it for many snippets.

    Snippets run one at a time. Safe to use from many tasks of one event loop.
    """

    def __init__(self) -> None:
        self.facts: dict[str, Any] = {}
        self._process: asyncio.subprocess.Process | None = None
        self._base = ""
        self._one_at_a_time = asyncio.Lock()

    @property
    def version(self) -> str:
        """Python and what holds it in, such as ``3.11.7 landlock-7 seccomp``."""
        return f"{self.facts.get('python', '?')} landlock-{self.facts.get('landlock', 0)} seccomp"

    @property
    def hides_files(self) -> bool:
        """Whether it has a file tree of its own, so that the host's files cannot even be seen."""
        return self.facts.get("separate_files") is True

    async def open(self, bounds: ResourceLimits) -> None:
        """Start the warden and try to break out of it.

        Raises JailUnavailable where the kernel lacks support or an attempt succeeds.
        """
        async with self._one_at_a_time:
            await self._start()
            try:
                await self._prove(bounds)
            except BaseException:
                await self._stop()
                raise

    async def run(self, code: str, bounds: ResourceLimits) -> JailReport:
        """Run one snippet. Raises JailUnavailable if the warden breaks down."""
        async with self._one_at_a_time:
            if self._process is None:
                await self._start()
            return await self._ask(code, bounds)

    async def close(self) -> None:
        """End the warden and remove its directory; safe to call twice."""
        async with self._one_at_a_time:
            await self._stop()

    async def _start(self) -> None:
        if sys.platform != "linux" or platform.machine() not in {"x86_64", "aarch64"}:
            raise JailUnavailable("the jail needs Linux on x86-64 or arm64")
        if sys.implementation.name != "cpython":
            raise JailUnavailable("the jail needs CPython")
        self._base = await asyncio.to_thread(_new_base)
        boot = _BOOT.format(root=_ROOT, base=self._base, host=os.getpid())
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-I", "-S", "-B", "-X", "utf8", "-c", boot),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={},
            cwd="/",
            limit=_LINE_BYTES,
        )
        try:
            self.facts = await self._reply(_START_S)
        except BaseException:
            await self._stop()
            raise

    async def _prove(self, bounds: ResourceLimits) -> None:
        """Make every attempt of ``escapes``."""
        plain = await self._ask(escapes.PLAIN, bounds)
        if plain.end != "finished" or plain.output.strip() != "45":
            raise JailUnavailable(f"the jail does not run a plain snippet ({plain.end})")
        host_file = Path(self._base) / "host"
        word = secrets.token_hex(8)
        await asyncio.to_thread(host_file.write_text, word)
        chosen = dict(escapes.ATTEMPTS)
        if self.hides_files:
            chosen.update(escapes.GLANCES)
        attempts = escapes.attempts(platform.machine(), os.getpid(), str(host_file), chosen)
        report = await self._ask(attempts, bounds)
        if report.end != "finished" or report.output.strip():
            got_out = ", ".join(report.output.split()[:5]) or report.message or report.end
            raise JailUnavailable(f"the jail does not hold on this machine ({got_out})")
        for name, code in escapes.FATAL.items():
            if (await self._ask(code, bounds)).end == "finished":
                raise JailUnavailable(f"the jail does not hold on this machine ({name})")

    async def _ask(self, code: str, bounds: ResourceLimits) -> JailReport:
        process = self._process
        if process is None or process.stdin is None:
            raise JailUnavailable("the jail is closed")
        try:
            request = json.dumps({"code": code, "bounds": asdict(bounds)}) + "\n"
            process.stdin.write(request.encode())
            await process.stdin.drain()
            reply = await self._reply(bounds.wall_s + _GRACE_S)
            return JailReport(**reply)
        except BaseException as error:
            await self._stop()  # cancelled or broken: the next call starts anew
            if isinstance(error, OSError | TypeError):
                raise JailUnavailable("the jail broke down") from error
            raise

    async def _reply(self, timeout_s: float) -> dict[str, Any]:
        process = self._process
        if process is None or process.stdout is None:
            raise JailUnavailable("the jail is closed")
        try:
            async with asyncio.timeout(timeout_s):
                line = await process.stdout.readline()
            value = json.loads(line)
        except TimeoutError as error:
            raise JailUnavailable("the jail does not answer") from error
        except ValueError as error:
            raise JailUnavailable(
                "the jail cannot start here: the kernel lacks Landlock or seccomp, "
                "or does not allow them"
            ) from error
        if not isinstance(value, dict):
            raise JailUnavailable("the jail answers nonsense")
        return value

    async def _stop(self) -> None:
        process, self._process = self._process, None
        base, self._base = self._base, ""
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            if process.stdin is not None:
                process.stdin.close()
            await asyncio.shield(_reap(process))
        if base:
            shutil.rmtree(base, ignore_errors=True)


async def _reap(process: asyncio.subprocess.Process) -> None:
    if process.stdout is not None:
        with contextlib.suppress(ValueError):
            while await process.stdout.read(65536):
                continue
    await process.wait()


def _new_base() -> str:
    """A directory that other users may pass through but not list."""
    base = tempfile.mkdtemp(prefix="tta-jail-")
    os.chmod(base, 0o711)
    return base
