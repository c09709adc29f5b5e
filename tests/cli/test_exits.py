"""Each kind of error has its exit code, and one sentence with what to do."""

from __future__ import annotations

import pytest

from tta_rebuild.cli import exits, main
from tta_rebuild.core import errors


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.StoryNotFound("x"), 3),
        (errors.BranchNotFound("x"), 3),
        (errors.PositionNotFound("x"), 3),
        (exits.NothingThere("x"), 3),
        (errors.ImportRejected("x"), 2),
        (errors.ValidationError("x"), 2),
        (errors.SettingsError("TTA_X", "y"), 2),
        (errors.StoreLocked("x"), 4),
        (errors.StoreAway("x"), 75),
        (errors.ServiceAway("TTA_X", "y"), 75),
        (errors.StoreDamaged("x"), 4),
        (errors.PositionConflict(branch_id="b", expected=1, actual=2), 4),
        (errors.KeyMissing("GEMINI_API_KEY"), 5),
        (errors.ProviderBusy("x"), 5),
        (
            errors.BudgetExceededError(
                scope="day", limit_usd=1, spent_usd=1, needed_usd=1, how_to_raise="raise it"
            ),
            5,
        ),
        (errors.ExecutionError("x"), 1),
        (errors.StoryError("x"), 1),
        (errors.TTAError("x"), 1),
    ],
)
def test_an_error_ends_with_its_code(error: errors.TTAError, code: int) -> None:
    assert exits.exit_code(error) == code


def fails_with(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> int:
    def run(argv: object) -> int:
        raise error

    monkeypatch.setattr(main, "_run", run)
    return main.main([])


def test_an_error_is_told_in_one_sentence_with_the_next_step(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code = fails_with(errors.StoreLocked("another tta is using these stories"), monkeypatch)

    said = capsys.readouterr().err
    assert code == 4
    assert said.startswith("tta: another tta is using these stories.\n")
    assert "--data-dir" in said
    assert "Traceback" not in said


def test_the_next_step_is_not_said_twice() -> None:
    told = errors.StoryNotFound("there is no story 'x'; `tta stories` shows them all")

    assert exits.next_step(told) == ""


def test_a_traceback_is_shown_to_who_asks_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TTA_DEBUG", "1")

    with pytest.raises(errors.StoreLocked):
        fails_with(errors.StoreLocked("x"), monkeypatch)


def test_ctrl_c_is_no_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fails_with(KeyboardInterrupt(), monkeypatch) == 130
    assert "every finished turn is kept" in capsys.readouterr().err


def test_a_message_cannot_colour_the_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fails_with(errors.StoryNotFound("no story '\x1b[31mred'"), monkeypatch)

    assert "\x1b" not in capsys.readouterr().err
