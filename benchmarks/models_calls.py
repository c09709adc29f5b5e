"""The full provider stack beside others: CPU per call and memory, against one loopback server.

The peers live in environments of their own under ``.venv-peers`` (made here when missing), because
their dependencies contradict ours. The server's CPU is not counted.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tools.wire import RunningWire

from benchmarks import Row
from benchmarks.timing import at_most

ROOT = Path(__file__).resolve().parents[1]
PEERS = ROOT / "benchmarks" / "peers"
ENVIRONMENTS = ROOT / ".venv-peers"
PACKAGES = {"litellm_router": "litellm", "pydantic_ai_agent": "pydantic-ai-slim[google]"}
NAMES = {
    "raw_genai": "google-genai alone",
    "our_stack": "our full stack",
    "litellm_router": "litellm Router",
    "pydantic_ai_agent": "pydantic-ai Agent",
}
MOST_OVER = {"raw_genai": 0.9, "litellm_router": 1.0, "pydantic_ai_agent": 1.0}
WIDTHS = "1,32"
"""At which concurrency overhead is measured."""


def _python(peer: str) -> str:
    """The interpreter that has what a peer program needs; made if it is not there."""
    package = PACKAGES.get(peer)
    if package is None:
        return sys.executable
    home = ENVIRONMENTS / peer
    python = home / "bin" / "python"
    if not (home / "ready").exists():
        print(f"(installing {package}, once; this may take minutes)", file=sys.stderr)
        venv.create(home, with_pip=True, clear=True)
        subprocess.run(
            [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", package],
            check=True,
            capture_output=True,
        )
        (home / "ready").touch()
    return str(python)


def _run(
    peer: str, url: str, calls: int, widths: str, warm_up: int | None = None
) -> dict[str, Any]:
    command = [_python(peer), str(PEERS / f"{peer}.py"), url, str(calls), widths]
    if warm_up is not None:
        command.append(str(warm_up))
    environment = os.environ | {
        "PYTHONPATH": str(ROOT / "src"),
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    }
    done = subprocess.run(
        command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{peer} failed: {done.stderr[-400:]}")
    result: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return result


def measure(quick: bool) -> Iterator[Row]:
    with RunningWire() as wire:
        wire.settings(keep_records=False)
        yield from _cpu_per_call(wire.url, *((200, 1) if quick else (400, 4)))
        count = 1_000 if quick else 50_000
        # Warm until the cache of replies in memory is full: its size is bounded, and no leak.
        growth_mb = _run("our_stack", wire.url, count, "32", 600 if quick else 2_000)["growth_mb"]
        yield at_most(f"memory growth over {count:,} calls", growth_mb, 5, "MB")


def _cpu_per_call(url: str, calls: int, rounds: int) -> Iterator[Row]:
    spent: dict[str, list[dict[str, float]]] = {peer: [] for peer in NAMES if _is_there(peer)}
    # In turns, so that what else the machine does falls on all of them alike.
    for number in range(2 * rounds):
        for peer, runs in spent.items():
            if peer not in PACKAGES or number % 2 == 0:
                runs.append(_run(peer, url, calls, WIDTHS)["cpu_ms"])
    for width in WIDTHS.split(","):
        least = {peer: min(run[width] for run in runs) for peer, runs in spent.items()}
        ours = least.pop("our_stack")
        for peer, name in NAMES.items():
            if peer == "our_stack":
                continue
            bound = MOST_OVER[peer]
            yield Row(
                what=f"CPU per call of our full stack over {name}, {width} at once",
                measured=f"{ours / least[peer]:.2f} x ({ours:.2f} ms)" if peer in least else "-",
                bound=f"<= {bound} x",
                ok=ours <= bound * least[peer] if peer in least else None,
                peer=f"{least[peer]:.2f} ms" if peer in least else f"{name} could not be installed",
            )


def _is_there(peer: str) -> bool:
    try:
        _python(peer)
    except subprocess.CalledProcessError:
        return False
    return True
