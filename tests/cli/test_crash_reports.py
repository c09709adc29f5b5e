"""Whatever a command has to complain about, and however it breaks, no key is in it."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from pathlib import Path

import pytest

from tta_rebuild.cli import main as entry
from tta_rebuild.core.errors import StoryError

ROOT = Path(__file__).parents[2]

BREAKING = """
import os, sys
from tta_rebuild.cli import main as entry
from tta_rebuild.core.errors import TTAError

def breaks(argv):
    raise {error}("sent " + os.environ["OPENAI_API_KEY"])

entry._run = breaks
sys.exit(entry.main([]))
"""


@pytest.mark.parametrize("debug", ["", "1"])
@pytest.mark.parametrize("error", ["RuntimeError", "TTAError"])
def test_a_break_down_is_told_without_the_key(debug: str, error: str, tmp_path: Path) -> None:
    key = secrets.token_urlsafe(32)
    more = {"OPENAI_API_KEY": key, "TTA_DEBUG": debug, "PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run(
        [sys.executable, "-c", BREAKING.format(error=error)],
        cwd=tmp_path,
        env={**os.environ, **more},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "sent" in done.stderr
    assert key not in done.stderr + done.stdout
    assert ("Traceback" in done.stderr) == bool(debug)


def test_a_complaint_is_told_without_the_key(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = secrets.token_urlsafe(32)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GEMINI_API_KEY", key)
    monkeypatch.delenv("TTA_DEBUG", raising=False)

    def refuses(argv: object) -> int:
        raise StoryError(f"the server said: key {key} is not valid")

    monkeypatch.setattr(entry, "_run", refuses)
    assert entry.main([]) == 1
    told = capsys.readouterr().err
    assert "the server said" in told
    assert key not in told


@pytest.mark.parametrize("debug", ["", "1"])
def test_keys_stay_hidden_even_where_the_settings_cannot_be_read(
    debug: str, tmp_path: Path
) -> None:
    key = secrets.token_urlsafe(24)
    done = subprocess.run(
        [sys.executable, "-m", "tta_rebuild", "doctor"],
        cwd=tmp_path,
        env={
            **os.environ,
            "MY_SERVER_API_KEY": key,
            "TTA_MODEL": f"{key}:m",
            "TTA_DEBUG": debug,
            "PYTHONPATH": str(ROOT / "src"),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in {1, 2}
    assert "TTA_MODEL" in done.stderr + done.stdout
    assert key not in done.stderr + done.stdout
