"""Bad input of every kind ends with its code and a clear message, and loses nothing."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.cli import bad_input, bad_places
from tests.cli.bad_input import CASES, Case, Ran, Tta
from tta_rebuild.cli.main import main


@pytest.fixture
def tta(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Tta:
    """The command, run in this process."""

    def run(words: Sequence[str], typed: str) -> Ran:
        capsys.readouterr()
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        code = main(words)
        seen = capsys.readouterr()
        return Ran(code, seen.out, seen.err)

    return run


_made: dict[Path, str] = {}


@pytest.fixture
def template(tta: Tta, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A data directory with one story in it, made once; and the story's id."""
    place = tmp_path_factory.getbasetemp() / "one-story"
    if place not in _made:
        _made[place] = bad_input.first_story(place, tta)
    return place, _made[place]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_bad_input_has_a_clear_end(
    case: Case, template: tuple[Path, str], tmp_path: Path, tta: Callable[..., Ran]
) -> None:
    assert bad_input.check(case, *template, tmp_path, tta) == ""


@pytest.mark.parametrize("name", bad_places.TRIALS)
def test_trouble_around_the_store_has_a_clear_end(
    name: str, template: tuple[Path, str], tmp_path: Path
) -> None:
    try:
        wrong = bad_places.attempt(name, *template, tmp_path)
    except bad_places.NotHere as reason:
        pytest.skip(f"{name}: {reason}")

    assert wrong == ""
