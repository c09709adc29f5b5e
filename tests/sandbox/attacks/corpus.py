"""Attacks on the host, by class; each is a snippet such as a hostile story might hold.

``HOST_FILE``, ``HOST_DIR``, ``HOST_PID`` and ``PORT`` stand for what ``watch.HostWatch`` puts
there. An attack may fail in any way it likes; it must do no harm. ``fakes_success`` marks those that
try to pass for valid although a wrong line follows.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.sandbox.attacks.native import NATIVE_CALLS, as_native


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """One attack; ``name`` is unique."""

    kind: str
    name: str
    code: str
    fakes_success: bool = False


def _attacks(kind: str, *, fakes_success: bool = False, **codes: str) -> list[Attack]:
    return [
        Attack(kind=kind, name=f"{kind}/{name}", code=code.strip(), fakes_success=fakes_success)
        for name, code in codes.items()
    ]


ATTACKS: tuple[Attack, ...] = (
    *_attacks(
        "host files",
        open="print(open('HOST_FILE').read())",
        pathlib="import pathlib\nprint(pathlib.Path('HOST_FILE').read_text())",
        os_open="import os\nprint(os.read(os.open('HOST_FILE', os.O_RDONLY), 1000))",
        io_open="import io\nprint(io.FileIO('HOST_FILE').readall())",
        relative="print(open('../' * 30 + 'HOST_FILE').read())",
        listing="import os\nprint(os.listdir('HOST_DIR'))\nprint(os.listdir('/etc'))",
        walk="import os\nfor root, _, files in os.walk('/'):\n    print(root, files[:3])",
        linecache="import linecache\nprint(linecache.getlines('HOST_FILE'))",
        fileinput="import fileinput\nprint(list(fileinput.input('HOST_FILE')))",
        sqlite="""
import sqlite3
base = sqlite3.connect('HOST_FILE')
print(base.execute("select * from sqlite_master").fetchall())
""",
        mmap="import mmap\nf = open('HOST_FILE', 'rb')\nprint(mmap.mmap(f.fileno(), 0, prot=1)[:])",
        shutil="import shutil\nshutil.copy('HOST_FILE', 'mine')\nprint(open('mine').read())",
        loader="""
from importlib.machinery import SourceFileLoader
print(SourceFileLoader('x', 'HOST_FILE').get_data('HOST_FILE'))
""",
        sendfile="""
import os
r, w = os.pipe()
os.sendfile(w, os.open('HOST_FILE', 0), 0, 100)
print(os.read(r, 100))
""",
    ),
    *_attacks(
        "environment",
        environ="import os\nprint(dict(os.environ))",
        getenv="import os\nprint(os.getenv('TTA_ATTACK_CANARY'))",
        posix="import posix\nprint(posix.environ)",
        proc_self="print(open('/proc/self/environ').read())",
        proc_parent="import os\nprint(open(f'/proc/{os.getppid()}/environ').read())",
        proc_host="print(open('/proc/HOST_PID/environ').read())",
        proc_all="""
import os
for name in os.listdir('/proc'):
    if name.isdigit():
        print(open(f'/proc/{name}/environ').read())
""",
        cmdline="print(open('/proc/HOST_PID/cmdline').read())",
        memory="f = open('/proc/HOST_PID/mem', 'rb')\nprint(f.read(10))",
        root_link="import os\nprint(os.readlink('/proc/HOST_PID/cwd'), os.listdir('/proc/1/root'))",
        own_descriptors="""
import os
for fd in range(3, 300):
    try:
        print(fd, os.read(fd, 100))
    except OSError:
        pass
""",
    ),
    *_attacks(
        "sockets",
        connect="import socket\ns = socket.create_connection(('127.0.0.1', PORT))\ns.send(b'x')",
        udp="import socket\nsocket.socket(type=2).sendto(b'x', ('127.0.0.1', PORT))",
        listen="import socket\ns = socket.socket()\ns.bind(('0.0.0.0', 0))\ns.listen()",
        http="from urllib.request import urlopen\nprint(urlopen('http://127.0.0.1:PORT/').read())",
        asyncio="""
import asyncio
async def call():
    reader, writer = await asyncio.open_connection('127.0.0.1', PORT)
    writer.write(b'x')
    await writer.drain()
asyncio.run(call())
""",
        dns="import socket\nprint(socket.getaddrinfo('example.invalid', 80))",
        raw="import socket\nsocket.socket(socket.AF_PACKET, socket.SOCK_RAW)",
        pair_to_address="""
import socket
a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
a.sendto(b'x', '/run/systemd/notify')
""",
    ),
    *_attacks(
        "processes",
        system="import os\nos.system('touch HOST_DIR/owned')",
        popen="import os\nprint(os.popen('cat HOST_FILE').read())",
        subprocess="import subprocess\nprint(subprocess.run(['cat', 'HOST_FILE'], capture_output=True))",
        execv="import os\nos.execv('/bin/sh', ['sh', '-c', 'touch HOST_DIR/owned'])",
        spawn="import os\nos.posix_spawn('/bin/touch', ['touch', 'HOST_DIR/owned'], {})",
        multiprocessing="""
from multiprocessing import Process
p = Process(target=print, args=('x',))
p.start()
p.join()
""",
        pty="import pty\npty.spawn(['/bin/sh', '-c', 'touch HOST_DIR/owned'])",
        fork="import os\nif os.fork() == 0:\n    open('HOST_DIR/owned', 'w')",
        fork_bomb="import os\nwhile True:\n    os.fork()",
        double_fork="import os\nos.setsid()\nif not os.fork() and not os.fork():\n    import time\n    time.sleep(99)",
        thread_bomb="""
import threading
hold = threading.Event()
while True:
    threading.Thread(target=hold.wait, daemon=True).start()
""",
    ),
    *_attacks(
        "format strings and attributes",
        format_globals="""
class Lamp:
    def __init__(self):
        self.lit = True
print('{0.__init__.__globals__}'.format(Lamp()))
""",
        format_map="print('{x.__class__.__mro__[1].__subclasses__}'.format_map({'x': 1}))",
        subclasses="""
for kind in ().__class__.__base__.__subclasses__():
    if kind.__name__ == '_wrap_close':
        print(kind.__init__.__globals__['environ'])
        kind.__init__.__globals__['system']('touch HOST_DIR/owned')
""",
        popen_class="""
import subprocess
for kind in object.__subclasses__():
    if kind.__name__ == 'Popen':
        print(kind(['cat', 'HOST_FILE'], stdout=-1).communicate())
""",
        builtins="print(__builtins__.__dict__ if hasattr(__builtins__, '__dict__') else __builtins__)",
        import_by_loader="""
loader = [k for k in object.__subclasses__() if k.__name__ == 'BuiltinImporter'][0]
loader.load_module('posix').system('touch HOST_DIR/owned')
""",
        warnings_module="""
for kind in object.__subclasses__():
    if kind.__name__ == 'catch_warnings':
        print(kind()._module.sys.modules['os'].environ)
""",
        code_object="""
def f(): pass
f.__code__ = f.__code__.replace(co_code=bytes([100, 255, 83, 0] * 8))
f()
""",
    ),
    *_attacks(
        "frames",
        getframe="""
import sys
frame = sys._getframe()
while frame:
    print(frame.f_code.co_filename, {k: str(v)[:200] for k, v in frame.f_locals.items()})
    frame = frame.f_back
""",
        traceback="""
try:
    1 / 0
except ZeroDivisionError as error:
    frame = error.__traceback__.tb_frame
    while frame.f_back:
        frame = frame.f_back
    print(frame.f_globals.keys(), frame.f_locals)
""",
        generator="g = (g.gi_frame.f_back.f_back.f_globals for _ in [1])\nprint(*g)",
        garbage="""
import gc
for thing in gc.get_objects():
    if isinstance(thing, dict) and 'bounds' in thing:
        print(thing)
""",
        threads="import sys\nprint({k: v.f_locals for k, v in sys._current_frames().items()})",
        trace="""
import sys
sys.settrace(lambda *a: print(a[0].f_globals.keys()))
sys.setprofile(lambda *a: None)
""",
    ),
    *_attacks(
        "pickles",
        reduce_="""
import os, pickle
class Gift:
    def __reduce__(self):
        return os.system, ('touch HOST_DIR/owned',)
pickle.loads(pickle.dumps(Gift()))
""",
        opcodes="import pickle\npickle.loads(b\"cposix\\nsystem\\n(S'touch HOST_DIR/owned'\\ntR.\")",
        marshal="import marshal\nexec(marshal.loads(b'\\xe3' + b'\\x00' * 40))",
        shelve="import shelve\nshelve.open('HOST_DIR/owned')['x'] = 1",
    ),
    *_attacks(
        "writes",
        open_="open('HOST_DIR/owned', 'w').write('x')",
        overwrite="open('HOST_FILE', 'w').write('x')",
        append="open('HOST_FILE', 'a').write('x')",
        truncate="import os\nos.truncate('HOST_FILE', 0)",
        remove="import os\nos.remove('HOST_FILE')",
        rename="import os\nos.rename('HOST_FILE', 'HOST_DIR/other')",
        chmod="import os\nos.chmod('HOST_FILE', 0o777)",
        utime="import os\nos.utime('HOST_FILE', (1, 1))",
        mkdir="import os\nos.makedirs('HOST_DIR/owned/deep')",
        tree="import shutil\nshutil.rmtree('HOST_DIR', ignore_errors=False)",
        xattr="import os\nos.setxattr('HOST_FILE', 'user.x', b'x')",
        mknod="import os\nos.mknod('HOST_DIR/owned')",
        device="open('/dev/kmsg', 'w').write('x')\nopen('/dev/sda', 'wb').write(b'x')",
        library="import os\nopen(os.__file__, 'a').write('import this')",
        huge_file="""
with open('big', 'wb') as f:
    while True:
        f.write(b'x' * 1_000_000)
""",
        many_files="for n in range(1_000_000):\n    open(str(n), 'w').write('x' * 1000)",
    ),
    *_attacks(
        "links",
        symlink="import os\nos.symlink('HOST_FILE', 'link')\nprint(open('link').read())",
        symlink_write="import os\nos.symlink('HOST_DIR/owned', 'link')\nopen('link', 'w').write('x')",
        hardlink="import os\nos.link('HOST_FILE', 'link')\nprint(open('link').read())",
        directory_link="import os\nos.symlink('/', 'all')\nprint(os.listdir('all/etc'))",
        chroot="import os\nos.chroot('/proc/1/root')\nprint(os.listdir('/'))",
        up="import os\nos.chdir('/')\nprint(open('HOST_FILE'.lstrip('/')).read())",
        fd_up="import os\nd = os.open('.', 0)\nprint(os.listdir(os.open('../../..', 0, dir_fd=d)))",
    ),
    *_attacks(
        "memory",
        string="x = 'a' * 10**12",
        list_="x = []\nwhile True:\n    x.append(bytearray(10_000_000))",
        doubling="x = ['x']\nwhile True:\n    x = x + x",
        nested="x = ()\nfor _ in range(10**7):\n    x = (x, x)\nprint(hash(x))",
        format_width="print('{:>9999999999}'.format('x'))",
        shared="import mmap\nm = mmap.mmap(-1, 1 << 40)",
        memfd="import os\nf = os.memfd_create('x')\nos.ftruncate(f, 1 << 40)",
    ),
    *_attacks(
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
    *_attacks(
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
    *_attacks(
        "huge integers",
        power="x = 9 ** 9 ** 9 ** 9",
        shift="x = 1 << (1 << 40)",
        print_="import sys\nsys.set_int_max_str_digits(0)\nprint(str(10 ** 10 ** 7))",
        factorial="import math\nx = math.factorial(10**9)",
        pow_="x = pow(3, 10**9)\nprint(x % 10)",
    ),
    *_attacks(
        "regular expressions",
        nested="import re\nre.match(r'(a+)+$', 'a' * 60 + 'b')",
        alternation="import re\nre.match(r'(a|a)*$', 'a' * 60 + 'b')",
        backreference="import re\nre.search(r'(x+x+)+y', 'x' * 60)",
    ),
    *_attacks(
        "output",
        endless="while True:\n    print('x' * 10_000)",
        stderr="import sys\nwhile True:\n    sys.stderr.write('x' * 10_000)",
        raw="import os\nwhile True:\n    os.write(1, b'x' * 65536)",
        one_line="print('x' * 100_000_000)",
        not_text="import sys\nsys.stdout.buffer.write(bytes(range(256)) * 100)",
        surrogates="print('\\ud800' * 100)",
    ),
    *_attacks(
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
    *_attacks(
        "native code",
        ctypes="import ctypes\nctypes.CDLL(None).system(b'touch HOST_DIR/owned')",
        ctypes_again="""
import sys
for name in ('ctypes', '_ctypes'):
    sys.modules.pop(name, None)
import ctypes
libc = ctypes.CDLL(None)
fd = libc.open(b'HOST_FILE', 0)
buffer = ctypes.create_string_buffer(100)
libc.read(fd, buffer, 100)
print(buffer.value)
""",
        segfault="""
import sys
for name in ('ctypes', '_ctypes'):
    sys.modules.pop(name, None)
import ctypes
ctypes.string_at(0)
""",
        executable_memory="import mmap\nmmap.mmap(-1, 4096, prot=7).write(b'\\xc3')",
        cffi="import _cffi_backend",
    ),
    *_attacks(
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
    *_attacks(
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
    *_attacks(
        "what stays for the next",
        library_in_memory="import json\njson.loads = lambda text: print('owned') or {}",
        blocked_input="import os\nos.set_blocking(0, False)\nos.set_blocking(1, False)",
        file_beside="import os\nopen('../left', 'w').write('x')\nos.rename('x', '../x')",
        stopped_loop="import asyncio\nasyncio.BaseEventLoop.run_forever = lambda self: None",
        locked_library="import fcntl, os\nf = open(os.__file__)\nfcntl.lockf(f, fcntl.LOCK_SH)\nwhile True: pass",
        unreadable_file="import os\nos.umask(0o777)\nfor n in range(50):\n    open(str(n), 'w')",
        odd_names="for n in range(1, 60):\n    open('\\n' * n + '\\udcff', 'w')",
    ),
    *_attacks(
        "seeing the host",
        sizes="import os\nprint('size', os.stat('HOST_FILE').st_size)",
        exists="import os\nprint([p for p in ('/etc/passwd', '/root', 'HOST_DIR') if os.path.exists(p)])",
        access="import os\nprint(os.access('HOST_FILE', os.R_OK))",
        followed="import os\nos.chdir('HOST_DIR')\nprint(open('diary.txt').read())",
        by_descriptor="import os\nf = os.open('.', os.O_PATH)\nprint(os.listdir(f'/proc/self/fd/{f}'))\nos.fchdir(f)",
        scan_upwards="""
import os
for up in range(12):
    try:
        print(os.listdir('../' * up))
    except OSError as error:
        print(error)
""",
        zone_files="import zoneinfo\nzoneinfo.reset_tzpath(['HOST_DIR'])\nprint(zoneinfo.ZoneInfo('diary.txt'))",
        dump_to_file="import faulthandler\nfaulthandler.dump_traceback(open('HOST_DIR/owned', 'w'))",
        profile_to_file="import cProfile\ncProfile.run('1', 'HOST_DIR/owned')",
        import_path="import sys\nsys.path.insert(0, 'HOST_DIR')\nimport diary",
        run_path="import runpy\nprint(runpy.run_path('HOST_FILE'))",
        tar="import tarfile\nt = tarfile.open('x.tar', 'w')\nt.add('HOST_FILE')\nprint(t.getnames())",
        database="import dbm.dumb\ndbm.dumb.open('HOST_DIR/owned', 'c')[b'x'] = b'x'",
    ),
    *_attacks(
        "native calls",
        **{name: as_native(call) for name, call in NATIVE_CALLS.items()},
    ),
)
