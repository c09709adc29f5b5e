"""The supervisor: a small process that forks, confines and watches one child per snippet.

Started by ``jail.Jail`` as ``python -I -S`` with an empty environment. It speaks lines of JSON:
first what it is, then one reply per request, in order. It never trusts what a child says beyond its
ending, and kills the child whatever it says.
"""

from __future__ import annotations

import builtins
import contextlib
import gc
import json
import os
import platform
import secrets
import select
import shutil
import signal
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from tta_rebuild.sandbox import landlock
from tta_rebuild.sandbox.confine import (
    JAIL_IDS,
    REPORT,
    Confinement,
    confine,
    die_with_parent,
    gain_nothing,
)
from tta_rebuild.sandbox.seclusion import (
    can_leave_the_files,
    drop_capabilities,
    leave_the_files,
    leave_the_network,
)
from tta_rebuild.sandbox.snippet import Limits
from tta_rebuild.sandbox.stage import perform

_NAMES = """
abc argparse array ast asyncio base64 binascii bisect bz2 cProfile calendar cmath cmd codecs
collections collections.abc colorsys concurrent.futures configparser contextlib contextvars copy
csv dataclasses datetime dbm decimal difflib doctest email.message encodings.ascii encodings.cp1252
encodings.hex_codec encodings.idna encodings.latin_1 encodings.punycode encodings.rot_13
encodings.unicode_escape encodings.utf_16 encodings.utf_32 enum errno filecmp fileinput fnmatch
fractions functools gc getopt getpass gettext glob graphlib grp gzip hashlib heapq hmac html
inspect io itertools json keyword linecache locale logging lzma math mmap numbers operator optparse
pathlib pickle pkgutil platform plistlib pprint queue random re reprlib runpy sched secrets select
shelve shlex shutil signal socket sqlite3 statistics string struct subprocess sys tarfile tempfile
textwrap threading time timeit token tokenize tomllib traceback types typing unicodedata unittest
urllib.parse uuid warnings wave weakref xml.etree.ElementTree zipfile zlib zoneinfo _strptime
"""

PRELOADED = tuple(_NAMES.split())
"""What stories' code imports: loaded first, since no library can be mapped once inside."""

_ENDS = ("finished", "raised", "left")
_REPORTED: dict[str, type] = {
    "end": str,
    "type": str,
    "builtin": bool,
    "errno": int,
    "module": str,
    "message": str,
    "wants": str,
    "line": int,
}
"""What is taken from a child's report, which comes from a hostile process, and of which types."""

_FILES = 64
_OUTPUT_FACTOR = 16
_LOOK_S = 0.02


def readable_paths() -> tuple[str, ...]:
    """The trees that a snippet may read: the standard library and the time zones."""
    return (os.path.dirname(os.__file__), "/usr/share/zoneinfo")


def _library_rules(rights: int) -> Iterable[tuple[str, int]]:
    """The standard library without what was installed into it."""
    library, zones = readable_paths()
    for entry in os.scandir(library):
        if entry.name not in {"site-packages", "dist-packages"}:
            yield entry.path, rights
    yield zones, rights


@dataclass(slots=True)
class Watch:
    """What has come from a child so far."""

    bounds: Limits
    output: bytearray = field(default_factory=bytearray)
    report: bytearray = field(default_factory=bytearray)
    output_seen: int = 0
    limit: str = ""

    def take(self, data: bytes, *, is_report: bool) -> None:
        """Keep as much as may be kept."""
        if is_report:
            self.report += data[: 8192 - len(self.report)]
            return
        self.output_seen += len(data)
        self.output += data[: max(0, self.bounds.output_bytes - len(self.output))]
        if self.output_seen > self.bounds.output_bytes * _OUTPUT_FACTOR:
            self.limit = "output"


class SandboxSupervisor:
    """Runs snippets one after the other.

    Args:
        base: the directory under which each snippet gets its own.
        place: what confinement needs to know of this machine.
    """

    def __init__(self, base: str, place: Confinement) -> None:
        self.base = base
        self.place = place

    def run(self, code: str, bounds: Limits) -> dict[str, Any]:
        """One snippet's ending, as plain values."""
        directory = os.path.join(self.base, secrets.token_hex(8))
        os.mkdir(directory, 0o700)
        try:
            if os.geteuid() == 0:
                self._hand_over(directory)
            return self._watched(code, bounds, directory)
        finally:
            shutil.rmtree(directory, ignore_errors=True)

    def _hand_over(self, directory: str) -> None:
        for owner in JAIL_IDS:
            try:
                os.chown(directory, owner, owner)
            except OSError:
                continue  # not mapped in this user namespace
            return
        raise PermissionError("no other user can be had")

    def _watched(self, code: str, bounds: Limits, directory: str) -> dict[str, Any]:
        nonce = secrets.token_hex(16)
        output_read, output_write = os.pipe()
        report_read, report_write = os.pipe()
        parent = os.getpid()
        child = os.fork()
        if child == 0:
            self._be_the_child(code, nonce, bounds, directory, (output_write, report_write), parent)
        os.close(output_write)
        os.close(report_write)
        watch = Watch(bounds)
        try:
            self._collect(watch, directory, {output_read: False, report_read: True})
        finally:
            os.kill(child, signal.SIGKILL)
            _, _, used = os.wait4(child, 0)
            os.close(output_read)
            os.close(report_read)
        reply = ending(watch, nonce)
        reply["cpu_s"] = used.ru_utime + used.ru_stime
        reply["output"] = watch.output.decode("utf-8", "replace")
        reply["truncated"] = watch.output_seen > len(watch.output)
        return reply

    def _be_the_child(
        self,
        code: str,
        nonce: str,
        bounds: Limits,
        directory: str,
        pipes: tuple[int, int],
        parent: int,
    ) -> None:
        """Never returns. Any failure ends the child without a report, which is no verdict."""
        try:
            output, report = os.dup2(pipes[0], 250), os.dup2(pipes[1], 251)
            nothing, _ = os.pipe()  # its own: flags set on a shared one would outlive it
            for target, source in enumerate((nothing, output, output, report)):
                os.dup2(source, target)
            os.closerange(REPORT + 1, 1024)
            _forget()
            confine(self.place, bounds, directory, parent)
            perform(code, nonce, REPORT)
        finally:
            _wait_for_the_end()

    def _collect(self, watch: Watch, directory: str, pipes: dict[int, bool]) -> None:
        """Read until the report or the end, or until a bound is passed."""
        deadline = time.monotonic() + watch.bounds.wall_s
        poll = select.poll()
        for descriptor in pipes:
            poll.register(descriptor, select.POLLIN)
        while pipes and not watch.limit:
            left_s = deadline - time.monotonic()
            if left_s <= 0:
                watch.limit = "time"
                return
            for descriptor, _ in poll.poll(min(left_s, _LOOK_S) * 1000):
                data = os.read(descriptor, 65536)
                watch.take(data, is_report=pipes[descriptor])
                if not data:
                    is_report = pipes.pop(descriptor)
                    poll.unregister(descriptor)
                    if is_report:
                        self._drain(watch, pipes)
                        return
            if _too_many_files(directory, watch.bounds.file_bytes):
                watch.limit = "files"

    def _drain(self, watch: Watch, pipes: dict[int, bool]) -> None:
        """What was printed before the report is already in the pipe."""
        for descriptor in pipes:
            os.set_blocking(descriptor, False)
            try:
                while data := os.read(descriptor, 65536):
                    watch.take(data, is_report=False)
                    if watch.limit:
                        return
            except BlockingIOError:
                continue


def _too_many_files(directory: str, limit_bytes: int) -> bool:
    files = total = 0
    with os.scandir(directory) as entries:
        for entry in entries:
            files += 1
            if files > _FILES:
                return True
            try:
                total += entry.stat(follow_symlinks=False).st_size
            except FileNotFoundError:
                continue
    return total > 4 * limit_bytes


def _forget() -> None:
    """Leave the snippet a plain interpreter: no environment, no native door, no module of ours."""
    os.environ.clear()
    for name in [n for n in sys.modules if n.split(".")[0] in {"tta_rebuild", "ctypes", "_ctypes"}]:
        del sys.modules[name]
    for name in ("ctypes", "_ctypes"):
        sys.modules[name] = None  # type: ignore[assignment]
    sys.stdin = open(0, closefd=False)  # noqa: SIM115 -- lives as long as the child
    sys.stdout = open(1, "w", encoding="utf-8", errors="replace", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", errors="replace", closefd=False)  # noqa: SIM115
    vars(sys).update(__stdin__=sys.stdin, __stdout__=sys.stdout, __stderr__=sys.stderr)
    vars(builtins).update(exit=sys.exit, quit=sys.exit)  # what ``site`` provides elsewhere
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _wait_for_the_end() -> None:
    """Hang up and stay: the filter forbids to end the process, so the supervisor does it."""
    with contextlib.suppress(OSError):
        os.close(REPORT)
    while True:
        try:
            signal.pause()
        except BaseException:  # noqa: BLE001 -- a handler that the snippet left behind
            continue


def ending(watch: Watch, nonce: str) -> dict[str, Any]:
    """What the report says if it is the stage's own, else what can be seen from outside."""
    if watch.limit:
        return {"end": "limit", "limit": watch.limit}
    try:
        report = json.loads(bytes(watch.report).partition(b"\n")[0])
    except (ValueError, RecursionError):
        report = None
    if isinstance(report, dict) and report.get("nonce") == nonce and report.get("end") in _ENDS:
        return {
            name: value.encode("utf-8", "replace").decode() if isinstance(value, str) else value
            for name, kind in _REPORTED.items()
            if isinstance(value := report.get(name), kind)
        }
    return {"end": "died"}


def main(base: str, host: int) -> int:
    """Introduce itself, then serve requests until the host hangs up."""
    os.umask(0o077)
    os.setsid()
    place = Confinement.of(platform.machine(), readable_paths())
    die_with_parent(place.libc, host)
    for name in PRELOADED:
        try:
            import_module(name)
        except ImportError:
            continue  # not in this build of Python; snippets that need it stay unverified
    shown = readable_paths()
    secluded = can_leave_the_files(place.libc, place.machine, base, shown)
    if secluded:
        base = leave_the_files(place.libc, place.machine, base, shown)
    leave_the_network(place.libc)
    if os.geteuid() != 0:
        drop_capabilities(place.libc, place.machine)
    gain_nothing(place.libc)
    supervisor = SandboxSupervisor(base, place)
    landlock.restrict(place.libc, [*_library_rules(landlock.READ), (base, landlock.KEEP)])
    gc.collect()
    gc.freeze()
    requests, replies = sys.stdin.buffer, sys.stdout.buffer
    facts = {
        "landlock": landlock.abi(place.libc),
        "separate_files": secluded,
        "python": platform.python_version(),
    }
    _say(replies, facts)
    for line in requests:
        request = json.loads(line)
        _say(replies, supervisor.run(request["code"], Limits(**request["bounds"])))
    return 0


def _say(stream: Any, value: dict[str, Any]) -> None:
    stream.write(json.dumps(value).encode() + b"\n")
    stream.flush()
