"""The host's side of the jail: starts the supervisor, hands it snippets, tells how they ended.

Nothing in here runs a snippet; what comes back is read as data. A supervisor that stops answering
is killed, with its child, and started anew on the next call.
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
import tomllib
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tta_rebuild.core.errors import ExecutorUnavailable
from tta_rebuild.sandbox.kernel import MACHINE, table
from tta_rebuild.sandbox.snippet import Ending, Limits

_GRACE_S = 5.0
_START_S = 20.0
_LINE_BYTES = 1 << 22
_FAILURES = {
    TimeoutError: "the jail does not answer",
    OSError: "the jail broke down",
    ValueError: "the jail cannot start here: the kernel lacks Landlock or seccomp, or refuses them",
}
_BOOT = """
import sys
sys.path.append({root!r})
from tta_rebuild.sandbox.supervisor import main
sys.path.pop()
sys.exit(main({base!r}, {host}))
"""
PLAIN = "print(sum(range(10)))"
"""Must run, or the jail is of no use; prints 45."""

_ROOT = str(Path(__file__).resolve().parents[2])


class Jail:
    """One supervisor for many snippets, one at a time; safe to use from many tasks of a loop."""

    def __init__(self) -> None:
        self.facts: dict[str, Any] = {}
        self._process: asyncio.subprocess.Process | None = None
        self._base = ""
        self._open = contextlib.AsyncExitStack()
        self._one_at_a_time = asyncio.Lock()

    @property
    def version(self) -> str:
        """Python and what holds it in, such as ``3.11.7 landlock-7 seccomp``."""
        return f"{self.facts.get('python', '?')} landlock-{self.facts.get('landlock', 0)} seccomp"

    @property
    def hides_files(self) -> bool:
        """Whether it has a file tree of its own, so that the host's files cannot even be seen."""
        return self.facts.get("separate_files") is True

    async def open(self, bounds: Limits) -> None:
        """Start the supervisor and try to break out of it. Raises ExecutorUnavailable."""
        async with self._one_at_a_time:
            await self._start()
            try:
                await self._prove(bounds)
                await self._leave_nothing()
            except BaseException:
                await self._stop()
                raise

    async def run(self, code: str, bounds: Limits) -> Ending:
        """Run one snippet. Raises ExecutorUnavailable if the supervisor breaks down."""
        async with self._one_at_a_time:
            if self._process is None:
                await self._start()
                await self._leave_nothing()
            return await self._ask(code, bounds)

    async def close(self) -> None:
        """End the supervisor and remove its directory; safe to call twice."""
        async with self._one_at_a_time:
            await self._stop()

    async def _start(self) -> None:
        if sys.platform != "linux" or platform.machine() not in {"x86_64", "aarch64"}:
            raise ExecutorUnavailable("the jail needs Linux on x86-64 or arm64")
        self._base = await asyncio.to_thread(tempfile.mkdtemp, prefix="tta-jail-")
        os.chmod(self._base, 0o711)  # other users may pass through, but not list it
        self._open.callback(shutil.rmtree, self._base, ignore_errors=True)
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
        self.facts = await self._exchange(b"", _START_S)

    async def _prove(self, bounds: Limits) -> None:
        """Make every attempt of ``escapes.toml``."""
        plain = await self._ask(PLAIN, bounds)
        if plain.end != "finished" or plain.output.strip() != "45":
            raise ExecutorUnavailable(f"the jail does not run a plain snippet ({plain.end})")
        host_file = Path(self._base) / "host"
        await asyncio.to_thread(host_file.write_text, secrets.token_hex(8))
        chosen = escapes("attempts")
        if self.hides_files:
            chosen |= escapes("glances")
        report = await self._ask(attempts(os.getpid(), str(host_file), chosen), bounds)
        if report.end != "finished" or report.output.strip():
            got_out = ", ".join(report.output.split()[:5]) or report.message or report.end
            raise ExecutorUnavailable(f"the jail does not hold on this machine ({got_out})")
        for name, code in escapes("fatal").items():
            if (await self._ask(code, bounds)).end == "finished":
                raise ExecutorUnavailable(f"the jail does not hold on this machine ({name})")

    async def _ask(self, code: str, bounds: Limits) -> Ending:
        request = json.dumps({"code": code, "bounds": asdict(bounds)}) + "\n"
        return Ending(**await self._exchange(request.encode(), bounds.wall_s + _GRACE_S))

    async def _exchange(self, request: bytes, timeout_s: float) -> dict[str, Any]:
        """Send a line and read one; whatever goes wrong ends the supervisor, for a new start."""
        assert self._process is not None
        writer, reader = self._process.stdin, self._process.stdout
        assert writer is not None
        assert reader is not None
        try:
            writer.write(request)
            async with asyncio.timeout(timeout_s):
                await writer.drain()
                reply: dict[str, Any] = json.loads(await reader.readline())
                return reply
        except BaseException as error:
            await self._stop()
            for kind, what in _FAILURES.items():
                if isinstance(error, kind):
                    raise ExecutorUnavailable(what) from error
            raise

    async def _stop(self) -> None:
        if self._process is not None:
            process, self._process = self._process, None
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            if process.stdin is not None:
                process.stdin.close()
            await asyncio.shield(process.communicate())
        await self._open.aclose()

    async def _leave_nothing(self) -> None:
        """Where it has a file tree of its own, the directory it was built on is needed no more."""
        if self.hides_files:
            await asyncio.to_thread(shutil.rmtree, self._base, ignore_errors=True)


def escapes(section: str) -> dict[str, str]:
    """Name → code: ``attempts``, ``glances`` (they only look), ``fatal`` (must not finish) …"""
    text = Path(__file__).with_name("escapes.toml").read_text("utf-8")
    return dict(tomllib.loads(text)[section])


def attempts(host: int, host_file: str, chosen: Mapping[str, str]) -> str:
    """The chosen attempts as one snippet; it prints the name of each that succeeded."""
    known = {name: n for s in ("plain", "checked", "ours") for name, n in table(MACHINE, s).items()}
    numbers = tuple(known[name] for name in ("ptrace", "openat", "socket", "clone"))
    frame = escapes("frame")
    each = (frame["each"].format(attempt=code, name=name) for name, code in chosen.items())
    before = frame["before"].format(host=host, host_file=host_file, numbers=numbers)
    return before + "".join(each)
