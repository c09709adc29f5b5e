"""Number 4: the test suite and a session under canary keys, then a search for them everywhere.

Everything that could talk does: debug logs of every library go to files, spans too, as they are and
not through our own redaction, all captured output is printed, temporary directories are kept. The
session plays against a server on loopback that refuses, limits, breaks off and answers nonsense.
"""

from __future__ import annotations

import os
import random
import re
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.canary_keys import canary
from tools.wire.faults import Fault
from tools.wire.process import RunningWire
from tools.find_canaries import CanaryScanner

from benchmarks.figures import Row

ROOT = Path(__file__).parents[2]

_QUICK = ("tests/test_settings.py", "tests/integrations/test_e2b_executor.py", "tests/contract")
_FAULTS = ("bad_key", "rate_limit", "unavailable", "bad_body", "reset", "forbidden", "invalid")

_LISTENING = '''"""Loaded by every interpreter of this run: logs and spans go to files."""
import atexit, logging, os, sys

place = {place!r}
handler = logging.FileHandler(os.path.join(place, f"log-{{os.getpid()}}.txt"), delay=True)
logging.getLogger().addHandler(handler)
logging.getLogger().setLevel(logging.DEBUG)
atexit.register(handler.close)
try:
    from opentelemetry import trace
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SimpleSpanProcessor
except ImportError:
    pass
else:
    spans = open(os.path.join(place, f"spans-{{os.getpid()}}.txt"), "w")
    atexit.register(spans.close)
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(ConsoleSpanExporter(out=spans)))
    trace.set_tracer_provider(provider)
'''


def measure(quick: bool) -> Iterator[Row]:
    """Run everything, then look."""
    rng = random.Random(secrets.randbits(64))
    example = (ROOT / ".env.example").read_text()
    names = re.findall(r"^#?\s*(\w*(?:KEY|TOKEN|SECRET))\s*=", example, re.M)
    keys = {name: canary(name, rng) for name in names}
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        environment = _environment(place, keys)
        with RunningWire() as wire:
            _session(place, environment, wire)
        passed = _suite(place, environment, quick)
        began = time.monotonic()
        leaks = CanaryScanner(keys.values()).scan([place])
        took_s = time.monotonic() - began
        files = [p for p in place.rglob("*") if p.is_file()]
        size_mb = sum(p.stat().st_size for p in files) / 1e6
        control = place / "control.txt"
        control.write_text("".join(keys.values()))
        seen = {leak.secret for leak in CanaryScanner(keys.values()).scan([control])}
    which = "part of the suite" if quick else "the whole suite"
    yield Row(
        number="4",
        what=f"{which} and a session under {len(keys)} canary keys",
        measured=passed,
        bound="ran",
        ok="passed" in passed,
    )
    where = ", ".join(sorted({Path(leak.where).name for leak in leaks})[:2])
    yield Row(
        number="4",
        what=f"keys found in {len(files)} files, {size_mb:.0f} MB ({took_s:.0f} s)",
        measured=f"{len(leaks)} {where}".strip(),
        bound="0",
        ok=not leaks,
    )
    yield Row(
        number="4",
        what="the same search where they were planted on purpose",
        measured=f"{len(seen)} of {len(keys)} found",
        bound="all",
        ok=len(seen) == len(keys),
    )


def _environment(place: Path, keys: Mapping[str, str]) -> dict[str, str]:
    """Keys, debugging, tracing, and every place to write under one roof."""
    for name in ("listening", "tmp", "home", "data", "out"):
        (place / name).mkdir()
    (place / "listening" / "sitecustomize.py").write_text(
        _LISTENING.format(place=str(place / "out"))
    )
    return {
        **keys,
        "PATH": os.environ.get("PATH", ""),
        "LANG": "C.UTF-8",
        "HOME": str(place / "home"),
        "XDG_DATA_HOME": str(place / "home"),
        "XDG_CONFIG_HOME": str(place / "home"),
        "XDG_CACHE_HOME": str(place / "home"),
        "TMPDIR": str(place / "tmp"),
        "PYTHONPATH": os.pathsep.join(("src", str(place / "listening"))),
        "PYTHONDONTWRITEBYTECODE": "1",
        "USE_REAL_LLM": "false",
        "OPENAI_LOG": "debug",
        "ANTHROPIC_LOG": "debug",
    }


def _session(place: Path, environment: Mapping[str, str], wire: RunningWire) -> None:
    """A player's session with a server that has the key, through all that can go wrong."""
    config = place / "home" / "config.toml"
    config.write_text(f'[servers.wire]\nurl = "{wire.url}/v1"\nkey_variable = "OPENAI_API_KEY"\n')
    talking = {
        **environment,
        "TTA_CONFIG": str(config),
        "TTA_DATA_DIR": str(place / "data"),
        "TTA_LOG_LEVEL": "DEBUG",
        "TTA_TRACE_PROMPTS": "true",
        "TTA_CACHE": "disk",
        "TTA_DEBUG": "1",
    }
    theme = ("--theme", "A door under the stairs")
    commands: list[tuple[str, ...]] = [
        ("doctor",),
        ("models",),
        ("story", *theme, "--title", "Stairs", "--turns", "2", "--auto", "--model", "wire:any"),
        ("story", *theme, "--turns", "1", "--auto", "--model", "wire:any", "--json"),
        ("costs",),
        ("stories", "list", "--json"),
        ("stories", "export", "Stairs"),
        ("code", "run", "--engine", "local", "-"),
        ("story", *theme, "--model", "no-such-provider:x"),
    ]
    for number, command in enumerate(commands):
        if command[0] == "story":
            wire.script([Fault(kind) for kind in _FAULTS])
        ran = subprocess.run(
            [sys.executable, "-m", "tta_rebuild", *command],
            cwd=ROOT,
            env=talking,
            input="import os\nprint(dict(os.environ))\nopen('/proc/self/environ').read()\n",
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        said = f"{command}\n{ran.stdout}\n{ran.stderr}\n"
        (place / "out" / f"session-{number}.txt").write_text(said)


def _suite(place: Path, environment: Mapping[str, str], quick: bool) -> str:
    """Run the tests with everything printed; gives pytest's last line."""
    output = place / "out" / "suite.txt"
    with output.open("w") as sink:
        subprocess.run(
            [
                *(sys.executable, "-m", "pytest", *(_QUICK if quick else ("tests", "-n", "2"))),
                *("-rA", "--showlocals", "-o", "log_level=DEBUG", "-W", "default"),
                *("-o", "tmp_path_retention_policy=all", "--basetemp", str(place / "tests")),
                *("-o", f"cache_dir={place / 'cache'}", "--junitxml", str(place / "junit.xml")),
            ],
            cwd=ROOT,
            env=dict(environment),
            stdout=sink,
            stderr=subprocess.STDOUT,
            timeout=1800,
            check=False,
        )
    told = re.findall(r"\d+ (?:passed|failed|errors?|skipped)", output.read_text()[-2000:])
    return ", ".join(told) or "the suite did not run"
