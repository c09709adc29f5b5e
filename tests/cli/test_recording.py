"""The recorded session of the README: small, whole, and of nobody else's making."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def recorder() -> ModuleType:
    place = ROOT / "tools" / "record_session.py"
    spec = importlib.util.spec_from_file_location("record_session", place)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_recording_fits_a_readme_and_asks_nothing_of_another_server(
    recorder: ModuleType,
) -> None:
    svg = recorder.TARGET.read_text(encoding="utf-8")

    assert len(svg.encode()) <= recorder.MAX_BYTES
    assert set(re.findall(r"https?://[^\s\"')]+", svg)) <= {"http://www.w3.org/2000/svg"}


def test_a_recording_shows_the_real_command_with_its_colours(recorder: ModuleType) -> None:
    session = recorder.recorded()

    assert f'tta play --theme "{recorder.PREMISE}"' in session
    assert "Go on with: tta play --story" in session
    assert re.search(r"\x1b\[[\d;]*m", session)
    assert "\x1b" not in recorder.drawn(session)
