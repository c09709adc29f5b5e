"""``tta code``: verdicts on a file and on the code in a story, and clear words for bad input."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from tta_rebuild.cli.main import main

STORY = """\
# The lock

```python
class Lock:
    pass

class Brass(Lock):
    pass

print(Brass.__mro__[1].__name__)
```

```python
print(undefined_key)
```

```json
{"door": "open"}
```
"""


@pytest.fixture(autouse=True)
def _no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("E2B_API_KEY", "TTA_CONFIG", "TTA_DEBUG"):
        monkeypatch.delenv(name, raising=False)


def test_a_file_that_runs_shows_its_output_and_its_verdict(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "lock.py").write_text("print('the lock reads', 6 * 7)")
    assert main(["code", "run", "lock.py"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("the lock reads 42\nvalid: ")
    assert "monty" in shown


def test_invalid_code_ends_with_code_1_and_names_the_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "lock.py").write_text("x = 1\nx.open()")
    code = main(["code", "run", "lock.py", "--json"])
    row = json.loads(capsys.readouterr().out)
    assert row["limits"]["cpu_s"] == 2
    assert (row["verdict"], code) in {("invalid", 1), ("unverified", 0)}, "no jail: not decided"


def test_the_language_follows_the_files_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "door.yaml").write_text("door: [open")
    assert main(["code", "run", "door.yaml"]) == 1
    assert "not YAML" in capsys.readouterr().out


def test_a_story_is_checked_piece_by_piece(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "story.md").write_text(STORY)
    assert main(["code", "check", "story.md"]) == 1
    shown = capsys.readouterr().out
    assert "line 13, python: invalid: NameError" in shown
    assert "line 17, json: valid" in shown
    assert "× 0.8" in shown


def test_a_story_without_code_is_fine(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("Nothing but words."))
    assert main(["code", "check", "-"]) == 0
    assert capsys.readouterr().out == "no code in this story\n"


@pytest.mark.parametrize(
    ("words", "expected", "said"),
    [
        (["run", "missing.py"], 2, "cannot be read"),
        (["run", "."], 2, "cannot be read"),
        (["check", "binary.md"], 2, "UTF-8"),
        (["run", "ok.py", "--engine", "cloud"], 2, "auto, local, monty or e2b"),
        (["run", "ok.py", "--engine", "e2b"], 5, "E2B_API_KEY"),
    ],
)
def test_bad_input_gets_one_clear_sentence(
    words: list[str], expected: int, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "ok.py").write_text("print(1)")
    (tmp_path / "binary.md").write_bytes(b"\xff\xfe\x00")
    assert main(["code", *words]) == expected
    told = capsys.readouterr().err
    assert said in told
    assert "Traceback" not in told


def test_what_code_prints_cannot_steer_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "lock.py").write_text("print('\\x1b[2Jgone\\x07')")
    main(["code", "run", "lock.py"])
    assert "\x1b" not in capsys.readouterr().out


def test_verdicts_fit_the_width_of_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    (tmp_path / "story.md").write_text(STORY)
    main(["code", "check", "story.md"])
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 40


def test_without_an_e2b_key_it_says_how_to_go_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "lock.py").write_text("print(1)")
    assert main(["code", "run", "lock.py", "--engine", "e2b"]) == 5
    assert "--engine local" in capsys.readouterr().err
