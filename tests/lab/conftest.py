"""The command as a user runs it, with nothing set."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    for name in ("TTA_CONFIG", "TTA_DEBUG", "TTA_MODEL", "TTA_CHECKS", "TTA_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
