"""A session and the test suite under canary keys; then a search for them in all that was written.

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
from collections.abc import Mapping
from pathlib import Path

import pytest
from tests.canary_keys import canary
from tools.find_canaries import CanaryScanner
from tools.wire import Fault, RunningWire

ROOT = Path(__file__).parents[2]
FAULTS = ("bad_key", "rate_limit", "unavailable", "bad_body", "reset", "forbidden", "invalid")
SUITE = ("tests/test_settings.py", "tests/integrations", "tests/contract", "tests/engine")
THEME = ("--theme", "A door under the stairs")
COMMANDS: list[tuple[str, ...]] = [
    ("doctor",),
    ("models",),
    ("story", *THEME, "--title", "Stairs", "--turns", "2", "--auto", "--model", "wire:any"),
    ("story", *THEME, "--turns", "1", "--auto", "--model", "wire:any", "--json"),
    ("costs",),
    ("stories", "list", "--json"),
    ("stories", "export", "Stairs"),
    ("code", "run", "--engine", "local", "-"),
    ("story", *THEME, "--model", "no-such-provider:x"),
]
LISTENING = '''"""Loaded by every interpreter of this run: logs and spans go to files."""
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


@pytest.fixture
def keys() -> dict[str, str]:
    rng = random.Random(secrets.randbits(64))
    example = (ROOT / ".env.example").read_text()
    names = re.findall(r"^#?\s*(\w*(?:KEY|TOKEN|SECRET))\s*=", example, re.M)
    return {name: canary(name, rng) for name in names}


@pytest.fixture
def environment(tmp_path: Path, keys: dict[str, str]) -> dict[str, str]:
    """Keys, debugging, tracing, and every place to write under one roof."""
    for name in ("listening", "tmp", "home", "data", "out"):
        (tmp_path / name).mkdir()
    listening = LISTENING.format(place=str(tmp_path / "out"))
    (tmp_path / "listening" / "sitecustomize.py").write_text(listening)
    home = str(tmp_path / "home")
    return {
        **keys,
        "PATH": os.environ.get("PATH", ""),
        "LANG": "C.UTF-8",
        "HOME": home,
        **dict.fromkeys(("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"), home),
        "TMPDIR": str(tmp_path / "tmp"),
        "PYTHONPATH": os.pathsep.join(("src", str(tmp_path / "listening"))),
        "PYTHONDONTWRITEBYTECODE": "1",
        "USE_REAL_LLM": "false",
        "OPENAI_LOG": "debug",
        "ANTHROPIC_LOG": "debug",
    }


def leaks(place: Path, keys: Mapping[str, str]) -> list[str]:
    """Files in which a key is found; the search is tried on planted keys first."""
    control = place.parent / f"{place.name}-control.txt"
    control.write_text("".join(keys.values()))
    assert len({leak.secret for leak in CanaryScanner(keys.values()).scan([control])}) == len(keys)
    return [Path(leak.where).name for leak in CanaryScanner(keys.values()).scan([place])]


@pytest.mark.stress
def test_a_session_through_all_that_can_go_wrong_leaves_no_key(
    tmp_path: Path, keys: dict[str, str], environment: dict[str, str]
) -> None:
    config = tmp_path / "home" / "config.toml"
    talking = {
        **environment,
        "TTA_CONFIG": str(config),
        "TTA_DATA_DIR": str(tmp_path / "data"),
        "TTA_LOG_LEVEL": "DEBUG",
        "TTA_TRACE_PROMPTS": "true",
        "TTA_CACHE": "disk",
        "TTA_DEBUG": "1",
    }
    snippet = "import os\nprint(dict(os.environ))\nopen('/proc/self/environ').read()\n"
    with RunningWire() as wire:
        config.write_text(
            f'[servers.wire]\nurl = "{wire.url}/v1"\nkey_variable = "OPENAI_API_KEY"\n'
        )
        for number, command in enumerate(COMMANDS):
            if command[0] == "story":
                wire.script([Fault(kind) for kind in FAULTS])
            ran = run([sys.executable, "-m", "tta_rebuild", *command], talking, typed=snippet)
            (tmp_path / "out" / f"session-{number}.txt").write_text(ran)

    assert list((tmp_path / "out").glob("log-*.txt"))
    assert list((tmp_path / "out").glob("spans-*.txt"))
    assert leaks(tmp_path, keys) == []


@pytest.mark.stress
def test_the_test_suite_with_everything_printed_leaves_no_key(
    tmp_path: Path, keys: dict[str, str], environment: dict[str, str]
) -> None:
    ran = run(
        [
            *(sys.executable, "-m", "pytest", *SUITE, "-n", "2"),
            *("-rA", "--showlocals", "-o", "log_level=DEBUG", "-W", "default"),
            *("-o", "tmp_path_retention_policy=all", "--basetemp", str(tmp_path / "tests")),
            *("-o", f"cache_dir={tmp_path / 'cache'}", "--junitxml", str(tmp_path / "junit.xml")),
        ],
        environment,
    )
    (tmp_path / "out" / "suite.txt").write_text(ran)

    assert re.search(r"\d+ passed", ran[-2000:])
    assert leaks(tmp_path, keys) == []


def run(command: list[str], environment: Mapping[str, str], typed: str = "") -> str:
    """What the command wrote, its errors too."""
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=dict(environment),
        input=typed,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        timeout=1800,
        check=False,
    )
    return done.stdout
