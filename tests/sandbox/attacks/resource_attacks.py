"""Attacks on what a snippet may use: memory, time, stack, output, and signals."""

from __future__ import annotations

from tests.sandbox.attacks.attack import Attack, attacks

RESOURCES: tuple[Attack, ...] = (
    *attacks(
        "memory",
        string="x = 'a' * 10**12",
        list_="x = []\nwhile True:\n    x.append(bytearray(10_000_000))",
        doubling="x = ['x']\nwhile True:\n    x = x + x",
        nested="x = ()\nfor _ in range(10**7):\n    x = (x, x)\nprint(hash(x))",
        format_width="print('{:>9999999999}'.format('x'))",
        shared="import mmap\nm = mmap.mmap(-1, 1 << 40)",
        memfd="import os\nf = os.memfd_create('x')\nos.ftruncate(f, 1 << 40)",
    ),
    *attacks(
        "processor time",
        loop="while True:\n    pass",
        quiet_loop="""
while True:
    try:
        while True:
            pass
    except BaseException:
        pass
""",
        ignored_signal="""
import signal
for number in range(1, 65):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
while True:
    pass
""",
        blocked_forever="import threading\nthreading.Lock().acquire()\nthreading.Event().wait()",
        real_sleep="import select\nselect.select([], [], [], 9999)",
    ),
    *attacks(
        "recursion",
        plain="def f():\n    return f()\nf()",
        raised_limit="import sys\nsys.setrecursionlimit(10**9)\ndef f():\n    return f()\nf()",
        repr_="x = []\nfor _ in range(10**5):\n    x = [x]\nprint(repr(x))",
        source="x = " + "(" * 150 + "1" + ")" * 150,
        brackets="x = " + "[" * 5000 + "]" * 5000,
        sums="x = " + "+".join(["1"] * 30_000),
        attributes="x = ''" + ".upper" * 10_000,
        compare="""
class A:
    def __eq__(self, other):
        return A() == A()
A() == 1
""",
        c_stack="""
import sys
sys.setrecursionlimit(10**8)
f = None
for _ in range(10**6):
    f = map(str, f or [])
list(f)
""",
    ),
    *attacks(
        "huge integers",
        power="x = 9 ** 9 ** 9 ** 9",
        shift="x = 1 << (1 << 40)",
        print_="import sys\nsys.set_int_max_str_digits(0)\nprint(str(10 ** 10 ** 7))",
        factorial="import math\nx = math.factorial(10**9)",
        pow_="x = pow(3, 10**9)\nprint(x % 10)",
    ),
    *attacks(
        "regular expressions",
        nested="import re\nre.match(r'(a+)+$', 'a' * 60 + 'b')",
        alternation="import re\nre.match(r'(a|a)*$', 'a' * 60 + 'b')",
        backreference="import re\nre.search(r'(x+x+)+y', 'x' * 60)",
    ),
    *attacks(
        "output",
        endless="while True:\n    print('x' * 10_000)",
        stderr="import sys\nwhile True:\n    sys.stderr.write('x' * 10_000)",
        raw="import os\nwhile True:\n    os.write(1, b'x' * 65536)",
        one_line="print('x' * 100_000_000)",
        not_text="import sys\nsys.stdout.buffer.write(bytes(range(256)) * 100)",
        surrogates="print('\\ud800' * 100)",
    ),
    *attacks(
        "signals",
        parent="import os, signal\nos.kill(os.getppid(), signal.SIGKILL)",
        host="import os\nos.kill(HOST_PID, 15)",
        group="import os\nos.killpg(0, 9)",
        everybody="import os\nos.kill(-1, 9)",
        pidfd="import signal, os\nsignal.pidfd_send_signal(os.pidfd_open(HOST_PID), 15)",
        owner="""
import fcntl, os
r, w = os.pipe()
fcntl.fcntl(r, fcntl.F_SETOWN, HOST_PID)
fcntl.fcntl(r, fcntl.F_SETFL, os.O_ASYNC)
os.write(w, b'x')
""",
        queue="import os, signal\nsignal.pthread_kill(HOST_PID, 9)",
        priority="import os\nos.setpriority(os.PRIO_PROCESS, HOST_PID, 19)",
        affinity="import os\nos.sched_setaffinity(HOST_PID, {0})",
        limits="import resource\nresource.prlimit(HOST_PID, resource.RLIMIT_NOFILE, (1, 1))",
    ),
)
