"""What TTA weighs: CPU until a command is done, CPU of a turn, and the size of a base install.

``python -m benchmarks.weight`` measures commands and turns; ``--install`` also makes a fresh
environment and installs the base into it. CPU is user and system time of the whole process, the
median of several runs; on a busy machine compare with the row for bare Python.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncGenerator
from pathlib import Path
from unittest.mock import patch

from tta_rebuild.bootstrap import open_application
from tta_rebuild.core.story import Premise
from tta_rebuild.engine.action import Action
from tta_rebuild.integrations.llm_provider import LLMRequest, StreamItem
from tta_rebuild.settings import Settings
from tta_rebuild.storyteller import OfflineProvider

ROOT = Path(__file__).parents[1]
THEME = "A lighthouse keeper finds a door under the stairs."
RUNS = 7
TURNS = 50


def cpu_ms(*command: str) -> float:
    """CPU of one run of a command, in milliseconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = {**os.environ, "TTA_MODEL": "offline"}
    subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, check=True, env=environment
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return 1e3 * (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def start_up() -> None:
    """CPU of an import and of the commands; a story is begun in a fresh directory each time."""
    tta = (sys.executable, "-m", "tta_rebuild")
    with tempfile.TemporaryDirectory() as home:
        rows: dict[str, list[float]] = {}
        for run in range(RUNS):
            data = ("--data-dir", f"{home}/{run}")
            commands = {
                "bare Python": (sys.executable, "-c", "pass"),
                "import tta_rebuild": (sys.executable, "-c", "import tta_rebuild"),
                "tta --help": (*tta, "--help"),
                "tta play, first scene": (*tta, *data, "play", "--theme", THEME),
                "tta stories": (*tta, *data, "stories"),
            }
            for name, command in commands.items():
                rows.setdefault(name, []).append(cpu_ms(*command))
    for name, found in rows.items():
        print(f"{name:24} {statistics.median(found):6.0f} ms CPU")


teller_s = 0.0
_tell = OfflineProvider.stream


async def timed(provider: OfflineProvider, request: LLMRequest) -> AsyncGenerator[StreamItem, None]:
    """The embedded storyteller's answer, which is made at once; its CPU is added up."""
    global teller_s
    began = time.process_time()
    items = [item async for item in _tell(provider, request)]
    teller_s += time.process_time() - began
    for item in items:
        yield item


async def turns() -> None:
    """CPU of a turn, the storyteller's own apart."""
    with tempfile.TemporaryDirectory() as home, patch.object(OfflineProvider, "stream", timed):
        settings = Settings(data_dir=Path(home), model="offline")
        async with open_application(settings) as application:
            session = await application.stories.open(Premise(theme=THEME, seed=7))
            async for _ in session.play(Action.begin()):
                pass
            found = []
            for turn in range(TURNS):
                began, told = time.process_time(), teller_s
                async for _ in session.play(Action.choose(1 + turn % 2)):
                    pass
                whole = time.process_time() - began
                found.append(1e3 * (whole - (teller_s - told)))
    print(f"{'a turn, engine alone':24} {statistics.median(found):6.1f} ms CPU")


def install() -> None:
    """Packages and megabytes of a base install, compiled files included."""
    with tempfile.TemporaryDirectory() as home:
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", home], check=True)
        python = f"{home}/bin/python"
        pip = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet"]
        subprocess.run([*pip, "-c", str(ROOT / "constraints.txt"), str(ROOT)], check=True)
        library = Path(home) / "lib"
        packages = len(list(library.glob("*/site-packages/*.dist-info")))
        size = sum(file.lstat().st_size for file in library.rglob("*") if file.is_file())
    print(f"{'base install':24} {size / 1e6:6.0f} MB, {packages} packages")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--install", action="store_true", help="install the base, too")
    wanted = parser.parse_args()
    start_up()
    asyncio.run(turns())
    if wanted.install:
        install()


if __name__ == "__main__":
    main()
