"""Attacks that go past Python: bare system calls, which only the kernel can refuse."""

from __future__ import annotations

_NATIVE = """
import os, sys
for name in ('ctypes', '_ctypes'):
    sys.modules.pop(name, None)
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
buffer = ctypes.create_string_buffer(256)
numbers = {
    'bpf': (321, 280), 'perf_event_open': (298, 241), 'userfaultfd': (323, 282),
    'add_key': (248, 217), 'process_vm_readv': (310, 270), 'unshare': (272, 97),
    'clone': (56, 220), 'mount': (165, 40), 'pivot_root': (155, 41), 'shmget': (29, 194),
    'name_to_handle_at': (303, 264), 'mq_open': (240, 180), 'inotify_init1': (294, 26),
    'sendmsg': (46, 211), 'tgkill': (234, 131), 'rt_sigqueueinfo': (129, 138),
}
def call(name, *arguments):
    if isinstance(name, str):
        name = numbers[name][os.uname().machine == 'aarch64']
    return libc.syscall(name, *arguments)
if (ATTEMPT) >= 0:
    print('NATIVE_CALL_WORKED')
"""


def as_native(attempt: str) -> str:
    """A snippet that goes past Python to the kernel; ``watch`` sees if the call worked."""
    return _NATIVE.replace("ATTEMPT", attempt)


NATIVE_CALLS = {
    "io_uring": "call(425, 8, buffer)",
    "bpf": "call('bpf', 0, buffer, 72)",
    "perf_events": "call('perf_event_open', buffer, 0, -1, -1, 0)",
    "userfaultfd": "call('userfaultfd', 1)",
    "keys": "call('add_key', b'user', b'x', b'x', 1, -3)",
    "memory_of_parent": "call('process_vm_readv', os.getppid(), buffer, 1, buffer, 1, 0)",
    "handle_on_parent": "call(434, os.getppid(), 0)",
    "descriptor_of_parent": "call(438, 1, 0, 0)",
    "new_user": "call('unshare', 0x10000000)",
    "new_mounts": "call('unshare', 0x20000)",
    "clone_into_new_user": "call('clone', 0x10000000 | 17, 0, 0, 0, 0)",
    "mount": "call('mount', b'proc', b'.', b'proc', 0, 0)",
    "detached_tree": "call(428, -100, b'/', 1)",
    "pivot": "call('pivot_root', b'.', b'.')",
    "file_handle": "call('name_to_handle_at', -100, b'/', buffer, buffer, 0)",
    "open_by_newer_call": "call(437, -100, b'HOST_FILE', buffer, 24)",
    "shared_memory": "call('shmget', 1, 4096, 0o1600)",
    "message_queue": "call('mq_open', b'x', 0o102, 0o600, 0)",
    "dumpable_again": "libc.prctl(4, 1, 0, 0, 0)",
    "outlive_the_parent": "libc.prctl(1, 0, 0, 0, 0)",
    "readable_is_executable": "libc.personality(0x0400000)",
    "x32_number": "call(0x40000002, b'HOST_FILE', 0, 0)",
    "more_descriptors": "libc.setrlimit(7, buffer)",
    "watch_files": "call('inotify_init1', 0)",
    "pass_a_descriptor": "call('sendmsg', 1, buffer, 0)",
    "signal_to_thread": "call('tgkill', HOST_PID, HOST_PID, 15)",
    "signal_with_value": "call('rt_sigqueueinfo', HOST_PID, 15, buffer)",
    "typing_at_a_terminal": "libc.ioctl(0, 0x5412, b'x')",
    "undo_landlock": "call(444, 0, 0, 0)",
    "another_filter": "libc.prctl(22, 2, buffer, 0, 0)",
}
