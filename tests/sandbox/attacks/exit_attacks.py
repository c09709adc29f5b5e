"""Attacks on the verdict: a snippet that leaves as if it had run to its end."""

from __future__ import annotations

from tests.sandbox.attacks.attack import Attack, attacks

EXITS: tuple[Attack, ...] = (
    *attacks(
        "exit tricks",
        fakes_success=True,
        sys_exit="import sys\nsys.exit(0)\n1 / 0",
        os_exit="import os\nos._exit(0)\n1 / 0",
        raise_exit="raise SystemExit\n1 / 0",
        exit_in_except="try:\n    1 / 0\nexcept ZeroDivisionError:\n    raise SystemExit(0)\nundefined_name",
        atexit="import atexit, os\natexit.register(os._exit, 0)\n1 / 0",
        excepthook="import sys, os\nsys.excepthook = lambda *a: os._exit(0)\n1 / 0",
        thread_exit="import threading, os\nthreading.Thread(target=os._exit, args=(0,)).start()\n1 / 0",
        abort="import os\nos.abort()\n1 / 0",
        kill_self="import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n1 / 0",
        close_all="import os\nos.closerange(0, 300)\n1 / 0",
        report_nothing="import os\nos.write(3, b'finished')\nos.close(3)\n1 / 0",
        report_guess="""
import os
os.write(3, b'{"nonce": "' + b'0' * 32 + b'", "end": "finished"}' + b'\\n')
os._exit(0)
1 / 0
""",
        print_nonce="print('0' * 32)\nimport sys\nsys.stdout.flush()\nsys.exit()\n1 / 0",
        patched_write="import os, json\nos.write = lambda *a: 0\njson.dumps = lambda *a: ''\n1 / 0",
        patched_compile="import builtins\nbuiltins.compile = builtins.exec = lambda *a, **k: None\n1 / 0",
        alarm="import signal, sys\nsignal.signal(14, lambda *a: sys.exit(0))\nsignal.setitimer(0, .05)\nwhile True: pass",
    ),
    *attacks(
        "exit tricks",
        fakes_success=True,
        nested_report="import os\nos.write(3, b'[' * 8000)\nos.close(3)\n1 / 0",
        endless_report="import os\nwhile True:\n    os.write(3, b'x' * 65536)\n1 / 0",
        report_to_all="""
import os
for fd in range(64):
    try:
        os.write(fd, b'{"end": "finished", "nonce": ""}')
    except OSError:
        pass
1 / 0
""",
        closed_by_cycle="""
import gc, os
class Ring:
    def __del__(self):
        os.write(3, b'{"nonce": true, "end": "finished"}')
r = Ring()
r.r = r
del r
gc.collect()
1 / 0
""",
        exit_in_del="""
import sys
class Last:
    def __del__(self):
        sys.exit(0)
last = Last()
1 / 0
""",
        exit_by_trace="import sys\nsys.settrace(lambda *a: sys.exit(0))\ndef f(): pass\nf()\n1 / 0",
        own_exit_type="class SystemExit(BaseException):\n    code = 0\nraise SystemExit(0)\n1 / 0",
        exit_group="from concurrent.futures import ThreadPoolExecutor as T\nimport sys\nT().submit(sys.exit, 0).result()\n1 / 0",
    ),
)
