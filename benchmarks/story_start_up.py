"""What a command costs before it does anything: CPU of whole processes, beside bare Python."""

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
PROGRAMS: dict[str, tuple[list[str], int | None]] = {
    "bare Python": (["-c", "pass"], None),
    "import tta_rebuild": (["-c", "import tta_rebuild"], 60),
    "tta --help": (["-m", "tta_rebuild", "--help"], 250),
    "tta stories": (["-m", "tta_rebuild", "stories"], 500),
}
"""Arguments of the interpreter, and milliseconds over bare Python at most."""


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
                taken_ms = _cpu_ms([sys.executable, *words], environment)
                if number:  # the first run of each writes the byte code
                    spent_ms[name].append(taken_ms)
    bare_ms = quantile(spent_ms["bare Python"], 0.5)
    for name, (_, bound_ms) in PROGRAMS.items():
        if bound_ms is None:
            continue
        over_ms = quantile(spent_ms[name], 0.5) - bare_ms
        yield Row(
            what=f"{name}, CPU over bare Python, median of {runs}",
            measured=f"{over_ms:.0f} ms",
            bound=f"<= {bound_ms} ms",
            ok=over_ms <= bound_ms,
            peer=f"python -c pass {bare_ms:.0f} ms",
        )


def _cpu_ms(command: Sequence[str], environment: dict[str, str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, env=environment, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000
