"""Real attempts to get out, made before the jail is trusted with anything.

Each attempt is code for the jail; it gets the facts of this host (a file with a word in it, the
host's process id) and prints its own name if it got anywhere. ``jail.Jail`` refuses to be used if
any name comes back, or if the plain snippet among them does not run.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

PLAIN = "print(sum(range(10)))"
"""Must run, or the jail is of no use; prints 45."""

ATTEMPTS: Mapping[str, str] = MappingProxyType(
    {
        "read-host-file": "open(HOST_FILE).read()",
        "read-passwd": "open('/etc/passwd').read()",
        "list-root": "os.listdir('/')",
        "read-environ-of-host": "open(f'/proc/{HOST}/environ', 'rb').read()",
        "read-own-environ": "open('/proc/self/environ', 'rb').read()",
        "list-processes": "os.listdir('/proc')",
        "read-memory": "open('/proc/self/mem', 'rb')",
        "write-beside": "open(HOST_FILE + '.new', 'w').write('x')",
        "write-tmp": "__import__('tempfile').TemporaryFile(dir=os.sep + 'tmp')",
        "symlink": "os.symlink(HOST_FILE, 'link'); open('link').read()",
        "hardlink": "os.link(HOST_FILE, 'link'); open('link').read()",
        "chroot": "os.chroot('/')",
        "chmod": "os.chmod(HOST_FILE, 0o777)",
        "become-root": "os.setuid(0); os.setresuid(0, 0, 0)",
        "fork": "os.fork() or os.kill(os.getpid(), 9)",
        "exec": "os.execv('/bin/true', ['true'])",
        "spawn": "os.posix_spawn('/bin/true', ['true'], {})",
        "signal-host": "os.kill(HOST, 0)",
        "signal-parent": "os.kill(os.getppid(), 0)",
        "signal-group": "os.killpg(0, 0)",
        "trace-parent": "native(PTRACE, 16, os.getppid(), 0, 0)",
        "inet-socket": "__import__('socket').socket()",
        "unix-socket": "__import__('socket').socket(__import__('socket').AF_UNIX)",
        "netlink-socket": "__import__('socket').socket(16, 3, 0)",
        "more-memory": "__import__('resource').setrlimit(9, (-1, -1))",
        "native-open": "native(OPENAT, -100, b'/etc/passwd', 0, 0)",
        "native-socket": "native(SOCKET, 2, 1, 0, 0)",
        "native-fork": "native(FORK, 17, 0, 0, 0) or os.kill(os.getpid(), 9)",
        "native-code": "__import__('mmap').mmap(-1, 4096, prot=7)",
    }
)

GLANCES: Mapping[str, str] = MappingProxyType(
    {
        "see-host-file": "os.stat(HOST_FILE)",
        "see-passwd": "os.stat('/etc/passwd')",
        "see-processes": "os.stat('/proc/self')",
        "see-devices": "os.stat('/dev/null')",
    }
)
"""Attempts that only a file tree of its own keeps from succeeding; nothing to be had by them."""

_NUMBERS = {
    "x86_64": {"PTRACE": 101, "OPENAT": 257, "SOCKET": 41, "FORK": 56},
    "aarch64": {"PTRACE": 117, "OPENAT": 56, "SOCKET": 198, "FORK": 220},
}

_PRELUDE = """
import os, sys
HOST, HOST_FILE = {host}, {host_file!r}
{numbers}
def native(number, *arguments):
    for name in ("ctypes", "_ctypes"):
        sys.modules.pop(name, None)
    import ctypes
    result = ctypes.CDLL(None).syscall(number, *arguments)
    if result == -1:
        raise OSError("refused")
    return result
"""

_EACH = """
try:
    {attempt}
except (OSError, ImportError, AttributeError, ValueError, SystemError):
    pass
else:
    print({name!r})
"""


def attempts(machine: str, host: int, host_file: str, chosen: Mapping[str, str]) -> str:
    """The chosen attempts as one snippet; it prints the name of each that succeeded."""
    numbers = "\n".join(f"{name} = {n}" for name, n in _NUMBERS[machine].items())
    prelude = _PRELUDE.format(host=host, host_file=host_file, numbers=numbers)
    return prelude + "".join(_EACH.format(attempt=a, name=n) for n, a in chosen.items())


FATAL: Mapping[str, str] = MappingProxyType(
    {
        "end-early": "import os\nos._exit(0)\nprint('unreached')",
        "exhaust-memory": "x = bytearray(1 << 40)",
    }
)
"""Attempts that must not end as "finished"."""
