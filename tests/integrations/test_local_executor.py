"""The embedded executor: what it decides by compiling, by monty and in the jail."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from tests.integrations.executor_contract import CodeExecutorContract
from tta_rebuild.core.errors import ExecutorUnavailable
from tta_rebuild.integrations.code_executor import judge
from tta_rebuild.integrations.local_executor import LocalExecutor
from tta_rebuild.sandbox import confine
from tta_rebuild.sandbox import jail as jail_module
from tta_rebuild.sandbox.jail import Jail
from tta_rebuild.sandbox.seccomp import assemble
from tta_rebuild.sandbox.snippet import Ending, Limits
from tta_rebuild.sandbox.supervisor import ending

QUICK = Limits(wall_s=1.0, cpu_s=1, output_bytes=4096)
BOUNDS = Limits(cpu_s=1, wall_s=1.0, memory_bytes=512 << 20, file_bytes=1 << 20, output_bytes=4096)

ESCAPES = jail_module.escapes("attempts") | jail_module.escapes("glances")

STANDARD = (
    "abc array asyncio base64 bisect calendar cmath collections contextlib copy csv dataclasses "
    "datetime decimal difflib doctest email.message enum fractions functools getopt graphlib "
    "hashlib heapq html http.cookies inspect io itertools json keyword locale logging math "
    "numbers operator optparse pathlib pickle pkgutil pprint queue random re sched secrets shelve "
    "sqlite3 statistics string struct tarfile textwrap threading time timeit tomllib trace "
    "traceback types typing unicodedata unittest uuid warnings weakref xml.dom.minidom zoneinfo"
).split()


@pytest.fixture
async def executor() -> AsyncIterator[LocalExecutor]:
    async with LocalExecutor(QUICK) as local:
        if "jail" not in await local.engines():
            pytest.skip(f"no jail on this machine: {local.jail_problem}")
        yield local


@pytest.fixture
async def monty_alone() -> AsyncIterator[LocalExecutor]:
    async with LocalExecutor(QUICK, use_jail=False) as local:
        yield local


class TestLocalExecutor(CodeExecutorContract):
    """Everything that any executor promises."""


class TestMontyAloneExecutor(CodeExecutorContract):
    """The same without a jail."""

    @pytest.fixture
    async def executor(self, monty_alone: LocalExecutor) -> LocalExecutor:
        return monty_alone

    async def test_output_is_capped(self, executor: LocalExecutor) -> None:  # type: ignore[override]
        verdict = await executor.run("print('x' * 100_000)")
        assert len(verdict.output) <= executor.limits.output_bytes
        assert verdict.verdict != "invalid"


async def test_what_monty_runs_never_reaches_the_jail(executor: LocalExecutor) -> None:
    assert (await executor.run("print(6 * 7)")).engine == "monty"


@pytest.mark.parametrize(
    "code",
    [
        "class A:\n    pass\nclass B(A):\n    pass\nprint(B.__mro__)",
        "from enum import Enum\nclass Door(Enum):\n    OPEN = 1\nprint(Door.OPEN)",
        "def steps():\n    yield 1\n    yield 2\nprint(list(steps()))",
        "import time\nfor n in range(3):\n    time.sleep(60)\nimport enum",
        "import enum, asyncio\nasync def main():\n    await asyncio.sleep(20)\nasyncio.run(main())",
        "import enum, threading\nt = threading.Thread(target=print, args=('x',))\nt.start()",
        "import enum\nopen('notes.txt', 'w').write('x')\nprint(open('notes.txt').read())",
        "import enum, sys\nif __name__ == '__main__':\n    print('done')\n    sys.exit(0)",
        "import sqlite3\nprint(sqlite3.connect(':memory:').execute('select 1').fetchall())",
        "import sqlite3\nb = sqlite3.connect('a.db')\nb.execute('create table t (x)')\nb.commit()",
        "import inspect, enum\ndef f():\n    return 1\nassert 'return 1' in inspect.getsource(f)",
        "import enum\nfrom pathlib import Path\nprint(Path(__file__).name)",
        "import enum, zipfile\nwith zipfile.ZipFile('a.zip', 'w') as z:\n    z.writestr('b', 'c')",
        "import unittest\nclass T(unittest.TestCase):\n    def test(self): pass\nunittest.main()",
    ],
)
async def test_what_monty_cannot_run_runs_in_the_jail(executor: LocalExecutor, code: str) -> None:
    verdict = await executor.run(code)
    assert (verdict.verdict, verdict.engine) == ("valid", "jail"), verdict.reason


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("1 / 0", "invalid"),
        ("print(undefined_thing)", "invalid"),
        ("raise RuntimeError('the lamp breaks')", "invalid"),
        ("class B(int):\n    pass\nB('x')", "unverified"),
        ("import enum", "unverified"),
        ("''.no_such_method()", "unverified"),
    ],
)
async def test_without_a_jail_monty_is_believed_only_where_it_cannot_be_wrong(
    monty_alone: LocalExecutor, code: str, expected: str
) -> None:
    assert (await monty_alone.run(code)).verdict == expected


@pytest.mark.parametrize(
    "code",
    [
        "import os\nprint(os.environ['USER'])",
        "import sys\nname = sys.argv[1]",
        "import getpass\nprint('Hello', getpass.getuser())",
        "from pathlib import Path\nprint(Path.home())",
        "print(open('map.txt').read())",
    ],
)
async def test_what_only_misses_its_surroundings_is_not_invalid(
    executor: LocalExecutor, code: str
) -> None:
    verdict = await executor.run(code)
    assert verdict.verdict == "unverified", verdict.reason


async def test_newer_grammar_is_not_held_against_the_code(executor: LocalExecutor) -> None:
    if sys.version_info >= (3, 12):
        pytest.skip("this Python knows the statement")
    assert (await executor.run("type Spell = str")).verdict == "unverified"
    assert (await executor.run("a = 'x'\nprint(f'{'a'}')")).verdict == "valid"


async def test_the_line_is_the_snippets_own(executor: LocalExecutor) -> None:
    code = "import enum\ndef open_door():\n    return [][1]\n\nopen_door()"
    assert (await executor.run(code)).line == 3


async def test_a_jail_that_fails_its_own_escapes_is_not_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(jail_module, "attempts", lambda *facts: "print('read-passwd')")
    async with LocalExecutor(QUICK) as local:
        verdict = await local.run("import enum")
        assert verdict.verdict == "unverified"
        assert "read-passwd" in local.jail_problem
        assert "jail" not in await local.engines()


async def test_a_jail_that_runs_nothing_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jail_module, "PLAIN", "1 / 0")
    jail = Jail()
    with pytest.raises(ExecutorUnavailable, match="plain snippet"):
        await jail.open(BOUNDS)


@pytest.mark.parametrize(
    "name",
    sorted(
        ESCAPES.keys()
        - {"trace-parent", "exec", "write-tmp"}  # they would reach beyond the test
        - {
            "chroot",
            "become-root",
            "more-memory",
            "list-processes",
            "netlink-socket",
        }  # not all may
    ),
)
def test_an_escape_succeeds_where_there_is_no_jail(name: str, tmp_path: Path) -> None:
    """Else an attempt that is only mistyped would prove the jail sound."""
    host_file = tmp_path / "host"
    host_file.write_text("word")
    ran = subprocess.run(
        [
            *(sys.executable, "-I", "-S", "-c"),
            jail_module.attempts(os.getpid(), str(host_file), {name: ESCAPES[name]}),
        ],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        cwd=tmp_path,
    )
    assert name in ran.stdout, ran.stderr


async def test_cancelling_a_run_leaves_no_process_and_the_next_one_works(
    executor: LocalExecutor,
) -> None:
    me = psutil.Process()
    slow = asyncio.create_task(executor.run("import enum\nwhile True: pass"))
    while not any(p.cpu_times().user > 0.2 for p in me.children(recursive=True)[-1:]):
        await asyncio.sleep(0.02)
        if slow.done():
            break
    slow.cancel()
    with pytest.raises(asyncio.CancelledError):
        await slow
    assert (await executor.run("import enum\nprint('again')")).verdict == "valid"


async def test_closing_leaves_no_process_and_no_directory(tmp_path: Path) -> None:
    me = psutil.Process()
    before = {p.pid for p in me.children(recursive=True)}
    async with LocalExecutor(QUICK) as local:
        await local.run("import enum\nopen('left', 'w').write('x')")
        await local.run("print(1)")
    after = {p.pid for p in me.children(recursive=True) if p.status() != psutil.STATUS_ZOMBIE}
    assert after <= before


def jail_directories() -> set[Path]:
    return set(Path(tempfile.gettempdir()).glob("tta-jail-*"))


async def test_an_open_jail_with_its_own_files_leaves_no_directory(
    executor: LocalExecutor, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if not executor.hides_files:
        pytest.skip("this machine gives the jail no file tree of its own")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    async with LocalExecutor(QUICK) as local:
        await local.engines()
        assert jail_directories() == set()
        assert (await local.run("import enum\nopen('a', 'w').write('x')")).verdict == "valid"
        assert jail_directories() == set()


@pytest.mark.parametrize(
    "code",
    [
        "import time\nbegan = time.time()\ntime.sleep(2)\nassert time.time() - began > 1.9",
        "from time import perf_counter as now, sleep\na = now()\nsleep(1)\nassert now() > a + 0.9",
        "import time as t\nend = t.monotonic() + 9\nwhile t.monotonic() < end:\n    t.sleep(1)",
        "from datetime import datetime\nprint(datetime.now().year)",
        "import datetime\nprint(datetime.date.today())",
        "from time import time\nprint(time())",
        "import time\nprint(time.time_ns())",
    ],
)
async def test_what_reads_a_clock_is_never_judged_by_monty(
    executor: LocalExecutor, monty_alone: LocalExecutor, code: str
) -> None:
    verdict = await executor.run(code)
    assert (verdict.verdict, verdict.engine) == ("valid", "jail"), verdict.reason
    alone = await monty_alone.run(code)
    assert alone.verdict == "unverified"
    assert "reads a clock" in alone.reason


async def test_what_names_a_time_without_reading_a_clock_stays_with_monty(
    executor: LocalExecutor,
) -> None:
    code = "bedtime = 9\ntimes = [bedtime]\nprint('time to go', times[0])"
    assert (await executor.run(code)).engine == "monty"


async def test_a_snippet_that_walks_to_the_reports_word_gains_no_time_and_harms_no_other(
    executor: LocalExecutor,
) -> None:
    """That it can claim to have finished is said plainly in the guide, 'What is not promised'."""
    code = (
        "import sys, os, json, enum\n"
        "frame = sys._getframe()\n"
        "while 'nonce' not in frame.f_locals:\n    frame = frame.f_back\n"
        "claim = {'nonce': frame.f_locals['nonce'], 'end': 'finished'}\n"
        "os.write(3, json.dumps(claim).encode() + b'\\n')\n"
    )
    endless = await executor.run(code + "while True: pass")
    assert (endless.verdict, endless.engine) == ("blocked", "jail")
    claimed = await executor.run(code + "1 / 0")
    assert (claimed.verdict, claimed.engine) == ("valid", "jail")
    assert (await executor.run("import enum\n1 / 0")).verdict == "invalid"


async def test_whoever_claims_to_have_finished_is_held_to_the_processors_time_too() -> None:
    code = (
        "import sys, os, json, enum\n"
        "frame = sys._getframe()\n"
        "while 'nonce' not in frame.f_locals:\n    frame = frame.f_back\n"
        "claim = {'nonce': frame.f_locals['nonce'], 'end': 'finished'}\n"
        "os.write(3, json.dumps(claim).encode() + b'\\n')\nwhile True: pass"
    )
    async with LocalExecutor(Limits(wall_s=30.0, cpu_s=1)) as local:
        if "jail" not in await local.engines():
            pytest.skip(f"no jail on this machine: {local.jail_problem}")
        verdict = await local.run(code)
    assert (verdict.verdict, verdict.engine) == ("blocked", "jail")
    assert "computes longer" in verdict.reason


async def test_a_dead_supervisor_is_trouble_and_is_replaced(executor: LocalExecutor) -> None:
    await executor.run("import enum")
    for process in psutil.Process().children():
        if "sandbox.supervisor" in " ".join(process.cmdline()):
            process.kill()
    first = await executor.run("import enum")
    assert first.verdict in {"unverified", "valid"}
    assert (await executor.run("import enum")).verdict == "valid"


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_the_filter_can_be_assembled_for_both_machines(machine: str) -> None:
    program = assemble(machine)
    assert len(program) % 8 == 0
    assert 100 < len(program) // 8 < 4096
    for place in range(0, len(program), 8):
        code, if_true, if_false = program[place], program[place + 2], program[place + 3]
        if code in {0x15, 0x35, 0x45}:
            assert place // 8 + 1 + max(if_true, if_false) < len(program) // 8
    assert program[-8:-4] == b"\x06\x00\x00\x00"


@pytest.mark.parametrize(
    ("ending", "expected"),
    [
        (Ending(type="ValueError", message="no"), "invalid"),
        (Ending(type="PermissionError", message="[Errno 13] no", errno=13), "blocked"),
        (Ending(type="PermissionError", message="the gate is shut"), "invalid"),
        (Ending(type="PermissionError", message="own class", errno=13, builtin=False), "invalid"),
        (Ending(type="FileNotFoundError", message="[Errno 2] map", errno=2), "unverified"),
        (
            Ending(type="ModuleNotFoundError", message="No module named 'x'", module="x"),
            "unverified",
        ),
        (Ending(type="ModuleNotFoundError", module="ctypes"), "blocked"),
        (Ending(type="ImportError", message="cannot import name 'y' from 'math'"), "invalid"),
        (Ending(type="MemoryError"), "blocked"),
        (Ending(type="SystemExit", message="0"), "unverified"),
        (Ending(type="EOFError", message="EOF when reading a line"), "unverified"),
        (Ending(type="EOFError", message="the well is dry"), "invalid"),
        (Ending(type="RecursionError"), "invalid"),
    ],
)
def test_an_ending_is_judged_by_whose_fault_it_is(ending: Ending, expected: str) -> None:
    assert judge(ending)[0] == expected


@pytest.mark.parametrize(
    ("report", "expected"),
    [
        (b'{"nonce": "n", "end": "finished"}\n', "finished"),
        (b'{"nonce": "other", "end": "finished"}\n', "died"),
        (b'{"end": "finished"}\n', "died"),
        (b'{"nonce": "n", "end": "limit", "limit": "none"}\n', "died"),
        (b'{"nonce": "n", "end": ["finished"]}\n', "died"),
        (b'["n", "finished"]\n', "died"),
        (b'{"nonce": "n", "end": "raised", "type": 7, "output": "mine", "x": 1}\n', "raised"),
        (b"\xff\xfe", "died"),
        (b"", "died"),
    ],
)
def test_a_childs_report_is_read_as_hostile_data(report: bytes, expected: str) -> None:
    told = ending(report, "n")
    assert told["end"] == expected
    assert told.keys() <= {"end", "type"}
    assert Ending(**told).end == expected


async def test_a_report_that_cannot_be_read_does_not_bring_the_jail_down(
    executor: LocalExecutor,
) -> None:
    verdict = await executor.run("import os, enum\nos.write(3, b'[' * 8000)\nos._exit(0)")
    assert (verdict.verdict, verdict.reason) == ("blocked", "it broke off its own process")


async def test_what_comes_out_of_the_jail_can_always_be_stored(executor: LocalExecutor) -> None:
    verdict = await executor.run("import enum\nraise ValueError('\\ud800')")
    assert verdict.reason.encode() == b"ValueError: ?"


async def test_half_a_character_in_the_code_is_named(executor: LocalExecutor) -> None:
    verdict = await executor.run("print('\ud800')")
    assert (verdict.verdict, verdict.error) == ("invalid", "SyntaxError")


async def test_more_than_it_may_write_or_open_is_blocked(executor: LocalExecutor) -> None:
    written = await executor.run("open('big', 'wb').write(b'x' * 3_000_000)")
    opened = await executor.run("import os\nheld = [os.dup(0) for _ in range(99)]")
    assert (written.verdict, opened.verdict) == ("blocked", "blocked")


async def test_the_standard_library_is_at_hand(executor: LocalExecutor) -> None:
    """The modules that stories' code may want, wherever this Python lies."""
    jail = await executor._jailed()
    assert jail is not None
    code = "\n".join(f"import {name}" for name in STANDARD)
    report = await jail.run(code + "\nprint('é'.encode('cp1252'))", BOUNDS)
    assert (report.end, report.message) == ("finished", "")


async def test_the_hosts_files_cannot_even_be_seen_where_the_jail_has_its_own(
    executor: LocalExecutor,
) -> None:
    jail = await executor._jailed()
    assert jail is not None
    if not jail.facts["separate_files"]:
        pytest.skip("this system refuses namespaces for mounts")
    report = await jail.run("import os\nprint(os.path.exists('/etc/passwd'))", BOUNDS)
    assert report.output == "False\n"


async def test_where_the_kernel_offers_landlock_the_jail_opens() -> None:
    """Without this, a jail that cannot start for a mistake of ours would only skip its tests."""
    if confine.landlock_version() < 1:
        pytest.skip("this kernel has no Landlock")
    async with LocalExecutor(QUICK) as local:
        await local.run("import enum")

        assert local.jail_problem == ""
