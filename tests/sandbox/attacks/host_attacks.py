"""Attacks on the host from outside Python's rules: files, sockets, processes, links."""

from __future__ import annotations

from tests.sandbox.attacks.attack import Attack, attacks

HOST: tuple[Attack, ...] = (
    *attacks(
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
    *attacks(
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
    *attacks(
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
    *attacks(
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
    *attacks(
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
    *attacks(
        "links",
        symlink="import os\nos.symlink('HOST_FILE', 'link')\nprint(open('link').read())",
        symlink_write="import os\nos.symlink('HOST_DIR/owned', 'link')\nopen('link', 'w').write('x')",
        hardlink="import os\nos.link('HOST_FILE', 'link')\nprint(open('link').read())",
        directory_link="import os\nos.symlink('/', 'all')\nprint(os.listdir('all/etc'))",
        chroot="import os\nos.chroot('/proc/1/root')\nprint(os.listdir('/'))",
        up="import os\nos.chdir('/')\nprint(open('HOST_FILE'.lstrip('/')).read())",
        fd_up="import os\nd = os.open('.', 0)\nprint(os.listdir(os.open('../../..', 0, dir_fd=d)))",
    ),
    *attacks(
        "what stays for the next",
        library_in_memory="import json\njson.loads = lambda text: print('owned') or {}",
        blocked_input="import os\nos.set_blocking(0, False)\nos.set_blocking(1, False)",
        file_beside="import os\nopen('../left', 'w').write('x')\nos.rename('x', '../x')",
        stopped_loop="import asyncio\nasyncio.BaseEventLoop.run_forever = lambda self: None",
        locked_library="import fcntl, os\nf = open(os.__file__)\nfcntl.lockf(f, fcntl.LOCK_SH)\nwhile True: pass",
        unreadable_file="import os\nos.umask(0o777)\nfor n in range(50):\n    open(str(n), 'w')",
        odd_names="for n in range(1, 60):\n    open('\\n' * n + '\\udcff', 'w')",
    ),
    *attacks(
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
)
