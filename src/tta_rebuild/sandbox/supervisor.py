"""The supervisor: a small process that forks, confines and watches one child per snippet.

It speaks lines of JSON: first what it is, then one reply per request, in order. It never trusts
what a child says beyond its ending, and kills the child whatever it says.
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
from collections.abc import Callable
from functools import partial
from importlib import import_module
from itertools import islice
from typing import Any

from tta_rebuild.sandbox import confine, seclusion
from tta_rebuild.sandbox.confine import JAIL_IDS, REPORT
from tta_rebuild.sandbox.kernel import MACHINE
from tta_rebuild.sandbox.seccomp import assemble
from tta_rebuild.sandbox.snippet import Limits
from tta_rebuild.sandbox.stage import perform

_ENDS = ("finished", "raised", "left")
_REPORTED: dict[str, type] = {
    **dict.fromkeys(("end", "type", "module", "message", "wants"), str),
    **dict.fromkeys(("errno", "line"), int),
    "builtin": bool,
}
"""What is taken from a child's report, which comes from a hostile process, and of which types."""

_FILES = 64
_OUTPUT_FACTOR = 16
_LOOK_S = 0.02
Closed = Callable[[Limits, str, int], None]
"""``confine`` for this machine: bounds, directory and parent are left to say."""


def run(closed: Closed, base: str, code: str, bounds: Limits) -> dict[str, Any]:
    """One snippet's ending, as plain values; it gets a directory of its own under ``base``."""
    directory = os.path.join(base, secrets.token_hex(8))
    os.mkdir(directory, 0o700)
    try:
        for owner in JAIL_IDS if os.geteuid() == 0 else ():
            with contextlib.suppress(OSError):  # not mapped in this user namespace
                os.chown(directory, owner, owner)
                break
        if os.stat(directory).st_uid == 0:
            raise PermissionError("no other user can be had")
        return _watched(closed, directory, code, bounds)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _watched(closed: Closed, directory: str, code: str, bounds: Limits) -> dict[str, Any]:
    nonce = secrets.token_hex(16)
    output = os.memfd_create("output")
    report, report_write = os.pipe()
    parent = os.getpid()
    child = os.fork()
    if child == 0:
        try:  # any failure ends the child without a report, which is no verdict
            _wire_up(output, report_write)
            _forget()
            closed(bounds, directory, parent)
            perform(code, nonce, REPORT)
        finally:
            _wait_for_the_end()
    os.close(report_write)
    try:
        limit, told = _followed(directory, output, report, bounds)
    finally:
        os.kill(child, signal.SIGKILL)
        _, _, used = os.wait4(child, 0)
        printed, size = os.pread(output, bounds.output_bytes, 0), os.fstat(output).st_size
        os.close(output)
        os.close(report)
    return {
        **({"end": "limit", "limit": limit} if limit else ending(told, nonce)),
        "cpu_s": used.ru_utime + used.ru_stime,
        "output": printed.decode("utf-8", "replace"),
        "truncated": size > len(printed),
    }


def _followed(directory: str, output: int, report: int, bounds: Limits) -> tuple[str, bytes]:
    """The bound that the child passed, "" if none, and what it reported until it hung up."""
    told, is_over, deadline = b"", False, time.monotonic() + bounds.wall_s
    while not is_over:
        left_s = deadline - time.monotonic()
        if left_s <= 0:
            return "time", told
        if select.select([report], [], [], min(left_s, _LOOK_S))[0]:
            data = os.read(report, 65536)
            told, is_over = (told + data)[:8192], not data
        if os.fstat(output).st_size > bounds.output_bytes * _OUTPUT_FACTOR:
            return "output", told
        if _too_many_files(directory, bounds.file_bytes):
            return "files", told
    return "", told


def _wire_up(output: int, report: int) -> None:
    """Leave the child four descriptors: an empty input, output twice, and the report."""
    output, report = os.dup2(output, 250), os.dup2(report, 251)
    nothing, _ = os.pipe()  # its own: flags set on a shared one would outlive it
    for target, source in enumerate((nothing, output, output, report)):
        os.dup2(source, target)
    os.closerange(REPORT + 1, 1024)


def _too_many_files(directory: str, limit_bytes: int) -> bool:
    sizes: list[int] = []
    with os.scandir(directory) as entries:
        for entry in islice(entries, _FILES + 1):
            with contextlib.suppress(FileNotFoundError):
                sizes.append(entry.stat(follow_symlinks=False).st_size)
    return len(sizes) > _FILES or sum(sizes) > 4 * limit_bytes


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


def ending(told: bytes, nonce: str) -> dict[str, Any]:
    """What the report says if it is the stage's own, else what can be seen from outside."""
    try:
        report = json.loads(told.partition(b"\n")[0])
    except (ValueError, RecursionError):
        report = None
    if isinstance(report, dict) and report.get("nonce") == nonce and report.get("end") in _ENDS:
        taken = {n: report[n] for n, kind in _REPORTED.items() if isinstance(report.get(n), kind)}
        plain = json.dumps(taken, ensure_ascii=False).encode("utf-8", "replace")
        return dict(json.loads(plain))
    return {"end": "died"}


def main(base: str, host: int) -> int:
    """Introduce itself, then serve requests until the host hangs up."""
    os.umask(0o077)
    os.setsid()
    readable = library, zones = (os.path.dirname(os.__file__), "/usr/share/zoneinfo")
    closed = partial(confine.confine, assemble(MACHINE), readable)
    confine.die_with_parent(host)
    with open(os.path.join(os.path.dirname(__file__), "preloaded.txt"), encoding="ascii") as file:
        for name in file.read().split():  # what stories import: nothing can be mapped once inside
            with contextlib.suppress(ImportError):  # in this build; what needs it stays unverified
                import_module(name)
    secluded = seclusion.can_leave_the_files(base, readable)
    if secluded:
        base = seclusion.leave_the_files(base, readable)
    seclusion.leave_the_network()
    if os.geteuid() != 0:
        seclusion.drop_capabilities()
    confine.gain_nothing()
    installed = {"site-packages", "dist-packages"}
    shown = [entry.path for entry in os.scandir(library) if entry.name not in installed]
    confine.restrict_files(
        [*((path, confine.READ) for path in (*shown, zones)), (base, confine.KEEP)]
    )
    gc.collect()
    gc.freeze()
    python, abi = platform.python_version(), confine.landlock_version()
    _say({"landlock": abi, "separate_files": secluded, "python": python})
    for line in sys.stdin.buffer:
        request = json.loads(line)
        _say(run(closed, base, request["code"], Limits(**request["bounds"])))
    return 0


def _say(value: dict[str, Any]) -> None:
    sys.stdout.buffer.write(json.dumps(value).encode() + b"\n")
    sys.stdout.buffer.flush()
