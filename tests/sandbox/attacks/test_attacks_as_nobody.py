"""The attacks once more as a user without any rights, when the suite itself runs as root."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from tests.sandbox.attacks.ordinary_user import as_ordinary_user

ROOT = Path(__file__).parents[3]


@pytest.mark.stress
@pytest.mark.skipif(os.geteuid() != 0, reason="the suite runs as an ordinary user already")
def test_the_attacks_harm_nothing_as_an_ordinary_user_either() -> None:
    command = [
        *(sys.executable, "-m", "pytest", "tests/sandbox/attacks/test_attacks.py"),
        *("-q", "-n", "0", "-p", "no:cacheprovider", "-rs"),
    ]
    try:
        ran = as_ordinary_user(command, cwd=ROOT, timeout_s=600)
    except OSError as error:
        pytest.skip(f"no mount namespace of its own here: {error}")

    assert ran.returncode == 0, ran.stdout[-2000:] + ran.stderr[-500:]
