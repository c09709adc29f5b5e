"""A few of the browser's tests are in every run, and left out where no browser can be started."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.mark.parametrize("required", [False, pytest.param(True, marks=pytest.mark.stress)])
def test_the_smoke_tests_alone_are_in_the_usual_run_and_skipped_without_a_browser(
    required: bool,
) -> None:
    pytest.importorskip("playwright", reason="playwright is not installed: make browser-test")
    environment = {**os.environ, "TTA_CHROMIUM": sys.executable}  # which is no browser
    environment |= {"TTA_BROWSER": "required" if required else ""}
    command = [sys.executable, "-m", "pytest", "-p", "no:xdist", "-rs", str(HERE / "test_map.py")]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env=environment, cwd=HERE.parents[2]
    )
    if required:
        assert done.returncode == 1, done.stdout
        assert "2 errors" in done.stdout
    else:
        assert done.returncode == 0, done.stdout
        assert "2 skipped" in done.stdout
        assert "cannot be started here: make browser-test says why" in done.stdout
