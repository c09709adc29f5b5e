"""Looking at stories: while one is played, where nothing can be written, where no room is left."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.alone import quiet_environment
from tta_rebuild.cli.main import main

TTA = [sys.executable, "-m", "tta_rebuild"]
LOOKS = (
    "stories", "stories list --json", "show timeline {0}", "show facts {0}", "show tree {0}",
    "show character {0}", "facts {0}", "costs", "stories export {0}",
    "stories export {0} --format json", "replay {0}", "compare {0} main other", "validate {0}",
    "models --no-local",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    for name in ("TTA_CONFIG", "TTA_DEBUG", "TTA_MODEL", "USE_REAL_LLM", "TTA_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)


def tell(home: Path, capsys: pytest.CaptureFixture[str], turns: int = 2) -> str:
    """Play a story with two branches into a data directory; gives its id."""
    words = ["story", "--theme", "A wreck in the bay", "--turns", str(turns), "--auto", "--json"]
    assert main(["--data-dir", str(home), *words]) == 0
    story_id: str = json.loads(capsys.readouterr().out.splitlines()[0])["story_id"]
    assert main(["--data-dir", str(home), "fork", story_id, "--turn", "1", "--name", "other"]) == 0
    return story_id


def looks_in_vain(home: Path, story_id: str, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """The looking commands that do not show what there is, with what they said."""
    wrong = []
    for look in LOOKS:
        capsys.readouterr()
        words = look.format(story_id).split()
        code = main(["--data-dir", str(home), *words])
        seen = capsys.readouterr()
        if code or not seen.out.strip() or (words[0] == "stories" and "wreck" not in seen.out):
            wrong.append(f"{look}: {code} {seen.err}")
    return wrong


def full(disk: Path) -> Path:
    """Take up all that is left of a disk."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file, pytest.raises(OSError, match="No space"):
        while True:
            file.write(bytes(4096))
    return ballast


@contextmanager
def playing(home: Path, tmp_path: Path, *words: str) -> Iterator[subprocess.Popen[str]]:
    """Another process that plays; it has stored a turn when the block begins."""
    with subprocess.Popen(
        [*TTA, "--data-dir", str(home), "story", "--auto", "--json", "--turns", "99999", *words],
        env=quiet_environment(tmp_path / "home"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        for line in process.stdout:
            if json.loads(line)["type"] == "turn":
                break
        try:
            yield process
        finally:
            process.kill()


def test_what_there_is_can_be_looked_at_while_a_story_is_played(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "data"
    story_id = tell(home, capsys)
    with playing(home, tmp_path, "--theme", "A lighthouse"):
        assert looks_in_vain(home, story_id, capsys) == []
        assert main(["--data-dir", str(home), "doctor"]) == 0
        assert "is being played" in " ".join(capsys.readouterr().out.split())
        assert main(["--data-dir", str(home), "stories", "rename", story_id, "x"]) == 4
        assert "another process" in capsys.readouterr().err


def test_a_read_only_disk_can_be_looked_at(
    small_disk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = small_disk / "data"
    story_id = tell(home, capsys)
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)

    assert looks_in_vain(home, story_id, capsys) == []
    assert main(["--data-dir", str(home), "doctor"]) == 4
    said = " ".join(capsys.readouterr().out.split())
    assert "1 story in" in said
    assert "cannot be written (Read-only file system)" in said


def test_a_full_disk_says_so_at_the_start_and_can_still_be_looked_at(
    small_disk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = small_disk / "data"
    story_id = tell(home, capsys)
    ballast = full(small_disk)

    assert main(["--data-dir", str(home), "play", "--story", story_id]) == 4
    assert "no space left" in capsys.readouterr().err
    assert looks_in_vain(home, story_id, capsys) == []
    assert main(["--data-dir", str(home), "doctor"]) == 4
    assert "no space left" in " ".join(capsys.readouterr().out.split())
    ballast.unlink()
    assert main(["--data-dir", str(home), "story", "--story", story_id, "--auto"]) == 0


@pytest.mark.parametrize("then", ["full", "read-only"])
def test_what_a_killed_process_left_can_be_looked_at_where_nothing_can_be_written(
    small_disk: Path, tmp_path: Path, then: str, capsys: pytest.CaptureFixture[str]
) -> None:
    home = small_disk / "data"
    story_id = tell(home, capsys)
    with playing(home, tmp_path, "--story", story_id):
        pass
    if then == "full":
        full(small_disk)
    else:
        subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    assert looks_in_vain(home, story_id, capsys) == []
    assert main(["--data-dir", str(home), "stories", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["turns"] >= 3


def test_looking_where_nothing_is_makes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "nowhere"
    assert main(["--data-dir", str(home), "stories"]) == 0
    assert "There are no stories yet" in capsys.readouterr().out
    assert not home.exists()


def test_a_database_that_lost_its_log_or_was_emptied_is_not_taken_for_a_new_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home, copied = tmp_path / "data", tmp_path / "copied"
    copied.mkdir()
    with playing(home, tmp_path, "--theme", "A wreck in the bay"):
        shutil.copy(home / "stories.db", copied)
    assert main(["--data-dir", str(copied), "stories"]) == 0
    seen = capsys.readouterr()
    assert "A wreck in the bay" in seen.out
    assert "the last turns may be missing" in " ".join(seen.err.split())

    os.truncate(copied / "stories.db", 0)
    for command in (["stories"], ["play", "--theme", "A lighthouse"], ["doctor"]):
        assert main(["--data-dir", str(copied), *command]) == 4
        seen = capsys.readouterr()
        assert "is damaged: it holds nothing" in " ".join((seen.out + seen.err).split())
    (copied / "stories.db").unlink()
    shutil.copy(home / "stories.db-wal", copied)
    assert main(["--data-dir", str(copied), "play", "--theme", "A lighthouse"]) == 4
    assert "is missing, but its write-ahead log" in capsys.readouterr().err
    assert (copied / "stories.db-wal").stat().st_size


def test_doctor_finds_a_damaged_page_and_says_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "data"
    tell(home, capsys)
    file = home / "stories.db"
    content = bytearray(file.read_bytes())
    content[-4096:] = bytes(os.urandom(4096))
    file.write_bytes(content)
    assert main(["--data-dir", str(home), "doctor"]) == 4
    said = " ".join(capsys.readouterr().out.split())
    assert "is damaged" in said
    assert "restore it from a backup" in said


def test_a_data_directory_may_have_a_dot_in_its_name_and_is_its_owners_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "my.stories"
    story_id = tell(home, capsys)
    assert (home / "stories.db").is_file()
    if sys.platform == "win32":
        return
    home.chmod(0o755)
    (home / "stories.db").chmod(0o644)
    with playing(home, tmp_path, "--story", story_id):
        assert {p.name: p.stat().st_mode & 0o777 for p in (home, *home.iterdir())} == {
            "my.stories": 0o700,
            "stories.db": 0o600,
            "stories.db-wal": 0o600,
            "stories.db-shm": 0o600,
            "stories.db.lock": 0o600,
        }


def test_a_directory_that_holds_other_things_keeps_its_own_rights(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "shared"
    home.mkdir(mode=0o755)
    (home / "letter.txt").write_text("Dear Ana")
    (home / "letter.txt").chmod(0o644)
    tell(home, capsys)
    assert [p.stat().st_mode & 0o777 for p in (home, home / "letter.txt")] == [0o755, 0o644]


def test_the_address_of_a_server_is_no_data_directory(capsys: pytest.CaptureFixture[str]) -> None:
    password = os.urandom(8).hex()
    assert main(["--data-dir", f"postgresql://ana:{password}@db.host/x", "stories"]) == 2
    said = capsys.readouterr()
    assert "TTA_DATABASE_URL" in said.err
    assert password not in said.err + said.out


def test_a_file_larger_than_any_story_is_refused_before_it_is_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tta_rebuild.cli.stories.MAX_IMPORT_BYTES", 1000)
    file = tmp_path / "story.json"
    file.write_text("[" * 1001)
    assert main(["--data-dir", str(tmp_path / "data"), "stories", "import", str(file)]) == 2
    assert "is larger than" in capsys.readouterr().err
    assert not (tmp_path / "data").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGTERM")
def test_sigterm_ends_a_turn_with_143_and_every_finished_turn_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "data"
    with playing(home, tmp_path, "--theme", "A wreck in the bay") as process:
        process.send_signal(signal.SIGTERM)
        rest, said = process.communicate(timeout=60)
    assert process.returncode == 143
    assert "every finished turn is kept" in said
    assert "defect" not in said
    told = 1 + sum(json.loads(line)["type"] == "turn" for line in rest.splitlines())
    assert main(["--data-dir", str(home), "stories", "list", "--json"]) == 0
    seen = capsys.readouterr()
    assert json.loads(seen.out)["turns"] >= told
    assert seen.err == ""
    assert not (home / "stories.db-wal").exists() or not (home / "stories.db-wal").stat().st_size


@pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX shell")
@pytest.mark.parametrize("words", ["stories", "costs", "story --theme wreckage --auto --json"])
def test_closed_standard_output_is_no_defect(tmp_path: Path, words: str) -> None:
    done = subprocess.run(
        ["sh", "-c", '"$@" >&-', "sh", *TTA, *words.split()],
        env=quiet_environment(tmp_path / "home"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
