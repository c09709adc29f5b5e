"""What a command costs until it is done, beside bare Python, and what a base install weighs.

CPU is user and system time of whole processes.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks import Row
from benchmarks.timing import quantile

ROOT = Path(__file__).resolve().parents[1]
FIRST_SENTENCE = "tta play, to its first sentence"
HEADING_LINES = 2
"""What ``tta play`` says before the story: its title and its number."""

PROGRAMS: dict[str, tuple[list[str], int | None]] = {
    "bare Python": (["-c", "pass"], None),
    "import tta_rebuild": (["-c", "import tta_rebuild"], 60),
    "tta --help": (["-m", "tta_rebuild", "--help"], 200),
    "tta stories": (["-m", "tta_rebuild", "stories"], 500),
    FIRST_SENTENCE: (["-m", "tta_rebuild", "play", "--theme", "A wreck"], 800),
    "tta play, its first turn": (["-m", "tta_rebuild", "play", "--theme", "A wreck"], None),
}
"""Arguments of the interpreter, and milliseconds at most; of the import, over bare Python."""

MOST_MB, MOST_PACKAGES = 120, 30


def measure(quick: bool) -> Iterator[Row]:
    runs = 7 if quick else 31
    with tempfile.TemporaryDirectory() as home:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": home,
            "TTA_DATA_DIR": f"{home}/stories",
            "PYTHONPATH": str(ROOT / "src"),
        }
        spent_ms: dict[str, list[float]] = {name: [] for name in PROGRAMS}
        for number in range(runs + 1):
            for name, (words, _) in PROGRAMS.items():
                measured = _first_sentence_ms if name == FIRST_SENTENCE else _cpu_ms
                taken_ms = measured([sys.executable, *words], environment)
                if number:  # the first run of each writes the byte code
                    spent_ms[name].append(taken_ms)
    bare_ms = quantile(spent_ms["bare Python"], 0.5)
    for name, (words, bound_ms) in PROGRAMS.items():
        if words[-1] == "pass":
            continue
        taken_ms = quantile(spent_ms[name], 0.5) - (bare_ms if words[0] == "-c" else 0)
        yield Row(
            what=f"{name}, CPU{' over bare Python' if words[0] == '-c' else ''}, median of {runs}",
            measured=f"{taken_ms:.0f} ms",
            bound=f"<= {bound_ms} ms" if bound_ms is not None else "",
            ok=taken_ms <= bound_ms if bound_ms is not None else None,
            peer=f"python -c pass {bare_ms:.0f} ms",
        )
    if not quick:
        yield _install()


def _install() -> Row:
    """A base install in a fresh environment, compiled files included."""
    with tempfile.TemporaryDirectory() as home:
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", home], check=True)
        pip = [sys.executable, "-m", "pip", "--python", f"{home}/bin/python", "install", "--quiet"]
        subprocess.run([*pip, "-c", str(ROOT / "constraints.txt"), str(ROOT)], check=True)
        library = Path(home) / "lib"
        packages = len(list(library.glob("*/site-packages/*.dist-info")))
        size_mb = sum(f.lstat().st_size for f in library.rglob("*") if f.is_file()) / 1e6
    return Row(
        what="base install",
        measured=f"{size_mb:.0f} MB, {packages} packages",
        bound=f"<= {MOST_MB} MB, {MOST_PACKAGES} packages",
        ok=size_mb <= MOST_MB and packages <= MOST_PACKAGES,
    )


def _cpu_ms(command: Sequence[str], environment: dict[str, str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        command, env=environment, check=True, capture_output=True, stdin=subprocess.DEVNULL
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000


def _first_sentence_ms(command: Sequence[str], environment: dict[str, str]) -> float:
    """CPU of all threads when the first line of the story can be read (Linux)."""
    spent_ms = 0.0
    with subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert process.stdout is not None
        said = (line for line in process.stdout if line.strip())
        for _ in zip(range(HEADING_LINES + 1), said, strict=False):
            pass
        for thread in Path(f"/proc/{process.pid}/task").glob("*/schedstat"):
            spent_ms += int(thread.read_text().split()[0]) / 1e6
        for _ in said:
            pass
    return spent_ms
