"""Attacks through the language to what it guards: attributes, frames, pickles, native code."""

from __future__ import annotations

from tests.sandbox.attacks.attack import Attack, attacks
from tests.sandbox.attacks.native import NATIVE_CALLS, as_native

LANGUAGE: tuple[Attack, ...] = (
    *attacks(
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
    *attacks(
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
    *attacks(
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
    *attacks(
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
    *attacks(
        "native calls",
        **{name: as_native(call) for name, call in NATIVE_CALLS.items()},
    ),
)
