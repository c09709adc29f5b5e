"""``tta serve``: where it listens, and how it ends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest


def command(data_dir: Path, *options: str) -> list[str]:
    return [sys.executable, "-m", "tta_rebuild", "--data-dir", str(data_dir), "serve", *options]


def environment() -> dict[str, str]:
    return {**os.environ, "TTA_MODEL": "offline", "COLUMNS": "200"}


@pytest.mark.parametrize("stopped_by", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_this_machine_and_ends_in_good_order(
    tmp_path: Path, stopped_by: signal.Signals
) -> None:
    process = subprocess.Popen(
        command(tmp_path, "--port", "0"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    address = next(word for word in line.split() if word.startswith("http://127.0.0.1:"))
    alive = httpx.get(f"{address}/healthz", trust_env=False)
    process.send_signal(stopped_by)
    _, said = process.communicate(timeout=30)

    assert alive.json() == {"status": "ok"}
    assert (process.returncode, said) == (0, "")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "stories.example"])
def test_an_address_that_others_reach_needs_the_word_that_it_is_meant(
    tmp_path: Path, host: str
) -> None:
    done = subprocess.run(
        command(tmp_path, "--host", host),
        capture_output=True,
        text=True,
        check=False,
        env=environment(),
    )

    assert done.returncode == 2
    assert "--anyone" in done.stderr


def test_an_address_that_is_taken_is_said(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = subprocess.run(
            command(tmp_path, "--port", str(taken.getsockname()[1])),
            capture_output=True,
            text=True,
            check=False,
            env=environment(),
        )

    assert done.returncode == 1
    assert "Address already in use" in done.stderr
    assert "Traceback" not in done.stderr
